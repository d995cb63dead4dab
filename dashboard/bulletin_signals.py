"""The bulletin's signals: new, ongoing and closed, each with an extract of its dossier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard import artefact_words, bulletin_charts, corroboration_words, sentences
from dashboard.bulletin_parts import Card, Section, Table
from dashboard.text import MISSING, Text
from data_sources.indicators import INDICATORS
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import explain
from surveillance.artefacts import Check, artefacts, first_failing
from surveillance.assessment import Assessment
from surveillance.corroboration import Stand, corroboration
from surveillance.series import regular

CARDS = 4  # signals with an extract of their dossier; the others are rows of a table
ROWS = 12  # of that table; all signals are in data/signals.csv
CLOSEST = 5


@dataclass(frozen=True)
class Extract:
    """Of a signal's dossier: the tests for a change in the data, and how many series near it say what."""

    checks: list[Check]
    stands: Mapping[Stand, int]


def extract(assessment: Assessment, store: Store, row: pd.Series) -> Extract:
    """The extract of one row of `assessment.signals`."""
    series = (str(row["indicator"]), str(row["geography"]), str(row["substance"]))
    period = pd.Timestamp(row["period"])
    found = Counter(cell.stand for cell in corroboration(assessment, series, period))
    return Extract(artefacts(store, assessment, series, period), found)


def signals(
    t: Text, assessment: Assessment, before: Assessment, store: Store, dossiers: Mapping[str, Extract]
) -> Section:
    """Signals by state against the week before; where there is none, the series nearest to their lines."""
    now, then = assessment.signals, before.signals
    fresh = ~now["id"].isin(then["id"])
    closed = then[~then["id"].isin(now["id"])]
    lead = [_counted(t, int(fresh.sum()), int((~fresh).sum()), len(closed))]
    cards = [
        _card(t, assessment, store, row, rank, bool(fresh[rank]), dossiers[str(row["id"])])
        for rank, row in now.head(CARDS).iterrows()
    ]
    tables = [table for table in (_others(t, assessment, now, fresh), _closed(t, closed)) if table is not None]
    items = []
    if now.empty:
        lead.append(t("The five quiet series closest to the line") + ":")
        items = [_nearest(t, assessment, row) for _, row in explain.closest(assessment, CLOSEST).iterrows()]
    return Section("signals", t("Signals"), lead=lead, items=items, cards=cards, tables=tables)


def _counted(t: Text, new: int, ongoing: int, closed: int) -> str:
    parts = [
        t.n("{n} new signal", "{n} new signals", new) if new else t("No new signal"),
        t.n("{n} ongoing", "{n} ongoing", ongoing) if ongoing else t("none ongoing"),
        t.n("{n} closed since the week before", "{n} closed since the week before", closed)
        if closed
        else t("none closed since the week before"),
    ]
    return ", ".join(parts) + "."


def _nearest(t: Text, assessment: Assessment, row: pd.Series) -> str:
    return f"{sentences.verdict(t, row, explain.facts(assessment, row))}."


def _card(
    t: Text, assessment: Assessment, store: Store, row: pd.Series, rank: object, new: bool, found: Extract
) -> Card:
    name, geography, substance = (str(row[key]) for key in ("indicator", "geography", "substance"))
    wide = regular(store, assessment.as_of, name)
    assert wide is not None
    facts, country = explain.facts(assessment, row), GEOGRAPHIES[geography].country
    headline = t(
        "{figure}; {expected}.", figure=sentences.headline(t, row), expected=sentences.expectation(t, facts)
    )
    near = sentences.near_empty(t, explain.drawn(assessment, wide, geography, substance))
    return Card(
        country=country,
        country_name=t.country(country),
        state=" · ".join(
            [
                t("new") if new else t("ongoing"),
                *([t("last known, its source is late")] if row["state"] == "last_known" else []),
                sentences.persistence(t, facts),
                sentences.age(t, row["age_days"]),
            ]
        ),
        new=new,
        headline=headline,
        sentences=[sentences.rarity(t, facts), *_dossier(t, found), *([near] if near else [])],
        picture=bulletin_charts.signal(t, assessment, wide, row, headline, int(str(rank)) + 1),
        caption=t.indicator(name),
    )


def _dossier(t: Text, found: Extract) -> list[str]:
    """Is it real, and what else says so: two sentences of the dossier."""
    checks = found.checks
    done = [check for check in checks if check.result in ("pass", "fail")]
    failing = first_failing(checks)
    if failing is not None:
        said = artefact_words.tested(t, failing)
        real = t("Probably a data change: {test}, {why}.", test=said.name, why=said.why)
    elif done:
        real = t.n(
            "{n} test for a change in the data was passed, {untested} could not be made.",
            "{n} tests for a change in the data were passed, {untested} could not be made.",
            len(done),
            untested=sum(check.result == "untested" for check in checks),
        )
    else:
        real = t("No test for a change in the data could be made.")
    silent, blind = (found.stands.get(name, 0) for name in ("silent", "blind"))
    others = t(
        "Series near it: {said}; {rest}.",
        said=corroboration_words.speaking(t, found.stands),
        rest=t("{silent} silent, {blind} blind", silent=silent, blind=blind),
    )
    return [real, others]


def _others(t: Text, assessment: Assessment, now: pd.DataFrame, fresh: pd.Series) -> Table | None:
    rest = now.iloc[CARDS : CARDS + ROWS]
    if rest.empty:
        return None
    caption = t("Further signals, in order")
    if left := len(now) - CARDS - len(rest):
        caption = t.n("{caption}; {n} more in data/signals.csv", "{caption}; {n} more in data/signals.csv", left,
                      caption=caption)  # fmt: skip
    columns = [t("Series"), t("Measure"), t("Period"), t("State"), t("Observed"), t("Expected"), t("Alarm line")]
    rows = [
        [*_named(t, row), t("new") if fresh[rank] else t("ongoing"), t.figure(row["observed"]),
         t.number(row["expected"], 3), t.number(row["upper"], 3)]
        for rank, row in rest.iterrows()
    ]  # fmt: skip
    return Table(caption, columns, rows, frozenset({4, 5, 6}))


def _closed(t: Text, closed: pd.DataFrame) -> Table | None:
    if closed.empty:
        return None
    columns = [t("Series"), t("Measure"), t("Period"), t("First period above the line")]
    rows = [
        [*_named(t, row), t.period(row["since"], INDICATORS[str(row["indicator"])].frequency)]
        for _, row in closed.head(ROWS).iterrows()
    ]
    return Table(t("Closed since the week before"), columns, rows)


def _named(t: Text, row: pd.Series) -> list[str]:
    name = str(row["indicator"])
    return [
        sentences.series_name(t, str(row["geography"]), str(row["substance"])),
        t.short(name),
        t.period(row["period"], INDICATORS[name].frequency) or MISSING,
    ]


def suggested(t: Text, assessment: Assessment, count: int = 3) -> list[str]:
    """Highlights that follow from the ranking: the first signals, else what is nearest to its line."""
    rows = assessment.signals.head(count)
    if not rows.empty:
        return [
            f"{sentences.headline(t, row)}; {sentences.expectation(t, explain.facts(assessment, row))}."
            for _, row in rows.iterrows()
        ]
    nearest = explain.closest(assessment, 1)
    lines = [t("No series is above its alarm line.")]
    for _, row in nearest.iterrows():
        lines.append(t("Closest to the line: {verdict}.",
                       verdict=sentences.verdict(t, row, explain.facts(assessment, row))))  # fmt: skip
    return lines
