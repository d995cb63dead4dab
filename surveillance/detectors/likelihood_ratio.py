"""The statistics of likelihood ratio charts, one step at a time for all series."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from surveillance.detectors.contract import Floats

# Of a rise θ: gain and cost with log-likelihood ratio = y · gain − cost, from μ, the dispersion and y before.
Ratio = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]

_CLOSE = 0.99  # of the threshold: nearer than the grid of rises is fine
GRID = np.geomspace(3e-4, 12.0, 160)  # steps of 7 %: the likeliest rise is missed by 3.4 %, its ratio by 0.2 %


def negative_binomial(theta: Floats, mean: Floats, dispersion: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Gain and cost of an e^θ-fold mean: θ − r and r/a, r = log((1 + aμe^θ)/(1 + aμ))."""
    ratio = np.log1p(dispersion * mean * np.expm1(theta) / (1 + dispersion * mean))
    return theta - ratio, ratio / dispersion


def epidemic(rate: Floats, mean: Floats, dispersion: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Gain and cost of a Poisson mean μ + λ y_{t−1}: log(1 + λ y_{t−1}/μ) and λ y_{t−1}."""
    return np.log1p(rate * before / mean), rate * before


class Supremum:
    """The largest, over a grid of rises, of the CUSUMs of each rise's log-likelihood ratio.

    As max_j sup_θ = sup_θ max_j, and a fixed θ needs only S = max(0, S) + ratio, a step costs the same however
    long the chart has run. The grid gives a lower bound; where it falls just short of the threshold, the supremum
    over θ is found by Brent's method, so that alarms are those of the exact statistic. `exact`: the grid is all.
    """

    def __init__(self, grid: Floats, ratio: Ratio, series: int, *, exact: bool = False) -> None:
        self.grid, self.ratio, self.exact = grid[:, None], ratio, exact
        self.total = np.zeros((len(grid), series))
        self.start = np.zeros((len(grid), series), dtype=int)
        self.seen: list[tuple[Floats, Floats, Floats, Floats]] = []
        self.previous = np.zeros(series)

    @classmethod
    def intercept(cls, series: int) -> Supremum:
        return cls(GRID, negative_binomial, series)

    @classmethod
    def epidemic(cls, series: int) -> Supremum:
        return cls(GRID, epidemic, series)

    def step(self, y: Floats, mean: Floats, dispersion: Floats, threshold: Floats) -> tuple[Floats, Floats]:
        known = ~np.isnan(y) & (mean > 0)
        here = np.where(known, y, 0.0), np.where(known, mean, 1.0), np.where(known, dispersion, 1.0), self.previous
        count, *rest = here
        self.seen.append(here)
        gain, cost = self.ratio(self.grid, *rest)
        held = np.maximum(self.total, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(gain > 0, (threshold - held + cost) / gain, np.inf)
        upper = np.maximum(needed.min(axis=0), 0.0)
        self.start = np.where(known & (self.total <= 0), len(self.seen) - 1, self.start)
        self.total = np.where(known, held + count * gain - cost, self.total)
        statistic = np.maximum(self.total.max(axis=0), 0.0)
        if not self.exact:
            close = known & (statistic < threshold) & (statistic >= _CLOSE * threshold)
            for series in np.flatnonzero(close):
                statistic[series] = self._refined(int(series), float(statistic[series]))
            upper = np.where(close & (statistic >= threshold), np.minimum(upper, count), upper)
        self.previous = np.where(np.isnan(y), 0.0, np.where(known, y, self.previous))
        return np.where(known, statistic, np.nan), np.where(np.isfinite(upper), upper, np.nan)

    def _refined(self, series: int, least: float) -> float:
        """The supremum over θ near the grid's best, for the starts that are best there."""
        best = int(self.total[:, series].argmax())
        near = slice(max(best - 1, 0), best + 2)
        low, high = self.grid[near, 0][[0, -1]]
        for start in np.unique(self.start[near, series]):
            window = [np.array(values) for values in zip(*(
                tuple(part[series] for part in row) for row in self.seen[start:]
            ), strict=True)]  # fmt: skip

            def fall(theta: float, window: list[Floats] = window) -> float:
                gain, cost = self.ratio(np.asarray(theta), *window[1:])
                return float((cost - window[0] * gain).sum())

            found = minimize_scalar(fall, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
            least = max(least, -float(found.fun))
        return least

    def restart(self, where: np.ndarray) -> None:
        self.total[:, where] = 0.0


class WarmStarted(Supremum):
    """The statistic as R's `algo.glrnb` answers it: sup over θ by Newton's method, start by start.

    The first start's search begins at θ = .4, every other's where the one before ended. Above a mean near 0 a
    step overshoots: the search ends far below 0, the ratio counts as 0, and larger ones are missed (one case at a
    mean of .0027: 0 for 4.93). Found by experiment, equal to R's answers to 1e-9; a plain loop, as it only serves
    comparison.
    """

    FIRST, CLOSE, LOWEST, STEPS = 0.4, 1e-6, -18.0, 1000

    def __init__(self, grid: Floats, ratio: Ratio, series: int) -> None:
        super().__init__(grid, ratio, series, exact=True)
        self.began = np.zeros(series, dtype=int)

    @classmethod
    def intercept(cls, series: int) -> WarmStarted:
        return cls(GRID, negative_binomial, series)

    def step(self, y: Floats, mean: Floats, dispersion: Floats, threshold: Floats) -> tuple[Floats, Floats]:
        statistic, upper = super().step(y, mean, dispersion, threshold)
        for series in np.flatnonzero(~np.isnan(statistic)):
            window = np.array([[part[series] for part in row[:3]] for row in self.seen[self.began[series] :]])
            statistic[series] = self._largest(*window.T)
        return statistic, np.where(statistic >= threshold, np.fmin(upper, y), upper)

    def _largest(self, y: Floats, mean: Floats, dispersion: Floats) -> float:
        largest, theta = 0.0, self.FIRST
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for start in range(len(y)):
                theta = self._newton(theta, y[start:], mean[start:], dispersion[start:])
                gain, cost = self.ratio(np.asarray(max(theta, 0.0)), mean[start:], dispersion[start:], y[start:])
                largest = np.fmax(largest, (y[start:] * gain - cost).sum())
        return float(largest)

    def _newton(self, theta: float, y: Floats, mean: Floats, dispersion: Floats) -> float:
        for _ in range(self.STEPS):
            raised = 1 + dispersion * mean * np.exp(theta)
            score = ((y - mean * np.exp(theta)) / raised).sum()
            information = (mean * np.exp(theta) * (1 + dispersion * y) / raised**2).sum()
            theta, before = float(theta + score / information), theta
            if not abs(theta - before) > self.CLOSE or theta <= self.LOWEST:
                break
        return theta if np.isfinite(theta) else 0.0

    def restart(self, where: np.ndarray) -> None:
        super().restart(where)
        self.began[where] = len(self.seen)


class Window:
    """The Poisson ratio over all starts since the chart began, in closed form from running sums."""

    def __init__(self, series: int) -> None:
        self.counts, self.means = [np.zeros(series)], [np.zeros(series)]  # summed up to each period
        self.began = np.zeros(series, dtype=int)

    def step(self, y: Floats, mean: Floats, dispersion: Floats, threshold: Floats) -> tuple[Floats, Floats]:
        known = ~np.isnan(y) & (mean > 0)
        expected = np.where(known, mean, 0.0)
        self.began = np.where((self.means[-1] == 0) & ~known, len(self.counts), self.began)
        first = min(int(self.began.min(initial=len(self.counts))), len(self.counts) - 1)
        start = np.arange(first, len(self.counts))[:, None]
        before = self.counts[-1] - np.array(self.counts[first:])
        total = self.means[-1] + expected - np.array(self.means[first:])
        count = before + np.where(known, y, 0.0)
        able = start >= self.began
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(count > total, count * np.log(count / total) - (count - total), 0.0)
            needed = np.where(able & (total > 0), total * _multiple(threshold / total, 2) - before, np.inf)
            best = needed.argmin(axis=0), np.arange(len(y))  # nearly solved for each start, then fully for the best
            upper = np.maximum(total[best] * _multiple(threshold / total[best], 5) - before[best], 0.0)
        statistic = np.where(able, ratio, 0.0).max(axis=0)
        upper = np.where(statistic >= threshold, np.minimum(upper, y), upper)
        self.counts.append(self.counts[-1] + np.where(known, y, 0.0))
        self.means.append(self.means[-1] + expected)
        return np.where(known, statistic, np.nan), np.where(known, upper, np.nan)

    def restart(self, where: np.ndarray) -> None:
        self.began[where] = len(self.counts) - 1


def _multiple(excess: Floats, steps: int) -> Floats:
    """The r ≥ 1 with r log r − r + 1 = *excess*, by Newton's method: a few steps from a start that is near."""
    r = 1 + np.sqrt(2 * excess) + excess / 3
    for _ in range(steps):
        r = r - (r * np.log(r) - r + 1 - excess) / np.log(r)
    return np.asarray(r)
