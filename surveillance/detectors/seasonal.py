"""A robust seasonal regression for weights and rates: what is not a count, on a scale where spread is even.

Serfling RE (1963). Methods for current statistical analysis of excess pneumonia-influenza deaths. Public Health
Rep 78, 494–506 (the harmonic regression). Huber PJ (1964). Robust estimation of a location parameter. Ann Math
Stat 35, 73–101. doi:10.1214/aoms/1177703732 (the weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from surveillance.detectors.contract import (
    PERIODS_A_YEAR,
    Flags,
    Floats,
    Frequency,
    Kind,
    Reason,
    Verdicts,
    frequency_of,
    values_of,
    within,
)

HUBER, CONSISTENT, STEPS = 1.345, 0.6744897501960817, 50
Places = NDArray[np.intp]
_SCALES = {"log1p": (np.log1p, np.expm1), "sqrt": (np.sqrt, np.square)}


@dataclass(frozen=True)
class SeasonalRegression:
    """A value against a level, one yearly harmonic and (optional) a line, fitted to the years before it.

    On the *transform*ed scale: Huber's regression on the `years` that end `guard` periods before the judged
    one; spread = the root mean square of all residuals, so that past peaks widen the band; limit = prediction
    + t · spread · √(1 + x₀ᵀ(XᵀX)⁻¹x₀), t the upper quantile of Student's t on `tail_df` degrees of freedom,
    chosen by backtest for tails heavier than the normal. Fewer than `least` known values: too little history;
    less than `least_share` of them above zero: mostly zero, not judged, as one event would decide.
    """

    alpha: float = 0.005
    transform: Literal["log1p", "sqrt"] = "log1p"
    years: int = 4
    guard: int = 1
    trend: bool = False
    tail_df: float = 5.0
    least: int = 24
    least_share: float = 1 / 3

    kind: ClassVar[Kind] = "pointwise"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("years", self.years, 2, 20)
        within("guard", self.guard, 0, 24)
        within("tail_df", self.tail_df, 2, 1000)
        within("least", self.least, 8, 1000)
        within("least_share", self.least_share, 0, 1)
        if self.transform not in _SCALES:
            raise ValueError(f"transform must be one of {', '.join(_SCALES)}, not {self.transform!r}")

    def min_history(self, frequency: Frequency) -> int:
        return self.guard + self.least

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        return self.run(observed, judge=judge, population=population, last=last).at(self.alpha)

    def run(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Predicted:
        """The predictions behind the verdicts, from which a threshold at any alpha follows."""
        there, _ = _SCALES[self.transform]
        first = 0 if last is None else max(len(observed) - last, 0)
        y = values_of(observed)
        with np.errstate(invalid="ignore"):
            z = np.where((y >= 0) & np.isfinite(y), there(np.maximum(y, 0)), np.nan)
        design, at = self._design(PERIODS_A_YEAR[frequency_of(observed.index)])
        wanted = np.ones(y.shape, dtype=bool) if judge is None else judge.to_numpy(dtype=bool)
        middle, spread = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
        reason = np.where(np.isnan(z), Reason.missing, np.where(wanted, Reason.ok, Reason.not_judged))
        rows, columns = np.nonzero((reason == Reason.ok) & (np.arange(len(y))[:, None] >= first))
        if len(rows):
            base, present = _windows(z, rows, columns, len(design), self.guard)
            count = present.sum(axis=1)
            short = count < max(self.least, design.shape[1] + 1)
            empty = ((base > 0) & present).sum(axis=1) < self.least_share * count
            reason[rows, columns] = np.select(
                [short, empty], [Reason.too_little_history, Reason.mostly_zero], Reason.ok
            )
            fine = ~short & ~empty
            if fine.any():
                found, wide = robust(base[fine], present[fine], design, at)
                middle[rows[fine], columns[fine]], spread[rows[fine], columns[fine]] = found, wide
        able = (reason == Reason.ok) & ~np.isnan(middle)
        reason[able & ~(spread > 1e-9)] = Reason.no_variation
        rest = slice(first, None)
        return Predicted(
            self, observed.index[rest], observed.columns, y[rest], z[rest], middle[rest], spread[rest], reason[rest]
        )

    def traced(self, observed: pd.Series, row: int) -> Traced:
        """The regression behind the verdict on one *row* of a series, reference period by reference period.

        Empty where no value of the window is known.
        """
        there, back = _SCALES[self.transform]
        y = values_of(observed)[:, None]
        with np.errstate(invalid="ignore"):
            z = np.where((y >= 0) & np.isfinite(y), there(np.maximum(y, 0)), np.nan)
        design, at = self._design(PERIODS_A_YEAR[frequency_of(observed.index)])
        base, present = _windows(z, np.array([row]), np.array([0]), len(design), self.guard)
        rows = row - self.guard + np.arange(-len(design), 0)
        inside = rows >= 0
        if present.sum() <= design.shape[1]:
            return Traced(rows[:0], np.empty(0), np.empty(0), np.nan, np.nan)
        beta, weight = huber(base, present, design)
        middle, spread = robust(base, present, design, at)
        before = middle[0] - (beta[0, -1] if self.trend else 0.0)
        return Traced(
            rows=rows[inside],
            mean=np.asarray(back(np.maximum(design @ beta[0], 0)))[inside],
            weight=weight[0, inside],
            spread=float(spread[0]),
            growth=float(back(middle[0]) / back(before) - 1) if self.trend and before > 0 else np.nan,
        )

    def _design(self, periods: int) -> tuple[Floats, Floats]:
        """The reference periods' design (n, p) and the judged period's row (p,); time runs to it, in years."""
        time = np.append(np.arange(-self.years * periods, 0) - self.guard, 0) / periods
        columns = [np.ones(len(time)), np.cos(2 * np.pi * time), np.sin(2 * np.pi * time)]
        design = np.column_stack([*columns, time] if self.trend else columns)
        return design[:-1], design[-1]


@dataclass(frozen=True)
class Traced:
    """One cell's regression: rows of the reference periods, fitted values on the scale of the figures, and weights.

    `spread` is that of the prediction on the transformed scale; `growth` what is expected over what the line
    alone makes of it a year before, less 1; NaN without a line.
    """

    rows: NDArray[np.int64]
    mean: Floats
    weight: Floats
    spread: float
    growth: float


@dataclass(frozen=True)
class Predicted:
    """Each cell's prediction and spread on the transformed scale, before any threshold; arrays (rows, S)."""

    detector: SeasonalRegression
    index: pd.Index
    columns: pd.Index
    observed: Floats
    transformed: Floats
    middle: Floats
    spread: Floats
    reason: NDArray[np.int64]

    def at(self, alpha: float) -> Verdicts:
        """The verdicts at an *alpha*."""
        _, back = _SCALES[self.detector.transform]
        able = (self.reason == Reason.ok) & ~np.isnan(self.middle)
        reach = float(stdtrit(self.detector.tail_df, 1 - alpha))
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = (self.transformed - self.middle) / self.spread
            upper = back(np.maximum(self.middle + reach * self.spread, 0))
        low, high = stdtr(self.detector.tail_df, distance), stdtr(self.detector.tail_df, -distance)
        expected = back(np.maximum(self.middle, 0))
        answers = [np.where(able, values, np.nan) for values in (expected, upper, high, low)]
        return Verdicts(
            index=self.index,
            columns=self.columns,
            observed_=self.observed,
            expected_=answers[0],
            upper_=answers[1],
            pvalue_=answers[2],
            pvalue_low_=answers[3],
            false_alarm_=np.where(able, alpha, np.nan),
            alarm_=np.where(able, self.observed > upper, -1).astype(np.int8),
            reason_=self.reason.astype(np.int8),
        )


