"""Rates at which reported counts rise and fall with the lag, and how far such rates have erred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from surveillance.layout import Floats, Rows

SIZES = np.geomspace(1e6, 0.02, 80)  # of the negative binomial; the largest is Poisson to the eye
_LEAST_CELLS = 20  # past nowcasts at a lag, below which the lags share one size
_LEAST_MEAN = 0.01  # so that what was thought impossible and happened counts as overdispersion


@dataclass(frozen=True, eq=False)
class Rates:
    """Rates of a chain ladder as known at several steps, summed along the lags; arrays (steps, D + 1, places)."""

    growth: Floats  # Π g from lag 0; a lag never seen counts as no change
    added: Floats  # Σ a Π g
    removed: Floats
    share: Floats  # Σ log(1 + a)
    unseen: Floats  # how many lags were never seen

    @classmethod
    def at(cls, reported: Floats, steps: Rows, recent: int, shrink: float) -> Rates:
        """The rates from the *recent* steps up to each of *steps*, nothing after it."""
        change = np.diff(reported, axis=1)
        seen = ~np.isnan(change)
        lags = np.arange(1, change.shape[1] + 1)
        end = np.clip(steps[:, None] - lags + 1, 0, len(change))
        begin = np.clip(steps[:, None] - lags + 1 - recent, 0, len(change))

        def within_steps(values: Floats) -> Floats:
            total = np.zeros((len(values) + 1, *values.shape[1:]))
            np.cumsum(np.where(seen, values, 0.0), axis=0, out=total[1:])
            return total[end, lags - 1] - total[begin, lags - 1]

        base = within_steps(reported[:, :-1])
        pooled = base.sum(axis=2, keepdims=True)

        def rate(values: Floats) -> Floats:
            number = within_steps(values)
            with np.errstate(invalid="ignore", divide="ignore"):
                pool = number.sum(axis=2, keepdims=True) / np.where(pooled > 0, pooled, np.nan)
                own = (number + shrink * pool) / (base + shrink)
            return np.where(base + shrink > 0, own, pool)

        a, r = rate(np.maximum(change, 0)), rate(np.maximum(-change, 0))
        unseen = np.isnan(a)
        a, r = np.nan_to_num(a), np.nan_to_num(r)
        first = np.zeros((len(steps), 1, reported.shape[2]))
        growth = np.concatenate([first + 1, np.cumprod(np.maximum(1 + a - r, 1e-6), axis=1)], axis=1)

        def along(values: Floats) -> Floats:
            return np.concatenate([first, np.cumsum(values, axis=1)], axis=1)

        return cls(growth, along(growth[:, :-1] * a), along(growth[:, :-1] * r), along(np.log1p(a)), along(unseen))

    def flows(self, step: Rows, lag: Rows, until: Rows, reported: Floats) -> tuple[Floats, Floats]:
        """Mean added and removed between two lags, given what is *reported* (cells, places) at the first."""
        growth = self.growth[step, lag]
        share = np.exp(self.share[step, lag] - self.share[step, until])
        unseen = self.unseen[step, until] > self.unseen[step, lag]
        added = reported * (self.added[step, until] - self.added[step, lag]) / growth + (1 - share) ** 2 / share
        removed = reported * (self.removed[step, until] - self.removed[step, lag]) / growth
        return np.where(unseen, np.nan, added), np.where(unseen, np.nan, removed)


def likeliest_sizes(reported: Floats, rates: Rates, printed: Rows, recent: int) -> tuple[Floats, Floats]:
    """(D,) sizes of the additions and of the removals by lag, from the nowcasts made at past vintages."""
    depth, newest = reported.shape[1] - 1, printed[-1]
    past = np.arange(len(printed) - 1)[-recent:]
    step, lag = (grid.ravel() for grid in np.meshgrid(past, np.arange(depth), indexing="ij"))
    period = printed[step] - lag
    inside = (period >= 0) & (period < len(reported))
    step, lag, period = step[inside], lag[inside], period[inside]
    until = np.minimum(depth, newest - period)
    change = np.diff(reported, axis=1, prepend=reported[:, :1])
    sizes = []
    for part, mean in zip((change, -change), rates.flows(step, lag, until, reported[period, lag]), strict=True):
        total = np.cumsum(np.where(np.isnan(part), 0.0, np.maximum(part, 0)), axis=1)
        missing = np.cumsum(np.isnan(part), axis=1)
        whole = missing[period, until] == missing[period, lag]
        flow = np.where(whole, total[period, until] - total[period, lag], np.nan)
        sizes.append(_likeliest(flow, mean, lag, depth))
    return sizes[0], sizes[1]


def _likeliest(flow: Floats, mean: Floats, lag: Rows, depth: int) -> Floats:
    """(D,) sizes of greatest likelihood by lag; that of all lags where cells are few, NaN without any."""
    seen = ~np.isnan(flow) & ~np.isnan(mean)
    at = np.broadcast_to(lag[:, None], flow.shape)[seen]
    y, mu, size = flow[seen], np.maximum(mean[seen], _LEAST_MEAN), SIZES[:, None]
    log = gammaln(y + size) - gammaln(size) + size * np.log(size / (size + mu)) + y * np.log(mu / (size + mu))
    likelihood = np.stack([np.bincount(at, row, minlength=depth) for row in log])
    cells = np.bincount(at, minlength=depth)
    if not cells.any():
        return np.full(depth, np.nan)
    together = SIZES[likelihood.sum(axis=1).argmax()]
    return np.where(cells >= _LEAST_CELLS, SIZES[likelihood.argmax(axis=0)], together)
