"""Quasi-Poisson regressions by the thousand: block intercepts and one slope, log link, solved in closed form.

All problems of one call share a Layout (which reference period is in which block, and its time), so the
normal equations are arrow-headed: the block sums of all problems are one matrix product, and no system of
equations is solved. Two ways to the fit:

- `newton`: given the slope b, the intercept of a block is log(Σ ω y / Σ ω e^(bt)); what remains is Newton's
  method in one variable, to full convergence (without a trend: no iteration at all).
- `irls`: iteratively reweighted least squares, started and stopped as R's glm.fit documents it, for results
  that agree with R's to the last digits.

McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., §2.5 and §6.2. doi:10.1007/978-1-4899-3242-6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

EPSILON, MOST_ITERATIONS, SMALLEST_MEAN = 1e-8, 25, 2.220446049250313e-16
SMALLEST_STEP = 1e-7  # of the slope over the whole range of times; Newton's next error is its square
SINGLE_THREAD = 200_000  # multiplications; OpenBLAS takes a second thread from 262 144
NO_CASES = 1e-20  # what a block without cases is fitted to: a mean of 0 with finite logarithms


@dataclass(frozen=True)
class Layout:
    """The design that all problems of a call share: each reference period's block and time, the judged one at 0."""

    blocks: Rows  # (n,) block of each reference period, 0 … P − 1
    times: Floats  # (n,) time of each reference period
    count: int  # P

    @property
    def indicator(self) -> Floats:
        """(n, P): 1 where the period is in the block."""
        return np.eye(self.count)[self.blocks]


