"""Quasi-Poisson regressions by the thousand: block intercepts and one slope, log link, solved in closed form.

All problems of one call share a Layout (which reference period is in which block, and its time), so the
normal equations are arrow-headed: the block sums of all problems are one matrix product, and intercepts and
slope follow without solving an 11 × 11 system. The iteration is that of McCullagh & Nelder (1989,
Generalized Linear Models, 2nd ed., §2.5), started and stopped as R's glm.fit documents it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EPSILON, MOST_ITERATIONS, SMALLEST_MEAN = 1e-8, 25, 2.220446049250313e-16


@dataclass(frozen=True)
class Layout:
    """The design that all problems of a call share: each reference period's block and time."""

    blocks: NDArray[np.int64]  # (n,) block of each reference period, 0 … P − 1
    times: Floats  # (n,) time of each reference period
    count: int  # P
    time0: float = 0.0  # the judged period's time; its block is the last

    @property
    def indicator(self) -> Floats:
        return np.eye(self.count)[self.blocks]


@dataclass(frozen=True)
class Fit:
    """N fitted regressions. Working weights are those of the last solve; residuals use the final mean."""

    mean: Floats  # (N, n) fitted means of the reference periods
    weight: Floats  # (N, n) working weights of the last solve
    eta0: Floats  # (N,) linear predictor of the judged period, without its offset
    slope: Floats  # (N,) NaN without trend
    variance0: Floats  # (N,) x0ᵀ(XᵀWX)⁻¹x0
    slope_variance: Floats  # (N,) (XᵀWX)⁻¹ of the slope
    hat: Floats  # (N, n)
    df: NDArray[np.int64]  # (N,) n − p
    converged: Flags  # (N,)


def fit(y: Floats, weights: Floats, layout: Layout, *, trend: bool, offset: Floats | None = None) -> Fit:
    """Fit N quasi-Poisson regressions of counts *y* (N, n) with prior *weights* (N, n; 0 leaves a value out).

    A block without any weight drops out of its problem. Problems that have not converged after 25 iterations
    are marked, their last values kept. *offset* (N, n) is added to the linear predictor.
    """
    solver = _Solver(y, weights, layout, trend, offset)
    mean, eta = y + 0.1, np.log(y + 0.1)
    deviance = solver.deviance(mean, np.arange(len(y)))
    working = np.zeros_like(y)
    converged = np.zeros(len(y), dtype=bool)
    active = np.arange(len(y))
    for _ in range(MOST_ITERATIONS):
        working[active] = weights[active] * mean[active]
        adjusted = eta[active] + (y[active] - mean[active]) / mean[active]
        eta[active] = solver.solve(working[active], adjusted, active)
        mean[active] = np.maximum(np.exp(eta[active]), SMALLEST_MEAN)
        new = solver.deviance(mean[active], active)
        done = np.abs(new - deviance[active]) / (np.abs(new) + 0.1) < EPSILON
        deviance[active] = new
        converged[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    return solver.report(mean, working, converged)


class _Solver:
    """The shared pieces of one call; times are centred on their blocks, against cancellation."""

    def __init__(self, y: Floats, weights: Floats, layout: Layout, trend: bool, offset: Floats | None) -> None:
        self.y, self.weights, self.layout, self.trend = y, weights, layout, trend
        self.offset = np.zeros((1, 1)) if offset is None else offset
        self.indicator = layout.indicator
        sizes = np.maximum(self.indicator.sum(axis=0), 1)
        self.centre = (layout.times @ self.indicator) / sizes
        self.times = layout.times - self.centre[layout.blocks]
        self.by_time = self.indicator * self.times[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            self.y_log_y = np.where(y > 0, y * np.log(y), 0.0)
        self.last = (np.zeros((len(y), layout.count)), np.zeros(len(y)))

    def _offset(self, which: NDArray[np.int64]) -> Floats:
        return self.offset if len(self.offset) == 1 else self.offset[which]

    def deviance(self, mean: Floats, which: NDArray[np.int64]) -> Floats:
        y = self.y[which]
        terms = self.weights[which] * (self.y_log_y[which] - y * np.log(mean) - (y - mean))
        return np.asarray(2 * terms.sum(axis=1))

    def sums(self, working: Floats) -> tuple[Floats, Floats, Floats]:
        """Per problem and block Σw, and Σwt; and the slope's Σw(t − t̄)²."""
        total, timed = working @ self.indicator, working @ self.by_time
        square = working @ self.times**2
        with np.errstate(divide="ignore", invalid="ignore"):
            centred = square - np.where(total > 0, timed**2 / total, 0.0).sum(axis=1)
        return total, timed, centred

    def solve(self, working: Floats, adjusted: Floats, which: NDArray[np.int64]) -> Floats:
        adjusted = adjusted - self._offset(which)
        total, timed, centred = self.sums(working)
        weighted = working * adjusted
        level = weighted @ self.indicator
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = np.where(total > 0, 1 / total, 0.0)
            if self.trend:
                slope = (weighted @ self.times - (timed * level * inverse).sum(axis=1)) / centred
            else:
                slope = np.zeros(len(working))
        intercepts = (level - slope[:, None] * timed) * inverse
        self.last[0][which], self.last[1][which] = intercepts, slope
        eta = intercepts[:, self.layout.blocks] + slope[:, None] * self.times + self._offset(which)
        return np.asarray(eta)

    def report(self, mean: Floats, working: Floats, converged: Flags) -> Fit:
        total, timed, centred = self.sums(working)
        intercepts, slope = self.last
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = np.where(total > 0, 1 / total, 0.0)
            average = timed * inverse
            slope_variance = 1 / centred if self.trend else np.full(len(mean), np.nan)
            away = self.times - average[:, self.layout.blocks]
            hat = working * inverse[:, self.layout.blocks]
            away0 = self.layout.time0 - self.centre[-1]
            variance0 = np.where(total[:, -1] > 0, inverse[:, -1], np.nan)
            if self.trend:
                hat = hat + working * away**2 * slope_variance[:, None]
                variance0 = variance0 + (away0 - average[:, -1]) ** 2 * slope_variance
        used = (self.weights > 0).sum(axis=1)
        rank = ((self.weights > 0) @ self.indicator > 0).sum(axis=1) + self.trend
        return Fit(
            mean=mean,
            weight=working,
            eta0=intercepts[:, -1] + slope * away0,
            slope=slope if self.trend else np.full(len(mean), np.nan),
            variance0=variance0,
            slope_variance=slope_variance,
            hat=hat,
            df=used - rank,
            converged=converged,
        )
