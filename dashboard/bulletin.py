"""The weekly bulletin: a self-contained page in each language, added to a snapshot's folder."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd
from jinja2 import Environment

from dashboard import charts, sentences, status
from dashboard.text import LANGUAGES, Text, of
from data_sources.indicators import INDICATORS
from data_sources.ingest import EMBEDDED
from data_sources.registry import SOURCES
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES, Language
from surveillance import explain, situation
from surveillance.assessment import Assessment
from surveillance.series import Wide, regular
from surveillance.snapshot import Folder

PICTURED = 12  # signals with a picture; the table lists every series
RECENT = 36  # periods a picture shows


def write_pages(assessment: Assessment, store: Store, folder: Folder) -> None:
    """Write bulletin_<week>_<language>.html into the snapshot's folder, with its charts inside."""
    source = files("dashboard").joinpath("templates/bulletin.html").read_text("utf-8")
    template = Environment(autoescape=True, trim_blocks=True).from_string(source)
    for language in LANGUAGES:
        page = template.render(_content(assessment, store, folder.name, language))
        (folder.path / f"bulletin_{folder.name}_{language}.html").write_text(page, encoding="utf-8")


def _content(assessment: Assessment, store: Store, week: str, language: Language) -> dict[str, object]:
    t = of(language)
    other: Language = "es" if language == "en" else "en"
    signals, counts = assessment.signals, assessment.counts
    held = store.publications()
    return {
        "lang": "es-MX" if language == "es" else "en-US",
        "masthead": t("Drug trends, United States and Mexico · week {week}", week=week),
        "other": {
            "href": f"bulletin_{week}_{other}.html",
            "lang": other,
            "label": {"en": "English", "es": "Español"}[other],
        },
        "title": status.headline(t, assessment),
        "lead": status.detail(t, assessment),
        "note": t("From the embedded published figures only; no publisher's own file was read.")
        if set(held["source"]) == {EMBEDDED}
        else "",
        "tiles_label": t("The two countries side by side"),
        "tiles": [_tile(t, tile) for tile in situation.tiles(store, assessment.as_of)],
        "signals_heading": t("Signals"),
        "signals": _signals(t, assessment, store, signals.head(PICTURED)),
        "no_signals": t("No open signals"),
        "closest_heading": t("The five quiet series closest to the line"),
        "closest": [
            f"{sentences.verdict(t, row, explain.facts(assessment, row))}."
            for _, row in explain.closest(assessment).iterrows()
        ],
        "blind_heading": t("What cannot be judged"),
        "blind_lead": t.n(
            "{n} series cannot be judged, which is not the same as quiet",
            "{n} series cannot be judged, which is not the same as quiet",
            counts["not_judgeable"],
        )
        + ".",
        "blind": [
            t.n("{reason}: {n} series", "{reason}: {n} series", int(row.series), reason=t.reason(str(row.reason)))
            for row in assessment.not_judgeable.itertuples()
        ],
        "table_heading": t("Every watched series"),
        "table_summary": t.n(
            "Show the table of {n} series", "Show the table of {n} series", len(assessment.series)
        ),
        "table_caption": t("At its newest complete period. A dash could not be computed."),
        "columns": [
            {"label": label, "n": place > 3}
            for place, label in enumerate(
                [t("Series"), t("Measure"), t("Period"), t("State"), t("Observed"), t("Expected"), t("Alarm line")]
            )
        ],
        "rows": [_row(t, row) for _, row in assessment.series.iterrows()],
        "method_heading": t("How to read this"),
        "method": _method(t, assessment),
        "sources_heading": t("Sources"),
        "sources": _sources(t, assessment, held),
        "colophon": t(
            "Settings: {name}, {digest}. The tables are in the data folder beside this page; manifest.json holds "
            "the hash of every file.",
            name=f"{assessment.plan.name} v{assessment.plan.version}",
            digest=assessment.plan.digest,
        ),
    }


def _tile(t: Text, tile: situation.Tile) -> dict[str, str]:
    words, (title, sentence) = status.tile_words(t, tile), status.absence(t, tile)
    return {
        "country": tile.country,
        "country_name": t.country(tile.country),
        "label": words.label,
        "value": words.value or title,
        "change": words.change,
        "age": words.age or sentence,
    }


def _signals(t: Text, assessment: Assessment, store: Store, signals: pd.DataFrame) -> list[dict[str, object]]:
    wides = {name: regular(store, assessment.as_of, name) for name in signals["indicator"].unique()}
    return [
        _signal(t, assessment, wide, row)
        for _, row in signals.iterrows()
        if (wide := wides[row["indicator"]]) is not None
    ]


def _signal(t: Text, assessment: Assessment, wide: Wide, series: pd.Series) -> dict[str, object]:
    geography, substance = str(series["geography"]), str(series["substance"])
    country = GEOGRAPHIES[geography].country
    facts = explain.facts(assessment, series)
    rows = explain.drawn(assessment, wide, geography, substance)
    headline = t(
        "{figure}; {expected}.",
        figure=sentences.headline(t, series),
        expected=sentences.expectation(t, facts),
    )
    chart = charts.small_series(
        rows.tail(RECENT),
        country="us" if country == "US" else "mx",
        language=t.language,
        dark=False,
        words=sentences.chart_words(t),
        height=110,
        width=420,
        description=headline,
    )
    notes = [t.indicator(str(series["indicator"])), sentences.near_empty(t, rows)]
    return {
        "country": country,
        "country_name": t.country(country),
        "new": series["state"] == "signal",
        "state": f"{t.state(str(series['state']))} · {sentences.persistence(t, facts)} · "
        f"{sentences.age(t, series['age_days'])}",
        "headline": headline,
        "sentence": sentences.rarity(t, facts),
        "chart": charts.svg(chart, t.language),
        "caption": " · ".join(note for note in notes if note),
    }


def _row(t: Text, row: pd.Series) -> list[str]:
    state = t.state(str(row["state"]))
    if row["state"] == "not_judgeable":
        state = f"{state}: {t.reason(str(row['reason']))}"
    elif row["late"]:
        state = t("{state}, source late", state=state)
    name = str(row["indicator"])
    return [
        sentences.series_name(t, str(row["geography"]), str(row["substance"])),
        t.short(name),
        t.period(row["period"], INDICATORS[name].frequency),
        state,
        t.figure(row["observed"]),
        t.number(row["expected"], 3),
        t.number(row["upper"], 3),
    ]


def _method(t: Text, assessment: Assessment) -> list[str]:
    return [
        t(
            "Each series is compared with its own past, as it was known on the day above. A signal is a value, or "
            "a run of values, above the alarm line. The line is set so that all series together give about {n} "
            "false signals a quarter.",
            n=t.number(assessment.expected_false, 2),
        ),
        t(
            "The figures are provisional where their publishers say so and will be revised. Seizures measure "
            "enforcement and flow together. Figures of the two countries are never added; most cannot be compared."
        ),
        t("Methods, formulas and references are in docs/methods.md of the project."),
    ]


def _sources(t: Text, assessment: Assessment, held: pd.DataFrame) -> list[str]:
    known = held[held["as_of"] <= pd.Timestamp(assessment.as_of)]
    return [
        t(
            "{publisher}: {title}. Newest publication {day}; {licence}. {homepage}",
            publisher=SOURCES[source].publisher,
            title=t(SOURCES[source].title),
            day=t.date(part["as_of"].max()),
            licence=SOURCES[source].licence,
            homepage=SOURCES[source].homepage,
        )
        for source, part in known.groupby("source")
    ]
