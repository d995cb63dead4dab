"""The readable regression: its detector against a plain fit, its coefficients against known effects."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from surveillance.detectors import SeasonalTrend
from surveillance.detectors.seasonal_trend import InterruptedTrend, coefficients, natural_spline

MONTHS = 96
INDEX = pd.date_range("2016-01-01", periods=MONTHS, freq="MS")


def counts(series: int = 3, *, slope: float = 0.1, during: float = 0.0, seed: int = 4) -> pd.DataFrame:
    """Variance 1.5 times the mean; *slope* a year; an effect from March 2020 to June 2021."""
    t = np.arange(MONTHS)
    eta = np.log(40) + 0.3 * np.sin(2 * np.pi * t / 12) + slope * t / 12
    eta = eta + during * ((INDEX >= "2020-03-01") & (INDEX <= "2021-06-30"))
    mean = np.broadcast_to(np.exp(eta)[:, None], (MONTHS, series))
    values = np.random.default_rng(seed).negative_binomial(mean / 0.5, 1 / 1.5).astype(float)
    return pd.DataFrame(values, INDEX)


@pytest.mark.parametrize("pandemic", [False, True])
def test_expected_and_spread_are_those_of_a_plain_fit_for_each_cell(pandemic):
    observed = counts()
    observed.iloc[20:23, 1] = np.nan
    detector = SeasonalTrend(pandemic=pandemic, years=5)
    verdicts = detector.assess(observed, last=6)
    for row in range(MONTHS - 6, MONTHS):
        begin, end = row - 3 - 60, row - 3
        columns = detector.design(INDEX[begin : row + 1], 60, 12)
        for column in observed:
            y = observed[column].to_numpy()[begin:end]
            known = ~np.isnan(y)
            fitted = sm.GLM(y[known], columns[:60][known], family=sm.families.Poisson()).fit()
            phi = max(fitted.pearson_chi2 / fitted.df_resid, 1.0)
            mean = float(fitted.predict(columns[-1:])[0])
            variance = phi * mean + phi * float(columns[-1] @ fitted.cov_params() @ columns[-1]) * mean**2
            at = (row - (MONTHS - 6), column)
            assert verdicts.expected_[at] == pytest.approx(mean, rel=1e-6)
            from scipy.stats import nbinom

            size = mean / (variance / mean - 1)
            count = observed[column].iloc[row]
            assert verdicts.pvalue_[at] == pytest.approx(nbinom.sf(count - 1, size, mean / variance), rel=1e-5)
            assert verdicts.upper_[at] == nbinom.ppf(1 - 0.005, size, mean / variance)


def test_known_effects_are_read_from_the_table():
    table = coefficients(counts(1, during=0.5)[0], SeasonalTrend(pandemic=True, spline=1))
    assert list(table.index) == [
        "level", "sin 1", "sin 2", "cos 1", "cos 2", "trend 1", "2020-03-01 to 2021-06-30", "growth a year",
    ]  # fmt: skip
    truth = {"sin 1": 0.3, "cos 1": 0.0, "trend 1": 0.1, "2020-03-01 to 2021-06-30": 0.5, "growth a year": 0.1}
    for term, effect in truth.items():
        assert abs(table.loc[term, "estimate"] - effect) < 3 * table.loc[term, "se"], term
    assert table.loc["2020-03-01 to 2021-06-30", "p"] < 1e-6
    np.testing.assert_allclose(table["ratio"], np.exp(table["estimate"]))
    assert ((table["ratio_low"] < table["ratio"]) & (table["ratio"] < table["ratio_high"])).all()
    assert table.attrs["periods"] == MONTHS
    assert 0.7 < table.attrs["explained"] < 1


def test_the_growth_at_the_end_is_the_slope_of_the_curve():
    line = counts(1, slope=0.2)[0]
    curved = coefficients(line, SeasonalTrend(spline=3))
    straight = coefficients(line, SeasonalTrend(spline=1))
    assert straight.loc["growth a year", "estimate"] == pytest.approx(straight.loc["trend 1", "estimate"])
    assert abs(curved.loc["growth a year", "estimate"] - 0.2) < 3 * curved.loc["growth a year", "se"]
    assert curved.loc["growth a year", "se"] > straight.loc["growth a year", "se"]


def test_the_spline_has_its_columns_and_is_straight_beyond_its_end():
    time_ = np.arange(0, 8, 1 / 12)
    basis = natural_spline(time_, 5.0, 3)
    assert basis.shape == (96, 3)
    assert np.linalg.matrix_rank(np.column_stack([np.ones(96), basis])) == 4
    np.testing.assert_allclose(np.diff(basis[62:], 2, axis=0), 0, atol=1e-9)


def test_negative_binomial_counts_have_a_wider_band_where_the_mean_is_high():
    observed = counts(2)
    for family in ("quasi_poisson", "negative_binomial"):
        verdicts = SeasonalTrend(family=family).assess(observed, last=12)
        assert (verdicts.alarm_ >= 0).all()
        table = coefficients(observed[0], SeasonalTrend(family=family))
        assert table.loc["trend 1", "p"] < 0.01


def test_an_interruption_leaves_the_baseline_and_without_it_moves_it():
    observed = counts(30, during=1.0)
    row = [INDEX.get_loc("2021-12-01") + 1]
    known = SeasonalTrend(pandemic=True).assess(observed.iloc[: row[0]], last=1)
    unknown = SeasonalTrend().assess(observed.iloc[: row[0]], last=1)
    truth = 40 * np.exp(0.3 * np.sin(2 * np.pi * 71 / 12) + 0.1 * 71 / 12)
    assert np.median(known.expected_) == pytest.approx(truth, rel=0.1)
    assert np.median(unknown.expected_) > 1.3 * truth


def test_false_alarms_of_steady_counts_are_near_nominal():
    verdicts = SeasonalTrend(alpha=0.05).assess(counts(150, slope=0.05), last=12)
    assert 0.02 < (verdicts.alarm_ == 1).mean() < 0.07


def test_an_empty_baseline_is_judged_by_the_rule_for_emerging_series():
    observed = counts(2) * 0.0
    observed.iloc[-1, 0] = 7.0
    observed.iloc[-1, 1] = 1.0
    verdicts = SeasonalTrend().assess(observed, last=1)
    assert verdicts.reason.iloc[0].tolist() == ["emerging", "emerging"]
    assert verdicts.alarm.iloc[0].tolist() == [True, False]


def test_the_newest_period_of_a_hundred_series_is_judged_within_seconds():
    observed = counts(100)
    began = time.perf_counter()
    SeasonalTrend().assess(observed, last=1)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("field", "value"),
    [("alpha", 0.0), ("years", 1), ("harmonics", 7), ("spline", 20), ("guard", -1), ("family", "gamma")],
)
def test_parameters_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        SeasonalTrend(**{field: value})


def test_an_interruption_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="interruptions"):
        InterruptedTrend(interruptions=(("2021-01-01", "2020-01-01"),))


def test_interruptions_of_ones_own_stand_beside_the_pandemic():
    detector = InterruptedTrend(pandemic=True, interruptions=(("2022-07-01", ""),), spline=1)
    observed = counts(1, during=0.5)[0] * np.where(INDEX >= "2022-07-01", 2.0, 1.0)
    table = coefficients(observed, detector)
    assert table.loc["2022-07-01 to now", "ratio"] == pytest.approx(2.0, rel=0.2)
    assert table.loc["2020-03-01 to 2021-06-30", "ratio"] == pytest.approx(np.exp(0.5), rel=0.2)
    only = InterruptedTrend(interruptions=(("2020-03-01", "2021-06-30"),), spline=1)
    same = coefficients(observed, only).iloc[:, :5]
    pd.testing.assert_frame_equal(same, coefficients(observed, SeasonalTrend(pandemic=True, spline=1)).iloc[:, :5])


def test_a_series_too_short_or_empty_has_no_coefficients():
    with pytest.raises(ValueError, match="3 years"):
        coefficients(counts(1)[0].iloc[:30])
    with pytest.raises(ValueError, match="3 years"):
        coefficients(counts(1)[0] * 0)
