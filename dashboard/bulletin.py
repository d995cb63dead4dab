"""The weekly bulletin: a snapshot's folder with its pages in both languages, as HTML and PDF, and its changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from jinja2.filters import do_mark_safe

from dashboard import (
    bulletin_changes,
    bulletin_charts,
    bulletin_edition,
    bulletin_sections,
    bulletin_signals,
    pdf,
    status,
)
from dashboard.bulletin_charts import Picture
from dashboard.bulletin_edition import COUNTRIES, Edition, paragraphs
from dashboard.bulletin_parts import Section
from dashboard.bulletin_sections import Facts
from dashboard.text import LANGUAGES, Text, of
from data_sources.store import Store
from data_sources.vocabulary import Language
from surveillance import pipeline, situation
from surveillance.assessment import Assessment
from surveillance.bulletin_facts import WEEK
from surveillance.plan import DEFAULT_PLAN
from surveillance.snapshot import Folder, provenance, seal, write_tables

log = logging.getLogger(__name__)
MOST_PAGES = 6
NAMES: Mapping[Language, str] = {"en": "English", "es": "Español"}
CODES: Mapping[Language, str] = {"en": "en-US", "es": "es-MX"}
Said = Callable[[str], object]


@dataclass(frozen=True)
class Written:
    """A bulletin's folder: `pages` of each PDF, empty where none could be made, and `no_pdf`, why."""

    path: Path
    pages: Mapping[Language, int] = field(default_factory=dict)
    no_pdf: str = ""


def write(
    assessment: Assessment,
    store: Store,
    out: Path,
    *,
    edition: Edition | None = None,
    previous: Path | None = None,
    before: Assessment | None = None,
    corrections: Mapping[Language, list[str]] | None = None,
    texts: Mapping[Language, Text] | None = None,
    say: Said = log.debug,
) -> Written:
    """Write the bulletin of an assessment into *out*: tables, pages in both languages, pictures, changes, manifest.

    *previous*: the folder of the issue before; *before*: the assessment of seven days earlier, made where it is not
    given. *say* is told each step. The same inputs give the same bytes. Without the system's Pango library there is
    no PDF, and the answer says so.
    """
    edition = edition or Edition()
    with write_tables(assessment, store, out) as folder:
        done = write_pages(
            assessment, store, folder, edition=edition, before=before, corrections=corrections, texts=texts, say=say
        )
        say("changes")
        record = provenance(folder, assessment, store)
        bulletin_changes.write(folder.path, record, previous)
        bulletin_edition.write(edition, folder.path)
        seal(folder, assessment, store)
    return replace(done, path=folder.final)


