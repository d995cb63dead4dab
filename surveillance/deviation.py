"""How far each series is from its own past: its newest value against the same months of the years before."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_sources.observations import period_end
from surveillance.series import Wide

YEARS = 3  # years before, whose same months are the reference
MONTHS = 3  # months that are averaged where a figure is of one month, since single months scatter
FEWEST = 10.0  # cases in the reference, below which a percentage says nothing
STEPS = 60  # months whose scatter makes the interval
FEWEST_STEPS = 24
QUANTILE_80 = 1.2815515655446004  # of the normal distribution, at 0.9
OLDEST_DAYS = 731  # an older newest figure is out of date
NEAR, FAR = 0.05, 0.20  # the limits of the five classes
COLUMNS = [
    "geography", "substance", "period", "value", "reference", "deviation", "low", "high", "reason", "class"
]  # fmt: skip
Direction = Literal["above", "below", "unclear", "unknown"]
Floats = NDArray[np.float64]


def deviations(wide: Wide, as_of: pd.Timestamp) -> pd.DataFrame:
    """Of every series its newest complete value against its own same months of the three years before.

    value = y[t] for sums of twelve months, mean(y[t−2], y[t−1], y[t]) for monthly figures; reference = the mean of
    the same quantity at t−12, t−24 and t−36; deviation = value / reference − 1. Like with like: the same calendar
    months, one method, one unit, every month of all four years published. y[t] is the newest value that no longer
    fills; give it figures that are not first prints against settled ones (for deaths, the publisher's predicted
    sums). One row a series (COLUMNS): `low` and `high` are the 80 % interval of `deviation`; `class` −2 … 2 with
    limits at ±5 and ±20 %, 0 also where the interval holds 0; NaN, with a `reason`, where it cannot be judged:
    `no_data`, `out_of_date` (newest figure over two years old), `method_break` and `too_little_history` (reference
    before the series), `missing` (a month without a value, also suppressed ones), `too_few_cases` (reference of
    counts below 10 cases).

    The interval is that of `situation.change` with three years to compare: with d[t] = log y[t] − log y[t−12] and
    independent noise of variance s² a month, d[t] − d[t−1] has variance 4 s², log(value / reference) about
    s² (1 + 1/3) / k, k the months in the value: value / reference · exp(±1.2816 · sd / 2 · √(4 / (3 k))), sd being
    of the last 60 steps (at least 24). For twelve-month sums x, k = 12 and d[t] is 12 (x[t] − x[t−1]) / x[t−1].
    Where the steps are too few, `low` and `high` are NaN: a deviation without a word for its direction.

    Raises ValueError where the series are not monthly.
    """
    record = wide.indicator
    if record.frequency != "MS":
        raise ValueError(f"deviations are of monthly series, not of {record.frequency}")
    sums = record.window == "12 months ending"
    axis, judged = wide.observed.index, wide.judge.to_numpy()
    rows = []
    for column, (geography, substance) in enumerate(wide.observed.columns):
        y = wide.observed.iloc[:, column].to_numpy(dtype=float)
        places = np.flatnonzero(judged[:, column])
        found: dict[str, object] = {"geography": geography, "substance": substance, "reason": "no_data"}
        if len(places):
            last = int(places[-1])
            found |= {"period": axis[last], **_compared(y, last, sums)}
            if (as_of - period_end(axis[last], "MS")).days > OLDEST_DAYS:
                found["reason"] = "out_of_date"
            elif found["reason"] == "too_little_history" and record.continues:
                found["reason"] = "method_break"
            elif found["reason"] == "ok" and record.measure == "count" and _cases(found, sums) < FEWEST:
                found["reason"] = "too_few_cases"
            if found["reason"] != "ok":
                found |= dict.fromkeys(("reference", "deviation", "low", "high"), np.nan)
        rows.append(found)
    table = pd.DataFrame(rows, columns=COLUMNS[:-1]).astype({"value": "float64", "period": "datetime64[s]"})
    return table.assign(**{"class": [classed(*row) for row in table[["deviation", "low", "high"]].to_numpy(float)]})


def _compared(y: Floats, last: int, sums: bool) -> dict[str, object]:
    k = 1 if sums else MONTHS
    found: dict[str, object] = dict.fromkeys(("value", "reference", "deviation", "low", "high"), np.nan)
    if last < k - 1:
        return found | {"reason": "too_little_history"}
    windows = [y[last - 12 * year - k + 1 : last - 12 * year + 1] for year in range(YEARS + 1)]
    found["value"] = value = float(windows[0].mean())
    if last - 12 * YEARS - k + 1 < 0 or np.isnan(y[: last - 12 * YEARS + 1]).all():
        return found | {"reason": "too_little_history"}
    reference = float(np.mean([window.mean() for window in windows[1:]]))
    if np.isnan(value + reference):
        return found | {"reason": "missing"}
    if not reference > 0:
        return found | {"reason": "too_few_cases"}
    ratio, reach = value / reference, _reach(y[: last + 1], sums)
    return found | {
        "reference": reference, "deviation": ratio - 1, "low": ratio * np.exp(-reach) - 1,
        "high": ratio * np.exp(reach) - 1, "reason": "ok",
    }  # fmt: skip


def _reach(y: Floats, sums: bool) -> float:
    """Half the 80 % interval of log(value / reference); NaN where the steps are too few."""
    with np.errstate(divide="ignore", invalid="ignore"):
        yearly = 12 * np.diff(y) / y[:-1] if sums else np.log(y[12:]) - np.log(y[:-12])
        steps = np.diff(yearly)[-STEPS:]
    steps = steps[np.isfinite(steps)]
    if len(steps) < FEWEST_STEPS:
        return float("nan")
    months = 12 if sums else MONTHS
    return QUANTILE_80 * float(steps.std(ddof=1)) / 2 * float(np.sqrt((1 + 1 / YEARS) / months))


def _cases(found: dict[str, object], sums: bool) -> float:
    """How many cases the reference is made of in a year's window."""
    return float(found["reference"]) * (1 if sums else MONTHS)  # type: ignore[arg-type]


