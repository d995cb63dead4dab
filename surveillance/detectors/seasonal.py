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
        there, back = _SCALES[self.transform]
        y = observed.to_numpy(dtype=float)
        with np.errstate(invalid="ignore"):
            z = np.where(y >= 0, there(np.maximum(y, 0)), np.nan)
        design, at = self._design(PERIODS_A_YEAR[frequency_of(observed.index)])
        first = 0 if last is None else max(len(y) - last, 0)
        wanted = np.ones(y.shape, dtype=bool) if judge is None else judge.to_numpy(dtype=bool)
        shape = y.shape
        middle, spread = np.full(shape, np.nan), np.full(shape, np.nan)
        reason = np.where(np.isnan(y), Reason.missing, np.where(wanted, Reason.ok, Reason.not_judged))
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
        flat = able & ~(spread > 1e-9)
        reason[flat] = Reason.no_variation
        able &= ~flat
        reach = float(stdtrit(self.tail_df, 1 - self.alpha))
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = (z - middle) / spread
            upper = back(np.maximum(middle + reach * spread, 0))
            tail = stdtr(self.tail_df, -distance)
        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=y,
            expected_=np.where(able, back(np.maximum(middle, 0)), np.nan),
            upper_=np.where(able, upper, np.nan),
            pvalue_=np.where(able, tail, np.nan),
            pvalue_low_=np.where(able, 1 - tail, np.nan),
            false_alarm_=np.where(able, self.alpha, np.nan),
            alarm_=np.where(able, y > upper, -1).astype(np.int8),
            reason_=reason.astype(np.int8),
        ).tail(last)

    def _design(self, periods: int) -> tuple[Floats, Floats]:
        """The reference periods' design (n, p) and the judged period's row (p,); time runs to it, in years."""
        time = np.append(np.arange(-self.years * periods, 0) - self.guard, 0) / periods
        columns = [np.ones(len(time)), np.cos(2 * np.pi * time), np.sin(2 * np.pi * time)]
        design = np.column_stack([*columns, time] if self.trend else columns)
        return design[:-1], design[-1]


def _windows(z: Floats, rows: Places, columns: Places, count: int, guard: int) -> tuple[Floats, Flags]:
    """The *count* values that end *guard* periods before each cell, and which of them are known."""
    where = rows[:, None] + np.arange(-count, 0) - guard
    base = np.where(where >= 0, z[np.maximum(where, 0), columns[:, None]], np.nan)
    present = ~np.isnan(base)
    return np.where(present, base, 0.0), present


def robust(z: Floats, present: Flags, design: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Huber's regression of each row of *z* (N, n) on *design* (n, p): the prediction at *at*, and its spread.

    Weights min(1, 1.345 s/|r|), s = median |r| / 0.6745 anew at each step, until nothing moves by more than
    1e-8 or 50 steps. The spread is √(Σr²/(n − p) · (1 + x₀ᵀ(XᵀX)⁻¹x₀)) over the known values, unweighted.
    """
    size = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), size * size)
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
        scale = np.nanmedian(np.abs(residual), axis=1, keepdims=True) / CONSISTENT
        with np.errstate(divide="ignore", invalid="ignore"):
            shrunk = np.where(known, np.minimum(1.0, HUBER * scale / np.abs(residual)), 0.0)
        shrunk = np.where(known & ~(scale > 0), 1.0, shrunk)
        weight[active] = np.where(np.isnan(shrunk), 1.0, shrunk)
    residual = np.where(present, z - beta @ design.T, np.nan)
    square = np.nansum(residual**2, axis=1) / (present.sum(axis=1) - size)
    normal = (present.astype(float) @ products).reshape(-1, size, size)
    leverage = (at * np.linalg.solve(normal, np.broadcast_to(at, (len(z), size))[..., None])[..., 0]).sum(axis=1)
    return beta @ at, np.sqrt(square * (1 + leverage))