def _windows(z: Floats, rows: Places, columns: Places, count: int, guard: int) -> tuple[Floats, Flags]:
    """The *count* values that end *guard* periods before each cell, and which of them are known."""
    where = rows[:, None] + np.arange(-count, 0) - guard
    base = np.where(where >= 0, z[np.maximum(where, 0), columns[:, None]], np.nan)
    present = ~np.isnan(base)
    return np.where(present, base, 0.0), present


def _median(values: Floats, known: Flags) -> Floats:
    """The median of the *known* of each row, NaN where there is none; a fortieth of numpy's nanmedian's time."""
    ordered, count = np.sort(values, axis=1), known.sum(axis=1)  # NaN comes last
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, np.maximum(count - 1, 0) // 2] + ordered[rows, count // 2 * (count > 0)]) / 2)


def robust(z: Floats, present: Flags, design: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Huber's regression of each row of *z* (N, n) on *design* (n, p): the prediction at *at*, and its spread.

    The spread is √(Σr²/(n − p) · (1 + x₀ᵀ(XᵀX)⁻¹x₀)) over the known values, unweighted.
    """
    beta, _ = huber(z, present, design)
    size = design.shape[1]
    residual = np.where(present, z - beta @ design.T, np.nan)
    square = np.nansum(residual**2, axis=1) / (present.sum(axis=1) - size)
    normal = (present.astype(float) @ _products(design)).reshape(-1, size, size)
    leverage = (at * np.linalg.solve(normal, np.broadcast_to(at, (len(z), size))[..., None])[..., 0]).sum(axis=1)
    return beta @ at, np.sqrt(square * (1 + leverage))


def huber(z: Floats, present: Flags, design: Floats) -> tuple[Floats, Floats]:
    """Coefficients (N, p), and the weights (N, n) with which they were fitted; 0 where a value is missing.

    Weights min(1, 1.345 s/|r|), s = median |r| / 0.6745 anew at each step, until nothing moves by more than
    1e-8 or 50 steps.
    """
    size, products = design.shape[1], _products(design)
    weight = present.astype(float)
    beta = np.zeros((len(z), size))
    active = np.arange(len(z))  # each row stops by itself, so that its answer does not depend on the others
    for _ in range(STEPS):
        normal = (weight[active] @ products).reshape(-1, size, size)
        new = np.linalg.solve(normal, ((weight[active] * z[active]) @ design)[..., None])[..., 0]
        moved = np.abs(new - beta[active]).max(axis=1)
        beta[active] = new
        active = active[moved >= 1e-8]
        if not len(active):
            break
        known = present[active]
        residual = np.where(known, z[active] - beta[active] @ design.T, np.nan)
        scale = _median(np.abs(residual), known)[:, None] / CONSISTENT
        with np.errstate(divide="ignore", invalid="ignore"):
            shrunk = np.where(known, np.minimum(1.0, HUBER * scale / np.abs(residual)), 0.0)
        shrunk = np.where(known & ~(scale > 0), 1.0, shrunk)
        weight[active] = np.where(np.isnan(shrunk), 1.0, shrunk)
    return beta, weight


def _products(design: Floats) -> Floats:
    """(n, p²): each row's outer product."""
    return (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