def classed(deviation: float, low: float, high: float) -> float:
    """The class −2 … 2 of a deviation; 0 also where its interval holds no change or is not known; NaN for NaN."""
    if np.isnan(deviation):
        return float("nan")
    if direction(deviation, low, high) not in ("above", "below") or abs(deviation) < NEAR:
        return 0.0
    return float(np.sign(deviation)) * (2.0 if abs(deviation) >= FAR else 1.0)


def direction(deviation: float, low: float, high: float) -> Direction:
    """A word only where the 80 % interval excludes no change."""
    if np.isnan(deviation):
        return "unknown"
    if low > 0:
        return "above"
    return "below" if high < 0 else "unclear"


def rates(table: pd.DataFrame, people: pd.DataFrame, *, months: int, per: float = 100_000) -> pd.Series:
    """`value` of each row per *per* people a year; NaN where no population of that year or the one before is held.

    *table*: rows of `deviations` for a count; *people*: periods (years) × geography, persons; *months*: how many
    months a value counts (12 for sums of twelve months, 1 for monthly means, which are brought to a year).
    """
    found = []
    for row in table.itertuples():
        rate = float("nan")
        if row.geography in people and not pd.isna(row.period):
            held = people[row.geography].dropna()
            held = held[(held.index.year <= row.period.year) & (held.index.year >= row.period.year - 1)]
            if len(held):
                rate = float(row.value) * 12 / months / float(held.iloc[-1]) * per
        found.append(rate)
    return pd.Series(found, index=table.index, dtype="float64")


def year_total(wide: Wide) -> pd.DataFrame:
    """Of every series the sum of its newest twelve judged months: geography, substance, period, total.

    For series published month by month; `period` is the newest of the twelve; NaN where one is missing.
    """
    rows = []
    for (geography, substance), last in wide.newest.items():
        if pd.isna(last):
            continue
        year = wide.observed.loc[:last, (geography, substance)].tail(12)
        total = float(year.sum(skipna=False)) if len(year) == 12 else float("nan")
        rows.append((geography, substance, last, total))
    return pd.DataFrame(rows, columns=["geography", "substance", "period", "total"])


def rate_classes(values: pd.Series) -> tuple[pd.Series, tuple[float, float, float, float]]:
    """The class 0 … 4 of each value among five of equal width from the least to the greatest, and their limits.

    The limits are rounded to two significant digits of the width; NaN stays NaN; no values: limits of NaN. Where
    all values are one, they are in the middle class.
    """
    held = values.dropna()
    if held.empty:
        return values, (float("nan"),) * 4
    low, step = float(held.min()), float(held.max() - held.min()) / 5
    digits = 1 - int(np.floor(np.log10(step))) if step > 0 else 1
    limits = [round(low + step * i, digits) for i in range(1, 5)]
    classes = np.searchsorted(limits, values.to_numpy(dtype=float), side="right") if step > 0 else 2
    return pd.Series(classes, values.index, dtype="float64").where(values.notna()), (*limits,)  # type: ignore[return-value]
