"""Seasonal trend, growth and forecast, for reading."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.seasonal import STL

from data_sources.indicators import INDICATORS
from surveillance.forecast import MODELS, forecast
from surveillance.trend import seasonal_trend

COUNTS = INDICATORS["us_overdose_deaths_monthly"]
SUMS = INDICATORS["us_overdose_deaths_12m"]
WEIGHTS = INDICATORS["us_cbp_seizure_weight"]


def line(months: int = 96, growth: float = 0.01, seed: int = 1) -> pd.Series:
    t = np.arange(months)
    random = np.random.default_rng(seed)
    z = 6 + growth * t + 0.2 * np.cos(2 * np.pi * t / 12) + 0.03 * random.standard_normal(months)
    return pd.Series(np.exp(z), pd.date_range("2015-01-01", periods=months, freq="MS"))


def test_the_decomposition_is_statsmodels_robust_stl_of_the_logarithm():
    values = line()
    found = seasonal_trend(values, COUNTS)
    theirs = STL(np.log(values + 0.5), period=12, robust=True).fit()
    pd.testing.assert_series_equal(found.trend, theirs.trend)
    total = found.trend + found.seasonal + found.remainder
    np.testing.assert_allclose(total, np.log(values + 0.5))


@pytest.mark.parametrize("growth", [0.02, -0.02])
def test_growth_covers_the_truth_and_names_its_direction(growth):
    found = seasonal_trend(line(growth=growth), COUNTS).growth_12
    assert found.low95 <= growth <= found.high95
    assert found.low95 < found.low80 < found.high80 < found.high95
    assert found.direction == ("rising" if growth > 0 else "falling")


def test_a_level_series_has_no_clear_direction():
    assert seasonal_trend(line(growth=0.0), COUNTS).growth_12.direction == "unclear"


def test_the_same_series_gives_the_same_interval():
    assert seasonal_trend(line(), COUNTS).growth_3 == seasonal_trend(line(), COUNTS).growth_3


def test_the_newest_run_without_a_gap_is_used():
    values = line(120)
    values.iloc[60] = np.nan
    found = seasonal_trend(values, COUNTS)
    assert found.trend.index[0] == values.index[61]


@pytest.mark.parametrize(
    ("values", "record", "reason"),
    [
        (line(30), COUNTS, "too_little_history"),
        (line(), SUMS, "twelve_month_sum"),
        (line(), WEIGHTS, "weight"),
        (line(), INDICATORS["annual_seizure_weight"], "frequency"),
    ],
)
def test_where_there_is_no_trend_it_says_why(values, record, reason):
    assert seasonal_trend(values, record) == reason


@pytest.mark.parametrize("method", list(MODELS))
def test_a_forecasts_bands_are_nested_and_not_negative(method):
    made = forecast(line(), COUNTS, method=method)
    assert made["period"].iloc[0] == pd.Timestamp("2023-01-01")
    assert len(made) == 6
    bands = made[["low95", "low80", "mean", "high80", "high95"]].to_numpy()
    assert (np.diff(bands, axis=1) >= 0).all()
    assert (bands >= 0).all()


def test_the_seasonal_naive_forecast_repeats_the_last_year():
    values = line()
    made = forecast(values, COUNTS, method="seasonal_naive")
    np.testing.assert_allclose(made["mean"], values.iloc[-12:-6])


def test_a_forecast_of_a_seasonal_series_is_close_to_what_came():
    values = line(102)
    made = forecast(values.iloc[:96], COUNTS)
    np.testing.assert_allclose(made["mean"], values.iloc[96:], rtol=0.15)


def test_too_short_or_yearly_series_have_no_forecast():
    assert forecast(line(40), COUNTS) is None
    assert forecast(line(), INDICATORS["annual_seizure_weight"]) is None
