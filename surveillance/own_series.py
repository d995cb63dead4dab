"""A reader's own series from a CSV of dates and values: every problem with its row; small counts left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from data_sources.indicators import Indicator
from surveillance.series import PLACE, Wide

MOST_BYTES, MOST_ROWS, LISTED = 200_000, 2_000, 10
SMALL = 10  # counts from 1 to below it may identify people
EARLIEST, LATEST = 1900, 2100
ID = "own_series"
SUPPRESSED = {"*", "**", "s", "suppressed", "suprimido", "confidencial", "<5", "<10", "< 5", "< 10", "1-9", "1–9"}
BLANK = {"", "na", "n/a", "nan", "null", ".", "-", "–"}
Measure = Literal["count", "rate", "weight"]
Expected = Literal[
    "small_file", "few_rows", "text", "columns", "two_cells", "date", "same_spacing", "once", "number", "point",
    "not_negative", "whole", "some_values", "near",
]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place: line (0: the file itself), column, what was found, what is expected."""

    row: int
    column: str
    found: str
    expected: Expected


class Refused(ValueError):
    """A file that is no series; `problems` are the first LISTED of what is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:LISTED])
        super().__init__("; ".join(f"row {each.row}: expected {each.expected}" for each in self.problems))


@dataclass(frozen=True)
class Own:
    """The series on an axis without gaps, and how many small counts were left out."""

    wide: Wide
    suppressed: int


def read(raw: bytes, *, measure: Measure, public: bool, country: Literal["US", "MX"] = "US") -> Own:
    """The series of a CSV with a heading of `date,value`; Refused where it is none.

    Dates are months (2026-03 or 2026-03-01) or days seven apart. Blank values are not reported, marks such as * are
    suppressed; neither is ever 0. Counts from 1 to 9 are suppressed too, unless the file is *public*.
    """
    rows = _rows(raw)
    problems: list[Problem] = []
    found: dict[date, tuple[float, str]] = {}
    for line, cells in rows:
        if len(cells) != 2:
            problems.append(Problem(line, "", ",".join(cells), "two_cells"))
            continue
        day = _day(cells[0].strip())
        if day is None:
            problems.append(Problem(line, "date", cells[0].strip(), "date"))
        elif day in found:
            problems.append(Problem(line, "date", cells[0].strip(), "once"))
        else:
            value = _value(cells[1].strip(), measure)
            if isinstance(value, str):
                problems.append(Problem(line, "value", cells[1].strip(), value))
            else:
                found[day] = value
    if problems:
        raise Refused(problems)
    return _series(found, [line for line, _ in rows], measure, public, country)


def _rows(raw: bytes) -> list[tuple[int, list[str]]]:
    if len(raw) > MOST_BYTES:
        raise Refused([Problem(0, "", str(len(raw)), "small_file")])
    try:
        text = raw.decode("utf-8-sig")
        if "\0" in text:
            raise Refused([Problem(0, "", "", "text")])
        lines = [(number, cells) for number, cells in enumerate(csv.reader(io.StringIO(text)), 1) if any(cells)]
    except (UnicodeDecodeError, csv.Error):
        raise Refused([Problem(0, "", "", "text")]) from None
    if not lines or [cell.strip().lower() for cell in lines[0][1]] not in (["date", "value"], ["fecha", "valor"]):
        heading = ",".join(lines[0][1]) if lines else ""
        raise Refused([Problem(1, "", heading, "columns")])
    if len(lines) - 1 > MOST_ROWS:
        raise Refused([Problem(0, "", str(len(lines) - 1), "few_rows")])
    return lines[1:]


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        return None
    return day if EARLIEST <= day.year <= LATEST else None


def _value(text: str, measure: Measure) -> tuple[float, str] | Expected:
    if text.lower() in BLANK:
        return np.nan, "not_reported"
    if text.lower() in SUPPRESSED:
        return np.nan, "suppressed"
    try:
        value = float(text)
    except ValueError:
        return "point" if "," in text else "number"
    if not np.isfinite(value) or "_" in text:
        return "number"
    if value < 0:
        return "not_negative"
    return "whole" if measure == "count" and value != int(value) else (value, "reported")


def _series(
    found: dict[date, tuple[float, str]], lines: list[int], measure: Measure, public: bool, country: str
) -> Own:
    days = list(found)
    monthly = bool(days) and all(day.day == 1 for day in days)
    problems = [
        Problem(line, "date", day.isoformat(), "same_spacing")
        for line, day in zip(lines, days, strict=True)
        if not monthly and (day - days[0]).days % 7
    ]
    if problems:
        raise Refused(problems)
    if sum(status == "reported" for _, status in found.values()) < 2:
        raise Refused([Problem(0, "value", "", "some_values")])
    axis = pd.date_range(min(days), max(days), freq="MS" if monthly else "7D", name="period")
    if len(axis) > MOST_ROWS:
        raise Refused([Problem(0, "date", f"{min(days)} – {max(days)}", "near")])
    column = pd.MultiIndex.from_tuples([(country, "all")], names=PLACE)
    known = pd.DataFrame.from_dict(found, orient="index", columns=["value", "status"])
    known = known.set_axis(pd.DatetimeIndex(known.index)).reindex(axis)
    small = known["value"].between(1, SMALL, inclusive="left") & (measure == "count") & (not public)
    status = known["status"].where(~small, "suppressed").fillna("not_reported").astype(object)
    observed = known["value"].mask(small).to_frame().set_axis(column, axis=1)
    wide = Wide(
        indicator=Indicator(
            ID, "", "", "MS" if monthly else "W", "harm", measure, (), delay_days=0, cadence_days=31
        ),
        observed=observed,
        status=status.to_frame().set_axis(column, axis=1),
        provisional=pd.DataFrame(False, axis, column),
        judge=observed.notna(),
    )
    return Own(wide, int(small.sum()))
