"""An alarm in facts: what was expected, how rare it is by the model, and how often the series alarms anyway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from data_sources.indicators import INDICATORS, Indicator
from surveillance.assessment import Assessment
from surveillance.detectors.thresholds import cdf, quantile
from surveillance.series import Wide

Floats = NDArray[np.float64]
RANGES = ("low80", "high80", "low95", "high95")
LEVELS = (0.80, 0.95)
PERIODS_A_YEAR = {"W": 52, "MS": 12, "YS": 1, "YS-OCT": 1}
_WIDEST = 1e5  # the largest dispersion looked for


@dataclass(frozen=True)
class Facts:
    """One judged value: what was observed and expected, its 95 % range, its rarity and the track record.

    `years` is the mean time between values this high, by the model; NaN where there is no p-value. `alarms`
    of `judged` is how often the series was over its line in the judged periods before the current run.
    """

    period: pd.Timestamp
    observed: float
    expected: float
    low: float
    high: float
    years: float
    alarms: int
    judged: int
    run: int


def with_ranges(rows: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """*rows* (verdicts of any series) with the 80 and 95 % ranges of what was expected, columns RANGES.

    The range is what *expected* and *upper* at *alpha* imply of a value under the baseline, on the scale on
    which the detector works: a negative binomial count for the regression on counts; log(1 + y) for weights;
    y^(2/3) for rates; the normal for EARS and for twelve-month sums. Lower ends are not below 0 (for twelve-
    month sums neither). NaN where there is no threshold, or where it is not above what is expected.
    """
    found = pd.DataFrame(np.nan, index=rows.index, columns=list(RANGES))
    for (name, detector), part in rows.groupby(["indicator", "detector"], sort=False):
        expected = part["expected"].to_numpy(dtype=float)
        upper = part["upper"].to_numpy(dtype=float)
        ends = _ends(INDICATORS[str(name)], str(detector), expected, upper, alpha)
        found.loc[part.index, list(RANGES)] = np.column_stack(ends)
    return rows.assign(**{name: found[name] for name in RANGES})


def _ends(indicator: Indicator, detector: str, expected: Floats, upper: Floats, alpha: float) -> list[Floats]:
    counted = indicator.measure == "count" and indicator.window == "period"
    if detector.startswith("Ears"):
        return _scaled(expected, upper, alpha, lambda y: y, lambda y: y)
    if counted:
        return _counted(expected, upper, alpha)
    if indicator.measure == "weight":
        return _scaled(expected, upper, alpha, np.log1p, np.expm1)
    if indicator.measure == "rate":
        return _scaled(expected, upper, alpha, lambda y: np.cbrt(y**2), lambda y: np.maximum(y, 0) ** 1.5)
    return _scaled(expected, upper, alpha, lambda y: y, lambda y: y)


def _scaled(
    expected: Floats,
    upper: Floats,
    alpha: float,
    there: Callable[[Floats], Floats],
    back: Callable[[Floats], Floats],
) -> list[Floats]:
    """Symmetric ranges on the scale *there*, whose spread is what puts *upper* at 1 − alpha."""
    middle = there(expected)
    with np.errstate(invalid="ignore"):
        spread = np.where(upper > expected, (there(upper) - middle) / ndtri(1 - alpha), np.nan)
    ends = []
    for level in LEVELS:
        reach = ndtri((1 + level) / 2) * spread
        ends += [np.maximum(back(middle - reach), 0), back(middle + reach)]
    return ends


def _counted(expected: Floats, upper: Floats, alpha: float) -> list[Floats]:
    """Negative binomial ranges, with the dispersion at which *upper* is the 1 − alpha quantile."""
    usable = (expected > 0) & (upper > expected)
    mean = np.where(usable, expected, np.nan)
    low, high = np.ones_like(mean), np.full_like(mean, _WIDEST)
    for _ in range(40):  # bisection: P(Y ≤ upper) falls as the dispersion grows
        middle = np.sqrt(low * high)
        within = cdf(upper, mean, middle) >= 1 - alpha
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    ends = []
    for level in LEVELS:
        ends += [quantile((1 - level) / 2, mean, low), quantile((1 + level) / 2, mean, low)]
    return ends


def years_between(pvalue: float, frequency: str) -> float:
    """Mean time in years between values at least this extreme, 1 / (p · periods a year); NaN for no p-value.

    It is what the model says of one series by itself; inf where p is 0.
    """
    if np.isnan(pvalue):
        return float("nan")
    return float("inf") if pvalue <= 0 else 1 / (pvalue * PERIODS_A_YEAR[frequency])


def facts(assessment: Assessment, series: pd.Series) -> Facts:
    """The facts of one row of `assessment.series` (or of its `signals`)."""
    row = with_ranges(series.to_frame().T, assessment.alpha).iloc[0]
    return Facts(
        period=pd.Timestamp(series["period"]),
        observed=float(series["observed"]),
        expected=float(series["expected"]),
        low=float(row["low95"]),
        high=float(row["high95"]),
        years=years_between(float(series["pvalue"]), INDICATORS[str(series["indicator"])].frequency),
        alarms=int(series["alarms"]),
        judged=int(series["judged"]),
        run=int(series["run"]),
    )


def closest(assessment: Assessment, count: int = 5) -> pd.DataFrame:
    """The quiet series that are nearest to an alarm: by p-value, then by exceedance."""
    quiet = assessment.series[assessment.series["state"] == "quiet"]
    return quiet.sort_values(["pvalue", "exceedance"], ascending=[True, False]).head(count).reset_index(drop=True)


def drawn(assessment: Assessment, wide: Wide, geography: str, substance: str) -> pd.DataFrame:
    """One series as a chart needs it: observed, status, provisional, complete, verdicts and expected ranges.

    One row per period of *wide*; an indicator that is not watched has no verdicts (alarm NA, reason
    `not_watched`). KeyError where *wide* holds no such series.
    """
    column = (geography, substance)
    known = pd.DataFrame(
        {
            "observed": wide.observed[column],
            "status": wide.status[column],
            "provisional": wide.provisional[column],
            "complete": wide.judge[column],
        }
    ).reset_index()
    known = known.assign(indicator=wide.indicator.id, geography=geography, substance=substance)
    verdicts = with_ranges(assessment.of(wide.indicator.id, geography, substance), assessment.alpha)
    judged = ["period", "expected", "upper", "pvalue", "exceedance", "alarm", "detector", "reason", *RANGES]
    verdicts = verdicts[judged].astype({"period": known["period"].dtype})
    rows = known.merge(verdicts, on="period", how="left")
    held = rows["observed"].notna()
    said = held | (rows["status"] != "")
    if held.any():  # nothing is drawn before a series begins, nor after the last that was said of it
        rows = rows[held.cummax() & said[::-1].cummax()[::-1]]
    return rows.assign(
        alarm=rows["alarm"].astype("boolean"), reason=rows["reason"].fillna("not_watched").astype("str")
    ).reset_index(drop=True)
