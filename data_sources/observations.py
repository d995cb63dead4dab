"""The frame: one row per series × period × vintage, and the rules every row keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from data_sources.errors import SchemaError
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES, STATUSES, SUBSTANCES

COLUMNS = (
    "indicator",
    "geography",
    "substance",
    "period",
    "source",
    "as_of",
    "value",
    "status",
    "provisional",
)
SERIES = ["indicator", "geography", "substance"]
KEY = [*SERIES, "period", "source", "as_of"]
_OFFSETS = {
    "W": pd.Timedelta(days=7),
    "MS": pd.DateOffset(months=1),
    "YS": pd.DateOffset(years=1),
    "YS-OCT": pd.DateOffset(years=1),
}


def period_end(period: pd.Series | pd.DatetimeIndex | pd.Timestamp, frequency: str):  # type: ignore[no-untyped-def]
    """The first day after a period that begins on *period* (scalar, index or column alike)."""
    return period + _OFFSETS[frequency]


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """*rows* with the frame's columns, types and order; SchemaError where a column is missing."""
    missing = [column for column in COLUMNS if column not in rows]
    if missing:
        raise SchemaError(f"the columns {', '.join(COLUMNS)}", f"no {', '.join(missing)}")
    typed = dict.fromkeys(("indicator", "geography", "substance", "source", "status"), "str") | {
        "value": "float64",
        "provisional": "bool",
        "period": "datetime64[s]",
        "as_of": "datetime64[s]",
    }
    return rows.loc[:, list(COLUMNS)].astype(typed).reset_index(drop=True)


def empty() -> pd.DataFrame:
    """A frame without rows."""
    return frame(pd.DataFrame({column: [] for column in COLUMNS}))


def check(rows: pd.DataFrame) -> pd.DataFrame:
    """*rows* as a well-typed frame, or a SchemaError that lists every rule they break.

    Rules: closed vocabularies; periods at their frequency's first day; one row per key; a value exactly
    where the status is `reported`, finite and not negative; `as_of` not before the period's end, but for
    stocks (a population projection may be published before its year).
    """
    rows = frame(rows)
    problems = [*_vocabulary(rows), *_values(rows), *_keys(rows)]
    if not problems:
        problems = list(_periods(rows))
    if problems:
        raise SchemaError("rows that keep the rules of the observations frame", "; ".join(problems))
    return rows


def _some(values: Iterable[object]) -> str:
    shown = [str(value) for value in values]
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


def _vocabulary(rows: pd.DataFrame) -> Iterable[str]:
    closed: dict[str, Collection[str]] = {
        "indicator": INDICATORS,
        "geography": GEOGRAPHIES,
        "substance": SUBSTANCES,
        "status": STATUSES,
    }
    for column in ("period", "source", "as_of"):
        if (blank := rows[column].isna()).any():
            yield f"{int(blank.sum())} rows without {column}"
    for column, known in closed.items():
        unknown = sorted(set(rows[column].unique()) - set(known))
        if unknown:
            yield f"unknown {column} {_some(unknown)}"


def _values(rows: pd.DataFrame) -> Iterable[str]:
    reported = rows["status"] == "reported"
    if (valued := rows["value"].notna() & ~reported).any():
        yield f"{int(valued.sum())} values although the status is not reported"
    if (hollow := rows["value"].isna() & reported).any():
        yield f"{int(hollow.sum())} rows reported without a value"
    if np.isinf(rows["value"]).any():
        yield "an infinite value"
    if (negative := rows["value"] < 0).any():
        yield f"{int(negative.sum())} negative values, first {rows.loc[negative, SERIES].iloc[0].to_list()}"


def _keys(rows: pd.DataFrame) -> Iterable[str]:
    twice = rows.duplicated(KEY)
    if twice.any():
        first = rows.loc[twice, [*SERIES, "period"]].iloc[0]
        yield (
            f"{int(twice.sum())} keys given twice, first {first['indicator']} {first['geography']} "
            f"{first['substance']} {first['period']:%Y-%m-%d}"
        )


def _periods(rows: pd.DataFrame) -> Iterable[str]:
    for name, part in rows.groupby("indicator", sort=False):
        indicator = INDICATORS[str(name)]
        period = part["period"]
        aligned = {
            "W": period.dt.day_of_week == 6,
            "MS": period.dt.day == 1,
            "YS": (period.dt.day == 1) & (period.dt.month == 1),
            "YS-OCT": (period.dt.day == 1) & (period.dt.month == 10),
        }[indicator.frequency]
        if not aligned.all():
            yield f"{name}: {period[~aligned].iloc[0]:%Y-%m-%d} is not the first day of a period"
        early = part["as_of"] < period_end(period, indicator.frequency)
        if indicator.window != "stock" and early.any():
            row = part.loc[early].iloc[0]
            yield f"{name}: period {row['period']:%Y-%m-%d} is not over on {row['as_of']:%Y-%m-%d}, its as-of"
