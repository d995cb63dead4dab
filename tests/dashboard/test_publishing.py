"""Frozen bulletins: published once, refused with a reason, corrected by number, and proved by rendering again."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from dashboard import bulletin, cli, pdf, publishing, publishing_checks, publishing_withdrawn
from dashboard.bulletin_edition import Edition
from dashboard.publishing import PublishingError
from dashboard.publishing_withdrawn import withdrawn
from dashboard.text import of
from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.plan import DEFAULT_PLAN

SECOND = date(2026, 9, 27)
WHEN = datetime(2026, 10, 1, 12, tzinfo=UTC)
BY = {"author": "local (identity not verified)", "verified": False, "when": WHEN}
NO_PDF = "no PDF: the system's Pango library could not be loaded"


@pytest.fixture(scope="module")
def shelf(embedded, issued):
    """The store and two weeks published from it."""
    return open_store(embedded), issued


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(pdf, "render", _no_pdf)


def _no_pdf(page, *, identifier):
    raise pdf.NoPdf(NO_PDF)


def test_published_weeks_are_listed_newest_first_with_the_columns_of_the_benchmark(shelf):
    _, folder = shelf
    assert [issue.week for issue in publishing.issues(folder)] == ["2026-W39", "2026-W38"]
    table = publishing.issues_table(folder)
    assert list(table.columns) == ["week", "published", "languages"]
    assert table["published"].to_list() == [pd.Timestamp("2026-10-01 12:00")] * 2
    assert set(table["languages"]) == {"en,es"}
    empty = publishing.issues_table(folder / "nowhere")
    assert list(empty.columns) == list(table.columns)
    assert empty.empty


def test_a_frozen_issue_is_read_only_and_sealed_and_its_record_lies_outside(shelf):
    _, folder = shelf
    issue = publishing.issues(folder)[0]
    writable = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    assert all(not path.stat().st_mode & writable for path in [issue.path, *issue.path.rglob("*")])
    assert json.loads((issue.path / "manifest.json").read_text())["seal"] == issue.seal
    assert "author" not in (issue.path / "manifest.json").read_text()
    assert (folder / "issued.jsonl").read_text().count("\n") == 2
    assert not [path for path in folder.iterdir() if path.name.startswith((".draft", ".verify"))]


def test_the_second_issue_tells_its_changes_against_the_first(shelf):
    _, folder = shelf
    newest, oldest = publishing.issues(folder)
    assert (newest.path / "CHANGES.md").read_text("utf-8").startswith("# Changes from 2026-W38 to 2026-W39")
    assert "No earlier issue" in (oldest.path / "CHANGES.md").read_text("utf-8")


def test_rendering_again_gives_every_byte(shelf):
    store, folder = shelf
    assert publishing.verify(store, folder, publishing.issues(folder)[0]) == []


def test_a_changed_file_is_named(shelf, tmp_path):
    store, folder = shelf
    shutil.copytree(folder, tmp_path / "copy")
    issue = publishing.issues(tmp_path / "copy")[0]
    page = issue.file("en", "html")
    page.chmod(0o644)
    page.write_text(page.read_text("utf-8").replace("quiet", "calm"), encoding="utf-8")
    assert publishing.verify(store, tmp_path / "copy", issue) == [f"{page.name}: changed since it was published"]


@pytest.mark.parametrize(
    ("day", "options", "sentence"),
    [
        (SECOND, {}, "published already"),
        (date(2026, 9, 25), {}, "not the Sunday"),
        (date(2026, 10, 4), {}, "not the Sunday of a week that has ended"),
        (date(2026, 9, 13), {"correction": True}, "nothing to correct"),
        (date(2026, 9, 13), {"plan": replace(DEFAULT_PLAN, budget=12.0)}, "the settings are modified"),
        (date(2026, 9, 13), {"edition": Edition(notes={"US": {"en": "only"}})}, "given in English only"),
    ],
)
def test_what_may_not_be_published_is_refused_with_a_reason(shelf, day, options, sentence):
    store, folder = shelf
    before = (folder / "issued.jsonl").read_bytes()
    with pytest.raises(PublishingError, match=sentence):
        publishing.publish(store, folder, day, **BY, **options)
    assert (folder / "issued.jsonl").read_bytes() == before
    assert sorted(path.name for path in folder.glob("week*")) == ["week-2026-W38", "week-2026-W39"]


def test_what_is_hidden_later_withdraws_the_issues_that_hold_it_and_their_files_stay(shelf, hiding):
    store, folder = open_store(hiding), shelf[1]
    held = publishing.issues(folder)
    assert withdrawn(shelf[0], held) == {}
    assert withdrawn(store, held) == dict.fromkeys(held, 1)
    assert [publishing.verify(store, folder, issue) for issue in held] == [[], []]


def test_a_figure_counts_once_and_missing_tables_withhold_an_issue(shelf, tmp_path):
    store, folder = shelf
    assert not publishing_withdrawn.figures(publishing.issues(folder)[0].path).duplicated().any()
    shutil.copytree(folder, tmp_path / "copy")
    issue = publishing.issues(tmp_path / "copy")[0]
    (issue.path / "data").chmod(0o755)
    (issue.path / "data" / "revisions.csv").unlink()
    assert withdrawn(store, [issue]) == {issue: 0}
    assert "cannot be read" in publishing_withdrawn.said(of("en"), 0)
    assert publishing.verify(store, tmp_path / "copy", issue) == [
        "data/revisions.csv: changed since it was published"
    ]


def test_a_correction_is_numbered_takes_a_withdrawn_issue_s_place_and_the_first_stays(
    shelf, hiding, printed, tmp_path
):
    store, folder = open_store(hiding), shutil.copytree(shelf[1], tmp_path / "copy")
    made = publishing.publish(store, folder, SECOND, **BY, correction=True)
    assert made.path.name == "week-2026-W39_correction-1"
    for language, reason in publishing_withdrawn.reason(1).items():
        page = made.file(language, "html").read_text("utf-8")
        assert reason in page
    assert "Correction 1 of this week" in made.file("en", "html").read_text("utf-8")
    held = publishing.issues(folder)
    assert [issue.correction for issue in held] == [1, 0, 0]
    assert len(publishing.issues_table(folder)) == 2
    assert list(withdrawn(store, held)) == held[1:]
    told = {
        issue.path.name: any(printed["value"].encode() in path.read_bytes() for path in issue.path.rglob("*.csv"))
        for issue in held
    }
    assert list(told.values()) == [False, True, True]
    assert "No earlier issue" in (made.path / "CHANGES.md").read_text("utf-8"), "the issue before is withdrawn"
    assert publishing.verify(store, folder, made) == []


def test_a_folder_left_by_a_broken_attempt_is_no_issue_and_does_not_stand_in_the_way(issued, tmp_path):
    shutil.copytree(issued, tmp_path / "copy")
    record = tmp_path / "copy" / "issued.jsonl"
    record.write_text("".join(record.read_text().splitlines(keepends=True)[:1]))
    assert [issue.week for issue in publishing.issues(tmp_path / "copy")] == ["2026-W38"]
    made = shutil.copytree(tmp_path / "copy" / "week-2026-W39", tmp_path / "copy" / "made")
    assert publishing._freeze(tmp_path / "copy", made, 0, **BY, note="").week == "2026-W39"


def test_the_frozen_folders_are_no_source_of_the_store(embedded, shelf, tmp_path):
    _, folder = shelf
    shutil.copytree(embedded, tmp_path / "store")
    shutil.copytree(folder, tmp_path / "store" / "bulletins")
    assert "bulletins" not in open_store(tmp_path / "store").sources()


class Told:
    """A store that says of one figure what it is told to."""

    def __init__(self, known):
        self.known = known

    def known_on(self, as_of, indicators=None):
        return self.known


def test_a_suppressed_figure_that_a_table_prints_fails_its_check(embedded, shelf):
    store, folder = open_store(embedded), shelf[1]
    assessment = pipeline.run(store, SECOND)
    path = publishing.issues(folder)[0].path
    known = store.known_on(SECOND)
    t = of("en")
    assert publishing_checks._suppression(t, store, assessment, path).passed
    assert publishing_checks._reconciliation(t, assessment, store, path).passed
    printed = (
        pd.read_csv(path / "data" / "observations.csv", parse_dates=["period"]).dropna(subset=["value"]).iloc[0]
    )
    here = (known[["indicator", "geography", "substance"]] == printed[["indicator", "geography", "substance"]]).all(
        axis=1
    ) & (known["period"] == printed["period"])
    assert here.sum() == 1
    planted = known.assign(value=known["value"].mask(here), status=known["status"].mask(here, "suppressed"))
    found = publishing_checks._suppression(t, Told(planted), assessment, path)
    assert not found.passed
    assert found.binding
    assert found.detail.endswith("1 printed")
    assert not publishing_checks._reconciliation(t, assessment, Told(planted), path).passed


def test_a_sentence_without_spanish_is_noticed():
    listening = publishing_checks.Listening("es")
    listening("Signals")
    listening("This sentence was never translated {n}", n=1)
    listening.n("{n} new signal", "{n} new signals", 2)
    assert listening.missing == ["This sentence was never translated {n}"]


def test_the_command_lists_and_refuses(shelf, embedded, monkeypatch, capsys):
    _, folder = shelf
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(folder))
    store = ["--store", str(embedded)]
    assert cli.main([*store, "bulletin", "list"]) == 0
    assert capsys.readouterr().out.startswith("2026-W39\t2026-10-01T12:00Z\t<b>Ana</b> [x](y)\t")
    assert cli.main([*store, "bulletin", "publish", "--week", "2026-W39"]) == 1
    assert "published already" in capsys.readouterr().err
    assert cli.main([*store, "bulletin", "verify", "--week", "2026-W37"]) == 1
    assert "no issue of the week" in capsys.readouterr().err


def test_the_pages_limit_is_checked():
    made, t = bulletin.Written(path=None, pages={"en": 7, "es": 6}), of("en")
    assert not publishing_checks._pages(t, made).passed
    assert publishing_checks._pages(t, replace(made, pages={"en": 6, "es": 6})).passed


def test_the_command_says_what_is_withdrawn(shelf, hiding, monkeypatch, capsys):
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(shelf[1]))
    assert cli.main(["--store", str(hiding), "bulletin", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition("\t")[2] for line in lines] == [
        "Withdrawn: its publisher has since hidden 1 figure in it."
    ] * 2
    assert cli.main(["--store", str(hiding), "bulletin", "verify", "--week", "2026-W38"]) == 0
    assert "as published. Withdrawn" in capsys.readouterr().out
