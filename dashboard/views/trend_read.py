"""Series read in another way on the Trends page: summed, per 100,000, as a share, or with a base of 100."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, data, text
from dashboard.chart_block import Block
from dashboard.charts_trends import together_chart
from dashboard.filters import Selection
from dashboard.look import Country
from dashboard.sentences import break_words, chart_words, series_name
from dashboard.text import MISSING, N_, Text
from dashboard.trend_state import State
from dashboard.trend_words import REASONS, about, span, status, unit_of
from dashboard.views import picker
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.events import events_of
from surveillance.measures import base_period, read
from surveillance.series import Wide

RECENT = {"month": 96, "quarter": 60, "year": 40}  # periods shown unless the whole history is asked for


def population(as_of: date, place: str) -> pd.Series | None:
    """Persons of a place by year, as known on *as_of*; None where none is held."""
    wide = data.wide(as_of.isoformat(), "population")
    if wide is None or (place, "all") not in wide.observed:
        return None
    return wide.observed[place, "all"].dropna()


def draw(t: Text, selection: Selection, assessment: Assessment, wide: Wide, state: State) -> str:
    """Write the series read as the state asks, and return the page's title."""
    places, substance = selection.geographies, str(selection.substance)
    tables = {
        place: read(
            wide, place, substance, by=state.by, measure=state.measure,
            population=population(selection.as_of, place),
        )
        for place in places
    }  # fmt: skip
    if not state.has("all"):
        tables = {place: table.tail(RECENT[state.by]) for place, table in tables.items()}
    finding = _finding(t, wide, tables, substance, state)
    notes = [
        t("Expected ranges, alarms and forecasts are of monthly figures as published: choose those to see them."),
        *_gaps(t, tables),
    ]
    for note in notes:
        st.markdown(f":small[{text.escape_markdown(note)}]")
    comparable = state.measure in ("rate", "share", "base100")
    if comparable and len(places) > 1:
        with st.container(border=True, gap="xsmall"):
            chart_block.draw(t, selection, _together(t, selection, assessment, wide, tables, state, finding, notes))
        return finding
    since = min(table["period"].min() for table in tables.values())
    for place, table in tables.items():
        with st.container(border=True, gap="xsmall"):
            block = _alone(t, selection, assessment, wide, place, table, state, since, notes)
            chart_block.draw(t, selection, block, titled=len(places) > 1)
    return finding


def _newest(t: Text, wide: Wide, place: str, substance: str, table: pd.DataFrame, state: State) -> str:
    """The newest value of a series in words."""
    known = table.dropna(subset=["observed"])
    name = series_name(t, place, substance)
    if known.empty:
        return t("{series}: no figure follows", series=name)
    row = known.iloc[-1]
    form = N_("{series}: {value} {unit}, {period}")
    if state.measure == "base100":
        form = N_("{series}: {value} ({unit}), {period}")
    return t(
        form,
        series=name,
        value=t.number(row["observed"], 3) if state.measure != "published" else t.figure(row["observed"]),
        unit=_unit(t, wide, place, substance, state),
        period=span(t, row["period"], state.by),
    )


def _finding(t: Text, wide: Wide, tables: dict[str, pd.DataFrame], substance: str, state: State) -> str:
    if len(tables) == 1:
        place, table = next(iter(tables.items()))
        return _newest(t, wide, place, substance, table, state)
    newest = {place: table["observed"].dropna() for place, table in tables.items()}
    held = {place: line.iloc[-1] for place, line in newest.items() if len(line)}
    if not held:
        return t("{measure}: no figure follows", measure=t.indicator(wide.indicator.id))
    highest = max(held, key=lambda place: held[place])
    return t(
        "{measure}: highest of {n} places in {newest}",
        measure=t.indicator(wide.indicator.id),
        n=len(tables),
        newest=_newest(t, wide, highest, substance, tables[highest], state),
    )


def _unit(t: Text, wide: Wide, place: str, substance: str, state: State) -> str:
    base = base_period(wide.observed[place, substance])
    return unit_of(t, wide.indicator, state.measure, GEOGRAPHIES[place].country, base)


