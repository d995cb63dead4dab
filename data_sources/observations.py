"""The frame: one row per series × period × vintage, and the rules every row keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from data_sources.errors import SchemaError
from data_sources.indicators import INDICATORS
from data_sources.phrases import Phrase
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
        raise SchemaError(
            Phrase("the columns {names}", names=", ".join(COLUMNS)), Phrase("no {name}", name=", ".join(missing))
        )
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
        expected = Phrase("rows that keep the rules of the observations frame")
        raise SchemaError(expected, Phrase("{problems}", problems=problems))
    return rows


def _some(values: Iterable[object]) -> str:
    shown = [str(value) for value in values]
    first = ", ".join(shown[:5])
    return Phrase("{found} and {n} more", found=first, n=len(shown) - 5) if len(shown) > 5 else first


def _vocabulary(rows: pd.DataFrame) -> Iterable[Phrase]:
    closed: dict[str, Collection[str]] = {
        "indicator": INDICATORS,
        "geography": GEOGRAPHIES,
        "substance": SUBSTANCES,
        "status": STATUSES,
    }
    for column in ("period", "source", "as_of"):
        if (blank := rows[column].isna()).any():
            yield Phrase("{n} rows without {column}", n=int(blank.sum()), column=column)
    for column, known in closed.items():
        unknown = sorted(set(rows[column].unique()) - set(known))
        if unknown:
            yield Phrase("unknown {column} {values}", column=column, values=_some(unknown))


def _values(rows: pd.DataFrame) -> Iterable[Phrase]:
    reported = rows["status"] == "reported"
    if (valued := rows["value"].notna() & ~reported).any():
        yield Phrase("{n} values although the status is not reported", n=int(valued.sum()))
    if (hollow := rows["value"].isna() & reported).any():
        yield Phrase("{n} rows reported without a value", n=int(hollow.sum()))
    if np.isinf(rows["value"]).any():
        yield Phrase("an infinite value")
    if (negative := rows["value"] < 0).any():
        first = " ".join(rows.loc[negative, SERIES].iloc[0])
        yield Phrase("{n} negative values, first {series}", n=int(negative.sum()), series=first)


def _keys(rows: pd.DataFrame) -> Iterable[Phrase]:
    twice = rows.duplicated(KEY)
    if twice.any():
        first = rows.loc[twice, [*SERIES, "period"]].iloc[0]
        series = f"{first['indicator']} {first['geography']} {first['substance']} {first['period']:%Y-%m-%d}"
        yield Phrase("{n} keys given twice, first {series}", n=int(twice.sum()), series=series)


def _periods(rows: pd.DataFrame) -> Iterable[Phrase]:
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
            day = f"{period[~aligned].iloc[0]:%Y-%m-%d}"
            yield Phrase("{name}: {day} is not the first day of a period", name=name, day=day)
        early = part["as_of"] < period_end(period, indicator.frequency)
        if indicator.window != "stock" and early.any():
            row = part.loc[early].iloc[0]
            yield Phrase(
                "{name}: period {day} is not over on {as_of}, its as-of",
                name=name,
                day=f"{row['period']:%Y-%m-%d}",
                as_of=f"{row['as_of']:%Y-%m-%d}",
            )
