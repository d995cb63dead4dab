"""EARS against figures worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import stdtr

from surveillance.detectors import EarsC1, EarsC2, EarsC3
from surveillance.detectors.ears import student_tail


def weeks(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"a": values}, pd.date_range("2024-01-07", periods=len(values), freq="W-SUN"), dtype=float)


def test_c1_compares_with_the_seven_periods_before():
    observed = weeks(2, 4, 4, 4, 5, 5, 7, 12)  # mean 31/7, sd √(Σ(x − mean)²/6) = 1.5118579
    verdicts = EarsC1().assess(observed)
    assert verdicts.expected.iloc[-1, 0] == pytest.approx(31 / 7)
    assert verdicts.upper.iloc[-1, 0] == pytest.approx(31 / 7 + 3.090232306 * 1.511857892)
    assert verdicts.alarm.iloc[-1, 0]
    distance = (12 - 31 / 7) / 1.511857892 / np.sqrt(8 / 7)
    assert verdicts.pvalue.iloc[-1, 0] == pytest.approx(stats.t.sf(distance, 6))
    assert verdicts.exceedance.iloc[-1, 0] == pytest.approx((12 - 31 / 7) / (3.090232306 * 1.511857892))


def test_c2_leaves_two_periods_between_the_baseline_and_the_judged_one():
    observed = weeks(2, 4, 4, 4, 5, 5, 7, 90, 95, 9)
    verdicts = EarsC2().assess(observed)
    assert verdicts.expected.iloc[-1, 0] == pytest.approx(31 / 7)
    assert verdicts.upper.iloc[-1, 0] == pytest.approx(31 / 7 + 3.090232306 * 1.511857892)
    assert not EarsC1().assess(observed).alarm.iloc[-1, 0]


def test_c3_adds_the_excesses_of_the_two_periods_before_over_one_sd():
    observed = weeks(4, 6, 4, 6, 4, 6, 5, 5, 5, 5, 5, 8, 8, 5)
    verdicts = EarsC3(min_sd=0).assess(observed)
    statistic = []
    for row in (11, 12):
        base = observed["a"].to_numpy()[row - 9 : row - 2]
        statistic.append(max(0, (8 - base.mean()) / base.std(ddof=1) - 1))
    base = observed["a"].to_numpy()[4:11]
    upper = 5 + base.std(ddof=1) * (1.959963985 - sum(statistic))
    assert verdicts.upper.iloc[-1, 0] == pytest.approx(max(0, upper))
    assert verdicts.alarm.iloc[-1, 0] == (sum(statistic) > 1.959963985)


def test_c3_does_not_depend_on_the_judged_count():
    quiet, loud = weeks(*[4, 6] * 7, 5), weeks(*[4, 6] * 7, 500)
    alarms = [EarsC3().assess(observed).alarm.iloc[-1, 0] for observed in (quiet, loud)]
    assert alarms == [False, False]


def test_a_floor_on_the_spread_keeps_a_single_case_from_alarming():
    observed = weeks(0, 0, 0, 0, 0, 0, 0, 1)
    assert not EarsC1().assess(observed).alarm.iloc[-1, 0]
    assert EarsC1(min_sd=0).assess(observed).alarm.iloc[-1, 0]


def test_a_missing_value_in_the_baseline_is_too_little_history_until_it_leaves():
    observed = weeks(3, 4, 5, np.nan, 4, 3, 4, 5, 4, 3, 4, 5)
    reason = EarsC1().assess(observed).reason["a"].tolist()
    assert reason[7:] == ["too_little_history"] * 4 + ["ok"]


@pytest.mark.parametrize(("alpha", "z"), [(0.001, 3.090232306), (0.05, 1.644853627)])
def test_alpha_sets_the_multiple_of_the_spread(alpha, z):
    upper = EarsC1(alpha=alpha).assess(weeks(2, 4, 4, 4, 5, 5, 7, 12)).upper.iloc[-1, 0]
    assert upper == pytest.approx(31 / 7 + z * 1.511857892)


def test_adding_a_constant_or_scaling_moves_the_threshold_alike():
    observed = weeks(2, 4, 4, 4, 5, 5, 7, 12)
    plain = EarsC1(min_sd=0).assess(observed).upper
    moved = EarsC1(min_sd=0).assess(observed * 10 + 100).upper
    pd.testing.assert_frame_equal(moved, plain * 10 + 100)


@pytest.mark.parametrize(
    ("wrong", "name"), [({"alpha": 0}, "alpha"), ({"baseline": 2}, "baseline"), ({"min_sd": -1}, "min_sd")]
)
def test_parameters_out_of_range_are_refused_by_name(wrong, name):
    with pytest.raises(ValueError, match=name):
        EarsC1(**wrong)


@pytest.mark.parametrize("detector", [EarsC1(min_sd=0), EarsC2(min_sd=0, alpha=0.01, baseline=14)])
def test_the_false_alarm_rate_it_states_is_the_one_it_attains(detector):
    """A line from a few periods is crossed more often than alpha; the alarm budget must know how often."""
    steady = np.random.default_rng(4).standard_normal((120, 400)) + 50
    index = pd.date_range("2020-01-05", periods=120, freq="W-SUN")
    verdicts = detector.assess(pd.DataFrame(steady, index))
    attained = verdicts.alarm.iloc[20:].astype(float).to_numpy().mean()
    stated = verdicts.false_alarm.iloc[-1, 0]
    assert stated > detector.alpha
    assert attained == pytest.approx(stated, rel=0.12)


@pytest.mark.parametrize("df", [1, 2, 3, 6, 13, 27, 364])
def test_the_tail_of_students_t_is_that_of_the_general_function(df):
    t = np.concatenate([np.linspace(-40, 40, 801), [1e3, -1e3, 1e200]])
    np.testing.assert_allclose(student_tail(t, df), stdtr(df, -t), rtol=1e-9)
    assert np.isnan(student_tail(np.array([np.nan]), df)).all()
