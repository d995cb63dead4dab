"""The page of bulletins in both languages: nothing published, something published, and who may publish."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dashboard import pdf, publishing
from data_sources.ingest import open_store


def _no_pdf(page, *, identifier):
    raise pdf.NoPdf("no PDF: the system's Pango library could not be loaded")


@pytest.fixture(scope="module")
def shelf(embedded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bulletins")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "render", _no_pdf)
        for day in (date(2026, 9, 13), date(2026, 9, 20)):
            publishing.publish(
                open_store(embedded), folder, day, author="<b>Ana</b> [x](y)", verified=False,
                when=datetime(2026, 10, 1, 12, tzinfo=UTC),
            )  # fmt: skip
    return folder


def said(app):
    return "\n".join(part.value for part in [*app.title, *app.header, *app.subheader, *app.markdown])


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "No bulletin has been published yet"), ("es", "Aún no se ha publicado ningún boletín")],
)
def test_without_an_issue_the_page_says_what_will_stand_there(page, tmp_path, monkeypatch, language, sentence):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path))
    assert sentence in said(page("bulletins", lang=language))


def test_highlights_are_filled_in_by_rank_in_both_languages(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path))
    monkeypatch.setenv("DRUG_TRENDS_LOCAL_ROLES", "lead-US")
    app = page("bulletins", lang="en")
    words = {area.key: area.value for area in app.text_area}
    assert "No series is above its alarm line." in words["highlights-en-2026-09-27"]
    assert "Ninguna serie está por encima" in words["highlights-es-2026-09-27"]
    assert {"note-US-en-2026-09-27", "note-MX-es-2026-09-27"} <= words.keys()
    assert "local (identity not verified)" in said(app).replace("\\", "")


def test_a_viewer_cannot_publish(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path))
    monkeypatch.setenv("DRUG_TRENDS_LOCAL_ROLES", "viewer")
    app = page("bulletins", lang="en")
    assert [info.value for info in app.info] == [
        "A lead of the United States or of Mexico can prepare and publish."
    ]
    assert "Publish" not in [button.label for button in app.button]


def test_modified_settings_are_not_published(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path))
    monkeypatch.setenv("DRUG_TRENDS_LOCAL_ROLES", "lead-US")
    app = page("bulletins", lang="en", budget="12")
    assert any("Only the panel's own settings are published" in warning.value for warning in app.warning)
    assert "Publish" not in [button.label for button in app.button]


@pytest.mark.parametrize(("language", "week"), [("en", "Week 2026-W38"), ("es", "Semana 2026-W38")])
def test_issues_are_listed_with_author_and_changes(page, shelf, monkeypatch, language, week):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(shelf))
    app = page("bulletins", lang=language)
    assert app.subheader[0].value == week
    words = said(app)
    assert "<b>" not in words
    assert "Ana" in words
    assert {"en": "identity not verified", "es": "identidad no verificada"}[language] in words.replace("\\", "")
    assert {"en": "Signals opened", "es": "Señales abiertas"}[language] in words
