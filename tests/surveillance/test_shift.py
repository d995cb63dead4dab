"""A lasting change of level is found, dated and sized; what is none is left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from surveillance.detectors import LevelShift
from surveillance.detectors.shift import TESTS, changes, simulated_tests
from surveillance.detectors.step_scan import Problems, design

MONTHS, SERIES = 72, 400


def frame(values: np.ndarray) -> pd.DataFrame:
    index = pd.date_range("2018-01-01", periods=len(values), freq="MS")
    return pd.DataFrame(values, index)


def counts(
    factor: np.ndarray | float = 1.0, *, mean: float = 30.0, slope: float = 0.0, seed: int = 5
) -> pd.DataFrame:
    """Negative binomial counts with variance twice the mean, and a season; *slope* a year on the log scale."""
    t = np.arange(MONTHS)
    level = mean * np.exp(0.3 * np.cos(2 * np.pi * t / 12) + slope * (t - 36) / 12) * factor
    size = (MONTHS, SERIES)
    return frame(
        np.random.default_rng(seed).negative_binomial(np.broadcast_to(level[:, None], size), 0.5).astype(float)
    )


def since(months: int, factor: float) -> np.ndarray:
    return np.where(np.arange(MONTHS) >= MONTHS - months, factor, 1.0)


def rate(observed: pd.DataFrame, *, low: bool = False, alpha: float = 0.01) -> float:
    verdicts = LevelShift().assess(observed, last=1)
    return float(((verdicts.pvalue_low_ if low else verdicts.pvalue_) < alpha).mean())


@pytest.mark.parametrize("low", [False, True])
def test_steady_seasonal_counts_alarm_no_more_often_than_alpha(low):
    assert rate(counts(), low=low, alpha=0.05) <= 0.06
    assert rate(counts(), low=low) <= 0.02


def test_a_doubling_alarms_within_three_months_and_still_after_two_years():
    assert rate(counts(since(3, 2.0))) > 0.85
    assert rate(counts(since(12, 2.0))) > 0.98
    assert rate(counts(since(24, 2.0))) > 0.85


def test_a_halving_is_seen_in_the_other_tail():
    assert rate(counts(since(12, 0.5)), low=True) > 0.95
    assert rate(counts(since(12, 0.5))) == 0


def test_an_old_change_no_longer_alarms_and_does_not_hide_a_new_one():
    old = since(40, 2.0)
    assert rate(counts(old)) <= 0.02
    assert rate(counts(old * since(6, 2.0))) > 0.8


def test_one_month_however_high_is_no_change_of_level():
    assert rate(counts(since(1, 15.0)), alpha=0.005) < 0.05


def test_a_steady_trend_is_no_change_of_level():
    assert rate(counts(slope=0.2)) < 0.05


def test_a_change_is_dated_and_sized():
    found = changes(counts(since(12, 2.0)))
    assert len(found) > 0.98 * SERIES
    months = found["since"].dt.year * 12 + found["since"].dt.month - (2023 * 12 + 1)
    assert (months.abs() <= 2).mean() > 0.9
    assert found["factor"].median() == pytest.approx(2.0, rel=0.03)
    assert ((found["low"] < 2) & (found["high"] > 2)).mean() > 0.85
    assert found["p"].is_monotonic_increasing
    assert list(found.columns) == ["series", "newest", "since", "factor", "low", "high", "p"]


@pytest.mark.parametrize("scale", ["log1p", "sqrt"])
def test_weights_and_rates_have_changes_too(scale):
    random = np.random.default_rng(8)
    values = np.exp(5 + 0.3 * random.standard_normal((MONTHS, 50))) * since(9, 3.0)[:, None]
    found = changes(frame(values), LevelShift(scale=scale))
    assert len(found) > 45
    assert found["factor"].median() == pytest.approx(3.0, rel=0.1)
    assert (found["since"] == pd.Timestamp("2023-04-01")).mean() > 0.6
    quiet = LevelShift(scale=scale).assess(frame(values[: MONTHS - 9]), last=1)
    assert (quiet.pvalue_ < 0.01).mean() <= 0.06


def test_a_series_that_ended_is_judged_where_it_ended():
    observed = counts(since(20, 3.0)).iloc[:, :3].copy()
    observed.iloc[-8:, 0] = np.nan
    found = changes(observed).set_index("series")
    assert found.loc[0, "newest"] == observed.index[-9]
    assert found.loc[1, "newest"] == observed.index[-1]


def test_nothing_is_said_of_series_too_short_empty_or_constant():
    observed = counts().iloc[:, :4].copy()
    observed.iloc[:, 0] = np.nan
    observed.iloc[:, 1] = 0.0
    observed.iloc[:, 2] = 7.0
    observed.iloc[:-20, 3] = np.nan
    verdicts = LevelShift().assess(observed, last=1)
    assert verdicts.reason.iloc[0].tolist() == ["missing", "no_variation", "ok", "too_little_history"]
    assert not (verdicts.alarm_ == 1).any()
    assert changes(observed).empty


def test_the_baseline_is_the_glm_of_a_plain_fit():
    """Without clipping and with season and level only, the coefficients are those of statsmodels' Poisson GLM."""
    values = counts().to_numpy().T[:5, -60:]
    settings = LevelShift(clip=1000.0)
    columns = design(60, 12, 1)
    problems = Problems.of(values, columns, np.zeros(5, dtype=bool), settings)
    for row in range(5):
        fitted = sm.GLM(values[row], columns[:, :3], family=sm.families.Poisson()).fit()
        np.testing.assert_allclose(problems.coefficients[row, :3], fitted.params, atol=2e-3)  # the weak prior
        assert abs(problems.coefficients[row, 3]) < 1e-6


def test_the_statistic_of_each_start_is_the_t_of_a_plain_regression():
    """On a linear scale and without clipping: statsmodels' OLS with the step as a column, start by start."""
    random = np.random.default_rng(2)
    z = random.standard_normal(60) + 10
    z[25] = np.nan
    settings = LevelShift(scale="sqrt", clip=1000.0)
    columns = design(60, 12, 1)
    scan = Problems.of(np.square(z)[None], columns, np.zeros(1, dtype=bool), settings).scan(12, 3)
    known = ~np.isnan(z)
    for start in np.flatnonzero(scan.able[0]):
        step = (np.arange(60) >= start).astype(float)
        fitted = sm.OLS(z[known], np.column_stack([columns[:, :3], step])[known]).fit()
        assert scan.raw[0, start] == pytest.approx(fitted.tvalues[-1], rel=1e-6, abs=1e-8)
    assert scan.able[0].sum() == 46  # a year of known values before, three after


def test_the_number_of_starts_it_is_worth_is_as_simulated():
    months = (12, 5, 2, 3, 1, 1, 30)
    assert simulated_tests(months) == pytest.approx(TESTS[months], rel=0.02)
    assert LevelShift()._shape(12) == months


@pytest.mark.parametrize(
    ("field", "value"),
    [("alpha", 0.0), ("scale", "kg"), ("years", 2), ("reach", 5), ("least", 1), ("harmonics", 9), ("clip", 1.0)],
)
def test_parameters_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        LevelShift(**{field: value})
