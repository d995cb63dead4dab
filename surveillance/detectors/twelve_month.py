"""Twelve-month sums: is the newest month's change larger than the months before it lead one to expect?

The arithmetic is in surveillance/rolling.py, and derived in docs/methods_rolling.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from surveillance.detectors.contract import Frequency, Kind, Reason, Verdicts, values_of, within
from surveillance.rolling import YEAR, surprise


@dataclass(frozen=True)
class TwelveMonthEnding:
    """The residual of the judged month against month effects and a line over the `years` before it.

    The months are rebuilt inside the window, from any first year; they are never shown. `expected` and
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
        x = values_of(observed)
        ahead = surprise(x, years=self.years, first=0 if last is None else len(x) - last)
        expected, spread = ahead.expected, ahead.spread
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
