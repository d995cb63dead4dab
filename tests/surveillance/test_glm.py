"""The batched regressions against statsmodels, explicit matrices and figures worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from surveillance.glm import Problems, Weights, irls, newton
from surveillance.layout import FAR, Layout

BLOCKS, PERIODS, PROBLEMS = 4, 60, 7


@pytest.fixture
def layout():
    return Layout(np.arange(PERIODS) // 5 % BLOCKS, np.arange(PERIODS) - PERIODS - 3.0, BLOCKS)


@pytest.fixture
def problems(layout):
    """Counts, weights (two values left out of the last problem) and offsets."""
    rng = np.random.default_rng(3)
    level = np.array([0.8, 2, 5, 12, 40, 150, 9])[:, None]
    counts = rng.poisson(level * np.exp(0.2 * layout.blocks + 0.004 * layout.times)).astype(float)
    weights = rng.uniform(0.4, 1.1, counts.shape)
    weights[-1, [3, 30]] = 0
    offset = np.log(rng.uniform(80, 120, counts.shape))
    return counts, weights, offset


def leverages(fitted, weights):
    """The whole hat diagonal (N, n), from the cells' leverages."""
    rows, columns = np.indices(weights.shape).reshape(2, -1)
    working = weights * fitted.mean * fitted.lag()
    return working * fitted.leverage(rows, columns).reshape(weights.shape)


def by_statsmodels(layout, counts, weights, offset, trend):
    """statsmodels' fit of one problem, its design, and which values it used."""
    used = weights > 0
    design = layout.indicator[used]
    if trend:
        design = np.hstack([design, layout.times[used, None]])
    model = sm.GLM(
        counts[used],
        design,
        family=sm.families.Poisson(),
        var_weights=weights[used],
        offset=None if offset is None else offset[used],
    )
    return model.fit(tol=1e-14, maxiter=200), design, used


@pytest.mark.parametrize("solve", [newton, irls])
@pytest.mark.parametrize("trend", [True, False])
@pytest.mark.parametrize("with_offset", [True, False])
def test_fits_are_those_of_statsmodels(layout, problems, solve, trend, with_offset):
    counts, weights, offset = problems
    offset = offset if with_offset else None
    fitted = solve(Problems(counts, layout, offset), Weights.of(weights), trend=trend)
    exact = 1e-9 if solve is newton else 1e-4  # R's rule stops at a deviance, not at the estimates
    assert fitted.converged.all()
    for row in range(PROBLEMS):
        other, design, used = by_statsmodels(
            layout, counts[row], weights[row], None if offset is None else offset[row], trend
        )
        at = np.zeros(design.shape[1])
        at[BLOCKS - 1] = 1
        eta, variance = fitted.judged()
        covariance = np.linalg.inv((design * (weights[row, used] * other.mu)[:, None]).T @ design)
        np.testing.assert_allclose(fitted.mean[row, used], other.mu, rtol=exact)
        np.testing.assert_allclose(eta[row], at @ other.params, rtol=exact)
        np.testing.assert_allclose(variance[row], at @ covariance @ at, rtol=exact * 10)
        assert fitted.df[row] == other.df_resid
        hat = weights[row, used] * other.mu * np.einsum("ij,jk,ik->i", design, covariance, design)
        np.testing.assert_allclose(leverages(fitted, weights)[row, used], hat, rtol=exact * 10)
        if trend:
            np.testing.assert_allclose(fitted.slope[row], other.params[-1], rtol=exact * 100)
            np.testing.assert_allclose(fitted.slope_variance[row], covariance[-1, -1], rtol=exact * 10)


def test_without_a_trend_the_means_are_the_weighted_block_means(layout, problems):
    counts, weights, _ = problems
    fitted = newton(Problems(counts, layout), Weights.of(weights), trend=False)
    for block in range(BLOCKS):
        inside = layout.blocks == block
        mean = np.average(counts[2, inside], weights=weights[2, inside])
        np.testing.assert_allclose(fitted.mean[2, inside], mean)
    assert (fitted.slope == 0).all()
    assert np.isnan(fitted.slope_variance).all()


def test_the_residuals_of_a_fit_sum_to_zero_in_each_block_and_over_time(layout, problems):
    counts, weights, offset = problems
    fitted = newton(Problems(counts, layout, offset), Weights.of(weights), trend=True)
    residual = weights * (counts - fitted.mean)
    np.testing.assert_allclose(residual @ layout.indicator, 0, atol=1e-8)
    np.testing.assert_allclose(residual @ layout.times, 0, atol=1e-5)


