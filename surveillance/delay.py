"""What an incomplete period will come to: a nowcast from the source's own revisions, and how sure its alarm is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd

from surveillance.chain_ladder import Rates, likeliest_sizes
from surveillance.detectors.contract import within
from surveillance.detectors.thresholds import cdf, quantile
from surveillance.layout import Flags, Floats, Rows
from surveillance.triangle import Triangle

SHRINK = 30.0  # cases of the pool that a place's own are weighed against
CONFIRMED, PROBABLE = 0.95, 0.8
_CUTS = (0.001, 0.005, 0.01, *(np.arange(1, 64) / 64), 0.99, 0.995, 0.999, 0.9999)


class Certainty(StrEnum):
    """What may be said of "above the upper limit" while a period still fills."""

    confirmed = "confirmed"  # P(final > upper) ≥ .95, or complete and above
    probable = "probable"  # ≥ .8
    open = "open"
    below = "not above"  # complete
    unknown = "unknown"  # no nowcast, or no limit


@dataclass(frozen=True, eq=False)
class Nowcast:
    """The predictive distribution of the figure at lag D: observed + added − removed, never below 0.

    Added and removed are independent negative binomials. Arrays are (periods, series): `observed_` in the newest
    vintage, the means `added_` and `removed_`, their dispersions (variance over mean). Both means are 0 for a
    complete period, whose nowcast is the observed figure, and NaN where no triangle says anything.
    """

    index: pd.DatetimeIndex
    columns: pd.Index
    max_lag: int
    lag_: Rows
    observed_: Floats
    added_: Floats
    removed_: Floats
    added_dispersion_: Floats
    removed_dispersion_: Floats

    def _frame(self, values: Floats | Flags) -> pd.DataFrame:
        return pd.DataFrame(values, self.index, self.columns)

    @property
    def complete(self) -> pd.Series:
        """Whether a period has reached lag D; only then may it be called low."""
        return pd.Series(self.lag_ >= self.max_lag, self.index)

    @property
    def lag(self) -> pd.Series:
        """Calendar steps from the period to the newest vintage."""
        return pd.Series(self.lag_, self.index)

    @cached_property
    def observed(self) -> pd.DataFrame:
        return self._frame(self.observed_)

    @cached_property
    def expected(self) -> pd.DataFrame:
        """The mean of observed + added − removed, 0 at least."""
        return self._frame(np.maximum(self.observed_ + self.added_ - self.removed_, 0.0))

    @cached_property
    def median(self) -> pd.DataFrame:
        return self.quantile(0.5)

    def lower(self, level: float = 0.95) -> pd.DataFrame:
        """The lower end of the central interval that holds the final figure with probability *level*."""
        return self.quantile((1 - level) / 2)

    def upper(self, level: float = 0.95) -> pd.DataFrame:
        """The upper end of the same interval."""
        return self.quantile((1 + level) / 2)

    def quantile(self, probability: float) -> pd.DataFrame:
        """The smallest figure that the final one does not exceed with *probability*; in (0, 1) or ValueError."""
        within("probability", probability, 0, 1, open_low=True, open_high=True)
        observed, added, phi = self._parts
        high = observed + quantile(probability, added, phi)  # nothing is removed: F(high) ≥ probability
        low = np.maximum(observed - self._pieces[0].max(axis=0) - 1, -1.0)  # F(low) is 0, or below
        enough = probability * (1 - 64 * np.finfo(float).eps)
        while len(moving := np.flatnonzero(high - low > 1)):
            middle = np.floor((low[moving] + high[moving]) / 2)
            reached = self._below(middle, moving) >= enough
            high[moving] = np.where(reached, middle, high[moving])
            low[moving] = np.where(reached, low[moving], middle)
        result = np.where(self._known, self.observed_, np.nan)
        result[self._cells] = np.maximum(high, 0.0)
        return self._frame(result)

    def probability_above(self, upper: pd.DataFrame) -> pd.DataFrame:
        """P(final > upper), NaN where either is unknown; it can be below 1 although the observed figure is above.

        *upper* may have other periods and series; those of the nowcast are returned.
        """
        limit = upper.reindex(self.index, columns=self.columns).to_numpy(float)
        above = np.where(self._known & ~np.isnan(limit), (self.observed_ > limit).astype(float), np.nan)
        some = self._cells & ~np.isnan(limit)
        chosen = np.flatnonzero(some[self._cells])
        above[some] = 1 - self._below(np.floor(limit[some]), chosen)
        return self._frame(above)

    @cached_property
    def _known(self) -> Flags:
        return ~np.isnan(self.observed_ + self.added_ + self.removed_)

    @cached_property
    def _cells(self) -> Flags:
        """Where something is still expected to change."""
        return self._known & ((self.added_ > 0) | (self.removed_ > 0))

    @cached_property
    def _parts(self) -> tuple[Floats, ...]:
        """Observed, mean added and its dispersion, of the cells."""
        return tuple(values[self._cells] for values in (self.observed_, self.added_, self.added_dispersion_))

    @cached_property
    def _pieces(self) -> tuple[Floats, Floats]:
        """What is removed as atoms and their masses, (atoms, cells): each whole number while there are few, else
        the middle of a bin that holds 1/64 or less."""
        mean, phi = self.removed_[self._cells], self.removed_dispersion_[self._cells]
        cuts = np.stack([quantile(level, mean, phi) for level in _CUTS])
        below = np.vstack([np.full(mean.shape, -1.0), cuts[:-1]])
        reached = np.stack([cdf(cut, mean, phi) for cut in cuts])
        mass = np.diff(reached, axis=0, prepend=0.0)
        return np.floor((below + 1 + cuts) / 2), mass / reached[-1]

    def _below(self, count: Floats, cells: Rows) -> Floats:
        """P(final ≤ count) of some of the cells: the sum over what may be removed."""
        observed, added, phi = (values[cells] for values in self._parts)
        atoms, mass = (piece[:, cells] for piece in self._pieces)
        atom, cell = np.nonzero(mass)
        part = cdf((count - observed)[cell] + atoms[atom, cell], added[cell], phi[cell])
        reached = np.bincount(cell, mass[atom, cell] * part, minlength=len(cells))
        return np.where(count < 0, 0.0, reached)


def nowcast(triangle: Triangle, *, shrink: float = SHRINK, recent: int = 12) -> Nowcast:
    """What each period of the triangle will come to at lag D, by a chain ladder with negative binomial spread.

    From the cells of the newest *recent* steps, for each lag d: a = Σ added / Σ x[≤d−1] and r = Σ removed / Σ
    x[≤d−1], the rises and falls of x[t, ≤d] between two lags, (num + shrink · pooled rate)/(den + shrink) for each
    place, pooled over the places of one substance. With g = 1 + a − r and π = Π 1/(1 + a) over the lags to come,
    mean added = x Σ a Π g + (1 − π)²/π and mean removed = x Σ r Π g; where nothing is ever removed, the first is
    (x + 1 − π)(1 − π)/π. The sizes of both negative binomials are those of greatest likelihood for the nowcasts
    that would have been made at the newest *recent* earlier vintages, from what was known then, by lag (all lags
    together below 20 cells). NaN where a lag to come was never seen or no earlier nowcast can be checked.

    Raises ValueError for negative or non-integer figures, shrink < 0, or recent < 1. Method: Mack T (1993),
    doi:10.2143/AST.23.2.2005092; Höhle M, an der Heiden M (2014), doi:10.1111/biom.12194.
    """
    within("shrink", shrink, 0, np.inf)
    within("recent", recent, 1, np.inf)
    seen = triangle.reported_[~np.isnan(triangle.reported_)]
    if (seen < 0).any() or (seen != np.floor(seen)).any():
        raise ValueError("a nowcast is of counts: whole numbers from 0 up")
    complete, begun = triangle.lag_ >= triangle.max_lag, triangle.lag_ >= 0
    start = np.where(complete[:, None], 0.0, np.full(triangle.observed_.shape, np.nan))
    added, removed, added_phi, removed_phi = start, start.copy(), np.ones_like(start), np.ones_like(start)
    period = np.flatnonzero(begun & ~complete)
    lag = triangle.lag_[period]
    for chosen in _by_substance(triangle.columns):
        reported = triangle.reported_[:, :, chosen]
        rates = Rates.at(reported, triangle.printed, recent, shrink)
        sizes = likeliest_sizes(reported, rates, triangle.printed, recent)
        means = rates.flows(np.full(len(lag), -1), lag, np.full(len(lag), triangle.max_lag), reported[period, lag])
        cells = np.ix_(period, chosen)
        for target, phi, mean, size in zip((added, removed), (added_phi, removed_phi), means, sizes, strict=True):
            target[cells] = np.where(np.isnan(size[lag])[:, None], np.nan, mean)
            phi[cells] = 1 + mean / size[lag][:, None]
    return Nowcast(
        index=triangle.index,
        columns=triangle.columns,
        max_lag=triangle.max_lag,
        lag_=triangle.lag_,
        observed_=triangle.observed_,
        added_=added,
        removed_=removed,
        added_dispersion_=added_phi,
        removed_dispersion_=removed_phi,
    )


def certainty(made: Nowcast, upper: pd.DataFrame) -> pd.DataFrame:
    """How sure it is that each period ends above *upper*, as Certainty, in the shape of the nowcast.

    *upper* must come from complete periods only: leave the newest D out of the baseline (guard ≥ D).
    """
    above = made.probability_above(upper).to_numpy()
    complete = made.complete.to_numpy()[:, None]
    words = np.select(
        [np.isnan(above), above >= CONFIRMED, complete, above >= PROBABLE],
        [Certainty.unknown, Certainty.confirmed, Certainty.below, Certainty.probable],
        Certainty.open,
    )
    return pd.DataFrame(words, made.index, made.columns)


def _by_substance(columns: pd.Index) -> list[Rows]:
    """The positions of the series that share one delay: places of one substance."""
    if "substance" not in columns.names:
        return [np.arange(len(columns))]
    substances = columns.get_level_values("substance")
    return [np.flatnonzero(substances == substance) for substance in substances.unique()]
