"""Quasi-Poisson regressions by the thousand: block intercepts and one slope, log link, solved in closed form.

All problems of one call share a Layout, so the normal equations are arrow-headed: no system is solved, and what
an iteration needs of the n periods are block sums of e^(slope·tau), a power series with shared coefficients.
Prior weights are 1 but at few cells, whose share is taken off those sums. So an iteration costs P numbers a
problem instead of n; the n periods are looked at only for the residuals. Two ways to the fit:

- `newton`: given the slope, the intercept of a block is log(Σ ω y / Σ ω e^(slope·tau)); what remains is Newton's
  method in one variable, to full convergence (without a trend: no iteration at all).
- `irls`: iteratively reweighted least squares, started and stopped as R's glm.fit documents it, for results
  that agree with R's to the last digits.

McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., §2.5 and §6.2. doi:10.1007/978-1-4899-3242-6.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import xlogy

from surveillance.layout import Flags, Floats, Layout, Rows

EPSILON, MOST_ITERATIONS, SMALLEST_MEAN = 1e-8, 25, 2.220446049250313e-16
SMALLEST_STEP = 1e-7  # of the slope over the whole reach; Newton's next error is its square
NO_CASES = 1e-20  # what a block without cases is fitted to: a mean of 0 with finite logarithms


@dataclass(frozen=True, eq=False)
class Problems:
    """N regressions on one layout: responses *y* (N, n; ≥ 0, 0 where missing), and log exposures if any."""

    y: Floats
    layout: Layout
    offset: Floats | None = None

    def __getitem__(self, rows: Flags | Rows) -> Problems:
        return Problems(self.y[rows], self.layout, None if self.offset is None else self.offset[rows])

    @cached_property
    def exposure(self) -> Floats | None:
        return None if self.offset is None else np.exp(self.offset)

    @cached_property
    def cases(self) -> Floats:
        """Σy and Σy·tau of each block, (N, 2, P)."""
        return self.layout.sums(self.y, 2)

    @cached_property
    def start(self) -> Start:
        return Start(self)


class Start:
    """Of R's first step, μ = y + 0.1, what does not depend on the weights; arrays (N, n) and their block sums."""

    def __init__(self, problems: Problems) -> None:
        y, layout, offset = problems.y, problems.layout, problems.offset
        self.mean = y + 0.1
        eta = np.log(self.mean)
        self.adjusted = self.mean * (eta if offset is None else eta - offset) - 0.1  # weight · working response
        self.sums = layout.sums(self.mean, 3)
        self.adjusted_sums = layout.sums(self.adjusted, 2)
        logs = xlogy(y, y)
        self.deviance = logs - y * eta + 0.1  # half of it
        self.saturated = logs - y if offset is None else logs - y - y * offset


@dataclass(frozen=True, eq=False)
class Weights:
    """Prior weights (N, n): `level` of the problem, times `factor` at the cells listed (0 leaves a value out)."""

    level: Floats  # (N,)
    rows: Rows  # (E,)
    columns: Rows  # (E,)
    factor: Floats  # (E,)

    @classmethod
    def of(cls, dense: Floats) -> Weights:
        rows, columns = np.nonzero(dense != 1)
        return cls(np.ones(len(dense)), rows, columns, dense[rows, columns])

    def __getitem__(self, chosen: Rows) -> Weights:
        """Those of the problems *chosen*."""
        place = np.full(len(self.level), -1)
        place[chosen] = np.arange(len(chosen))
        rows = place[self.rows]
        kept = rows >= 0
        return Weights(self.level[chosen], rows[kept], self.columns[kept], self.factor[kept])

    def present(self, layout: Layout) -> Floats:
        """Values that count in each block, (N, P)."""
        out = np.broadcast_to(layout.indicator.sum(axis=0), (len(self.level), layout.count))
        missing = self.factor == 0
        if not missing.any():
            return out
        place = self.rows[missing] * layout.count + layout.blocks[self.columns[missing]]
        return np.asarray(out - np.bincount(place, minlength=out.size).reshape(out.shape))

    def total(self, values: Floats) -> Floats:
        """Σ ω · values (N, n) of each problem, (N,)."""
        lost = (1 - self.factor) * values[self.rows, self.columns]
        return np.asarray(self.level * (values.sum(axis=1) - np.bincount(self.rows, lost, len(self.level))))

    def of_sums(self, sums: Floats, at_cells: Floats, layout: Layout) -> Floats:
        """Block sums (N, K, P) with weights, from those without and the summands *at_cells* (E,) for k = 0."""
        if len(self.rows):
            shape = (len(self.level), layout.count)
            place = self.rows * layout.count + layout.blocks[self.columns]
            lost, tau = (1 - self.factor) * at_cells, layout.tau[self.columns]
            sums = sums.copy()
            for power in range(sums.shape[1]):
                sums[:, power] -= np.bincount(place, lost * tau**power, shape[0] * shape[1]).reshape(shape)
        return np.asarray(sums * self.level[:, None, None])


