"""Seasonal trend and growth, for reading: retrospective, never the ground of an alarm.

Cleveland RB, Cleveland WS, McRae JE, Terpenning I (1990). STL: a seasonal-trend decomposition procedure based
on loess. J Off Stat 6, 3–73. Künsch HR (1989). The jackknife and the bootstrap for general stationary
observations. Ann Stat 17, 1217–1241. doi:10.1214/aos/1176347265 (moving blocks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import STL

from data_sources.indicators import Indicator

CYCLES = 3  # whole years that a decomposition needs
REPLICATES, BLOCK, SEED = 199, 12, 20221013
CYCLE = {"MS": 12, "W": 52}
Missing = Literal["too_little_history", "twelve_month_sum", "weight", "frequency"]


@dataclass(frozen=True)
class Growth:
    """Mean change per period on the log scale, with its 80 and 95 % intervals."""

    estimate: float
    low80: float
    high80: float
    low95: float
    high95: float

    @property
    def direction(self) -> Literal["rising", "falling", "unclear"]:
        """A word for the direction only where the 80 % interval excludes none."""
        if self.low80 > 0:
            return "rising"
        return "falling" if self.high80 < 0 else "unclear"


@dataclass(frozen=True)
class SeasonalTrend:
    """STL's parts on the scale log(y + ½), by period; `trend_level` is the trend on the scale of the values."""

    trend: pd.Series
    seasonal: pd.Series
    remainder: pd.Series
    growth_3: Growth
    growth_12: Growth

    @property
    def trend_level(self) -> pd.Series:
        return np.exp(self.trend) - 0.5


def seasonal_trend(line: pd.Series, record: Indicator) -> SeasonalTrend | Missing:
    """Robust STL of log(y + ½) on the newest gap-free run of *line*, or why there is none.

    *line* is by period, NaN where missing; zero is allowed. The newest run must hold three whole cycles, else
    the longest one is used if it does. Growth over 3 and 12 periods is the mean step of the trend at the run's
    end; its intervals are percentiles of the growth in 199 series put together anew from moving blocks of 12
    remainders (seeded: the same series gives the same interval). Never for 12-month sums (their neighbours
    share eleven months) nor for weights (their logarithm is ruled by single seizures).
    """
    if record.frequency not in CYCLE:
        return "frequency"
    if record.window != "period":
        return "twelve_month_sum"
    if record.measure == "weight":
        return "weight"
    cycle = CYCLE[record.frequency]
    run = _run(line, CYCLES * cycle)
    if run is None:
        return "too_little_history"
    z = np.log(run + 0.5)
    parts = STL(z, period=cycle, robust=True).fit()
    fitted, remainder = (parts.trend + parts.seasonal).to_numpy(), parts.resid.to_numpy()
    draws = _trends_again(fitted, remainder, cycle)
    return SeasonalTrend(
        trend=parts.trend,
        seasonal=parts.seasonal,
        remainder=parts.resid,
        growth_3=_growth(parts.trend.to_numpy(), draws, 3),
        growth_12=_growth(parts.trend.to_numpy(), draws, 12),
    )


def _run(line: pd.Series, least: int) -> pd.Series | None:
    """The newest gap-free run of at least *least* values; else the longest, if long enough."""
    known = line.notna()
    runs = [part for _, part in line[known].groupby((~known).cumsum()[known])]
    long = [part for part in runs if len(part) >= least]
    if not long:
        return None
    return long[-1] if long[-1] is runs[-1] else max(long, key=len)


def _trends_again(fitted: np.ndarray, remainder: np.ndarray, cycle: int) -> np.ndarray:
    """The trends of REPLICATES series: the fitted one plus blocks of remainders drawn anew."""
    random = np.random.default_rng(SEED)
    count = len(fitted)
    blocks = -(-count // BLOCK)
    starts = random.integers(0, count - BLOCK + 1, size=(REPLICATES, blocks))
    drawn = (starts[:, :, None] + np.arange(BLOCK)).reshape(REPLICATES, -1)[:, :count]
    return np.array([STL(fitted + remainder[rows], period=cycle).fit().trend for rows in drawn])


def _growth(trend: np.ndarray, draws: np.ndarray, over: int) -> Growth:
    again = (draws[:, -1] - draws[:, -1 - over]) / over
    low95, low80, high80, high95 = np.quantile(again, [0.025, 0.1, 0.9, 0.975])
    estimate = (trend[-1] - trend[-1 - over]) / over
    return Growth(float(estimate), float(low80), float(high80), float(low95), float(high95))
