"""Synthetic weekly counts with known outbreaks: the protocol of Noufaily et al. (2013).

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

from surveillance.detectors.contract import Floats

Counts = NDArray[np.int64]

WEEKS, JUDGED = 624, 49  # the newest 49 are judged; the 263 before them are five years and half a window
BASELINE = range(WEEKS - JUDGED - 263, WEEKS - JUDGED)
PAST_OUTBREAKS = 4
PAST_SIZES, CURRENT_SIZES = (2, 3, 5, 10), tuple(range(1, 11))  # k: cases in standard deviations
DURATION_SIGMA = 0.5  # of the logarithm of a case's weeks after the start

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
    def observed(self) -> pd.DataFrame:
        """What a detector sees: everything added up."""
        return weekly(self.background + self.past + self.current)


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
