"""What holds for every detector on any input: generated series with gaps, zeros and outliers; and bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveillance.detectors import DETECTORS, EarsC2, Farrington1996, FarringtonFlexible
from surveillance.detectors.contract import Reason

MONTHS = 75
SUMS = "twelve_month_ending"
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NUMBERS = ("expected_", "upper_", "pvalue_", "pvalue_low_", "false_alarm_")


@st.composite
def panels(draw) -> pd.DataFrame:
    """Three monthly series of counts, of any level, with outliers, runs of zeros and gaps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level = np.array(draw(st.lists(st.sampled_from([0.0, 0.05, 1.0, 8.0, 300.0, 1e6]), min_size=3, max_size=3)))
    counts = rng.negative_binomial(np.maximum(level, 1e-9) / 0.7, 1 / 1.7, (MONTHS, 3)).astype(float)
    for _ in range(draw(st.integers(0, 3))):
        counts[rng.integers(MONTHS), rng.integers(3)] *= 40
    if draw(st.booleans()):
        start = rng.integers(MONTHS)
        counts[start : start + rng.integers(1, 30), rng.integers(3)] = np.nan
    if draw(st.booleans()):
        start = rng.integers(MONTHS)
        counts[start : start + rng.integers(1, 30), rng.integers(3)] = 0
    return pd.DataFrame(counts, pd.date_range("2018-01-01", periods=MONTHS, freq="MS"), list("abc"))


def as_sums(name: str, observed: pd.DataFrame) -> pd.DataFrame:
    return observed.rolling(12).sum().iloc[11:] if name == SUMS else observed


EVERY = pytest.mark.parametrize("name", list(DETECTORS))


@EVERY
@QUICK
@given(observed=panels())
def test_every_answer_is_whole_whatever_the_series(name, observed):
    observed = as_sums(name, observed)
    verdicts = DETECTORS[name]().assess(observed, last=6)
    assert verdicts.alarm_.shape == verdicts.reason_.shape == (6, 3)
    assert set(np.unique(verdicts.alarm_)) <= {-1, 0, 1}
    could_not = verdicts.alarm_ < 0
    assert (verdicts.reason_[could_not] != Reason.ok).all()
    assert not np.isin(verdicts.reason_[~could_not], (Reason.too_little_history, Reason.missing)).any()
    for number in NUMBERS[2:]:
        values = getattr(verdicts, number)
        assert ((values >= 0) & (values <= 1) | np.isnan(values)).all(), number
    assert not np.isinf(verdicts.expected_).any()


@EVERY
@QUICK
@given(observed=panels(), cut=st.integers(1, 12))
def test_the_future_changes_nothing_in_the_past(name, observed, cut):
    observed = as_sums(name, observed)
    detector = DETECTORS[name]()
    past, whole = detector.assess(observed[:-cut], last=2), detector.assess(observed, last=2 + cut)
    np.testing.assert_array_equal(past.alarm_, whole.alarm_[:2])
    np.testing.assert_array_equal(past.reason_, whole.reason_[:2])
    for number in NUMBERS:
        np.testing.assert_allclose(getattr(past, number), getattr(whole, number)[:2], rtol=1e-7, atol=1e-12)


