"""The bulletin's sections beside the signals: corridors, lanes, supply, benchmarks, limits, revisions, releases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard import benchmark_words, bulletin_charts, corridor_words, sentences, status
from dashboard.bulletin_parts import Section, Table
from dashboard.bulletin_signals import CARDS, Extract, extract
from dashboard.text import MISSING, N_, Text
from data_sources.indicators import INDICATORS
from data_sources.ingest import EMBEDDED
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance import bulletin_facts, situation
from surveillance.assessment import Assessment
from surveillance.benchmarks import Row, board
from surveillance.bulletin_facts import WEEK, Supply
from surveillance.corridors import CORRIDORS, cells
from surveillance.lanes import Lane, lanes
from surveillance.situation import Tile


@dataclass(frozen=True)
class Facts:
    """What both languages tell, computed once."""

    tiles: list[Tile]
    lanes: list[Lane]
    supply: list[Supply]
    board: list[Row]
    board_before: list[Row]
    revised: pd.DataFrame
    dossiers: Mapping[str, Extract]  # by signal


def facts(assessment: Assessment, store: Store) -> Facts:
    """The facts of a bulletin beside its assessment."""
    as_of = assessment.as_of
    return Facts(
        tiles=situation.tiles(store, as_of),
        lanes=lanes(store, as_of),
        supply=bulletin_facts.supply(store, as_of),
        board=board(store, as_of),
        board_before=board(store, as_of - WEEK),
        revised=bulletin_facts.largest(bulletin_facts.revised(store, assessment)),
        dossiers={
            str(row["id"]): extract(assessment, store, row) for _, row in assessment.signals.head(CARDS).iterrows()
        },
    )


_STREAMS = (
    N_("fentanyl seized, lb"),
    N_("opioid visits"),
    N_("deaths, 12 months"),
    N_("drug-dealing case files"),
)


def corridors(t: Text, assessment: Assessment) -> Section:
    """Sister cities, and where the series nearest to them stand."""
    strip = [cells(assessment, corridor) for corridor in CORRIDORS]
    rows = []
    for corridor, found in zip(CORRIDORS, strip, strict=True):
        said = []
        for cell in found:
            _, value, stand = corridor_words.words(t, cell)
            said.append(f"{stand}: {value}" if value else stand)
        rows.append([f"{corridor.us_city} | {corridor.mx_city}", *said])
    places = [f"{t.country('US')} {t(name)}" for name in _STREAMS[:3]] + [f"{t.country('MX')} {t(_STREAMS[3])}"]
    caption = t("Where the series nearest to four pairs of sister cities stand")
    return Section(
        "corridors", corridor_words.finding(t, strip), tables=[Table(caption, [t("Corridor"), *places], rows)],
        after=[corridor_words.note(t)],
    )  # fmt: skip


def lane_section(t: Text, assessment: Assessment, found: list[Lane]) -> Section:
    """Supply, use and harm side by side."""
    if all(lane.line is None for lane in found):
        return Section("lanes", t("Supply, use and harm"), lead=[t("No figures were known on this day.")])
    picture, caption = bulletin_charts.lanes(t, assessment, found)
    return Section("lanes", picture.title, picture=picture, caption=caption)


def supply(t: Text, found: list[Supply]) -> Section:
    """How the seizures at the southwest border moved, and what that can mean."""
    heading, caution = (
        t("Supply note"),
        t("Seizures measure enforcement and flow together: a fall can be less of either."),
    )
    if not found:
        return Section("supply", heading, lead=[t("No monthly seizures were known on this day."), caution])
    caption = t("Seized at the southwest border, newest three months to {month}, lb",
                month=t.month(max(one.period for one in found)))  # fmt: skip
    columns = [t("Drug"), t("To"), t("3 months"), t("12 months"), t("Against the same 3 months a year before")]
    rows = [
        [
            t.substance(one.substance),
            t.month(one.period),
            sentences.value(t, one.newest),
            sentences.value(t, one.year),
            _moved(t, one),
        ]
        for one in found
    ]
    return Section(
        "supply", heading, lead=[caution], tables=[Table(caption, columns, rows, frozenset({2, 3}))],
        after=[t("In brackets the 80 % interval; a word for change stands only where it excludes no change.")],
    )  # fmt: skip


def _moved(t: Text, one: Supply) -> str:
    if one.direction == "unknown":
        return t("no comparison with a year before")
    low, high = t.percent(one.low - 1), t.percent(one.high - 1)
    if one.direction == "unclear":
        return t("no clear change ({low} to {high})", low=low, high=high)
    share = t.percent(abs(one.ratio - 1))
    form = (
        N_("{share} lower ({low} to {high})")
        if one.direction == "lower"
        else N_("{share} higher ({low} to {high})")
    )
    return t(form, share=share, low=low, high=high)


def benchmarks(t: Text, now: list[Row], then: list[Row]) -> Section:
    """The benchmarks whose newest figure is another one than a week before."""
    heading = t("Benchmarks that moved")
    pairs = zip(now, then, strict=True)
    moved = [(row, old) for row, old in pairs if row.latest and _figures(row) != _figures(old)]
    if not moved:
        read = [row for row in now if row.direction in ("better", "worse", "unclear")]
        lead = [t("No figure of the framework's {n} benchmarks is newer than a week before.", n=len(now))]
        lead += [f"{row.benchmark.title.to(t.language)}: {benchmark_words.direction(t, row)}." for row in read]
        return Section("benchmarks", heading, lead=lead)
    rows = [
        [
            row.benchmark.title.to(t.language),
            _value(t, old),
            _value(t, row),
            benchmark_words.direction(t, row),
            row.benchmark.grade,
        ]
        for row, old in moved
    ]
    columns = [t("Benchmark"), t("A week before"), t("Now"), t("Direction"), t("Grade")]
    return Section("benchmarks", heading, tables=[Table(t("Benchmarks with a newer figure"), columns, rows)])


def _figures(row: Row) -> list[tuple[float, pd.Timestamp]]:
    return [(value.value, value.start) for value in row.latest]


def _value(t: Text, row: Row) -> str:
    if not row.latest:
        return MISSING
    newest = row.latest[-1]
    return f"{benchmark_words.amount(t, newest.value)} ({benchmark_words.span(t, newest)})"


def blind(t: Text, assessment: Assessment, tiles: list[Tile]) -> Section:
    """What cannot be judged, what nobody measures, and where quiet is not known."""
    count = assessment.counts["not_judgeable"]
    lead = [
        t.n(
            "{n} series cannot be judged, which is not the same as quiet",
            "{n} series cannot be judged, which is not the same as quiet",
            count,
        )
        + "."
    ]
    items = [
        t.n("{reason}: {n} series", "{reason}: {n} series", int(row.series), reason=t.reason(str(row.reason)))
        for row in assessment.not_judgeable.itertuples()
    ]
    items += [
        f"{t.country(tile.country)}, {status.tile_words(t, tile).label}: {status.absence(t, tile)[1]}"
        for tile in tiles
        if not tile.measured
    ]
    if late := status.late_measures(t, assessment):
        items.append(t("Late, so that quiet is not known: {measure}", measure="; ".join(late)))
    if assessment.failures:
        names = ", ".join(t(SOURCES[name].title) if name in SOURCES else name for name in assessment.failures)
        items.append(t("The last fetch failed for {names}; the last good figures are shown.", names=names))
    return Section("blind", t("What we cannot see"), lead=lead, items=items)


def revisions(t: Text, changes: pd.DataFrame, corrections: list[str]) -> Section:
    """Figures that publishers changed in the week before, and corrections of our own."""
    heading = t("Revisions and corrections")
    own = corrections or [t("No correction of an earlier issue.")]
    if changes.empty:
        lead = [t("No publisher changed a figure of a watched series in the seven days before."), *own]
        return Section("revisions", heading, lead=lead)
    rows = [
        [
            t.short(str(row.indicator)),
            t.number(row.figures),
            _percent(t, row.typical),
            MISSING
            if math.isnan(row.change)
            else t("{series}, {period}: {before} to {after}",
                   series=sentences.series_name(t, str(row.geography), str(row.substance)),
                   period=t.period(pd.Timestamp(row.period), INDICATORS[str(row.indicator)].frequency),
                   before=t.figure(row.before), after=t.figure(row.after)),
        ]
        for row in changes.itertuples()
    ]  # fmt: skip
    columns = [t("Measure"), t("Figures changed"), t("Typical change"), t("Largest change")]
    caption = t("Figures of watched series that their publishers changed in the seven days before")
    return Section("revisions", heading, lead=own, tables=[Table(caption, columns, rows, frozenset({1, 2}))])


def _percent(t: Text, value: float) -> str:
    return MISSING if math.isnan(value) else t("{value} %", value=t.number(value, 2))


def releases(t: Text, assessment: Assessment) -> Section:
    """When the next figures are expected."""
    rows = [
        [
            t.short(str(row.indicator)),
            t.month(row.period),
            t.date(row.expected),
            t.n("{n} day", "{n} days", int(row.overdue_days)) if row.overdue_days else t("no"),
        ]
        for row in situation.calendar(assessment).itertuples()
    ]
    if not rows:
        return Section("releases", t("Coming releases"), lead=[t("No figures were known on this day.")])
    columns = [t("Measure"), t("Newest period"), t("Next expected"), t("Overdue")]
    return Section(
        "releases", t("Coming releases"), tables=[Table(t("By each publisher's usual delay"), columns, rows)]
    )


def method(t: Text, assessment: Assessment) -> Section:
    """How to read the figures."""
    return Section(
        "method",
        t("How to read this"),
        lead=[
            t(
                "Each series is compared with its own past, as it was known on the day above. A signal is a value, "
                "or a run of values, above the alarm line. The line is set so that all series together give "
                "about {n} false signals a quarter.",
                n=t.number(assessment.expected_false, 2),
            ),
            t(
                "The figures are provisional where their publishers say so and will be revised. Seizures measure "
                "enforcement and flow together. Figures of the two countries are never added; most cannot be "
                "compared."
            ),
            t("An alarm says that a figure is unusual for its own series. It says nothing of the cause."),
            t("Methods, formulas and references are in docs/methods.md of the project."),
        ],
    )


def sources(t: Text, assessment: Assessment, store: Store) -> Section:
    """Whose figures these are, from which publication, under which licence."""
    held = store.publications()
    known = held[held["as_of"] <= pd.Timestamp(assessment.as_of)]
    items = [
        t(
            "{publisher}: {title}. Newest publication {day}; {licence}. {homepage}",
            publisher=t(SOURCES[source].publisher),
            title=t(SOURCES[source].title),
            day=t.date(part["as_of"].max()),
            licence=t(SOURCES[source].licence),
            homepage=SOURCES[source].homepage,
        )
        for source, part in known.groupby("source")
    ]
    return Section("sources", t("Sources and licences"), items=items)


def embedded_only(store: Store) -> bool:
    """Whether the store holds nothing but the embedded published figures."""
    return set(store.publications()["source"]) <= {EMBEDDED}