def test_leverages_sum_to_the_number_of_parameters(layout, problems):
    counts, weights, _ = problems
    np.testing.assert_allclose(
        leverages(newton(Problems(counts, layout), Weights.of(weights), trend=True), weights).sum(axis=1),
        BLOCKS + 1,
    )


def test_a_problem_alone_is_fitted_as_among_others(layout, problems):
    counts, weights, _ = problems
    among = newton(Problems(counts, layout), Weights.of(weights), trend=True)
    alone = newton(Problems(counts[3:4], layout), Weights.of(weights[3:4]), trend=True)
    np.testing.assert_allclose(alone.mean[0], among.mean[3], rtol=1e-12)


def test_a_start_changes_the_way_and_not_the_result(layout, problems):
    counts, weights, _ = problems
    cold = newton(Problems(counts, layout), Weights.of(weights), trend=True)
    warm = newton(Problems(counts, layout), Weights.of(weights), trend=True, start=cold.slope + 0.02)
    np.testing.assert_allclose(warm.mean, cold.mean, rtol=1e-9)


def test_a_block_without_cases_has_a_mean_of_zero_and_leaves_the_others_alone(layout, problems):
    counts, weights, _ = problems
    counts = counts.copy()
    inside = layout.blocks == 2
    counts[:, inside] = 0
    fitted = newton(Problems(counts, layout), Weights.of(weights), trend=True)
    without = newton(Problems(counts, layout), Weights.of(np.where(inside, 0, weights)), trend=True)
    assert (fitted.mean[:, inside] < 1e-15).all()
    assert np.isfinite(leverages(fitted, weights)).all()
    np.testing.assert_allclose(fitted.mean[:, ~inside], without.mean[:, ~inside], rtol=1e-9)


def test_a_block_without_values_has_no_variance(layout, problems):
    counts, weights, _ = problems
    weights = np.where(layout.blocks == BLOCKS - 1, 0, weights)
    _, variance = newton(Problems(counts, layout), Weights.of(weights), trend=True).judged()
    assert np.isnan(variance).all()


def test_a_slope_without_a_finite_estimate_is_reported_as_not_converged():
    layout = Layout(np.zeros(8, dtype=np.int64), np.arange(-8.0, 0.0), 1)
    only_last = np.array([[0, 0, 0, 0, 0, 0, 0, 5.0], [3, 1, 2, 4, 2, 1, 3, 2.0]])
    fitted = newton(Problems(only_last, layout), Weights.of(np.ones_like(only_last)), trend=True)
    assert fitted.converged.tolist() == [False, True]


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scaling_the_values_scales_the_means_and_nothing_else(layout, problems, scale):
    counts, weights, _ = problems
    fitted, scaled = (
        newton(Problems(y, layout), Weights.of(weights), trend=True) for y in (counts, counts * scale)
    )
    np.testing.assert_allclose(scaled.mean, fitted.mean * scale, rtol=1e-9)
    np.testing.assert_allclose(scaled.slope, fitted.slope, rtol=1e-9)


@pytest.mark.parametrize("steepness", [0.0, 0.01, 1.0, FAR - 1e-9, FAR + 1e-9, 20.0])
def test_block_sums_by_power_series_are_those_of_the_exponentials(layout, steepness):
    slope = steepness / layout.reach * np.array([1.0, -1.0, 0.5])
    growth = np.exp(np.multiply.outer(slope, layout.tau))
    for power in range(3):
        plain = (growth * layout.tau**power) @ layout.indicator
        scale = (growth * np.abs(layout.tau) ** power) @ layout.indicator
        assert (np.abs(layout.moments(slope)[:, power] - plain) <= 1e-13 * scale).all()
    np.testing.assert_allclose(layout.growth(slope), growth, rtol=1e-12)


@pytest.mark.parametrize("solve", [newton, irls])
def test_no_leverage_exceeds_its_bound(layout, problems, solve):
    counts, _, _ = problems
    ones = np.ones_like(counts)
    fitted = solve(Problems(counts, layout), Weights.of(ones), trend=True)
    assert (leverages(fitted, ones).max(axis=1) <= fitted.most_leverage() + 1e-6).all()


def test_many_equal_problems_have_equal_answers(layout):
    rng = np.random.default_rng(1)
    counts = np.repeat(rng.poisson(20, (3, PERIODS)).astype(float), 500, axis=0)
    fitted = newton(Problems(counts, layout), Weights.of(np.ones_like(counts)), trend=True)
    np.testing.assert_allclose(fitted.slope, np.repeat(fitted.slope[::500], 500), rtol=1e-9, atol=1e-15)
