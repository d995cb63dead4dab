"""The systems once used at the Robert Koch Institute: a count against a few weeks before or a year before.

Crow EL, Gardner RS (1959). Confidence intervals for the expectation of a Poisson variable. Biometrika 46, 441–453.
doi:10.1093/biomet/46.3-4.441 (the table). Salmon M, Schumacher D, Höhle M (2016). Monitoring count time series in
R: aberration detection in public health surveillance. J Stat Softw 70(10). doi:10.18637/jss.v070.i10 (the systems).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import betainc, chdtri, ndtri, stdtr

from surveillance.detectors.contract import (
    PERIODS_A_YEAR,
    Floats,
    Frequency,
    Kind,
    Reason,
    Verdicts,
    frequency_of,
    values_of,
    within,
)
from surveillance.detectors.in_control import as_counts

TWO_SD = 0.022750131948179195  # P(Z > 2)
SMALL = 20  # a mean up to which the limit is a Poisson one
CROW_GARDNER = np.array(
    [
        3.285, 5.323, 6.686, 8.102, 9.598, 11.177, 12.817, 13.765, 14.921, 16.768, 17.633, 19.05, 20.335, 21.364,
        22.945, 23.762, 25.4, 26.306, 27.735, 28.966, 30.017,
    ]
)  # fmt: skip

# The years back, the periods on either side of the same one there, and the periods just before the judged one.
SYSTEMS = {1: (0, 0, 6), 2: (1, 6, 6), 3: (2, 4, 0)}


def offsets(system: int, periods: int) -> np.ndarray:
    """The rows a system compares with, counted from the judged one; a year has *periods*."""
    years, half, recent = SYSTEMS[system]
    around = np.arange(-half, half + 1)
    parts = [np.arange(-recent, 0), *(around - year * periods for year in range(1, years + 1))]
    return np.concatenate(parts)


def earlier(y: Floats, back: np.ndarray) -> Floats:
    """The values (n, T, S) at *back* rows from each; NaN before the first row."""
    rows = np.arange(len(y)) + back[:, None]
    return np.where((rows >= 0)[..., None], y[np.maximum(rows, 0)], np.nan)


def predicted_above(count: Floats, cases: Floats, size: Floats) -> Floats:
    """P(Y > *count*) for the predictive NB(cases + ½, size/(size + 1)) of the Jeffreys prior; 1 below 0."""
    with np.errstate(invalid="ignore"):
        tail = betainc(np.maximum(np.floor(count), 0) + 1, cases + 0.5, 1 / (size + 1))
    return np.where(count < 0, 1.0, tail)


@dataclass(frozen=True)
class FewReferences:
    """Shared: `system` 1, the 6 periods before; 2, also 13 around a year before; 3, 9 around 1 and 2 years ago."""

    alpha: float = 0.05
    system: int = 3

    kind: ClassVar[Kind] = "pointwise"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("system", self.system, 1, 3)
        if self.system not in SYSTEMS:
            raise ValueError(f"system must be one of 1, 2, 3, not {self.system!r}")

    def min_history(self, frequency: Frequency) -> int:
        return int(-offsets(self.system, PERIODS_A_YEAR[frequency]).min())

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        y = values_of(observed)
        frequency = frequency_of(observed.index)
        back = offsets(self.system, PERIODS_A_YEAR[frequency])
        counts = as_counts(y)
        base = earlier(counts, back)
        size = (~np.isnan(base)).sum(axis=0)
        little = (2 * size < len(back)) | (np.arange(len(y))[:, None] < self.min_history(frequency))
        reason = np.select([little, np.isnan(counts)], [Reason.too_little_history, Reason.missing], Reason.ok)
        if judge is not None:
            reason = np.where((reason == Reason.ok) & ~judge.to_numpy(bool), Reason.not_judged, reason)
        able = reason == Reason.ok
        base = np.where(able, base, 0.0)
        upper, above = self._judge(np.nan_to_num(base), (~np.isnan(base)) & able, np.where(able, counts, 0.0))
        at_least, at_most, attained = above

        def shown(values: Floats) -> Floats:
            return np.where(able, values, np.nan)

        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=y,
            expected_=shown(np.nan_to_num(base).sum(axis=0) / np.maximum(size, 1)),
            upper_=shown(upper),
            pvalue_=shown(at_least),
            pvalue_low_=shown(at_most),
            false_alarm_=shown(attained),
            alarm_=np.where(able, counts > upper, -1).astype(np.int8),
            reason_=reason.astype(np.int8),
        ).tail(last)

    def _judge(self, base: Floats, known: np.ndarray, y: Floats) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
        """The limit of each cell, and P(Y ≥ y), P(Y ≤ y) and P(Y > limit), from references (n, T, S)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Rki(FewReferences):
    """Above a mean of 20: mean + z · sd; else, at the default alpha (two sd), Crow and Gardner's upper 95 % limit
    for the whole part of the mean, and at any other Garwood's, the (1 − alpha) quantile of χ²(2 · mean + 2)/2.

    p-values: Student's t with the uncertainty of the mean above 20, else the predictive negative binomial.
    """

    alpha: float = TWO_SD

    def _judge(self, base: Floats, known: np.ndarray, y: Floats) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
        size = np.maximum(known.sum(axis=0), 2).astype(float)
        cases = base.sum(axis=0)
        mean = cases / size
        sd = np.sqrt(np.where(known, (base - mean) ** 2, 0.0).sum(axis=0) / (size - 1))
        z = float(ndtri(1 - self.alpha))
        whole = np.arange(SMALL + 1)
        table = CROW_GARDNER if self.alpha == TWO_SD else chdtri(2 * whole + 2, self.alpha) / 2
        small = mean <= SMALL
        upper = np.where(small, table[np.minimum(mean, SMALL).astype(int)], mean + z * sd)
        wide = sd * np.sqrt(1 + 1 / size)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(y == mean, 0.0, (y - mean) / wide)

        def above(count: Floats, distance: Floats) -> Floats:
            return np.where(small, predicted_above(count, cases, size), stdtr(size - 1, -distance))

        attained = above(upper, np.full(y.shape, z) / np.sqrt(1 + 1 / size))
        return upper, (above(np.ceil(y) - 1, t), 1 - above(np.floor(y), t), attained)
