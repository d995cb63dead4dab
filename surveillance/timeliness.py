"""How soon a period becomes visible and how complete it is then, from the publications that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS, Indicator, Kind
from data_sources.observations import period_end
from data_sources.registry import SOURCES
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES

AGES = (30, 60, 180)  # days after a period's end at which completeness is asked
SETTLED = 365  # days after which a figure counts as what it came to
INDICATIVE = 12  # figures that rest on fewer periods or publications are shown as indicative
COLUMNS = (
    "stream", "country", "indicator", "source", "usual_days", "publications", "days", "days_low", "days_high",
    "newest", "age_days", "reason", *(f"complete_{age}" for age in AGES), *(f"periods_{age}" for age in AGES),
)  # fmt: skip


class Stream(NamedTuple):
    """A stream of one country, by the series that stands for it; without one it is not measured."""

    stream: Kind
    country: str
    indicator: str = ""
    substance: str = "all"
    national: bool = True  # else the sum of the country's states


STREAMS = (
    Stream("harm", "US", "us_overdose_deaths_12m"),
    Stream("use", "US", "us_overdose_ed_rate"),
    Stream("supply", "US", "us_cbp_seizure_weight", "fentanyl"),
    Stream("harm", "MX"),
    Stream("use", "MX"),
    Stream("supply", "MX", "annual_seizure_weight", "fentanyl"),
    Stream("enforcement", "MX", "mx_retail_drug_case_files_rnid", national=False),
    Stream("enforcement", "MX", "mx_federal_drug_case_files", national=False),
)


def timeliness(store: Store, as_of: date) -> pd.DataFrame:
    """One row per stream (COLUMNS) from the publications known on *as_of*.

    `days`: the median, with its smallest and largest, of the days from a period's end to the publication in which
    it first stood as the newest one; `publications`, how many that rests on. `complete_d`: Σ x(t, d) / Σ x(t, end)
    over the periods t (and, below the nation, places) of which both are held: x(t, d) from the newest publication
    whose age at t is in (d − cadence, d], 0 where it did not have t yet, and x(t, end) from the newest publication
    at least 365 days after t's end; `periods_d`, how many t. NaN where no publication says so, with the
    `reason`: `not_measured`, `no_figure`, `embedded` (only single published figures, no whole publication) or "".
    Sources that publish single figures have no vintages and count as none.
    """
    rows = [_row(store, as_of, stream) for stream in STREAMS]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(store: Store, as_of: date, stream: Stream) -> dict[str, object]:
    empty = dict.fromkeys(("days", "days_low", "days_high", *(f"complete_{age}" for age in AGES)), np.nan)
    counts = dict.fromkeys(("publications", *(f"periods_{age}" for age in AGES)), 0)
    row: dict[str, object] = {**stream._asdict(), "source": "", "newest": pd.NaT, "usual_days": np.nan}
    row |= {"age_days": np.nan, "reason": "not_measured"} | empty | counts
    if not stream.indicator:
        return row
    record = INDICATORS[stream.indicator]
    known = _mine(store.known_on(as_of, [record.id]), stream).dropna(subset=["value"])
    if known.empty:
        return row | {"reason": "no_figure", "usual_days": record.delay_days}
    newest = known["period"].max()
    age = (pd.Timestamp(as_of) - period_end(newest, record.frequency)).days
    row |= {"newest": newest, "age_days": age, "usual_days": record.delay_days, "reason": "embedded"}
    for source in record.sources:
        held = {
            day: _mine(store.vintage(source, record.id, day), stream).set_index(["period", "geography"])["value"]
            for day in store.vintages(source, record.id)
            if day <= as_of and SOURCES[source].coverage == "window"
        }
        if held:
            return row | measured(held, record) | {"source": source, "reason": ""}
    return row


def measured(held: Mapping[date, pd.Series], record: Indicator) -> dict[str, object]:
    """The measured part of a row, from whole publications: values by (period, geography), NaN where missing."""
    days = first_days(held, record)
    found: dict[str, object] = {"publications": len(days)}
    if days:
        found |= {"days": float(np.median(days)), "days_low": float(min(days)), "days_high": float(max(days))}
    for age in AGES:
        found[f"complete_{age}"], found[f"periods_{age}"] = completeness(held, record, age)
    return found


def first_days(held: Mapping[date, pd.Series], record: Indicator) -> list[int]:
    """Per publication that brought a newer period, the days from that period's end to it."""
    days, latest = [], pd.Timestamp.min
    for day in sorted(held):
        newest = held[day].dropna().index.get_level_values("period").max()
        if pd.notna(newest) and newest > latest:
            latest = newest
            days.append((pd.Timestamp(day) - period_end(newest, record.frequency)).days)
    return days


def completeness(held: Mapping[date, pd.Series], record: Indicator, age: int) -> tuple[float, int]:
    """Σ x(t, age) / Σ x(t, final), and the number of periods t; NaN and 0 where none can be compared."""
    tables = {pd.Timestamp(day): table.unstack("geography") for day, table in held.items()}
    early = final = 0.0
    count = 0
    for period in sorted({period for table in tables.values() for period in table.index}):
        ages = {day: (day - period_end(period, record.frequency)).days for day in tables}
        then = [day for day, held_for in ages.items() if age - record.cadence_days < held_for <= age]
        settled = [day for day, held_for in ages.items() if held_for >= SETTLED and period in tables[day].index]
        if not then or not settled:
            continue
        last = tables[max(settled)].loc[period].dropna()
        table = tables[max(then)]
        first = table.loc[period].reindex(last.index) if period in table.index else last * 0
        early, final, count = early + float(first.sum()), final + float(last.sum()), count + 1
    return (early / final, count) if final > 0 else (float("nan"), 0)


def _mine(rows: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    rows = rows[rows["substance"] == stream.substance]
    if stream.national:
        return rows[rows["geography"] == stream.country]
    states = [
        code for code, place in GEOGRAPHIES.items() if place.country == stream.country and place.kind == "state"
    ]
    return rows[rows["geography"].isin(states)]
