"""The bulletin as its readers get it: HTML and PDF in both languages, accessible, inert, and within its pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pikepdf
import pytest

from dashboard import bulletin, bulletin_edition, pdf
from dashboard.bulletin_edition import Edition
from dashboard.text import LANGUAGES
from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.plan import DEFAULT_PLAN

AS_OF = date(2026, 9, 27)
BEFORE_ALL = date(2015, 1, 4)  # when no figure was known: the shortest bulletin
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) =1+1 </title> {{ 7*7 }}"
EDITION = Edition(
    highlights={"en": (HOSTILE, "Second"), "es": (HOSTILE, "Segundo")},
    notes={"US": {"en": f"First.\n\n{HOSTILE}", "es": "Primero."}, "MX": {"en": "Note.", "es": HOSTILE}},
    replay=True,
)


@pytest.fixture(scope="module")
def written(embedded, tmp_path_factory):
    store = open_store(embedded)
    # At twice the panel's budget the built-in figures hold signals.
    assessment = pipeline.run(store, AS_OF, replace(DEFAULT_PLAN, budget=12.0))
    assert len(assessment.signals) > 2
    return bulletin.write(assessment, store, tmp_path_factory.mktemp("out"), edition=EDITION)


def page_of(written, language, kind):
    return written.path / f"bulletin_{written.path.name}_{language}.{kind}"


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, written):
    return Outline.of(page_of(written, request.param, "html").read_text("utf-8")), request.param


class Outline(HTMLParser):
    """The tags of a page with their attributes, its headings, and its words."""

    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    @classmethod
    def of(cls, text):
        found = cls()
        found.feed(text)
        return found

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_page_has_landmarks_one_title_and_headings_in_order(page):
    outline, language = page
    assert outline.all("html") == [{"lang": {"en": "en-US", "es": "es-MX"}[language]}]
    for landmark in ("header", "main", "footer", "h1", "title"):
        assert len([tag for tag, attrs in outline.tags if tag == landmark and "id" not in attrs]) == 1
    levels = [int(tag[1]) for tag, _ in outline.tags if tag in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = [attrs["aria-labelledby"] for attrs in outline.all("section")]
    assert set(named) <= set(ids)
    assert {"highlights", "notes", "tiles", "signals", "corridors", "lanes", "supply", "benchmarks", "blind",
            "revisions", "releases", "method", "sources"} <= set(named)  # fmt: skip


def test_every_picture_says_what_it_shows_and_every_table_has_caption_and_scope(page):
    outline, _ = page
    ids = {attrs["id"] for _, attrs in outline.tags if "id" in attrs}
    pictures = outline.all("svg")
    assert len(pictures) >= 6
    for attrs in pictures:
        assert attrs["role"] == "img"
        assert set(attrs["aria-labelledby"].split()) <= ids
    assert len(outline.all("caption")) == len(outline.all("table"))
    assert all(attrs["scope"] in ("col", "row") for attrs in outline.all("th"))


def test_what_people_write_stays_text(page):
    outline, _ = page
    assert not outline.all("script")
    assert len(outline.all("title")) == 1 + len(outline.all("svg"))
    assert HOSTILE in "".join(outline.words)


def test_replay_and_modified_settings_are_marked(page):
    outline, language = page
    said = "".join(outline.words)
    marks = {"en": ("REPLAY: as known on", "Settings modified, not for publication"),
             "es": ("RETROSPECTIVA", "Ajustes modificados, no publicable")}[language]  # fmt: skip
    assert all(mark in said for mark in marks)


def test_no_english_is_left_on_the_spanish_page(written):
    said = "".join(Outline.of(page_of(written, "es", "html").read_text("utf-8")).words)
    said = said[said.index("Boletín semanal") :].replace(HOSTILE, "")
    assert not re.findall(r"\b(?:the|with|signals?|months?|expected|near|week|before|of|and)\b", said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_tagged_short_and_speaks_its_language(written, language):
    assert written.no_pdf == ""
    with pikepdf.open(page_of(written, language, "pdf")) as file:
        assert 1 < len(file.pages) <= bulletin.MOST_PAGES
        assert len(file.pages) == written.pages[language]
        assert str(file.Root.Lang) == {"en": "en-US", "es": "es-MX"}[language]
        assert bool(file.Root.MarkInfo.Marked)
        assert bool(file.Root.ViewerPreferences.DisplayDocTitle)
        assert "2026-W39" in str(file.docinfo.Title)
        assert str(file.docinfo.CreationDate).startswith("D:20260927")
        roles, silent = _structure(file.Root.StructTreeRoot.K)
        fonts = {str(font.BaseFont) for page in file.pages for font in page.Resources.Font.values()}
    assert {"/H1", "/H2", "/Table", "/TH", "/Figure", "/L"} <= roles
    assert silent == 0
    assert all("Source-Sans-Pro" in name or "SourceSansPro" in name for name in fonts), fonts


def _structure(node):
    """The roles of a tag tree, and how many figures have no words."""
    roles, silent, stack = set(), 0, [node]
    while stack:
        here = stack.pop()
        if isinstance(here, pikepdf.Array):
            stack += list(here)
        elif isinstance(here, pikepdf.Dictionary) and "/S" in here:
            roles.add(str(here.S))
            silent += here.S == "/Figure" and not str(here.get("/Alt", ""))
            if "/K" in here:
                stack.append(here.K)
    return roles, silent


def test_pictures_are_files_too_that_say_what_they_show(written):
    files = sorted((written.path / "charts").glob("*.svg"))
    assert {file.name for file in files} >= {"lanes_en.svg", "lanes_es.svg", "signal-1_en.svg"}
    for file in files:
        text = file.read_text("utf-8")
        assert "role='img'" in text
        assert re.search(r"<title id='[^']+'>[^<]{15,}</title>", text), file.name


def test_the_words_of_people_are_kept_and_read_again(written):
    assert bulletin_edition.read(written.path) == EDITION


def test_a_pdf_is_the_same_bytes_again_and_loads_nothing():
    page = ("<html lang='en'><head><title>T</title><meta name='dcterms.created' content='2026-09-27'></head><body>"
            "<h1>T</h1><img alt='x' src='file:///etc/hostname'></body></html>")  # fmt: skip
    first, second = (pdf.render(page, identifier="one") for _ in range(2))
    assert first.raw == second.raw
    assert first.pages == 1
    assert b"/Image" not in first.raw


def test_without_the_system_library_the_pages_are_written_and_it_is_said_why(embedded, tmp_path, monkeypatch):
    def broken(page, *, identifier):
        raise pdf.NoPdf("no PDF: the system's Pango library could not be loaded")

    monkeypatch.setattr(pdf, "render", broken)
    store = open_store(embedded)
    made = bulletin.write(pipeline.run(store, BEFORE_ALL), store, tmp_path)
    assert "Pango" in made.no_pdf
    assert sorted(file.suffix for file in made.path.glob("bulletin_*")) == [".html", ".html"]


@pytest.mark.parametrize(
    ("edition", "problem"),
    [
        (Edition(highlights={"en": ("a", "b"), "es": ("a",)}), "2 in English, 1 in Spanish"),
        (Edition(notes={"US": {"en": "only", "es": " "}}), "note of US: given in English only"),
        (Edition(highlights={"en": ("x" * 301,), "es": ("x",)}), "a highlight of 301 characters"),
        (Edition(correction=1), "a correction needs its reason"),
    ],
)  # fmt: skip
def test_words_in_one_language_or_too_many_are_problems(edition, problem):
    assert any(problem in found for found in edition.problems())
    assert Edition().problems() == []
