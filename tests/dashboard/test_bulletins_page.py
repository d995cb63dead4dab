"""The page of bulletins in both languages: nothing published, something published, and who may publish."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard import publishing, publishing_checks, text
from dashboard.bulletin_edition import Edition


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


def test_nothing_is_published_from_a_replay(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path))
    monkeypatch.setenv("DRUG_TRENDS_LOCAL_ROLES", "lead-US")
    app = page("bulletins", lang="en", as_of="2026-09-20")
    assert any("not in a replay" in info.value for info in app.info)
    assert "Publish" not in [button.label for button in app.button]


@pytest.mark.parametrize(("language", "week"), [("en", "Week 2026-W39"), ("es", "Semana 2026-W39")])
def test_issues_are_listed_with_author_and_changes(page, issued, monkeypatch, language, week):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(issued))
    app = page("bulletins", lang=language)
    assert app.subheader[0].value == week
    words = said(app)
    assert "<b>" not in words
    assert "Ana" in words
    assert {"en": "identity not verified", "es": "identidad no verificada"}[language] in words.replace("\\", "")
    assert {"en": "Signals opened", "es": "Señales abiertas"}[language] in words


def downloads(app):
    return [part.proto.label for part in app.get("download_button")]


@pytest.mark.parametrize(
    ("language", "sentence", "way"),
    [
        ("en", "its publisher has since hidden 1 figure in it", "Reissue it to show it again"),
        ("es", "ha suprimido después 1 cifra", "Para volver a mostrarlo hay que publicarlo de nuevo"),
    ],
)
def test_a_withdrawn_issue_has_no_files_and_says_why_and_how_to_reissue_it(
    page, issued, hiding, monkeypatch, language, sentence, way
):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(issued))
    before = page("bulletins", lang=language)
    assert len(downloads(before)) == 6
    assert before.expander
    app = page("bulletins", store=hiding, lang=language)
    assert downloads(app) == []
    assert not [part for part in app.expander if "2026-W38" in part.label]
    told = [warning.value for warning in app.warning if sentence in warning.value]
    assert len(told) == 2
    assert all(way in each and "`drug-trends bulletin publish --week 2026-W3" in each for each in told)


def test_a_withdrawn_issue_still_proves_to_be_what_was_published(page, issued, hiding, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(issued))
    app = page("bulletins", store=hiding, lang="en")
    app.button(key="verify-week-2026-W38").click().run()
    assert [success.value for success in app.success] == ["Every file is as it was published."]


def test_a_lead_can_choose_a_withdrawn_week_and_finds_its_reason_filled_in(page, issued, hiding, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(issued))
    monkeypatch.setenv("DRUG_TRENDS_LOCAL_ROLES", "lead-US")
    app = page("bulletins", store=hiding, lang="en")
    assert app.selectbox(key="week").options == ["2026-W39", "2026-W38, withdrawn"]
    app.selectbox(key="week").select_index(1).run()
    assert not app.exception
    assert "Prepare week 2026-W38" in app.header[0].value
    words = {area.key: area.value for area in app.text_input}
    assert words["reason-en-2026-09-20"] == "The publisher has since hidden 1 figure of the earlier issue."
    assert "suprimió después" in words["reason-es-2026-09-20"]


def test_a_withdrawn_issue_is_no_longer_needed_once_a_correction_stands(page, issued, hiding, monkeypatch):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(issued))
    newest, older = publishing.issues(issued)
    gone = {older: 1}
    monkeypatch.setattr("dashboard.views.bulletins.withdrawn", lambda store, held: gone)
    monkeypatch.setattr(
        publishing, "issues", lambda folder: [replace(newest, week=older.week, correction=1), older]
    )
    app = page("bulletins", store=hiding, lang="en")
    assert any("Correction 1 of this week stands in its place." in info.value for info in app.info)
    assert not app.warning


def test_what_checks_saw_is_told_in_the_reader_s_language():
    t = text.of("es")
    found = publishing_checks._words(t, Edition(notes={"US": {"en": "only"}}))
    assert found.detail == "nota de EE. UU.: solo en inglés"
    assert publishing_checks._translation(t, []).detail == "todas las oraciones en los dos idiomas"
