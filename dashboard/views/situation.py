"""Situation: in ten seconds, is anything unusual, how sure are we, how old is the data."""

from __future__ import annotations

import html
from datetime import timedelta

import pandas as pd
import streamlit as st

from dashboard import charts, data, filters, text
from dashboard.filters import Selection
from dashboard.sentences import series_name
from dashboard.status import ABSENT, UNKNOWN, detail, headline, tile_words
from dashboard.text import Text
from dashboard.views.signals import card
from data_sources.indicators import INDICATORS
from surveillance.assessment import Assessment
from surveillance.situation import Tile, calendar, changes, tiles

CARDS = 3


def render(selection: Selection) -> None:
    """The first page for a selection."""
    t = text.of(selection.language)
    as_of = selection.as_of.isoformat()
    assessment = data.assessment(as_of, selection.budget)
    if assessment.series.empty:
        st.title(t("Nothing was known on this day"))
        st.markdown(t("No publication in the store is as old as this. Choose a later day."))
        return
    st.title(headline(t, assessment), anchor=False)
    st.markdown(detail(t, assessment, markdown=True))
    _tiles(t, selection, data.computed("tiles", lambda day: tiles(data.store(), day), selection.as_of))
    _signals(t, selection, assessment)
    _blind(t, assessment)
    left, right = st.columns(2, gap="small")
    with left.container(border=True, height="stretch"):
        _changes(t, selection, assessment)
    with right.container(border=True, height="stretch"):
        _calendar(t, assessment)


def _tiles(t: Text, selection: Selection, found: list[Tile]) -> None:
    grid = st.grid(4, gap="xsmall", min_column_width=235)
    for tile in found:
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            _tile(t, selection, tile)


def _tile(t: Text, selection: Selection, tile: Tile) -> None:
    words = tile_words(t, tile)
    hue = "blue" if tile.country == "US" else "green"
    st.markdown(f":{hue}-badge[**{tile.country}**] :small[{words.label}]")
    if not tile.measured:
        st.markdown(f":gray[**{t('Not measured')}**]")
        absent = ABSENT.get((tile.country, tile.row), UNKNOWN)
        st.markdown(f":small[:gray[{t(absent)}]]")
        return
    value, line = st.columns([2, 3], vertical_alignment="center", gap="xsmall")
    value.html(f"<span style='font-size:1.5rem;font-weight:600'>{html.escape(words.value)}</span>")
    if tile.line is not None:
        description = t(
            "{label}, newest {value} in {period}", label=words.label, value=words.value, period=words.period
        )
        line.altair_chart(
            charts.sparkline(
                tile.line,
                colour="us" if tile.country == "US" else "mx",
                dark=data.dark(),
                language=selection.language,
                bars=INDICATORS[tile.indicator].frequency != "MS",
            ),
            width="stretch",
            theme=None,
            alt=description,
            key=f"tile-{tile.country}-{tile.row}",
        )
    st.markdown(f":small[{words.change}]")
    clock = ":material/schedule: " if tile.late else ""
    st.markdown(f":small[:gray[{clock}{words.age}]]")


def _signals(t: Text, selection: Selection, assessment: Assessment) -> None:
    signals = assessment.signals
    if signals.empty:
        st.header(t("No open signals"))
        return
    new = int((signals["state"] == "signal").sum())
    st.header(t("Signals that need review") if new else t("Last known signals, from late sources"))
    grid = st.grid(CARDS, gap="xsmall", min_column_width=300)
    for rank, series in signals.head(CARDS).iterrows():
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            card(t, selection, assessment, series, int(str(rank)) + 1, brief=True)
    if len(signals) > CARDS:
        link = filters.link(selection, "signals")
        st.markdown(f":small[[{t('All {n} signals', n=len(signals))}]({link})]")


def _blind(t: Text, assessment: Assessment) -> None:
    reasons = assessment.not_judgeable
    if reasons.empty:
        return
    st.header(t("What cannot be judged"))
    parts = [
        t.n("{reason}: {n} series", "{reason}: {n} series", int(row.series), reason=t.reason(str(row.reason)))
        for row in reasons.itertuples()
    ]
    st.markdown("\n".join(f"- {part}" for part in parts))


def _changes(t: Text, selection: Selection, assessment: Assessment) -> None:
    st.markdown(f"**{t('What changed since a week before')}**")
    day = selection.as_of - timedelta(days=7)
    if day < filters.EARLIEST:
        return
    before = data.assessment(day.isoformat(), selection.budget)
    found = changes(before, assessment)
    lines = [
        t.n("{n} series has a newer period", "{n} series have a newer period", len(found.newer)),
        t.n("{n} signal opened", "{n} signals opened", len(found.opened)),
        t.n("{n} signal closed", "{n} signals closed", len(found.closed)),
    ]
    lines += [f"{t('opened')}: {text.escape_markdown(_name(t, key))}" for key in found.opened[:5]]
    lines += [f"{t('closed')}: {text.escape_markdown(_name(t, key))}" for key in found.closed[:5]]
    st.markdown("\n".join(f"- {line}" for line in lines))


def _name(t: Text, key: tuple[str, str, str]) -> str:
    return f"{series_name(t, key[1], key[2])} ({t.indicator(key[0])})"


def _calendar(t: Text, assessment: Assessment) -> None:
    st.markdown(f"**{t('Expected next publications')}**")
    table = calendar(assessment)
    shown = pd.DataFrame(
        {
            t("Measure"): [t.indicator(name) for name in table["indicator"]],
            t("Newest period"): [t.month(period) for period in table["period"]],
            t("Expected"): [t.date(day) for day in table["expected"]],
            t("Overdue"): [
                t.n("{n} day", "{n} days", int(days)) if days > 0 else t("no") for days in table["overdue_days"]
            ],
        }
    )
    st.dataframe(shown, hide_index=True, width="stretch", alt=t("Expected next publications"))