@dataclass(frozen=True)
class Fit:
    """N fitted regressions. Times are centred on their blocks, against cancellation."""

    mean: Floats  # (N, n) fitted means of the reference periods
    weight: Floats  # (N, n) working weights ωμ (irls: those of the last solve, as R reports them)
    slope: Floats  # (N,) NaN without trend
    slope_variance: Floats  # (N,) (XᵀWX)⁻¹ of the slope; NaN without trend
    df: Rows  # (N,) n − p
    converged: Flags  # (N,)
    intercepts: Floats  # (N, P)
    inverse: Floats  # (N, P) 1 / Σw of each block, 0 where it has no value
    average: Floats  # (N, P) Σwt / Σw of each block
    design: _Design

    def judged(self, time: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Linear predictor, without offset, in the last block at *time*, and its x0ᵀ(XᵀWX)⁻¹x0, each (N,).

        The second is NaN where that block has no value.
        """
        away = time - self.design.centre[-1]
        variance = np.where(self.inverse[:, -1] > 0, self.inverse[:, -1], np.nan)
        if not self.design.trend:
            return self.intercepts[:, -1], variance
        with np.errstate(invalid="ignore"):
            variance = variance + (away - self.average[:, -1]) ** 2 * self.slope_variance
        return self.intercepts[:, -1] + self.slope * away, variance

    def hat(self) -> Floats:
        """The leverages (N, n): the diagonal of W½X(XᵀWX)⁻¹XᵀW½."""
        spread = self.design.indicator.T
        leverage = _product(self.inverse, spread)
        if self.design.trend:
            away = self.design.times - _product(self.average, spread)
            leverage += away**2 * self.slope_variance[:, None]
        return np.asarray(self.weight * leverage)


def newton(
    y: Floats,
    weights: Floats,
    layout: Layout,
    *,
    trend: bool,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> Fit:
    """Fully converged quasi-Poisson fits of *y* (N, n, ≥ 0) with prior *weights* (N, n; 0 leaves a value out).

    *offset* (N, n) is added to the linear predictor, *start* (N,) is a first guess of the slopes. A block
    without cases gets a mean of 0. Where the slope has no finite estimate, `converged` is False.
    """
    design = _Design(layout, trend)
    base = weights if offset is None else weights * np.exp(offset)
    cases = weights * y
    level = np.maximum(_product(cases, design.indicator), NO_CASES)
    slope = np.zeros(len(y)) if start is None else np.nan_to_num(start)
    converged = np.ones(len(y), dtype=bool)
    if trend:
        slope, converged = _newton_slopes(design, base, level, np.einsum("ij,j->i", cases, design.times), slope)
    mean = np.exp(np.multiply.outer(slope, design.times)) if trend else np.ones_like(y)
    total, average, centred = design.sums(base * mean, level)
    scale = level / np.where(total > 0, total, level)
    mean *= _product(scale, design.indicator.T)
    if offset is not None:
        mean *= np.exp(offset)
    inverse = np.where(total > 0, 1 / level, 0.0)
    return design.report(weights, mean, weights * mean, np.log(scale), slope, converged, inverse, average, centred)


def _newton_slopes(
    design: _Design, base: Floats, level: Floats, moment: Floats, start: Floats
) -> tuple[Floats, Flags]:
    """Slopes where Σ ωyt = Σ_b Y_b · (mean time of block b under e^(bt)), and whether each was reached."""
    span = max(float(np.abs(design.times).max()), 1.0)
    slope, converged = start.copy(), np.zeros(len(level), dtype=bool)
    active = np.arange(len(level))
    for _ in range(MOST_ITERATIONS):
        rows: Rows | slice = slice(None) if len(active) == len(level) else active
        growth = np.multiply.outer(slope[rows], design.times)
        np.exp(growth, out=growth)
        growth *= base[rows]
        _, average, centred = design.sums(growth, level[rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (moment[rows] - (level[rows] * average).sum(axis=1)) / centred
        step = np.clip(np.nan_to_num(step, nan=np.inf), -3 / span, 3 / span)
        slope[rows] += step
        done = np.abs(step) * span < SMALLEST_STEP
        converged[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    return slope, converged


def irls(y: Floats, weights: Floats, layout: Layout, *, trend: bool, offset: Floats | None = None) -> Fit:
    """Quasi-Poisson fits with R's start (μ = y + 0.1), steps and stopping rule; arguments as in `newton`.

    Working weights are those of the last solve. Problems that have not converged after 25 iterations are
    marked, their last values kept.
    """
    design = _Design(layout, trend)
    with np.errstate(divide="ignore"):
        log_y = np.where(y > 0, np.log(y), 0.0)
    mean = y + 0.1
    eta = np.log(mean)
    working = np.zeros_like(y)
    intercepts, slope = np.zeros((len(y), layout.count)), np.zeros(len(y))
    converged = np.zeros(len(y), dtype=bool)
    active = np.arange(len(y))
    deviance = _deviance(y, weights, log_y, eta, mean)
    for _ in range(MOST_ITERATIONS):
        rows: Rows | slice = slice(None) if len(active) == len(y) else active
        w = weights[rows] * mean[rows]
        adjusted = eta[rows] + (y[rows] - mean[rows]) / mean[rows]
        if offset is not None:
            adjusted -= offset[rows]
        a, b = design.solve(w, adjusted)
        predictor = _product(a, design.indicator.T) + b[:, None] * design.times
        if offset is not None:
            predictor += offset[rows]
        working[rows], eta[rows], intercepts[rows], slope[rows] = w, predictor, a, b
        mean[rows] = np.maximum(np.exp(predictor), SMALLEST_MEAN)
        new = _deviance(y[rows], weights[rows], log_y[rows], predictor, mean[rows])
        done = np.abs(new - deviance[rows]) / (np.abs(new) + 0.1) < EPSILON
        deviance[rows] = new
        converged[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    total = _product(working, design.indicator)
    inverse = np.where(total > 0, 1 / np.where(total > 0, total, 1.0), 0.0)
    _, average, centred = design.sums(working, total)
    return design.report(weights, mean, working, intercepts, slope, converged, inverse, average, centred)


def _deviance(y: Floats, weights: Floats, log_y: Floats, eta: Floats, mean: Floats) -> Floats:
    """2 Σ ω [y log(y/μ) − (y − μ)], with η for log μ."""
    log_ratio = np.subtract(log_y, np.maximum(eta, np.log(SMALLEST_MEAN)))
    log_ratio *= y
    log_ratio -= y
    log_ratio += mean
    return np.asarray(2 * np.einsum("ij,ij->i", weights, log_ratio))


def _product(left: Floats, right: Floats) -> Floats:
    """left @ right, in pieces so small that BLAS stays in one thread.

    On a busy machine its threads wait for each other: the same fits were measured at a twentieth of the speed.
    """
    rows = max(SINGLE_THREAD // right.size, 1)
    whole = len(left) // rows * rows
    out = np.empty((len(left), right.shape[1]))
    if whole:
        np.matmul(
            left[:whole].reshape(-1, rows, len(right)), right, out=out[:whole].reshape(-1, rows, len(right.T))
        )
    np.matmul(left[whole:], right, out=out[whole:])
    return out


class _Design:
    """The matrices that all problems of a call share."""

    def __init__(self, layout: Layout, trend: bool) -> None:
        self.layout, self.trend = layout, trend
        self.indicator = layout.indicator
        self.centre = (layout.times @ self.indicator) / np.maximum(self.indicator.sum(axis=0), 1)
        self.times = layout.times - self.centre[layout.blocks]
        powers = [self.indicator * (self.times**power)[:, None] for power in range(3 if trend else 1)]
        self.stacked = np.hstack(powers)

    def sums(self, weight: Floats, level: Floats) -> tuple[Floats, Floats, Floats]:
        """Σw of each block, its mean time under w, and Σ_b level_b · (variance of time in b under w)."""
        parts = _product(weight, self.stacked).reshape(len(weight), -1, self.layout.count)
        total = parts[:, 0]
        if not self.trend:
            return total, np.zeros_like(total), np.full(len(weight), np.nan)
        known = np.where(total > 0, total, 1.0)
        average = parts[:, 1] / known
        return total, average, (level * (parts[:, 2] / known - average**2)).sum(axis=1)

    def solve(self, weight: Floats, adjusted: Floats) -> tuple[Floats, Floats]:
        """Intercepts (N, P) and slopes (N,) of weighted least squares on *adjusted*."""
        weighted = weight * adjusted
        total = _product(weight, self.indicator)
        inverse = np.where(total > 0, 1 / np.where(total > 0, total, 1.0), 0.0)
        level = _product(weighted, self.indicator)
        if not self.trend:
            return level * inverse, np.zeros(len(weight))
        _, average, centred = self.sums(weight, total)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (np.einsum("ij,j->i", weighted, self.times) - (average * level).sum(axis=1)) / centred
        return level * inverse - slope[:, None] * average, slope

    def report(
        self,
        prior: Floats,
        mean: Floats,
        weight: Floats,
        intercepts: Floats,
        slope: Floats,
        converged: Flags,
        inverse: Floats,
        average: Floats,
        centred: Floats,
    ) -> Fit:
        slope_variance = np.full(len(mean), np.nan)
        if self.trend:
            with np.errstate(divide="ignore"):
                slope_variance = 1 / centred
        rank = (inverse > 0).sum(axis=1) + self.trend
        return Fit(
            mean=mean,
            weight=weight,
            slope=slope if self.trend else np.full(len(mean), np.nan),
            slope_variance=slope_variance,
            df=(prior > 0).sum(axis=1) - rank,
            converged=converged,
            intercepts=intercepts,
            inverse=inverse,
            average=average,
            design=self,
        )
