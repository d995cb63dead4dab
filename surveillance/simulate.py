"""Known outbreaks: weekly counts simulated by the protocol of Noufaily et al. (2013), and put into real series.

Noufaily A, Enki DG, Farrington P, Garthwaite P, Andrews N, Charlett A (2013). An improved algorithm for
outbreak detection in multiple surveillance systems. Stat Med 32, 1206–1222. doi:10.1002/sim.5595.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from surveillance.detectors.contract import Flags, Floats

Counts = NDArray[np.int64]

WEEKS, JUDGED = 624, 49  # the newest 49 are judged; the 263 before them are five years and half a window
BASELINE = range(WEEKS - JUDGED - 263, WEEKS - JUDGED)
PAST_OUTBREAKS = 4
PAST_SIZES, CURRENT_SIZES = (2, 3, 5, 10), tuple(range(1, 11))  # k: cases in standard deviations
DURATION_SIGMA = 0.5  # of the logarithm of a case's weeks after the start
PERIODS = 3  # an injected outbreak's: 98.6 % of LogNormal(0, ½) lies below 3
_SHARES = np.diff(ndtr(np.log(np.maximum(np.arange(PERIODS + 1), 1e-300)) / DURATION_SIGMA))

_BASES = (  # θ, β, γ₁, γ₂, φ
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)


@dataclass(frozen=True)
class Scenario:
    """log μ(t) = theta + beta·t + Σ_{j ≤ harmonics} (gamma1 cos(2πjt/52) + gamma2 sin(2πjt/52)); variance phi·μ."""

    theta: float
    beta: float
    gamma1: float
    gamma2: float
    phi: float
    harmonics: int

    def mean(self, weeks: Counts) -> Floats:
        """μ at the given weeks, counted from 1."""
        angle = 2 * np.pi * np.arange(1, self.harmonics + 1)[:, None] * weeks / 52
        season = (self.gamma1 * np.cos(angle) + self.gamma2 * np.sin(angle)).sum(axis=0)
        return np.exp(self.theta + self.beta * weeks + season)


SCENARIOS = tuple(
    Scenario(theta, trend * beta, gamma1, gamma2, phi, harmonics)
    for (theta, beta, gamma1, gamma2, phi), trend, harmonics in product(_BASES, (0, 1), (0, 1, 2))
)


@dataclass(frozen=True, eq=False)
class Simulated:
    """Counts by origin, arrays (weeks, series): without outbreaks, of past outbreaks, of the current one.

    `scenario` gives each series' scenario by number, `size` the current outbreak's size k in standard deviations.
    """

    background: Counts
    past: Counts
    current: Counts
    scenario: Counts
    size: Counts

    @property
    def with_outbreaks(self) -> Counts:
        """All counts added up."""
        return self.background + self.past + self.current

    @property
    def observed(self) -> pd.DataFrame:
        """What a detector sees: everything added up."""
        return weekly(self.with_outbreaks)


def weekly(counts: Counts | Floats) -> pd.DataFrame:
    """Counts (weeks, series) as a frame of weeks that start on Sundays."""
    index = pd.date_range("2010-01-03", periods=len(counts), freq="W-SUN", name="period")
    return pd.DataFrame(np.asarray(counts, dtype=float), index)


def simulate(scenarios: Sequence[Scenario] = SCENARIOS, *, replicates: int = 100, seed: int = 1) -> Simulated:
    """*replicates* series of 624 weeks for every scenario, with four past outbreaks and one current.

    Counts are negative binomial with mean μ and variance φμ (Poisson where φ = 1). An outbreak that starts in
    week s has Poisson(k·√(φ μ(s))) cases, at least one, each in week s + ⌊LogNormal(0, ½)⌋; what would fall behind
    the last week is left out. Past ones start in the 263 weeks before the judged 49, k of 2, 3, 5, 10; the current
    one in the judged weeks, k from 1 to 10 in turn.
    """
    random = np.random.default_rng(seed)
    scenario = np.repeat(np.arange(len(scenarios)), replicates)
    mean = np.column_stack([each.mean(np.arange(1, WEEKS + 1)) for each in scenarios])[:, scenario]
    phi = np.array([each.phi for each in scenarios])[scenario]
    spread = np.sqrt(phi * mean)
    series = np.arange(len(scenario))

    def outbreaks(start: Counts, column: Counts, size: Counts) -> Counts:
        cases = random.poisson(size * spread[start, column])
        case_start, case_column = np.repeat(start, cases), np.repeat(column, cases)
        week = case_start + np.floor(random.lognormal(0.0, DURATION_SIGMA, len(case_start))).astype(int)
        kept = week < WEEKS
        where = week[kept] * len(series) + case_column[kept]
        return np.bincount(where, minlength=mean.size).reshape(mean.shape)

    several = np.tile(series, PAST_OUTBREAKS)
    past_start = random.integers(BASELINE.start, BASELINE.stop, len(several))
    past = outbreaks(past_start, several, random.choice(PAST_SIZES, len(several)))
    size = np.resize(CURRENT_SIZES, len(series))
    current = outbreaks(random.integers(WEEKS - JUDGED, WEEKS, len(series)), series, size)
    return Simulated(negative_binomial(random, mean, phi), past, current, scenario, size)


def negative_binomial(random: np.random.Generator, mean: Floats, phi: Floats) -> Counts:
    """Counts with the given means (n, S) and variance phi·mean, phi one per column; Poisson where phi = 1."""
    steady = phi <= 1
    excess = np.where(steady, 1.0, phi - 1)
    mixed = random.gamma(mean / excess, excess)
    return random.poisson(np.where(steady, mean, mixed))


@dataclass(frozen=True, eq=False)
class Injected:
    """Real series with one outbreak each: `column` the series it was put into, `start` its first row.

    `observed` is (periods, outbreaks), `window` marks an outbreak's periods, `size` is k in standard deviations.
    """

    observed: pd.DataFrame
    window: Flags
    column: Counts
    start: Counts
    size: Floats


def inject(
    observed: pd.DataFrame,
    judge: pd.DataFrame,
    *,
    sizes: Sequence[float],
    starts: int,
    whole: bool,
    sums: bool = False,
    seed: int = 1,
) -> Injected:
    """Outbreaks of k standard deviations put into *observed*, one at a time; every start with each of *sizes*.

    Up to *starts* starts a series, drawn from those whose three periods may all be judged. An outbreak has
    k · sd in all, shared over three periods as ⌊LogNormal(0, ½)⌋ is; *whole*: Poisson counts of these means, one
    case at least. sd is that of the series about its centred mean of 13 periods, for *whole* at least 1; *sums*:
    twelve-month sums, to which the months are added for good, and whose steps give √2 sd. Series that do not
    vary get none.
    """
    random = np.random.default_rng(seed)
    y = observed.to_numpy(dtype=float)
    level = observed.diff() if sums else observed
    around = (level - level.rolling(13, center=True, min_periods=7).mean()).std().to_numpy() / np.sqrt(1 + sums)
    spread = np.nan_to_num(np.maximum(around, 1.0) if whole else around)
    able = judge.to_numpy(dtype=bool)
    free = able[: len(y) - 2] & able[1 : len(y) - 1] & able[2:] & (spread > 0)
    lot = np.where(free, random.random(free.shape), 2.0)
    chosen = np.argsort(lot, axis=0)[:starts]
    kept = np.take_along_axis(free, chosen, axis=0)
    start, column = np.tile([chosen[kept], np.nonzero(kept)[1]], len(sizes))
    size = np.repeat(np.asarray(sizes, dtype=float), kept.sum())
    added = _SHARES[:, None] * size * spread[column]
    if whole:
        added = random.poisson(added).astype(float)
        added[0] += added.sum(axis=0) == 0
    rows, outbreaks = start + np.arange(PERIODS)[:, None], np.arange(len(start))
    extra, window = np.zeros((len(y), len(start))), np.zeros((len(y), len(start)), dtype=bool)
    extra[rows, outbreaks], window[rows, outbreaks] = added, True
    values = y[:, column] + (extra.cumsum(axis=0) if sums else extra)
    return Injected(pd.DataFrame(values, observed.index), window, column, start, size)
