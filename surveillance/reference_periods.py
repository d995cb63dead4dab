"""What a verdict rests on: the earlier periods it was compared with, how much each counted, and what they imply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveillance.detectors import (
    Detector,
    EarsC1,
    EarsC2,
    EarsC3,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.detectors.contract import PERIODS_A_YEAR, Reason, frequency_of
from surveillance.detectors.emerging import FEW, Emerging
from surveillance.detectors.regression import Trend
from surveillance.rolling import YEAR, surprise

Floats = NDArray[np.float64]
Scale = Literal["", "log1p", "sqrt"]
COLUMNS = ("period", "observed", "block", "fitted", "weight")


@dataclass(frozen=True)
class Basis:
    """The reference periods of one verdict and what was made of them.

    `periods`: one row each, in order: period; observed (NaN: missing); block, the part of the year that shares
    an effect, the judged season's being the highest (<NA> where there are none); fitted; weight, the final one,
    0 for a missing value. `years` of history; `dispersion`, the variance to the mean (counts); `spread`, one
    standard deviation of a new value on the `scale` on which the detector works; the fate of the `trend`, its
    two-sided `trend_p` and its `growth`, a share a year, both also of a trend that was tested and left out.
    What does not apply is NaN.
    """

    periods: pd.DataFrame
    years: int = 0
    dispersion: float = np.nan
    spread: float = np.nan
    scale: Scale = ""
    trend: Trend | Literal["none"] = "none"
    trend_p: float = np.nan
    growth: float = np.nan

    @property
    def lowered(self) -> pd.DataFrame:
        """The reference periods that count less than the others, lightest first."""
        known = self.periods[self.periods["weight"] > 0]
        return known[known["weight"] < known["weight"].max() * (1 - 1e-9)].sort_values("weight", kind="stable")


def basis(detector: Detector, observed: pd.Series, reason: str = "ok") -> Basis:
    """What the *detector*'s verdict on the last value of *observed* (a gap-free axis) rests on.

    *reason* is that of the verdict: the rule for emerging series has no regression. No periods where the
    history is too short, or for a detector that is not among those of the plan.
    """
    if isinstance(detector, FarringtonFlexible):
        return _farrington(detector, observed, reason)
    if isinstance(detector, SeasonalRegression):
        return _seasonal(detector, observed)
    if isinstance(detector, TwelveMonthEnding):
        return _sums(detector, observed)
    if isinstance(detector, EarsC1 | EarsC2):
        return _ears(detector, observed)
    return Basis(_table(observed, np.arange(0)))


def _table(
    observed: pd.Series,
    rows: NDArray[np.int64],
    *,
    fitted: Floats | float = np.nan,
    weight: Floats | float = 1.0,
    block: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    values = observed.to_numpy(dtype=float)[rows]
    return pd.DataFrame(
        {
            "period": observed.index[rows],
            "observed": values,
            "block": pd.array([pd.NA] * len(rows) if block is None else block, dtype="Int64"),
            "fitted": np.broadcast_to(np.asarray(fitted, dtype=float), len(rows)),
            "weight": np.where(np.isnan(values), 0.0, weight),
        }
    )


def _farrington(detector: FarringtonFlexible, observed: pd.Series, reason: str) -> Basis:
    """Fitted means and weights of the last fit; for an emerging series the mean and the periods of its rule."""
    row = len(observed) - 1
    traced = detector.traced(observed, row)
    if traced is None:
        return Basis(_table(observed, np.arange(0)))
    reference, years, found = traced
    rows, block = row + reference.offsets, reference.layout.blocks
    if reason == Reason.emerging.name:
        values = observed.to_numpy(dtype=float)[rows]
        used = ~np.isnan(values)
        if np.nansum(values) > FEW:
            used &= block == reference.layout.count - 1
        rule = Emerging(np.nansum(values[used], keepdims=True), np.array([max(float(used.sum()), 1.0)]))
        fitted = np.where(used, rule.mean, np.nan)
        table = _table(observed, rows, fitted=fitted, weight=used.astype(float), block=block)
        return Basis(table, years, dispersion=float(rule.dispersion[0]))
    periods = PERIODS_A_YEAR[frequency_of(observed.index)]
    return Basis(
        _table(observed, rows, fitted=found.mean, weight=found.weight, block=block),
        years,
        dispersion=found.dispersion,
        trend=found.trend,
        trend_p=found.trend_p,
        growth=float(np.expm1(found.slope * periods)) if detector.index == "position" else np.nan,
    )


def _seasonal(detector: SeasonalRegression, observed: pd.Series) -> Basis:
    """Fitted values on the scale of the figures, and Huber's weights."""
    found = detector.traced(observed, len(observed) - 1)
    return Basis(
        _table(observed, found.rows, fitted=found.mean, weight=found.weight),
        detector.years,
        spread=found.spread,
        scale=detector.transform,
        trend="kept" if detector.trend else "switched_off",
        growth=found.growth,
    )


def _sums(detector: TwelveMonthEnding, observed: pd.Series) -> Basis:
    """The sums of the window; the months in them are never shown, so nothing is fitted period by period."""
    row, count = len(observed) - 1, YEAR * detector.years
    if row < count:
        return Basis(_table(observed, np.arange(0)))
    ahead = surprise(observed.to_numpy(dtype=float)[:, None], years=detector.years, first=row)
    table = _table(observed, np.arange(row - count, row))
    return Basis(table, detector.years, spread=float(ahead.spread[row, 0]), trend="kept")


def _ears(detector: EarsC1 | EarsC2, observed: pd.Series) -> Basis:
    """The moving baseline, its mean and standard deviation; of C3, whose line mixes three, the periods alone."""
    row, reach = len(observed) - 1, detector.min_history("MS")
    if row < reach:
        return Basis(_table(observed, np.arange(0)))
    rows = np.arange(row - reach, row - detector.guard)
    if isinstance(detector, EarsC3):
        return Basis(_table(observed, rows))
    values = observed.to_numpy(dtype=float)[rows]
    spread = max(float(values.std(ddof=1)), detector.min_sd) if not np.isnan(values).any() else np.nan
    return Basis(_table(observed, rows, fitted=float(values.mean())), spread=spread)
