"""An alarm in facts: what was expected, how rare it is by the model, and how often the series alarms anyway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from data_sources.indicators import INDICATORS
from surveillance.assessment import Assessment
from surveillance.detectors import (
    Detector,
    Farrington1996,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.detectors.thresholds import cdf, quantile
from surveillance.plan import Plan
from surveillance.series import Wide
from surveillance.trend import Growth

Floats = NDArray[np.float64]
Tail = Callable[[float], float]
Scale = tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]
RANGES = ("low80", "high80", "low95", "high95")
LEVELS = (0.80, 0.95)
PERIODS_A_YEAR = {"W": 52, "MS": 12, "YS": 1, "YS-OCT": 1}
_WIDEST = 1e5  # the largest dispersion looked for
_SCALES: dict[str, Scale] = {"log1p": (np.log1p, np.expm1), "sqrt": (np.sqrt, np.square)}
_POWERS: dict[str, Scale] = {
    "2/3": (lambda y: np.cbrt(y**2), lambda z: z**1.5),
    "1/2": (np.sqrt, np.square),
    "none": (lambda y: y, lambda z: z),
}


@dataclass(frozen=True)
class Facts:
    """One judged value: what was observed and expected, its 80 % range, its rarity and the track record.

    The range is the 80 % one because the alarm budget may set the line below the 95 % range's upper end, and a
    figure that raised an alarm must not be called expected.

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


