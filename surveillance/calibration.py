"""Do the p-values mean what they say? The probability integral transform, pooled by indicator, and what follows.

Were a baseline right, P(Y ≤ y) of new values would be uniform, and its normal score z = Φ⁻¹(P) standard normal.
Where the scores of the recent past, pooled, spread wider, the indicator's baselines are too sure of themselves:
all its p-values are widened by one factor, p → Φ(Φ⁻¹(p)/c), which is to inflate the standard deviation of a new
value by c. Never narrowed: c ≥ 1. It is parametric on purpose: an empirical p on n values never falls below
1/(n + 1), far above what an alarm needs.

Dawid AP (1984). Present position and potential developments: some personal views: statistical theory: the
prequential approach. J R Stat Soc A 147, 278–292. doi:10.2307/2981683. Czado C, Gneiting T, Held L (2009).
Predictive model assessment for count data. Biometrics 65, 1254–1261. doi:10.1111/j.1541-0420.2009.01191.x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]
LEAST = 200  # pooled values from which an inflation is estimated; its standard error is then 9 %
OUTER = 0.05  # the share in each tail at which the spread is measured
MOST = 3.0
CLASSES = 10
YEARS = {"W": 104, "MS": 36}  # judged periods of each series that are pooled


@dataclass(frozen=True)
class Calibration:
    """Of one indicator: how many past values were pooled, the spread of their scores, and the inflation.

    `shares` is how the transforms fill ten equal classes from 0 to 1: 0.1 each, were all right.
    """

    values: int
    spread: float  # NaN where too few
    inflation: float
    shares: tuple[float, ...] = ()


def calibrate(below: Floats, upto: Floats) -> Calibration:
    """What past values say, pooled: P(Y < y) and P(Y ≤ y) of each under its baseline (NaN is left out).

    A count's probability mass is spread evenly over its step, as in Czado et al. (2009), so that a right model
    of rare counts is found right: F(u) = mean of the uniform distributions on (P(Y < y), P(Y ≤ y)). Then
    c = (z₉₅ − z₅)/(2 · 1.645) with z the normal scores of F's quantiles, between 1 and 3; 1 for under 200 values.
    Outer quantiles, since it is the tails that alarm, and not the outermost, since real outbreaks lie there;
    the difference of two, so that a common rise of all series, which must alarm, does not pass for spread.
    """
    known = ~(np.isnan(below) | np.isnan(upto))
    low, width = np.clip(below[known], 0, 1), np.maximum(upto[known] - below[known], 1e-12)
    if not known.any():
        return Calibration(0, float("nan"), 1.0)

    def filled(u: float) -> float:
        return float(np.clip((u - low) / width, 0, 1).mean())

    shares = tuple(np.diff([0.0, *(filled(edge / CLASSES) for edge in range(1, CLASSES)), 1.0]).tolist())
    if len(low) < LEAST:
        return Calibration(len(low), float("nan"), 1.0, shares)
    ends = []
    for share in (OUTER, 1 - OUTER):
        left, right = 0.0, 1.0
        for _ in range(40):
            middle = (left + right) / 2
            left, right = (middle, right) if filled(middle) < share else (left, middle)
        ends.append(float(np.clip(ndtri((left + right) / 2), -8, 8)))
    spread = float((ends[1] - ends[0]) / (2 * ndtri(1 - OUTER)))
    return Calibration(len(low), spread, float(np.clip(spread, 1.0, MOST)), shares)


def widened(pvalue: Floats, inflation: float) -> Floats:
    """P-values after the inflation; NaN stays."""
    return pvalue if inflation == 1 else np.asarray(ndtr(ndtri(pvalue) / inflation))


def nominal(alpha: float, inflation: float) -> float:
    """The alpha to ask a detector for, so that after the inflation it is *alpha*."""
    return alpha if inflation == 1 else float(ndtr(ndtri(alpha) * inflation))


def qvalues(pvalue: pd.Series) -> pd.Series:
    """Benjamini and Yekutieli's q-values of the judged among *pvalue*; NaN where not judged. Shown, never a gate.

    The smallest false discovery rate at which the value would be among the discoveries, under any dependence.
    Benjamini Y, Yekutieli D (2001). Ann Stat 29, 1165–1188. doi:10.1214/aos/1013699998.
    """
    known = pvalue.notna()
    out = pd.Series(np.nan, pvalue.index)
    if known.any():
        out[known] = false_discovery_control(pvalue[known].to_numpy(dtype=float).clip(0, 1), method="by")
    return out
