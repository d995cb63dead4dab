"""Twelve-month sums: is the newest month's change larger than the months before it lead one to expect?

A sum x[t] of twelve months shares eleven of them with x[t−1]; what is new is x[t] − x[t−1] = y[t] − y[t−12].
The months y follow from the sums up to an unknown pattern that repeats each year and sums to zero. A model
with a free effect for each calendar month absorbs that pattern whole, so its residuals are those of the true
months. (Derived in docs/methods.md; it holds for additive effects only.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from surveillance.detectors.contract import Floats, Frequency, Kind, Reason, Verdicts, within

YEAR = 12


@dataclass(frozen=True)
class TwelveMonthEnding:
    """The residual of the judged month against month effects and a line over the `years` before it.

    The months are rebuilt inside the window from a flat first year; they are never shown. `expected` and
    `upper` are given for the published sum: x[t−1] plus the month that is expected, less the one that leaves.
    One vintage only. A gap in the window: too little history. Student's t on `tail_df` degrees of freedom,
    chosen by backtest for tails heavier than the normal.
    """

    alpha: float = 0.005
    years: int = 3
    tail_df: float = 6.0

    kind: ClassVar[Kind] = "pointwise"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("years", self.years, 2, 10)
        within("tail_df", self.tail_df, 2, 1000)

    def min_history(self, frequency: Frequency) -> int:
        return YEAR * self.years

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        x = observed.to_numpy(dtype=float)
        first = max(YEAR * self.years, 0 if last is None else len(x) - last)
        expected, spread = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
        for row in range(first, len(x)):
            expected[row], spread[row] = self._predict(x[row - YEAR * self.years : row])
        wanted = np.ones(x.shape, dtype=bool) if judge is None else judge.to_numpy(dtype=bool)
        reason = np.select(
            [np.isnan(x), ~wanted, np.isnan(expected), ~(spread > 1e-9)],
            [Reason.missing, Reason.not_judged, Reason.too_little_history, Reason.no_variation],
            Reason.ok,
        )
        able = reason == Reason.ok
        upper = expected + float(stdtrit(self.tail_df, 1 - self.alpha)) * spread
        with np.errstate(invalid="ignore", divide="ignore"):
            tail = np.where(able, stdtr(self.tail_df, -(x - expected) / spread), np.nan)
        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=x,
            expected_=np.where(able, expected, np.nan),
            upper_=np.where(able, upper, np.nan),
            pvalue_=tail,
            pvalue_low_=1 - tail,
            false_alarm_=np.where(able, self.alpha, np.nan),
            alarm_=np.where(able, x > upper, -1).astype(np.int8),
            reason_=reason.astype(np.int8),
        ).tail(last)

    def _predict(self, window: Floats) -> tuple[Floats, Floats]:
        """Of each series the sum expected next, and the spread of its error, from the sums before (n, S)."""
        count = len(window)
        months = rebuild(window, np.zeros((YEAR, 1)))
        design, at = self._design(count)
        inverse = np.linalg.inv(design.T @ design)
        effects = inverse @ design.T @ months
        residual = months - design @ effects
        square = (residual**2).sum(axis=0) / (count - design.shape[1])
        expected = window[-1] + at @ effects - months[-YEAR]
        return expected, np.sqrt(square * (1 + at @ inverse @ at))

    def _design(self, count: int) -> tuple[Floats, Floats]:
        """Month effects and time in years, for *count* months and for the one after them."""
        month = np.arange(count + 1) % YEAR
        design = np.column_stack([np.eye(YEAR)[month], np.arange(-count, 1) / YEAR])
        return design[:-1], design[-1]


def rebuild(sums: Floats, pattern: Floats) -> Floats:
    """Months (n, S) whose running sums step as *sums* (n, S) do: the first year flat, plus *pattern* (12, 1 or S).

    y[t] = y[t−12] + x[t] − x[t−1], from y[0 … 11] = x[11]/12 + pattern. Any pattern with zero sum gives the
    same residuals under free month effects. A NaN in *sums* makes the months after it NaN.
    """
    months = np.empty_like(sums)
    months[:YEAR] = sums[YEAR - 1] / YEAR + pattern
    for row in range(YEAR, len(sums)):
        months[row] = months[row - YEAR] + sums[row] - sums[row - 1]
    return months