def with_ranges(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """*rows* (verdicts under *plan* at its alpha) with the 80 and 95 % ranges of what was expected, columns RANGES.

    The range is what *expected* and *upper* imply of a value under the baseline, on the scale on which the
    detector works and with its own tail: a negative binomial count behind a plug-in threshold; else
    g⁻¹(g(expected) ± q · (g(upper) − g(expected)) / q(1 − alpha)), g being the detector's transformation and q
    the quantile of the normal or of its Student's t. Lower ends are not below 0. NaN where there is no
    threshold above what is expected, or no detector of that name in the plan.
    """
    found = pd.DataFrame(np.nan, index=rows.index, columns=list(RANGES))
    for (indicator, name), part in rows.groupby(["indicator", "detector"], sort=False):
        detector = _detector(plan, str(indicator), str(name))
        if detector is not None:
            expected, upper = (part[column].to_numpy(dtype=float) for column in ("expected", "upper"))
            inflation = plan.inflation.get(str(indicator), 1.0)
            ends = _ends(detector, expected, upper, [_reach(level, inflation) for level in LEVELS])
            found.loc[part.index, list(RANGES)] = np.column_stack(ends)
    return rows.assign(**{name: found[name] for name in RANGES})


def _detector(plan: Plan, indicator: str, name: str) -> Detector | None:
    """The detector of that name with which the plan watches an indicator."""
    for watch in plan.watches:
        if watch.indicator == indicator:
            return next((one for one in (watch.detector, watch.short) if type(one).__name__ == name), None)
    return None


def _reach(level: float, inflation: float) -> float:
    """The probability below the upper end of a *level* range, once the spread is inflated."""
    return float(ndtr(inflation * ndtri((1 + level) / 2)))


def _ends(detector: Detector, expected: Floats, upper: Floats, tops: list[float]) -> list[Floats]:
    if isinstance(detector, FarringtonFlexible) and detector.threshold != "delta":
        return _counted(expected, upper, detector.alpha, tops)
    if isinstance(detector, Farrington1996):  # its alpha is two-sided
        return _scaled(expected, upper, ndtri, detector.alpha / 2, _POWERS[detector.power], tops)
    if isinstance(detector, FarringtonFlexible):
        return _scaled(expected, upper, ndtri, detector.alpha, _POWERS[detector.power], tops)
    if isinstance(detector, SeasonalRegression):
        tail = partial(stdtrit, detector.tail_df)
        return _scaled(expected, upper, tail, detector.alpha, _SCALES[detector.transform], tops)
    tail = partial(stdtrit, detector.tail_df) if isinstance(detector, TwelveMonthEnding) else ndtri
    return _scaled(expected, upper, tail, detector.alpha, _POWERS["none"], tops)


def _scaled(
    expected: Floats, upper: Floats, tail: Tail, alpha: float, scale: Scale, tops: list[float]
) -> list[Floats]:
    """Symmetric ranges on a scale, whose spread is what puts *upper* at 1 − alpha."""
    there, back = scale
    middle = there(expected)
    with np.errstate(invalid="ignore"):
        spread = np.where(upper > expected, (there(upper) - middle) / tail(1 - alpha), np.nan)
    ends = []
    for top in tops:
        reach = tail(top) * spread
        ends += [np.maximum(back(np.maximum(middle - reach, 0)), 0), back(middle + reach)]
    return ends


def _counted(expected: Floats, upper: Floats, alpha: float, tops: list[float]) -> list[Floats]:
    """Negative binomial ranges, with the dispersion at which *upper* is the 1 − alpha quantile."""
    usable = (expected > 0) & (upper > expected)
    mean = np.where(usable, expected, np.nan)
    low, high = np.ones_like(mean), np.full_like(mean, _WIDEST)
    for _ in range(40):  # bisection: P(Y ≤ upper) falls as the dispersion grows
        middle = np.sqrt(low * high)
        within = cdf(upper, mean, middle) >= 1 - alpha
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    ends = []
    for top in tops:
        ends += [quantile(1 - top, mean, low), quantile(top, mean, low)]
    return ends


def years_between(pvalue: float, frequency: str) -> float:
    """Mean time in years between values at least this extreme, 1 / (p · periods a year); NaN for no p-value.

    It is what the model says of one series by itself; inf where p is 0.
    """
    if np.isnan(pvalue):
        return float("nan")
    return float("inf") if pvalue <= 0 else 1 / (pvalue * PERIODS_A_YEAR[frequency])


def growth_a_year(growth: Growth) -> tuple[float, float, float]:
    """Monthly growth as a share per year, e^(12 g) − 1, and the ends of its 80 % interval."""
    estimate, low, high = (float(np.expm1(12 * g)) for g in (growth.estimate, growth.low80, growth.high80))
    return estimate, low, high


def line_to_read(rows: pd.DataFrame) -> pd.Series:
    """The values of a drawn series by period for trend and forecast: what still fills is left out (NaN)."""
    line = rows["observed"].where(rows["complete"].astype(bool))
    return line.set_axis(pd.DatetimeIndex(rows["period"]))


def rounded(detector: Detector) -> Detector:
    """The detector with its alpha at two significant digits, for display."""
    return replace(detector, alpha=float(f"{detector.alpha:.2g}"))  # type: ignore[type-var]


def facts(assessment: Assessment, series: pd.Series) -> Facts:
    """The facts of one row of `assessment.series` (or of its `signals`)."""
    row = with_ranges(series.to_frame().T, assessment.plan.at(assessment.alpha)).iloc[0]
    return Facts(
        period=pd.Timestamp(series["period"]),
        observed=float(series["observed"]),
        expected=float(series["expected"]),
        low=float(row["low80"]),
        high=float(row["high80"]),
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
    verdicts = with_ranges(
        assessment.of(wide.indicator.id, geography, substance), assessment.plan.at(assessment.alpha)
    )
    judged = ["period", "expected", "upper", "pvalue", "exceedance", "alarm", "detector", "reason", *RANGES]
    verdicts = verdicts[judged].astype({"period": known["period"].dtype})
    rows = known.merge(verdicts, on="period", how="left")
    held = rows["observed"].notna()
    said = held | (rows["status"] != "")
    if held.any():  # nothing is drawn before a series begins, nor after the last that was said of it
        rows = rows[held.cummax() & said[::-1].cummax()[::-1]]
    reason = rows["reason"].astype(object)
    return rows.assign(
        alarm=rows["alarm"].astype("boolean"), reason=reason.where(reason.notna(), "not_watched").astype("str")
    ).reset_index(drop=True)
