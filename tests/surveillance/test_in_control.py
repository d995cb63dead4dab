"""The baseline of the charts against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from surveillance.detectors import in_control


@pytest.fixture
def counts():
    rng = np.random.default_rng(8)
    mean = np.array([2.0, 15.0, 300.0]) * np.exp(0.5 * np.cos(2 * np.pi * np.arange(160)[:, None] / 52))
    return rng.negative_binomial(3.0, 3 / (3 + mean)).astype(float)


@pytest.mark.parametrize("dispersion", [0.0, 0.25])
def test_the_mean_is_that_of_a_generalised_linear_model(counts, dispersion):
    counts[10:13, 1] = np.nan
    columns = in_control.design(170, harmonics=2, trend=True, periods=52)
    coefficients = in_control.fit(counts, columns[:160], np.full(3, dispersion))
    mean = in_control.mean_at(coefficients, columns)
    family = sm.families.NegativeBinomial(alpha=dispersion) if dispersion else sm.families.Poisson()
    for series in range(3):
        known = ~np.isnan(counts[:, series])
        model = sm.GLM(counts[known, series], columns[:160][known], family=family).fit(tol=1e-13)
        np.testing.assert_allclose(mean[:, series], np.exp(columns @ model.params), rtol=1e-7)


def test_the_dispersion_is_the_likeliest(counts):
    columns = in_control.design(160, harmonics=1, trend=False, periods=52)
    coefficients, dispersion = in_control.fit_dispersion(counts, columns)
    for series in range(3):
        model = sm.NegativeBinomial(counts[:, series], columns).fit(disp=0, maxiter=200)
        assert dispersion[series] == pytest.approx(model.params[-1], rel=1e-3)
        np.testing.assert_allclose(coefficients[series], model.params[:-1], rtol=1e-3, atol=1e-4)


def test_counts_that_vary_less_than_poisson_have_none():
    columns = in_control.design(100, harmonics=0, trend=False, periods=52)
    counts = np.tile([[7.0], [8.0]], (50, 1))
    coefficients, dispersion = in_control.fit_dispersion(counts, columns)
    assert dispersion[0] == in_control.POISSON
    assert np.exp(coefficients[0, 0]) == pytest.approx(7.5)


def test_a_series_without_a_case_has_the_mean_zero_and_one_of_gaps_none():
    columns = in_control.design(60, harmonics=1, trend=False, periods=52)
    counts = np.column_stack([np.zeros(60), np.full(60, np.nan), np.full(60, 3.0)])
    counts[5, 1] = 2
    mean = in_control.mean_at(in_control.fit(counts, columns, np.zeros(3)), columns)
    np.testing.assert_array_equal(mean[:, 0], 0)
    assert np.isnan(mean[:, 1]).all()
    np.testing.assert_allclose(mean[:, 2], 3)


def test_the_answer_for_a_series_does_not_depend_on_the_others(counts):
    columns = in_control.design(160, harmonics=1, trend=False, periods=52)
    together, spread = in_control.fit_dispersion(counts, columns)
    alone, own = in_control.fit_dispersion(counts[:, [1]], columns)
    np.testing.assert_allclose(alone[0], together[1], rtol=1e-12)
    assert own[0] == pytest.approx(spread[1], rel=1e-12)
