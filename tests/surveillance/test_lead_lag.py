"""Leads between series: found where there are, and hardly ever where there are none."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.ar_model import AutoReg

from surveillance.lead_lag import LAGS, autoregression, correlations, lead_lag

MONTHS = pd.date_range("2018-01-01", periods=84, freq="MS")


def wandering(random: np.random.Generator, n: int) -> np.ndarray:
    """The logarithm of an autocorrelated monthly series with a season."""
    noise, x = random.normal(0, 0.15, n + 50), np.zeros(n + 50)
    for t in range(1, n + 50):
        x[t] = 0.8 * x[t - 1] + noise[t]
    return x[50:] + 0.2 * np.sin(2 * np.pi * np.arange(n) / 12)


def monthly(logs: np.ndarray) -> pd.Series:
    return pd.Series(np.exp(6 + logs), MONTHS[: len(logs)])


def led(lag: int, seed: int, sign: float = 1.0) -> tuple[pd.Series, pd.Series]:
    """A series and another that repeats it *lag* months later, with noise of its own."""
    random = np.random.default_rng(seed)
    source = wandering(random, 84 + lag)
    second = sign * source[:84] + random.normal(0, 0.05, 84)
    return monthly(source[lag:]), monthly(second)


@pytest.mark.parametrize("lag", [1, 3, 7, 12])
def test_a_true_lead_is_found_at_its_lag(lag: int) -> None:
    found = lead_lag(*led(lag, seed=lag))
    assert (found.verdict, found.lag) == ("lead", lag)
    assert found.correlation > found.bound


def test_a_lead_with_the_opposite_sign_is_found_with_its_sign() -> None:
    found = lead_lag(*led(4, seed=1, sign=-1.0))
    assert (found.verdict, found.lag) == ("lead", 4)
    assert found.correlation < -found.bound


def test_the_other_way_round_is_no_lead() -> None:
    first, second = led(5, seed=2)
    found = lead_lag(second, first)
    assert found.verdict == "none"
    strongest = found.table.loc[found.table["correlation"].abs().idxmax(), "lag"]
    assert strongest == -5


def test_a_lead_in_one_half_only_is_not_claimed() -> None:
    first, second = led(3, seed=3)
    _, other = led(3, seed=99)
    mixed = second.where(np.arange(84) < 46, other)
    found = lead_lag(first, mixed)
    assert found.verdict in ("one_half", "none")


def test_independent_autocorrelated_pairs_give_no_lead_more_often_than_nominal() -> None:
    verdicts, beyond = [], []
    for seed in range(200):
        random = np.random.default_rng(seed)
        found = lead_lag(monthly(wandering(random, 84)), monthly(wandering(random, 84)), permutations=199)
        verdicts.append(found.verdict)
        beyond.append((found.table["correlation"].abs() > found.bound).any())
    assert verdicts.count("lead") / 200 <= 0.05
    # Any of 25 lags beyond the bound: 5 % nominal, and two and a half standard errors of 200 pairs.
    assert np.mean(beyond) <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 200)


def test_without_prewhitening_the_same_pairs_would_mislead() -> None:
    misled = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        r = correlations(wandering(random, 84), wandering(random, 84))
        misled += bool((np.abs(r) > 0.36).any())
    assert misled > 30


def test_correlations_agree_with_a_plain_loop() -> None:
    random = np.random.default_rng(5)
    a, b = random.normal(size=40), random.normal(size=40)
    found = correlations(a, b)
    centred_a, centred_b = a - a.mean(), b - b.mean()
    size = math.sqrt(sum(x * x for x in centred_a) * sum(x * x for x in centred_b))
    for lag in range(-LAGS, LAGS + 1):
        total = sum(centred_a[t] * centred_b[t + lag] for t in range(40) if 0 <= t + lag < 40)
        assert found[lag + LAGS] == pytest.approx(total / size, abs=1e-12)


def test_the_filter_is_the_autoregression_of_statsmodels() -> None:
    random = np.random.default_rng(6)
    x = wandering(random, 120)
    x = x - x.mean()
    order, weights = autoregression(x)
    criteria = []
    for candidate in range(7):
        lags = list(range(1, candidate + 1))
        left = AutoReg(x, lags, trend="n", hold_back=6).fit().resid if lags else x[6:]
        criteria.append(len(left) * math.log(float(np.mean(np.square(left)))) + 2 * candidate)
    assert order == int(np.argmin(criteria))
    np.testing.assert_allclose(weights, AutoReg(x, order, trend="n").fit().params, rtol=1e-6)


def test_the_same_data_give_the_same_bounds_and_more_comparisons_wider_ones() -> None:
    pair = led(2, seed=7)
    once, again = lead_lag(*pair), lead_lag(*pair)
    assert once.bound == again.bound
    assert lead_lag(*pair, comparisons=4).bound > once.bound


def test_the_unit_of_a_series_does_not_matter_but_for_small_values() -> None:
    first, second = led(3, seed=8)
    pounds, kilograms = lead_lag(first * 1000, second), lead_lag(first * 453.59237, second)
    np.testing.assert_allclose(pounds.table["correlation"], kilograms.table["correlation"], atol=1e-3)


def test_too_few_months_and_constant_series_cannot_be_judged() -> None:
    first, second = led(3, seed=9)
    short = lead_lag(first.tail(59), second)
    assert (short.verdict, short.months, len(short.table)) == ("too_little_history", 59, 0)
    assert lead_lag(first, first * 0 + 3).verdict == "no_variation"
    assert lead_lag(first.iloc[:0], second).verdict == "too_little_history"


def test_only_the_newest_run_of_common_months_is_used() -> None:
    first, second = led(3, seed=10)
    first = first.copy()
    first.iloc[10] = np.nan
    found = lead_lag(first, second.iloc[:80])
    assert (found.start, found.end, found.months) == (MONTHS[11], MONTHS[79], 69)


def test_bad_parameters_are_named() -> None:
    first, second = led(3, seed=11)
    with pytest.raises(ValueError, match="level"):
        lead_lag(first, second, level=1.0)
    with pytest.raises(ValueError, match="comparisons"):
        lead_lag(first, second, comparisons=0)
    with pytest.raises(ValueError, match="monthly"):
        lead_lag(first.set_axis(first.index + pd.Timedelta(days=3)), second)