@dataclass(frozen=True, eq=False)
class Fit:
    """N fitted regressions."""

    problems: Problems
    weights: Weights
    trend: bool
    intercepts: Floats  # (N, P) at each block's centre
    slope: Floats  # (N,) 0 without trend
    converged: Flags  # (N,)
    total: Floats  # (N, P) Σ working weights; 0 where the block has no value
    average: Floats  # (N, P) mean tau under the working weights
    centred: Floats  # (N,) Σ working weight · (tau − average)²
    step: tuple[Floats, Floats] | None = None  # how far the last solve moved intercepts and slope (irls)

    @cached_property
    def inverse(self) -> Floats:
        """(N, P) 1/Σ working weights of each block, 0 where it has no value."""
        return np.where(self.total > 0, 1 / np.where(self.total > 0, self.total, 1.0), 0.0)

    @cached_property
    def slope_variance(self) -> Floats:
        """(N,) of (XᵀWX)⁻¹; NaN without trend."""
        if not self.trend:
            return np.full(len(self.slope), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1 / self.centred)

    @cached_property
    def df(self) -> Rows:
        """(N,) values less parameters."""
        present = self.weights.present(self.problems.layout)
        return np.asarray(present.sum(axis=1) - (present > 0).sum(axis=1) - self.trend, dtype=np.int64)

    @cached_property
    def mean(self) -> Floats:
        """(N, n) fitted means of the reference periods."""
        layout = self.problems.layout
        mean = layout.spread(np.exp(self.intercepts))
        if self.trend:
            mean *= layout.growth(self.slope)
        if self.problems.exposure is not None:
            mean *= self.problems.exposure
        return np.maximum(mean, SMALLEST_MEAN, out=mean)

    def weighted_cases(self) -> Floats:
        """Σ ωy and Σ ωy·tau of each block, (N, 2, P)."""
        at_cells = self.problems.y[self.weights.rows, self.weights.columns]
        return self.weights.of_sums(self.problems.cases, at_cells, self.problems.layout)

    def lag(self, rows: Rows | None = None, columns: Rows | None = None) -> Floats:
        """Working weights over ωμ, which is 1 but in `irls`, where they are those of the last solve.

        Of all reference periods (N, n), or of the cells given (E,).
        """
        layout = self.problems.layout
        intercepts, slope = self.step or (np.zeros_like(self.intercepts), np.zeros_like(self.slope))
        if rows is None or columns is None:
            return np.asarray(layout.spread(np.exp(-intercepts)) * layout.growth(-slope))
        return np.exp(-intercepts[rows, layout.blocks[columns]] - slope[rows] * layout.tau[columns])

    def judged(self, time: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Linear predictor, without offset, in the last block at *time*, and its x0ᵀ(XᵀWX)⁻¹x0, each (N,).

        The second is NaN where that block has no value.
        """
        away = time - self.problems.layout.centre[-1]
        variance = np.where(self.inverse[:, -1] > 0, self.inverse[:, -1], np.nan)
        if not self.trend:
            return self.intercepts[:, -1], variance
        with np.errstate(invalid="ignore"):
            variance = variance + (away - self.average[:, -1]) ** 2 * self.slope_variance
        return self.intercepts[:, -1] + self.slope * away, variance

    def leverage(self, rows: Rows, columns: Rows) -> Floats:
        """The hat values' part besides the working weight, at these cells, (E,)."""
        layout = self.problems.layout
        block = layout.blocks[columns]
        leverage = self.inverse[rows, block]
        if self.trend:
            away = layout.tau[columns] - self.average[rows, block]
            leverage = leverage + away**2 * self.slope_variance[rows]
        return leverage

    def most_leverage(self) -> Floats:
        """No hat value of the problem is larger, where all weights are 1 or 0; at most 1, (N,)."""
        if self.problems.exposure is not None:
            return np.ones(len(self.slope))
        reach = self.problems.layout.reach
        leverage = self.inverse
        if self.trend:
            leverage = leverage + 4 * reach**2 * self.slope_variance[:, None]
        with np.errstate(over="ignore"):
            largest = np.exp(self.intercepts + np.abs(self.slope)[:, None] * reach) * leverage
        return np.minimum(np.nan_to_num(largest, nan=1.0).max(axis=1), 1.0)


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # a diverging fit runs to ∞ and is reported
def newton(problems: Problems, weights: Weights, *, trend: bool, start: Floats | None = None) -> Fit:
    """Fully converged quasi-Poisson fits; *start* (N,) is a first guess of the slopes.

    A block without cases gets a mean of 0. Where the slope has no finite estimate, `converged` is False.
    """
    layout = problems.layout
    cases = weights.of_sums(problems.cases, problems.y[weights.rows, weights.columns], layout)
    level = np.maximum(cases[:, 0], NO_CASES)
    known = weights.present(layout) > 0
    slope = np.zeros(len(level)) if start is None else np.nan_to_num(start)
    converged = np.ones(len(level), dtype=bool)
    if trend:
        slope, converged = _newton_slopes(problems, weights, level, known, cases[:, 1].sum(axis=1), slope)
    total, average, centred = _sums(layout, problems.exposure, weights, slope, level, known)
    return Fit(
        problems=problems,
        weights=weights,
        trend=trend,
        intercepts=np.log(level / total),
        slope=slope,
        converged=converged,
        total=np.where(known, level, 0.0),
        average=average,
        centred=centred,
    )


def _newton_slopes(
    problems: Problems, weights: Weights, level: Floats, known: Flags, moment: Floats, start: Floats
) -> tuple[Floats, Flags]:
    """Slopes where Σ ωy·tau = Σ_b Y_b · (mean tau of block b under e^(slope·tau)), and whether each was reached."""
    slope, converged = start.copy(), np.zeros(len(level), dtype=bool)
    layout, exposure = problems.layout, problems.exposure
    most = 3 / layout.reach
    active = np.arange(len(level))
    for _ in range(MOST_ITERATIONS):
        _, average, centred = _sums(layout, exposure, weights, slope[active], level[active], known[active])
        step = (moment[active] - (level[active] * average).sum(axis=1)) / centred
        step = np.clip(np.nan_to_num(step, nan=np.inf), -most, most)
        slope[active] += step
        done = np.abs(step) * layout.reach < SMALLEST_STEP
        converged[active[done]] = True
        if done.all():
            break
        if done.any():
            left = np.flatnonzero(~done)
            active, weights = active[left], weights[left]
            exposure = None if exposure is None else exposure[left]
    return slope, converged


def _sums(
    layout: Layout, exposure: Floats | None, weights: Weights, slope: Floats, level: Floats, known: Flags
) -> tuple[Floats, Floats, Floats]:
    """Σ ωe^(slope·tau) of each block (1 where it has no value), its mean tau, Σ_b level_b · its variance of tau."""
    total, first, second = _moments(layout, exposure, weights, slope).swapaxes(0, 1)
    total = np.where(known, total, 1.0)
    average = np.where(known, first / total, 0.0)
    return total, average, (level * np.where(known, second / total - average**2, 0.0)).sum(axis=1)


def _moments(layout: Layout, exposure: Floats | None, weights: Weights, slope: Floats) -> Floats:
    """Σ ω e^(slope·tau) · exposure · tau^k over each block, (N, 3, P)."""
    at_cells = np.exp(slope[weights.rows] * layout.tau[weights.columns])
    if exposure is None:
        return weights.of_sums(layout.moments(slope), at_cells, layout)
    at_cells *= exposure[weights.rows, weights.columns]
    return weights.of_sums(layout.sums(layout.growth(slope) * exposure, 3), at_cells, layout)


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # as above
def irls(problems: Problems, weights: Weights, *, trend: bool) -> Fit:
    """Quasi-Poisson fits with R's start (μ = y + 0.1), steps and stopping rule.

    Working weights are those of the last solve. Problems that have not converged after 25 iterations are
    marked, their last values kept.
    """
    layout, known = problems.layout, weights.present(problems.layout) > 0
    cases = weights.of_sums(problems.cases, problems.y[weights.rows, weights.columns], layout)
    intercepts, slope, deviance, saturated = _first_solve(problems, weights, known, trend)
    fit = Fit(
        problems=problems,
        weights=weights,
        trend=trend,
        intercepts=intercepts,
        slope=slope,
        converged=np.zeros(len(slope), dtype=bool),
        total=np.zeros_like(intercepts),
        average=np.zeros_like(intercepts),
        centred=np.zeros_like(slope),
        step=(np.zeros_like(intercepts), np.zeros_like(slope)),
    )
    assert fit.step is not None
    active, exposure = np.arange(len(slope)), problems.exposure
    old: Floats | None = None
    for _ in range(MOST_ITERATIONS):
        a, b = fit.intercepts[active], fit.slope[active]
        sums = _moments(layout, exposure, weights, b) * np.exp(a)[:, None, :]
        sums *= known[:, None, :]
        y, moment = cases[:, 0], cases[:, 1].sum(axis=1)
        total, average, centred = _arrow(sums)
        if old is None:
            new = 2 * (saturated - (y * a).sum(axis=1) - moment * b + sums[:, 0].sum(axis=1))
        else:  # from the differences, as the deviance itself is a small difference of large numbers
            moved = (y * fit.step[0][active]).sum(axis=1) + moment * fit.step[1][active]
            new = deviance - 2 * (moved - (sums[:, 0] - old).sum(axis=1))
        done = np.abs(new - deviance) / (np.abs(new) + 0.1) < EPSILON
        if old is None:
            _keep(fit, active, total, average, centred)
        fit.converged[active[done]] = True
        if done.all():
            break
        left = np.flatnonzero(~done)
        active, weights = active[left], weights[left]
        exposure = None if exposure is None else exposure[left]
        known, cases, deviance, old = known[left], cases[left], new[left], sums[left, 0]
        total, average, centred, sums = total[left], average[left], centred[left], sums[left]
        _keep(fit, active, total, average, centred)
        rest = np.where(known, cases[:, 0] - sums[:, 0], 0.0)
        move = np.zeros(len(active))
        if trend:
            unexplained = cases[:, 1].sum(axis=1) - sums[:, 1].sum(axis=1) - (average * rest).sum(axis=1)
            move = unexplained / centred
        shift = rest / np.where(total > 0, total, 1.0) - average * move[:, None]
        fit.intercepts[active] += shift
        fit.slope[active] += move
        fit.step[0][active], fit.step[1][active] = shift, move
    return fit


def _keep(fit: Fit, rows: Rows, total: Floats, average: Floats, centred: Floats) -> None:
    fit.total[rows], fit.average[rows], fit.centred[rows] = total, average, centred


def _arrow(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Of weights' block sums (N, 3, P): totals, mean tau, and Σ weight · (tau − mean)²."""
    total, first, second = sums.swapaxes(0, 1)
    average = first / np.where(total > 0, total, 1.0)
    return total, average, (second - average * first).sum(axis=1)


def _first_solve(
    problems: Problems, weights: Weights, known: Flags, trend: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Intercepts and slopes after one solve from μ = y + 0.1; the deviance there; Σ ω(y log y − y − y·offset)."""
    layout, start, cells = problems.layout, problems.start, (weights.rows, weights.columns)
    working = weights.of_sums(start.sums, start.mean[cells], layout)
    level, moment = weights.of_sums(start.adjusted_sums, start.adjusted[cells], layout).swapaxes(0, 1)
    total, average, centred = _arrow(working * known[:, None, :])
    level = np.where(known, level, 0.0)
    slope = np.zeros(len(total))
    if trend:
        slope = (moment.sum(axis=1) - (average * level).sum(axis=1)) / centred
    intercepts = level / np.where(total > 0, total, 1.0) - slope[:, None] * average
    return intercepts, slope, 2 * weights.total(start.deviance), weights.total(start.saturated)
