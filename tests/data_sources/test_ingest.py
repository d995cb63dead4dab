"""Seeding, fetching and importing: what was good before stays, and one bad source never stops another."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from data_sources import ingest
from data_sources.errors import DownloadError, SourceError, StoreError
from data_sources.ingest import EMBEDDED, AsOfNeeded, default_as_of, fetch, import_file, open_store
from data_sources.registry import SOURCES
from data_sources.source import Publication
from data_sources.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    root = tmp_path_factory.mktemp("seeded")
    open_store(root)
    return root


@pytest.fixture
def store(seeded, tmp_path):
    shutil.copytree(seeded, tmp_path / "store")
    return open_store(tmp_path / "store")


def test_seeding_that_was_cut_short_is_completed(seeded, tmp_path):
    shutil.copytree(seeded, tmp_path / "store")
    folder = tmp_path / "store" / EMBEDDED
    whole = open_store(seeded).known_on(date(2026, 10, 2))
    for vintage in sorted(folder.glob("20*"))[::3]:
        shutil.rmtree(vintage)
    again = open_store(tmp_path / "store").known_on(date(2026, 10, 2))
    assert again.equals(whole)


def test_seeding_twice_changes_nothing(store):
    token = store.token()
    assert open_store(store.root).token() == token


def test_while_another_process_seeds_one_waits_for_it(tmp_path):
    with ThreadPoolExecutor(1) as other:
        with Store(tmp_path).lock(EMBEDDED):
            opened = other.submit(open_store, tmp_path)
            assert not wait([opened], timeout=0.5).done
        assert opened.result().sources() == [EMBEDDED]
    assert len(open_store(tmp_path).publications()) == len(opened.result().publications())


def test_a_process_that_seeds_for_too_long_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ingest, "FIRST_WRITING", 0.1)
    with Store(tmp_path).lock(EMBEDDED), pytest.raises(StoreError, match="wait"):
        open_store(tmp_path)


def test_folders_of_something_else_in_the_store_are_no_sources(store):
    before, token = store.known_on(date(2026, 10, 2)), store.token()
    for name in ("bulletins/2026-W47", "bulletins/2026-11-24_notes", "2026-11-24_0123456789abcdef"):
        (store.root / name).mkdir(parents=True)
    again = open_store(store.root)
    assert again.sources() == [EMBEDDED]
    assert again.known_on(date(2026, 10, 2)).equals(before)
    assert again.token() == token


def payload(name: str) -> bytes:
    from pathlib import Path

    return next((Path(__file__).resolve().parents[1] / "data" / name).glob("good.*")).read_bytes()


def source_that(download):
    return replace(SOURCES["us_cbp_seizures"], download=download)


def test_a_failed_download_leaves_the_store_and_the_other_sources_alone(store):
    def gate(*_):
        raise DownloadError("data", "a gate page", "Import the file by hand.")
        yield

    def give(*_):
        raw = payload("mx_sesnsp_federal_drug_offences")
        yield Publication("mx_sesnsp_federal_drug_offences", "a.csv", raw, date(2026, 11, 20), NOW, "https://x")

    other = replace(SOURCES["mx_sesnsp_federal_drug_offences"], download=give)
    before = set(store.publications()["sha256"])
    outcomes = list(fetch(store, [source_that(gate), other]))
    assert [bool(outcome.error) for outcome in outcomes] == [True, False]
    assert outcomes[1].added
    assert before < set(store.publications()["sha256"])
    assert list(store.failures()) == ["us_cbp_seizures"]


def test_a_download_with_a_changed_layout_is_refused_and_remembered(store):
    def broken(*_):
        raw = payload("us_cbp_seizures").replace(b"Drug Type", b"Kind of drug")
        yield Publication("us_cbp_seizures", "new.csv", raw, date(2026, 11, 20), NOW, "https://x/new.csv")

    (outcome,) = fetch(store, [source_that(broken)])
    assert "new.csv" in str(outcome.error)
    assert "Kind of drug" in str(outcome.error)
    assert store.refusals()["name"].to_list() == ["new.csv"]
    assert "us_cbp_seizures" not in store.sources()


def test_a_successful_fetch_clears_the_failure(store):
    store.note_attempt("us_cbp_seizures", NOW, "away")
    (outcome,) = fetch(store, [source_that(lambda *_: iter(()))])
    assert outcome.error is None
    assert store.failures() == {}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"<html><body>403</body></html>", "web page"),
        (b"\xff\xfe\x00garbage", ""),
        (b"a,b\n1,2\n", "a"),
    ],
)
def test_a_file_that_is_not_the_publishers_is_refused_by_name(store, tmp_path, content, found):
    file = tmp_path / "download.csv"
    file.write_bytes(content)
    token = store.publications()
    with pytest.raises(SourceError) as refused:
        import_file(store, SOURCES["us_cbp_seizures"], file, date(2026, 1, 20), now=NOW)
    assert str(refused.value).startswith("download.csv")
    assert found.lower() in str(refused.value).lower()
    assert store.publications().equals(token)
    assert store.refusals()["name"].to_list() == ["download.csv"]


def test_a_file_too_large_is_refused_before_it_is_read(store, tmp_path, monkeypatch):
    file = tmp_path / "huge.csv"
    with file.open("wb") as handle:
        handle.truncate(2 * 2**30)  # sparse: two gigabytes that take no room
    monkeypatch.setattr(type(file), "read_bytes", lambda _: pytest.fail("read"))
    with pytest.raises(SourceError, match="2048 MB"):
        import_file(store, SOURCES["us_cbp_seizures"], file, date(2026, 1, 20), now=NOW)


def test_a_file_without_a_date_asks_for_one_and_is_not_a_refusal(store, tmp_path):
    file = tmp_path / "good.csv"
    file.write_bytes(payload("us_cbp_seizures"))
    with pytest.raises(AsOfNeeded, match="--as-of"):
        import_file(store, SOURCES["us_cbp_seizures"], file, None, now=NOW)
    assert store.refusals().empty


def test_a_date_before_the_files_last_period_is_refused(store, tmp_path):
    file = tmp_path / "good.csv"
    file.write_bytes(payload("us_cbp_seizures"))
    with pytest.raises(SourceError, match=r"good\.csv"):
        import_file(store, SOURCES["us_cbp_seizures"], file, date(2015, 1, 20), now=NOW)


def test_the_default_day_is_today_once_a_publishers_file_is_held(store, tmp_path):
    today = date(2026, 11, 24)
    assert default_as_of(store, today) == date(2026, 10, 2)
    file = tmp_path / "good.csv"
    file.write_bytes(payload("us_cbp_seizures"))
    import_file(store, SOURCES["us_cbp_seizures"], file, date(2026, 1, 20), now=NOW)
    assert default_as_of(store, today) == today