def _gaps(t: Text, tables: dict[str, pd.DataFrame]) -> list[str]:
    """Why values are missing, each reason once."""
    reasons = dict.fromkeys(
        reason for table in tables.values() for reason in table["reason"] if reason and reason != "missing"
    )
    return [t("Gaps: {reasons}.", reasons="; ".join(t(REASONS[reason]) for reason in reasons))] if reasons else []


def _caption(t: Text, selection: Selection, wide: Wide) -> str:
    source = picker.source_of(t, selection.as_of.isoformat(), wide.indicator.id)
    return t("Source: {source}. As known on {day}.", source=source, day=t.date(selection.as_of))


def _alone(
    t: Text, selection: Selection, assessment: Assessment, wide: Wide, place: str, table: pd.DataFrame,
    state: State, since: pd.Timestamp, notes: list[str],
) -> Block:  # fmt: skip
    substance, record = str(selection.substance), wide.indicator
    rows = table[table["observed"].notna().cummax() & table["observed"].notna()[::-1].cummax()[::-1]]
    rows = rows if len(rows) else table
    breaks = [(day, words) for day, words in break_words(t, record.id) if day >= rows["period"].min()]
    events = []
    if state.has("events"):
        found = events_of(record.id, place, selection.as_of)
        events = [(event.day, event.words.to(t.language)) for event in found if event.day not in dict(breaks)]
    unit = _unit(t, wide, place, substance, state)
    chart = charts.series_chart(
        rows, unit=unit, country=hue_of(GEOGRAPHIES[place].country), language=t.language, dark=data.dark(),
        labels=chart_words(t), breaks=breaks, events=events, since=since, log=state.has("log"),
    )  # fmt: skip
    return Block(
        key=f"{record.id}.{place}.{substance}.{state.by}.{state.measure}",
        title=_newest(t, wide, place, substance, table, state),
        subtitle=f"{t.indicator(record.id)} · {unit}",
        chart=chart,
        caption=_caption(t, selection, wide),
        table=_table(t, {place: table}, state),
        about=about(t, assessment, record, picker.source_of(t, selection.as_of.isoformat(), record.id)),
        notes=[note for note in (t.caution(record.id), *notes) if note],
    )


def _together(
    t: Text, selection: Selection, assessment: Assessment, wide: Wide, tables: dict[str, pd.DataFrame],
    state: State, finding: str, notes: list[str],
) -> Block:  # fmt: skip
    substance, record = str(selection.substance), wide.indicator
    lines = pd.concat(
        table.assign(
            name=t.place(place), country=hue_of(GEOGRAPHIES[place].country), value=table["observed"],
            when=[span(t, day, state.by) for day in table["period"]],
        )
        for place, table in tables.items()
    )[["name", "country", "period", "value", "when"]]  # fmt: skip
    unit = _unit(t, wide, next(iter(tables)), substance, state)
    chart = together_chart(
        lines, language=t.language, dark=data.dark(), unit=unit, log=state.has("log"),
        base=100.0 if state.measure == "base100" else None,
    )  # fmt: skip
    return Block(
        key=f"{record.id}.{substance}.{state.by}.{state.measure}",
        title=finding,
        subtitle=f"{t.indicator(record.id)} · {unit}",
        chart=chart,
        caption=_caption(t, selection, wide),
        table=_table(t, tables, state),
        about=about(t, assessment, record, picker.source_of(t, selection.as_of.isoformat(), record.id)),
        notes=[note for note in (t.caution(record.id), *notes) if note],
    )


def _table(t: Text, tables: dict[str, pd.DataFrame], state: State) -> pd.DataFrame:
    """Values by period and place, newest first, with why one is missing."""
    parts = []
    for place, table in tables.items():
        newest = table[::-1]
        parts.append(
            pd.DataFrame(
                {
                    t("Place"): t.place(place),
                    t("Period"): [span(t, day, state.by) for day in newest["period"]],
                    t("Value"): newest["observed"].round(4).to_numpy(),
                    t("Status"): [
                        status(t, row.status, row.provisional, row.complete) if pd.notna(row.observed)
                        else t.status("suppressed") if row.status == "suppressed"
                        else t(REASONS[row.reason]) if row.reason in REASONS else MISSING
                        for row in newest.itertuples()
                    ],
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def hue_of(country: str) -> Country:
    """A country's colour."""
    return "us" if country == "US" else "mx"