def write_pages(
    assessment: Assessment,
    store: Store,
    folder: Folder,
    *,
    edition: Edition | None = None,
    before: Assessment | None = None,
    corrections: Mapping[Language, list[str]] | None = None,
    texts: Mapping[Language, Text] | None = None,
    say: Said = log.debug,
) -> Written:
    """Write bulletin_<week>_<language>.html and .pdf into a snapshot's folder, and the pictures as charts/*.svg."""
    edition = edition or Edition()
    if before is None:
        before = pipeline.run(store, assessment.as_of - WEEK, replace(assessment.plan, inflation={}))
    source = files("dashboard").joinpath("templates/bulletin.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    template = environment.from_string(source)
    (folder.path / "charts").mkdir()
    facts = bulletin_sections.facts(assessment, store)
    pages, missing = {}, ""
    for language in LANGUAGES:
        t = texts[language] if texts else of(language)
        stem = f"bulletin_{folder.name}_{language}"
        say(f"{stem}.html")
        sections = _sections(t, assessment, before, store, facts, (corrections or {}).get(language, []))
        tiles = [_tile(t, tile) for tile in facts.tiles]
        page = template.render(_content(t, assessment, store, folder.name, edition, sections, tiles))
        (folder.path / f"{stem}.html").write_text(page, encoding="utf-8")
        for picture in _pictures(tiles, sections):
            (folder.path / "charts" / f"{picture.name}_{language}.svg").write_text(picture.svg, encoding="utf-8")
        try:
            if not missing:
                say(f"{stem}.pdf")
                made = pdf.render(page, identifier=stem)
                (folder.path / f"{stem}.pdf").write_bytes(made.raw)
                pages[language] = made.pages
        except pdf.NoPdf as error:
            missing = str(error)
    return Written(folder.path, pages, missing)


def _sections(
    t: Text, assessment: Assessment, before: Assessment, store: Store, facts: Facts, corrections: list[str]
) -> list[Section]:
    part = bulletin_sections
    return [
        bulletin_signals.signals(t, assessment, before, store, facts.dossiers),
        part.corridors(t, assessment),
        part.lane_section(t, assessment, facts.lanes),
        part.supply(t, facts.supply),
        part.benchmarks(t, facts.board, facts.board_before),
        part.blind(t, assessment, facts.tiles),
        part.revisions(t, facts.revised, corrections),
        part.releases(t, assessment),
        part.method(t, assessment),
        part.sources(t, assessment, store),
    ]


def _pictures(tiles: Sequence[Mapping[str, object]], sections: Sequence[Section]) -> list[Picture]:
    found = [tile["picture"] for tile in tiles] + [section.picture for section in sections]
    found += [card.picture for section in sections for card in section.cards]
    return [picture for picture in found if isinstance(picture, Picture)]


def _content(
    t: Text,
    assessment: Assessment,
    store: Store,
    week: str,
    edition: Edition,
    sections: list[Section],
    tiles: list[dict[str, object]],
) -> dict[str, object]:
    other: Language = "es" if t.language == "en" else "en"
    highlights = (
        bulletin_signals.suggested(t, assessment)
        if edition.highlights is None
        else [line for line in edition.highlights.get(t.language, ()) if line.strip()]
    )
    return {
        "lang": CODES[t.language],
        "as_of": assessment.as_of.isoformat(),
        "name": t("Binational drug trends"),
        "masthead": t("Weekly bulletin, United States and Mexico"),
        "week": t("Week {week}", week=week.split("_")[0]),
        "known": t("As known on {day}", day=t.long_date(assessment.as_of)),
        "other": {"href": f"bulletin_{week}_{other}.html", "lang": other, "label": NAMES[other]},
        "document": t("Binational drug trends, bulletin {week}", week=week),
        "title": status.headline(t, assessment),
        "lead": status.detail(t, assessment),
        "marks": _marks(t, assessment, store, edition),
        "highlights_heading": t("Highlights"),
        "highlights": highlights,
        "notes_heading": t("Notes of the two countries"),
        "notes": [
            {"country": country, "name": t.country(country), "paragraphs": paragraphs(words.get(t.language, ""))}
            for country in COUNTRIES
            if (words := edition.notes.get(country, {})).get(t.language, "").strip()
        ],
        "tiles_heading": t("The two countries side by side"),
        "tiles": tiles,
        "sections": sections,
        "page_of": {"before": t("Page"), "of": t("of")},
        "colophon": _colophon(t, assessment, week),
        "svg": lambda picture: do_mark_safe(picture.svg),
    }


def _marks(t: Text, assessment: Assessment, store: Store, edition: Edition) -> list[str]:
    """What is special about this bulletin, said before anything else."""
    marks = []
    if edition.replay:
        marks.append(t("REPLAY: as known on {day}. Later figures are left out.", day=t.long_date(assessment.as_of)))
    if assessment.plan.digest != DEFAULT_PLAN.digest:
        marks.append(t("Settings modified, not for publication."))
    if edition.correction:
        reason = edition.reason.get(t.language, "")
        marks.append(t("Correction {n} of this week's bulletin: {reason}", n=edition.correction, reason=reason))
    if bulletin_sections.embedded_only(store):
        marks.append(t("From the embedded published figures only; no publisher's own file was read."))
    return marks


def _tile(t: Text, tile: situation.Tile) -> dict[str, object]:
    words, (title, sentence) = status.tile_words(t, tile), status.absence(t, tile)
    named = {"label": words.label, "value": words.value, "period": words.period}
    return {
        "country": tile.country,
        "country_name": t.country(tile.country),
        "label": words.label,
        "value": words.value or title,
        "measured": tile.measured,
        "change": words.change,
        "age": words.age or sentence,
        "picture": bulletin_charts.spark(t, tile, named),
    }


def _colophon(t: Text, assessment: Assessment, week: str) -> list[str]:
    plan = assessment.plan
    return [
        t(
            "Cite as: Binational drug trends, weekly bulletin {week}, as known on {day}; settings {digest}.",
            week=week,
            day=t.date(assessment.as_of),
            digest=plan.digest,
        ),
        t(
            "Settings: {name}, {digest}. The tables are in the data folder beside this page; manifest.json holds "
            "the hash of every file.",
            name=t("Panel default v{version}", version=plan.version)
            if plan.name == DEFAULT_PLAN.name
            else plan.name,
            digest=plan.digest,
        ),
        t(
            "Made by drug-trends {version}. The figures are under their publishers' own terms, which are named "
            "above.",
            version=version("drug-trends"),
        ),
    ]
