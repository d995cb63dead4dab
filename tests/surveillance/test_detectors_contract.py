"""What every detector keeps, whatever its statistics."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from surveillance import detectors
from surveillance.detectors import DETECTORS, Verdicts
from surveillance.detectors.chart import Chart
from surveillance.detectors.contract import Reason, frequency_of

MONTHS, WEEKS, SERIES = 132, 420, 6
NUMBERS = ("observed", "expected", "upper", "pvalue", "pvalue_low", "false_alarm", "exceedance")
SUMS = "twelve_month_ending"  # of months, never of weeks
ALL = [(name, step) for name in DETECTORS for step in ("MS", "W") if (name, step) != (SUMS, "W")]
POINTWISE = [pair for pair in ALL if DETECTORS[pair[0]].kind == "pointwise"]
CUMULATIVE = [pair for pair in ALL if DETECTORS[pair[0]].kind == "cumulative"]
LAGGED = [pair for pair in ALL if DETECTORS[pair[0]].kind == "lagged"]


def series(name: str, frequency: str, *, seed: int = 7) -> pd.DataFrame:
    """Gap-free seasonal counts, at least 5 in any four periods; running sums for what judges those."""
    rng = np.random.default_rng(seed)
    count = MONTHS if frequency == "MS" else WEEKS
    year = 12 if frequency == "MS" else 52
    level = np.array([6.0, 9.0, 15.0, 30.0, 60.0, 200.0])
    mean = level * np.exp(0.2 * np.cos(2 * np.pi * np.arange(count)[:, None] / year))
    counts = np.maximum(rng.negative_binomial(mean / 0.5, 1 / 1.5), 2).astype(float)
    start, step = ("2014-01-01", "MS") if frequency == "MS" else ("2014-01-05", "W-SUN")
    frame = pd.DataFrame(counts, pd.date_range(start, periods=count, freq=step), list("abcdef"))
    return frame.rolling(12).sum().dropna() if name == SUMS else frame


def same(one: Verdicts, other: Verdicts) -> None:
    """The same alarms and reasons, numbers to nine digits."""
    pd.testing.assert_frame_equal(one.alarm, other.alarm, check_freq=False)
    pd.testing.assert_frame_equal(one.reason, other.reason, check_freq=False)
    for number in NUMBERS:
        pd.testing.assert_frame_equal(
            getattr(one, number), getattr(other, number), rtol=1e-9, atol=1e-12, check_freq=False
        )


@pytest.fixture(params=ALL, ids="-".join)
def case(request):
    name, frequency = request.param
    return DETECTORS[name](), series(name, frequency)


@pytest.fixture(params=POINTWISE, ids="-".join)
def pointwise(request):
    name, frequency = request.param
    return DETECTORS[name](), series(name, frequency)


def test_the_input_is_not_changed(case):
    detector, observed = case
    judge = observed > observed.median()
    before, mask = observed.copy(), judge.copy()
    detector.assess(observed, judge=judge)
    pd.testing.assert_frame_equal(observed, before)
    pd.testing.assert_frame_equal(judge, mask)


def test_every_frame_has_the_index_and_columns_of_what_was_observed(case):
    detector, observed = case
    verdicts = detector.assess(observed)
    for name in (*NUMBERS, "alarm", "reason"):
        frame = getattr(verdicts, name)
        assert frame.index.equals(observed.index), name
        assert frame.columns.equals(observed.columns), name
    assert set(np.unique(verdicts.reason)) <= {reason.name for reason in Reason}


def test_nothing_is_judged_before_the_least_history_and_the_reason_is_given(case):
    detector, observed = case
    least = detector.min_history(frequency_of(observed.index))
    verdicts = detector.assess(observed)
    assert verdicts.alarm[:least].isna().all(axis=None)
    assert (verdicts.reason[:least] == "too_little_history").all(axis=None)


def test_a_series_without_gaps_and_with_cases_is_judged_from_there_on(case):
    detector, observed = case
    least = detector.min_history(frequency_of(observed.index))
    verdicts = detector.assess(observed)
    assert verdicts.alarm[least:].notna().all(axis=None)
    assert np.isfinite(verdicts.upper[least:].to_numpy()).all()


def test_numbers_are_probabilities_and_alarms_lie_above_the_threshold(case):
    detector, observed = case
    verdicts = detector.assess(observed)
    known = verdicts.alarm_ >= 0
    for number in ("pvalue_", "pvalue_low_", "false_alarm_"):
        values = getattr(verdicts, number)[known]
        if number == "pvalue_low_" and isinstance(detector, Chart):  # a chart looks upwards only, and says so
            assert np.isnan(values).all()
        else:
            assert ((values >= 0) & (values <= 1)).all(), number
    alarm = verdicts.alarm_ == 1
    above = verdicts.observed_[alarm] - verdicts.upper_[alarm]
    assert (above >= 0).all()
    assert detector.kind == "cumulative" or (above > 0).all()  # the bound may be 0 there: earlier counts suffice


def test_cutting_the_future_off_changes_nothing_in_the_past(case):
    detector, observed = case
    cut = len(observed) - 9
    past, whole = detector.assess(observed[:cut]), detector.assess(observed)
    for name in (*NUMBERS, "alarm", "reason"):
        pd.testing.assert_frame_equal(
            getattr(past, name), getattr(whole, name)[:cut], rtol=1e-9, atol=1e-12, check_freq=False
        )


@pytest.mark.parametrize("last", [1, 5])
def test_the_newest_periods_alone_are_those_of_the_whole_run(case, last):
    detector, observed = case
    same(detector.assess(observed, last=last), detector.assess(observed).tail(last))


def test_a_series_alone_is_judged_as_among_others(case):
    detector, observed = case
    among = detector.assess(observed, last=12)
    alone = detector.assess(observed[["d"]], last=12)
    for name in (*NUMBERS, "alarm", "reason"):
        pd.testing.assert_frame_equal(
            getattr(alone, name), getattr(among, name)[["d"]], rtol=1e-9, check_freq=False
        )


def test_the_order_of_columns_does_not_matter(case):
    detector, observed = case
    turned = detector.assess(observed[observed.columns[::-1]], last=12)
    straight = detector.assess(observed, last=12)
    for name in (*NUMBERS, "alarm", "reason"):
        frame = getattr(turned, name)[observed.columns]
        pd.testing.assert_frame_equal(frame, getattr(straight, name), rtol=1e-9, check_freq=False)


@pytest.mark.parametrize("level", [0.0, 1.0, 7.0, 1e6])
def test_a_constant_series_raises_no_alarm(case, level):
    detector, observed = case
    verdicts = detector.assess(observed * 0 + level)
    assert not (verdicts.alarm_ == 1).any()


def test_a_masked_cell_is_not_judged_but_stays_in_the_baseline(case):
    detector, observed = case
    judge = pd.DataFrame(True, observed.index, observed.columns)
    judge.iloc[-3, 2] = False
    whole, masked = detector.assess(observed), detector.assess(observed, judge=judge)
    assert masked.reason.iloc[-3, 2] == "not_judged"
    assert masked.alarm.isna().iloc[-3, 2]
    rest = np.ones(observed.shape, dtype=bool)
    rest[-3, 2] = False
    np.testing.assert_array_equal(masked.alarm_[rest], whole.alarm_[rest])
    np.testing.assert_allclose(masked.upper_[rest], whole.upper_[rest], rtol=1e-9)


def test_a_missing_value_is_not_an_alarm_and_not_a_zero(case):
    detector, observed = case
    observed = observed.copy()
    observed.iloc[-1, 1] = np.nan
    verdicts = detector.assess(observed, last=1)
    assert verdicts.alarm.isna().iloc[0, 1]
    assert verdicts.reason.iloc[0, 1] == "missing"
    assert verdicts.alarm.notna().iloc[0, [0, 2, 3, 4, 5]].all()


def test_a_series_without_a_value_has_no_verdict(case):
    detector, observed = case
    verdicts = detector.assess(observed * np.nan)
    assert (verdicts.alarm_ == -1).all()


def test_a_spike_alarms_at_once(pointwise):
    detector, observed = pointwise
    observed = observed.copy()
    observed.iloc[-1] += np.round(15 * observed.iloc[-13:-1].mean())
    assert (detector.assess(observed, last=1).alarm_ == 1).all()


def test_raising_the_judged_value_never_clears_its_alarm(pointwise):
    detector, observed = pointwise
    before = np.zeros(observed.shape[1])
    for factor in (1, 1.2, 1.5, 2, 3, 5, 20, 1000):
        raised = observed.copy()
        raised.iloc[-1] = np.round(raised.iloc[-1] * factor)
        alarm = detector.assess(raised, last=1).alarm_[0]
        assert (alarm >= before).all()
        before = alarm
    assert (before == 1).all()


@pytest.mark.parametrize("name", [name for name, _ in LAGGED])
def test_a_lagged_detector_alarms_within_two_periods(name):
    observed = series(name, "W")
    observed.iloc[-3:] += 30 * observed.std()
    assert (detectors.DETECTORS[name]().assess(observed, last=3).alarm_ == 1).any(axis=0).all()


@pytest.mark.parametrize(("name", "frequency"), CUMULATIVE)
def test_a_cumulative_detector_alarms_within_three_periods_of_a_lasting_rise(name, frequency):
    observed = series(name, frequency)
    observed.iloc[-3:] *= 5
    assert (DETECTORS[name]().assess(observed, last=3).alarm_ == 1).any(axis=0).all()


@pytest.mark.parametrize(("name", "frequency"), CUMULATIVE)
def test_the_exceedance_of_a_cumulative_detector_says_how_far_its_statistic_has_come(name, frequency):
    verdicts = DETECTORS[name]().assess(series(name, frequency))
    ratio, alarm = verdicts.exceedance.to_numpy(), verdicts.alarm_
    assert (ratio[alarm == 1] >= 1).all()
    assert ((ratio[alarm == 0] >= 0) & (ratio[alarm == 0] <= 1)).all()
    assert np.isnan(ratio[alarm < 0]).all()


@pytest.mark.parametrize("name", DETECTORS)
def test_parameters_are_its_provenance_and_are_validated(name):
    detector = DETECTORS[name]()
    assert eval(repr(detector), vars(detectors)) == detector
    assert 0 < detector.alpha < 0.5
    for field in fields(detector):
        if isinstance(getattr(detector, field.name), float):
            for wrong in (-1.0, float("nan")):
                with pytest.raises(ValueError, match=rf"{field.name} must .*{wrong}"):
                    DETECTORS[name](**{field.name: wrong})


@pytest.mark.parametrize("index", [pd.date_range("2020-01-01", periods=9, freq="D"), pd.RangeIndex(9)])
def test_an_index_that_is_neither_weeks_nor_months_is_refused(index):
    with pytest.raises(ValueError, match="gap-free weeks or month starts"):
        frequency_of(index)


def test_weeks_and_months_are_told_apart_by_their_index():
    assert frequency_of(pd.date_range("2020-01-05", periods=9, freq="W-SUN")) == "W"
    assert frequency_of(pd.date_range("2020-01-01", periods=9, freq="MS")) == "MS"
