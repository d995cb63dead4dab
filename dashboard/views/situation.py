"""Situation: in ten seconds, is anything unusual, how sure are we, how old is the data."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from dashboard import charts, data, filters, frame, text
from dashboard.filters import Selection
from dashboard.look import Language
from dashboard.pictures import picture, specification
from dashboard.sentences import series_name
from dashboard.status import absence, detail, headline, tile_words
from dashboard.text import Text
from dashboard.triage.desk import DeskError
from dashboard.views import corridors, lanes
from dashboard.views.signals import card
from data_sources.indicators import INDICATORS
from surveillance.assessment import Assessment
from surveillance.explain import closest
from surveillance.situation import Changes, Tile, calendar, changes, tiles

CARDS = 3
MOST = 4  # opened or closed signals that are named


def render(selection: Selection) -> None:
    """The first page for a selection."""
    t = text.of(selection.language)
    assessment = data.judged(selection)
    if assessment.series.empty:
        st.title(t("Nothing was known on this day"))
        st.markdown(t("No publication in the store is as old as this. Choose a later day."))
        return
    decided = _decided()
    st.title(headline(t, assessment, decided), anchor=False)
    st.markdown(detail(t, assessment, markdown=True))
    _tiles(t, selection, data.computed("tiles", lambda day: tiles(data.store(), day), selection.as_of))
    _signals(t, selection, assessment, decided)
    lanes.part(t, selection)
    corridors.part(t, selection)
    left, right = st.columns(2, gap="xsmall")
    with left.container(border=True, height="stretch"):
        _changes(t, selection)
        _blind(t, assessment)
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
    st.markdown(f":{hue}-badge[**{t.country(tile.country)}**] :small[{words.label}]")
    if not tile.measured:
        title, sentence = absence(t, tile)
        st.markdown(f":gray[**{title}**]")
        st.markdown(f":small[:gray[{sentence}]]")
        return
    value, line = st.columns([2, 3], vertical_alignment="center", gap="xsmall")
    value.html(f"<span style='font-size:1.5rem;font-weight:600'>{html.escape(words.value)}</span>")
    if tile.line is not None:
        description = t(
            "{label}, newest {value} in {period}", label=words.label, value=words.value, period=words.period
        )
        dark, language = data.dark(), selection.language
        made = data.computed(
            "spark",
            lambda *_: _spark(tile, dark, language),
            selection.as_of,
            tile.country,
            tile.row,
            dark,
            language,
        )
        picture(made, place=line, alt=description, key=f"tile-{tile.country}-{tile.row}")
    st.markdown(f":small[{words.change}]")
    clock = ":material/schedule: " if tile.late else ""
    st.markdown(f":small[:gray[{clock}{words.age}]]")


def _spark(tile: Tile, dark: bool, language: Language) -> dict[str, Any]:
    assert tile.line is not None
    chart = charts.sparkline(
        tile.line,
        colour="us" if tile.country == "US" else "mx",
        dark=dark,
        language=language,
        bars=INDICATORS[tile.indicator].frequency != "MS",
    )
    return specification(chart)


def _decided() -> Mapping[str, str]:
    """The triage state of every signal that was decided on; none where the log cannot be read, as Signals says."""
    try:
        return data.desk().states()
    except DeskError:
        return {}


def _signals(t: Text, selection: Selection, assessment: Assessment, decided: Mapping[str, str]) -> None:
    """The first signals that are not explained or closed."""
    signals = assessment.signals
    signals = signals[[decided.get(name) not in ("artefact", "closed") for name in signals["id"]]]
    if signals.empty:
        _no_signals(t, selection, assessment)
        return
    new = int((signals["state"] == "signal").sum())
    st.header(t("Signals that need review") if new else t("Last known signals, from late sources"), anchor=False)
    grid = st.grid(CARDS, gap="xsmall", min_column_width=300)
    for rank, series in signals.head(CARDS).iterrows():
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            card(t, selection, assessment, series, int(str(rank)) + 1, brief=True)
    if len(signals) > CARDS:
        link = filters.link(selection, "signals")
        st.markdown(f":small[[{t('All {n} signals', n=len(signals))}]({link})]")


def _no_signals(t: Text, selection: Selection, assessment: Assessment) -> None:
    """What stands where no signal is open: the series that come nearest to one."""
    st.header(t("No open signals"), anchor=False)
    near = closest(assessment, CARDS)
    if near.empty:
        return
    links = []
    for row in near.itertuples():
        name = text.escape_markdown(f"{series_name(t, row.geography, row.substance)} ({t.short(row.indicator)})")
        address = filters.link(
            selection, "trends", indicator=row.indicator, geographies=(row.geography,), substance=row.substance
        )
        links.append(f"[{name}]({address})")
    said = t("Closest to their alarm lines: {series}.", series=" · ".join(links))
    st.markdown(f":small[{said} [{t('All in Signals')}]({filters.link(selection, 'signals')})]")


def _blind(t: Text, assessment: Assessment) -> None:
    reasons = assessment.not_judgeable
    if reasons.empty:
        return
    st.header(t("What cannot be judged"), anchor=False)
    parts = [
        t.n("{reason}: {n} series", "{reason}: {n} series", int(row.series), reason=t.reason(str(row.reason)))
        for row in reasons.itertuples()
    ]
    _list(parts)


def _changes(t: Text, selection: Selection) -> None:
    """What is different since a week before, and since the reader was here last."""
    week = max(selection.as_of - timedelta(days=7), filters.EARLIEST)
    st.header(t("What changed since a week before"), anchor=False)
    _changed_since(t, selection, week)
    visit = frame.last_visit()
    if visit is not None and visit < selection.as_of and visit != week and not selection.replay:
        st.header(t("Since your last visit on {day}", day=t.date(visit)), anchor=False)
        _changed_since(t, selection, max(visit, filters.EARLIEST))


def _changed_since(t: Text, selection: Selection, day: date) -> None:
    before = replace(selection, as_of=day)
    found: Changes = data.computed(
        "changes", lambda *_: changes(data.judged(before), data.judged(selection)),
        day, selection.as_of, selection.settings, selection.budget,
    )  # fmt: skip
    if found.nothing:
        _list([t("Nothing: no newer period, no revision over 5 %, no signal opened or closed")])
        return
    newer, revised, lost = len(found.newer), len(found.revised), len(found.lost)
    lines = [
        t.n("{n} series has a newer period", "{n} series have a newer period", newer) if newer else "",
        t.n("{n} series revised by over 5 %", "{n} series revised by over 5 %", revised) if revised else "",
        t.n("{n} series lost a figure", "{n} series lost figures", lost) if lost else "",
        *(t("Signal opened: {series}", series=_name(t, key)) for key in found.opened[:MOST]),
        *(t("Signal closed: {series}", series=_name(t, key)) for key in found.closed[:MOST]),
    ]
    more = sum(max(len(keys) - MOST, 0) for keys in (found.opened, found.closed))
    if more:
        lines.append(t.n("{n} more", "{n} more", more))
    if not (found.opened or found.closed):
        lines.append(t("No signal opened or closed"))
    _list([text.escape_markdown(line) for line in lines if line])


def _list(lines: list[str]) -> None:
    st.markdown("\n".join(f"- :small[{line}]" for line in lines))


def _name(t: Text, key: tuple[str, str, str]) -> str:
    return f"{series_name(t, key[1], key[2])} ({t.short(key[0])})"


def _calendar(t: Text, assessment: Assessment) -> None:
    st.header(t("Expected next publications"), anchor=False)
    heads = [t("Measure"), t("Newest period"), t("Next expected"), t("Overdue")]
    rows = [
        [
            t.short(str(row.indicator)),
            t.month(row.period),
            t.date(row.expected),
            "**" + t.n("{n} day", "{n} days", int(row.overdue_days)) + "**" if row.overdue_days else t("no"),
        ]
        for row in calendar(assessment).itertuples()
    ]
    lines = [heads, ["---", "---", "---", "---"], *rows]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