@EVERY
@QUICK
@given(observed=panels(), order=st.permutations(["a", "b", "c"]))
def test_neither_the_order_nor_the_company_of_series_matters(name, observed, order):
    observed = as_sums(name, observed)
    detector = DETECTORS[name]()
    straight, turned = detector.assess(observed, last=3), detector.assess(observed[order], last=3)
    alone = detector.assess(observed[["b"]], last=3)
    place = [order.index(column) for column in "abc"]
    np.testing.assert_array_equal(straight.alarm_, turned.alarm_[:, place])
    np.testing.assert_array_equal(straight.alarm_[:, 1], alone.alarm_[:, 0])
    for number in NUMBERS:
        ours = getattr(straight, number)
        np.testing.assert_allclose(ours, getattr(turned, number)[:, place], rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(ours[:, 1], getattr(alone, number)[:, 0], rtol=1e-7, atol=1e-12)


@EVERY
@QUICK
@given(observed=panels())
def test_raising_the_judged_count_never_clears_an_alarm_of_a_pointwise_detector(name, observed):
    detector = DETECTORS[name]()
    if detector.kind != "pointwise" or name == SUMS:
        return
    raised = observed.copy()
    raised.iloc[-1] = raised.iloc[-1] * 2 + 1
    before, after = detector.assess(observed, last=1), detector.assess(raised, last=1)
    assert (after.alarm_[before.alarm_ == 1] == 1).all()
    alarm = after.alarm_ == 1
    assert (after.observed_[alarm] > after.upper_[alarm]).all()


def panel(months: int = MONTHS, series: int = 2) -> pd.DataFrame:
    counts = np.random.default_rng(5).poisson(20, (months, series)).astype(float)
    return pd.DataFrame(counts, pd.date_range("2018-01-01", periods=months, freq="MS"))


@EVERY
@pytest.mark.parametrize(
    ("value", "problem"), [(-3.0, "is negative"), (np.inf, "is infinite"), (-np.inf, "is infinite")]
)
def test_impossible_values_are_named_with_series_and_period(name, value, problem):
    observed = panel()
    observed.iloc[4, 1] = value
    with pytest.raises(ValueError, match=rf"1, 2018-05-01: {value:g} {problem}"):
        DETECTORS[name]().assess(observed)


@EVERY
@pytest.mark.parametrize("kind", ["gap", "twice", "turned", "numbers"])
def test_an_index_that_is_not_gap_free_and_in_order_is_refused(name, kind):
    observed = panel()
    broken = {
        "gap": observed.drop(observed.index[30]),
        "twice": observed.iloc[[*range(31), *range(30, MONTHS)]],
        "turned": observed[::-1],
        "numbers": observed.reset_index(drop=True),
    }[kind]
    with pytest.raises(ValueError, match="index must be gap-free"):
        DETECTORS[name]().assess(broken)


@EVERY
def test_no_series_and_one_period_are_answered_in_kind(name):
    nothing = DETECTORS[name]().assess(panel()[[]])
    assert nothing.alarm_.shape == (MONTHS, 0)
    single = DETECTORS[name]().assess(panel(months=1))
    assert (single.alarm_ == -1).all()
    assert (single.reason_ == Reason.too_little_history).all()


@EVERY
def test_a_series_without_any_value_has_a_reason_in_every_period(name):
    verdicts = DETECTORS[name]().assess(panel() * np.nan)
    assert (verdicts.alarm_ == -1).all()
    assert (verdicts.reason_ != Reason.ok).all()


@pytest.mark.parametrize("threshold", ["nbPlugin", "muan"])
def test_a_rate_is_not_taken_for_a_count(threshold):
    with pytest.raises(ValueError, match="is not a whole number; use a detector for rates"):
        FarringtonFlexible(threshold=threshold, half_window=1, guard=6).assess(panel() + 0.5)
    FarringtonFlexible(threshold="delta", half_window=1, guard=6).assess(panel() + 0.5, last=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"half_window": 6},
            "half_window=6 makes windows of 13 periods, more than the 12 of a year: take at most 5",
        ),
        ({"guard": 61}, "guard=61 leaves no reference period of 5 years of 12 periods"),
    ],
)
def test_parameters_that_do_not_fit_the_frequency_say_why(change, message):
    detector = replace(FarringtonFlexible(half_window=1, guard=6), **change)
    with pytest.raises(ValueError, match=message):
        detector.assess(panel())


def test_more_years_than_the_history_is_too_little_history():
    verdicts = FarringtonFlexible(years=20, half_window=1, guard=6).assess(panel())
    assert (verdicts.reason_ == Reason.too_little_history).all()


@pytest.mark.parametrize("people", [0.0, np.nan, -5.0, np.inf])
def test_a_population_of_nothing_is_missing_and_no_division(people):
    observed, population = panel(), panel() * 0 + 1e6
    population.iloc[[-1, 40]] = people
    verdicts = FarringtonFlexible(half_window=1, guard=6).assess(observed, population=population, last=2)
    assert (verdicts.reason_[1] == Reason.missing).all()
    assert (verdicts.alarm_[0] >= 0).all()


@pytest.mark.parametrize("level", [1e9, 1e12])
def test_extreme_counts_neither_hang_nor_overflow(level):
    observed = (panel() * level).round()
    for detector in (FarringtonFlexible(half_window=1, guard=6), Farrington1996(half_window=1), EarsC2()):
        verdicts = detector.assess(observed, last=3)
        assert np.isfinite(verdicts.upper_[verdicts.alarm_ >= 0]).all()


def test_a_hundred_thousand_series_are_judged_at_once():
    observed = panel(months=50, series=100_000)
    verdicts = FarringtonFlexible(years=3, half_window=1, blocks=5, guard=6).assess(observed, last=1)
    assert (verdicts.alarm_ >= 0).all()
    assert 0.001 < (verdicts.alarm_ == 1).mean() < 0.01
