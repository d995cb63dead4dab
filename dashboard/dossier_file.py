"""A signal's dossier as files: all facts as CSV with notes, and the whole as one HTML page with its pictures."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from itertools import groupby

import pandas as pd

from dashboard import dossier_words, text
from dashboard.downloads import csv_with_notes
from dashboard.filters import Selection
from dashboard.text import Text
from surveillance.assessment import Assessment
from surveillance.dossier import Dossier

STYLE = (
    "body{font:15px/1.45 'Source Sans 3','Source Sans Pro',sans-serif;color:#1B2530;background:#fff;"
    "max-width:820px;margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem;margin:.3rem 0}"
    "h2{font-size:1.1rem;margin:1.4rem 0 .3rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .5rem .25rem 0;border-bottom:1px solid #E3E8ED;"
    "font-weight:400}th{color:#5F6B78;width:32%}figure{margin:1rem 0}svg{max-width:100%;height:auto}"
    "figcaption,.note{color:#5F6B78;font-size:.87rem}"
)


def facts(t: Text, assessment: Assessment, found: Dossier) -> pd.DataFrame:
    """Everything the dossier says, one line each: section, name, text."""
    said = dossier_words.everything(t, found, false=assessment.expected_false, judged=assessment.counts["judged"])
    return pd.DataFrame(list(said), columns=[t("Section"), t("Name"), t("Text")])


def notes(t: Text, selection: Selection, assessment: Assessment, found: Dossier) -> list[str]:
    """What stands above an export: replay and settings first, then finding and cautions."""
    marks = []
    if selection.replay:
        marks.append(t("REPLAY: as known on {day}.", day=t.date(selection.as_of)))
    if selection.modified:
        marks.append(t("Settings modified, not for publication."))
    plan = assessment.plan
    marks.append(
        t(
            "Settings {name} v{version}, digest {digest}.",
            name=dossier_words.plan_name(t, plan.name),
            version=plan.version,
            digest=plan.digest,
        )
    )
    return [*marks, dossier_words.headline(t, found), t.caution(found.indicator.id)]


def as_csv(t: Text, selection: Selection, assessment: Assessment, found: Dossier) -> bytes:
    """The facts as CSV with their notes."""
    return csv_with_notes(
        facts(t, assessment, found), [note for note in notes(t, selection, assessment, found) if note]
    )


def as_html(
    t: Text, selection: Selection, assessment: Assessment, found: Dossier, pictures: Sequence[tuple[str, str, str]]
) -> bytes:
    """The dossier as one page that needs nothing else; *pictures*: title, SVG, caption."""
    table = facts(t, assessment, found)
    lines = [tuple(map(str, row)) for row in table.itertuples(index=False)]
    body = [f"<p class='note'>{_safe(note)}</p>" for note in notes(t, selection, assessment, found)[:-2]]
    body.append(f"<h1>{_safe(dossier_words.headline(t, found))}</h1>")
    body.append(f"<p>{_safe(dossier_words.introduction(t, found))}</p>")
    body += [
        f"<figure><h2>{_safe(title)}</h2><div role='img' aria-label='{_safe(title)}'>{svg}</div>"
        f"<figcaption>{_safe(caption)}</figcaption></figure>"
        for title, svg, caption in pictures
    ]
    for section, rows in groupby(lines, key=lambda line: line[0]):
        body.append(f"<h2>{_safe(section)}</h2>{_table(rows)}")
    if caution := t.caution(found.indicator.id):
        body.append(f"<p class='note'>{_safe(caution)}</p>")
    title = _safe(dossier_words.headline(t, found))
    page = (
        f"<!doctype html><html lang='{t.language}'><head><meta charset='utf-8'><title>{title}</title>"
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>"
    )
    return page.encode()


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    cells = "".join(f"<tr><th scope='row'>{_safe(name)}</th><td>{_safe(said)}</td></tr>" for _, name, said in rows)
    return f"<table>{cells}</table>"


def _safe(said: str) -> str:
    return html.escape(said)


def stem(found: Dossier, selection: Selection) -> str:
    """The name of the files without its ending."""
    return f"signal_{found.id}_{selection.as_of}_{text.of(selection.language).language}"
