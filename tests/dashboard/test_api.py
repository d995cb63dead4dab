"""The interface for programs: formats, tags, paging, filters, replay, problems, and its description."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.applications import Starlette
from starlette.routing import Mount

from dashboard import data, publishing
from dashboard.api import openapi, routes
from data_sources.errors import StoreError
from surveillance import saved_plans
from surveillance.plan import DEFAULT_PLAN
from surveillance.snapshot import hashes_of, seal_of

FIRST = {  # an address with an answer of few rows, for every table
    "/sources": "",
    "/indicators": "limit=5",
    "/series": "limit=4&geography=MX,US",
    "/observations": "geography=US-AZ&limit=4",
    "/assessments": "geography=US-AZ,MX&limit=4",
    "/signals": "budget=12&limit=4",
    "/recovered-months": "indicator=us_overdose_deaths_12m&geography=US&substance=all&limit=4",
    "/snapshots": "limit=1",
}
CELL = "indicator,geography,substance,period"
PARTS = {  # of a frozen bulletin, and how each is served
    "bulletin_2026-W38_en.html": ("<!doctype html><p>año", "text/html; charset=utf-8"),
    "bulletin_2026-W38_en.pdf": ("%PDF", "application/pdf"),
    "charts/lanes_en.svg": ("<svg/>", "image/svg+xml"),
    "data/observations.csv": (f"{CELL},value\n", "text/csv; charset=utf-8"),
    "data/verdicts.csv": (f"{CELL},observed\n", "text/csv; charset=utf-8"),
    "data/series.csv": (f"{CELL},observed\n", "text/csv; charset=utf-8"),
    "data/revisions.csv": (f"{CELL},before,after\n", "text/csv; charset=utf-8"),
    "edition.json": ("{}", "application/json"),
    "CHANGES.md": ("# Changes", "text/markdown; charset=utf-8"),
}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))

    @property
    def table(self) -> list[dict[str, str]]:
        lines = self.body.decode().splitlines(keepends=True)
        return list(csv.DictReader(io.StringIO("".join(line for line in lines if not line.startswith("#")))))


Ask = Callable[..., Reply]


def asked(app: Starlette, path: str, method: str = "GET", **headers: str) -> Reply:
    """What the application answers, as a server would ask it."""
    address, _, query = path.partition("?")
    sent: list[Any] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": address, "raw_path": address.encode(), "root_path": "", "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def once() -> None:
        await app(scope, receive, send)

    asyncio.run(once())
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture(scope="module")
def app() -> Starlette:
    return Starlette(routes=[Mount("/api", app=routes.application())])


def freeze(shelf: Path, number: int = 0, *, author: str = "Ada", verified: bool = False) -> publishing.Issue:
    """Freeze a small bulletin of one week, or a correction of it."""
    made = shelf / "made"
    for name, (content, _) in PARTS.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(content, "utf-8")
    held = hashes_of(made)
    manifest = {"snapshot": "2026-W38", "as_of": "2026-09-20", "settings": {"digest": "01234567"}}
    manifest |= {"files": held, "seal": seal_of(held)}
    (made / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    when = datetime(2026, 9, 22, 12, number, tzinfo=UTC)
    return publishing._freeze(shelf, made, number, author, verified, when, "")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one frozen bulletin."""
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path))
    freeze(tmp_path)
    return tmp_path


@pytest.fixture
def ask(app: Starlette, embedded: Path, use_store: Callable[[Path], None], shelf: Path) -> Ask:
    """Ask for an address under /api/v1 of the embedded figures."""
    use_store(embedded)
    return lambda path, *rest, **headers: asked(app, f"/api/v1{path}", *rest, **headers)


@pytest.mark.parametrize("path", FIRST)
def test_json_and_csv_hold_the_same_rows(ask: Ask, path: str) -> None:
    answer, same = ask(f"{path}?{FIRST[path]}"), ask(f"{path}?{FIRST[path]}", accept="text/csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert (same.status, same.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = answer.json["data"]
    assert rows
    words = {True: "true", False: "false", None: ""}

    def text(cell: object) -> str:
        if isinstance(cell, list):
            return json.dumps(cell, separators=(",", ":"))
        return words[cell] if cell is None or isinstance(cell, bool) else f"{cell}"

    for row, line in zip(rows, same.table, strict=True):
        assert list(row) == list(line)
        for name, cell in row.items():
            if isinstance(cell, float):
                assert float(line[name]) == cell
            else:
                assert line[name].removeprefix("'") == text(cell)


@pytest.mark.parametrize("path", FIRST)
def test_every_answer_says_as_of_when_under_which_settings_and_whose_figures_it_holds(ask: Ask, path: str) -> None:
    meta = ask(f"{path}?{FIRST[path]}").json["meta"]
    assert meta["as_of"] == data.latest().isoformat()
    assert meta["settings"]["name"].startswith("Panel default")
    assert len(meta["settings"]["digest"]) == 8
    assert all(source["publisher"] and source["licence"] for source in meta["sources"])
    assert meta["sources"]
    assert "rovisional" in meta["caveat"]
    notes = ask(f"{path}?{FIRST[path]}&format=csv").body.decode().split("\n")
    assert meta["settings"]["digest"] in notes[1]
    assert meta["as_of"] in notes[0]


def test_numbers_have_six_significant_digits_and_what_is_missing_is_null(ask: Ask) -> None:
    rows = ask("/observations?indicator=us_overdose_ed_rate&limit=5000").json["data"]
    hidden = [row for row in rows if row["status"] == "suppressed"]
    assert hidden
    assert all(row["value"] is None and row["reason"] for row in hidden)
    shown = [row["value"] for row in rows if row["status"] == "reported"]
    assert shown == [float(f"{value:.6g}") for value in shown]
    known = data.store().known_on(data.latest(), ["us_overdose_ed_rate"])
    assert shown == [float(f"{value:.6g}") for value in known["value"].dropna()]


def test_a_verdict_on_a_value_that_is_not_there_says_why_it_is_not(ask: Ask) -> None:
    rows = ask("/assessments?indicator=us_overdose_ed_rate&limit=5000").json["data"]
    absent = [row for row in rows if row["observed"] is None]
    assert absent
    assert {row["status"] for row in absent} <= {"suppressed", "not_reported", "not_published"}
    assert any(row["status"] == "suppressed" and row["status_reason"] for row in absent)
    assert all(row["status"] == "reported" for row in rows if row["observed"] is not None)
    assert all(row["alarm"] is None for row in absent)


def test_the_signals_are_the_pages_own_and_in_their_order(ask: Ask) -> None:
    rows = ask("/signals?budget=12").json["data"]
    shown = data.assessment(data.latest().isoformat(), 12.0).signals
    assert [row["id"] for row in rows] == shown["id"].to_list()
    assert rows


@pytest.fixture
def strict(tmp_path: Path, embedded: Path, use_store: Callable[[Path], None]) -> str:
    """The digest of settings that raise few alarms, saved beside a store of the embedded figures."""
    root = shutil.copytree(embedded, tmp_path / "store")
    use_store(root)
    return saved_plans.save(root, replace(DEFAULT_PLAN, name="Strict", budget=2.0))


@pytest.mark.parametrize("path", ["/series", "/assessments", "/signals"])
def test_saved_settings_judge_and_the_answer_says_which_and_that_it_is_not_for_publication(
    ask: Ask, strict: str, path: str
) -> None:
    answer = ask(f"{path}?settings={strict}&limit=9")
    settings = answer.json["meta"]["settings"]
    assert settings == {
        "name": "Strict v1", "digest": strict, "budget": 2.0, "modified": True,
        "notice": "Modified settings, not for publication.",
    }  # fmt: skip
    own = ask(f"{path}?limit=9")
    assert own.json["meta"]["settings"]["modified"] is False
    assert own.json["meta"]["settings"]["notice"] is None
    assert own.headers["etag"] != answer.headers["etag"]
    assert f"settings={strict}" in answer.json["links"]["self"]
    assert ask(f"{path}?settings={strict}&limit=9", if_none_match=answer.headers["etag"]).status == 304
    notes = ask(f"{path}?settings={strict}&limit=9&format=csv").body.decode()
    assert "# Modified settings, not for publication.\n" in notes
    assert "not for publication" not in ask(f"{path}?limit=9&format=csv").body.decode()
    panel = ask(f"{path}?settings={DEFAULT_PLAN.digest}&limit=9").json
    assert (panel["meta"], panel["data"]) == (own.json["meta"], own.json["data"])


def test_the_verdicts_are_those_of_the_settings(ask: Ask, strict: str) -> None:
    query = "indicator=us_overdose_deaths_12m&limit=5000"
    under, own = (ask(f"/assessments?{query}{more}").json["data"] for more in (f"&settings={strict}", ""))
    judged = [row["upper"] for row in under if row["upper"] is not None]
    assert judged
    assert judged != [row["upper"] for row in own if row["upper"] is not None]
    assert [row["observed"] for row in under] == [row["observed"] for row in own]


def test_saved_settings_whose_file_was_changed_are_refused(ask: Ask, strict: str) -> None:
    file = data.store().root / saved_plans.FOLDER / f"{strict}.yaml"
    file.write_text("name: [", "utf-8")
    answer = ask(f"/signals?settings={strict}")
    assert (answer.status, answer.json["parameter"]) == (400, "settings")
    file.unlink()
    assert ask(f"/signals?settings={strict}").status == 400


def test_a_copy_that_is_current_is_not_sent_again(ask: Ask) -> None:
    first = ask("/series?limit=3")
    tag = first.headers["etag"]
    assert tag.startswith('"')
    assert "max-age" in first.headers["cache-control"]
    for held in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = ask("/series?limit=3", if_none_match=held)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert ask("/series?limit=3", if_none_match='"other"').status == 200


def test_a_tag_tells_apart_what_may_differ(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    others = ("limit=4", "limit=3&format=csv", "limit=3&as_of=2026-01-01")
    addresses = ["/series?limit=3", *(f"/series?{query}" for query in others)]
    tags = [ask(path).headers["etag"] for path in addresses]
    tags.append(ask(addresses[0], accept_encoding="gzip").headers["etag"])
    monkeypatch.setattr(routes, "code", lambda: "another program")
    tags.append(ask(addresses[0]).headers["etag"])
    monkeypatch.undo()
    assert len(set(tags)) == len(tags)
    assert ask("/series?format=json&limit=3").headers["etag"] == tags[0]


def test_a_new_publication_changes_the_tag(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ask("/sources").headers["etag"]
    token = data.store().token()
    monkeypatch.setattr(type(data.store()), "token", lambda self: f"{token}\nmore")
    assert ask("/sources").headers["etag"] != before


def test_head_has_the_headers_of_get_and_no_body(ask: Ask) -> None:
    whole, head = ask("/indicators"), ask("/indicators", "HEAD")
    assert head.body == b""
    assert head.status == 200
    for name in ("etag", "content-length", "content-type"):
        assert head.headers[name] == whole.headers[name]
    assert int(head.headers["content-length"]) == len(whole.body)


def test_pages_join_to_the_whole_without_gap_or_overlap(ask: Ask) -> None:
    whole = ask("/series?limit=5000").json
    found, following = [], "/api/v1/series?limit=7"
    while following:
        page = ask(following.removeprefix("/api/v1"))
        found += page.json["data"]
        following = page.json["links"]["next"]
        assert page.headers.get("link") == (f'<{following}>; rel="next"' if following else None)
    assert found == whole["data"]
    assert len(found) == whole["meta"]["total"]


def test_the_next_page_is_as_of_the_same_day(ask: Ask) -> None:
    assert f"as_of={data.latest()}" in ask("/observations?limit=2").json["links"]["next"]


def test_filters_choose_rows(ask: Ask) -> None:
    rows = ask(
        "/observations?indicator=us_overdose_ed_rate&geography=US-AZ,US-TX&from=2024-01-01&to=2024-06-01"
    ).json["data"]
    assert {row["geography"] for row in rows} == {"US-AZ", "US-TX"}
    assert {row["indicator"] for row in rows} == {"us_overdose_ed_rate"}
    assert min(row["period"] for row in rows) == "2024-01-01"
    assert max(row["period"] for row in rows) == "2024-06-01"
    assert {row["state"] for row in ask("/series?state=quiet").json["data"]} == {"quiet"}
    assert {row["status"] for row in ask("/observations?status=suppressed").json["data"]} == {"suppressed"}


def test_a_replay_knows_what_was_public_on_its_day_and_nothing_later(ask: Ask) -> None:
    days = ("2025-09-10", data.latest().isoformat())
    then, now = (ask(f"/observations?as_of={day}&limit=5000").json for day in days)
    assert then["meta"]["as_of"] == days[0]
    assert then["data"]
    assert max(row["as_of"] for row in then["data"]) <= days[0]
    assert now["meta"]["total"] > then["meta"]["total"]
    assert {row["as_of"] for row in ask(f"/assessments?as_of={days[0]}&limit=9").json["data"]} == {days[0]}


def test_before_anything_was_public_answers_are_empty_and_whole(ask: Ask) -> None:
    for path in ("/series", "/observations", "/assessments", "/signals"):
        answer = ask(f"{path}?as_of=2015-01-01")
        assert (answer.status, answer.json["data"], answer.json["meta"]["total"]) == (200, [], 0)
        assert ask(f"{path}?as_of=2015-01-01&format=csv").table == []


REFUSED = [
    ("/series?colour=red", "colour"),
    ("/series?limit=0", "limit"),
    ("/series?limit=5001", "limit"),
    ("/series?limit=1e3", "limit"),
    ("/series?limit=%EF%BC%91", "limit"),
    ("/series?limit=1&limit=2", "limit"),
    ("/series?offset=-1", "offset"),
    ("/series?offset=100000", "offset"),
    ("/series?budget=7", "budget"),
    ("/series?budget=nan", "budget"),
    ("/series?format=xml", "format"),
    ("/series?state=loud", "state"),
    ("/series?geography=Atlantis", "geography"),
    ("/series?geography=US-AZ,", "geography"),
    ("/series?indicator=..%2F..%2Fetc%2Fpasswd", "indicator"),
    ("/series?substance=%00", "substance"),
    ("/series?as_of=2999-01-01", "as_of"),
    ("/series?as_of=1999-01-01", "as_of"),
    ("/series?as_of=20260101", "as_of"),
    ("/series?as_of=2026-02-30", "as_of"),
    ("/series?as_of=%3Cscript%3E", "as_of"),
    ("/observations?from=2026-01-01&to=2025-01-01", "to"),
    ("/observations?from=yesterday", "from"),
    ("/recovered-months?geography=US&substance=all", "indicator"),
    ("/recovered-months?indicator=population&geography=US&substance=all", "indicator"),
    ("/series?settings=0123456", "settings"),
    ("/signals?settings=..%2Fsecret", "settings"),
    ("/signals?settings=01234567", "settings"),
    ("/assessments?settings=01234567&budget=6", "budget"),
    ("/observations?settings=01234567", "settings"),
    ("/?x=1", "x"),
    ("/openapi.json?x=1", "x"),
    ("/series?geography=" + quote("US," * 60 + "US"), "geography"),
    ("/series?" + "a" * 5000 + "=1", "a" * 60),
    ("/series?geography=" + "z" * 50_000, "geography"),
]


@pytest.mark.parametrize(("path", "name"), REFUSED, ids=[path[:40] for path, _ in REFUSED])
def test_what_cannot_be_used_is_refused_by_name_with_what_is_expected(ask: Ask, path: str, name: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    problem = answer.json
    assert problem["status"] == 400
    assert problem["parameter"] == name
    assert problem["expected"]
    assert problem["title"] == "Bad Request"
    assert len(answer.body) < 2000
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/nothing", "/series/", "/series/x", "/..%2f..%2fetc/passwd"])
def test_an_address_that_is_not_there_is_a_problem_and_no_page(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "/api/v1/" in answer.json["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(ask: Ask, method: str) -> None:
    answer = ask("/series", method)
    assert (answer.status, answer.headers["content-type"]) == (405, "application/problem+json")
    assert {"GET", "HEAD"} == set(answer.headers["allow"].split(", "))


def test_other_sites_may_read_and_no_more(ask: Ask) -> None:
    elsewhere = {"origin": "https://example.org"}
    assert ask("/indicators", **elsewhere).headers["access-control-allow-origin"] == "*"
    allowed = ask("/series", "OPTIONS", access_control_request_method="GET", **elsewhere)
    assert allowed.status == 200
    assert set(allowed.headers["access-control-allow-methods"].split(", ")) == {"GET", "HEAD"}
    assert "access-control-allow-credentials" not in allowed.headers
    assert ask("/series", "OPTIONS", access_control_request_method="DELETE", **elsewhere).status == 400


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("application/json;q=0.1, text/csv;q=0.9", "text/csv; charset=utf-8"),
        ("*/*, text/csv;q=0", "application/json"),
        ("", "application/problem+json"),
        ("image/png", "application/problem+json"),
        ("application/json;q=x", "application/problem+json"),
    ],
)
def test_the_accept_header_chooses_the_format(ask: Ask, accept: str, kind: str) -> None:
    answer = ask("/indicators?limit=1", accept=accept)
    assert answer.headers["content-type"] == kind
    assert answer.status == (406 if "problem" in kind else 200)


def test_a_store_that_cannot_be_read_is_a_problem_without_its_folder(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise StoreError("the vintage in /srv/secret/place cannot be read")

    monkeypatch.setattr(data, "latest", broken)
    answer = ask("/series")
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert b"secret" not in answer.body
    assert "secret" in caplog.text  # where the operator reads it


def test_no_answer_names_a_folder_of_this_machine(ask: Ask, embedded: Path) -> None:
    for path, query in FIRST.items():
        for form in ("json", "csv"):
            body = ask(f"{path}?{query}&format={form}").body.decode()
            assert str(embedded) not in body
            assert str(Path(__file__).parents[2]) not in body


def test_many_requests_at_once_get_their_own_answers_and_assess_once(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    run = data.pipeline.run

    def counted(*arguments: Any, **options: Any) -> Any:
        runs.append(arguments[1])
        return run(*arguments, **options)

    monkeypatch.setattr(data.pipeline, "run", counted)
    places = ["US-AZ", "US-TX", "US-CA", "MX", "US"] * 4
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda place: ask(f"/series?as_of=2026-03-03&geography={place}"), places))
    for place, answer in zip(places, answers, strict=True):
        assert answer.status == 200
        assert {row["geography"] for row in answer.json["data"]} <= {place}
    assert sum(len(answer.json["data"]) for answer in answers) > 20
    assert len(runs) == 1


def test_the_description_is_valid_and_names_every_address() -> None:
    description = openapi.description()
    OpenAPIV31SpecValidator(description).validate()
    assert list(description["paths"]) == [*routes.listed(), "/api/v1/snapshots/{name}/{file}"]
    assert [f"/api/v1{path}" for path in FIRST] == list(description["paths"])[2:-1]


def test_every_address_takes_the_parameters_that_are_described(ask: Ask) -> None:
    for listed in ask("/").json["data"]:
        described = openapi.description()["paths"][listed["href"]]["get"]["parameters"]
        assert [parameter["name"] for parameter in described] == listed["parameters"]
        for parameter in described:
            refused = ask(f"{listed['href'].removeprefix('/api/v1')}?{parameter['name']}=%21")
            assert (refused.status, refused.json["parameter"]) == (400, parameter["name"])


@pytest.mark.parametrize("path", FIRST)
def test_answers_are_as_described(ask: Ask, path: str) -> None:
    description = openapi.description()
    content = description["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": description["components"]}
    Draft202012Validator(schema).validate(ask(f"{path}?{FIRST[path]}").json)
    columns = list(openapi.ROWS[path])
    assert sorted(ask(f"{path}?{FIRST[path]}").json["data"][0]) == sorted(columns)


def test_the_index_and_problems_are_as_described(ask: Ask) -> None:
    components = openapi.description()["components"]
    for name, path in (("Index", "/"), ("Problem", "/series?x=1"), ("Problem", "/nothing")):
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        Draft202012Validator(schema).validate(ask(path).json)
    assert ask("/openapi.json").json == json.loads(json.dumps(openapi.description()))


def test_a_frozen_bulletin_is_listed_with_its_files_and_each_is_served_as_it_was_published(
    ask: Ask, shelf: Path
) -> None:
    (row,) = ask("/snapshots").json["data"]
    held = hashes_of(shelf / row["name"])
    assert {key: row[key] for key in ("name", "week", "correction", "as_of", "published", "settings")} == {
        "name": "week-2026-W38", "week": "2026-W38", "correction": 0, "as_of": "2026-09-20",
        "published": "2026-09-22T12:00:00+00:00", "settings": "01234567",
    }  # fmt: skip
    assert (row["languages"], row["seal"]) == ("en", seal_of(held))
    assert {each["file"]: each["sha256"] for each in row["files"]} == held
    for each in row["files"]:
        path, (content, kind) = each["href"].removeprefix("/api/v1"), PARTS[each["file"]]
        answer = ask(path)
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert answer.body == content.encode()
        assert answer.headers["etag"] == f'"{each["sha256"]}"'
        assert ask(path, if_none_match=answer.headers["etag"]).status == 304
        assert ask(path, accept_encoding="gzip").headers["etag"] != answer.headers["etag"]
        head = ask(path, "HEAD")
        assert (head.body, head.headers["content-length"]) == (b"", f"{len(content.encode())}")


def test_publishing_changes_the_list_and_its_tag_and_a_replay_knows_only_what_was_out(
    ask: Ask, shelf: Path
) -> None:
    before = ask("/snapshots").headers["etag"]
    freeze(shelf, 1)
    after = ask("/snapshots", if_none_match=before)
    assert after.status == 200
    assert [row["name"] for row in after.json["data"]] == ["week-2026-W38_correction-1", "week-2026-W38"]
    assert ask("/snapshots?as_of=2026-09-21").json["data"] == []
    assert len(ask("/snapshots?as_of=2026-09-22").json["data"]) == 2


def test_who_published_is_named_only_where_the_name_is_vouched_for(ask: Ask, shelf: Path) -> None:
    assert ask("/snapshots").json["data"][0]["author"] is None
    assert b"Ada" not in ask("/snapshots?format=csv").body
    freeze(shelf, 1, verified=True)
    assert [row["author"] for row in ask("/snapshots").json["data"]] == ["Ada", None]


@pytest.mark.parametrize(
    "path",
    [
        "week-2026-W38/nothing.csv", "week-2026-W38/manifest.json", "week-2026-W38/", "week-2026-W38/data",
        "week-2026-W38/../issued.jsonl", "week-2026-W38/data/../edition.json", "week-2026-W38//etc/passwd",
        "week-2026-W39/edition.json", "../edition.json", ".lock/edition.json",
    ],
)  # fmt: skip
def test_only_files_that_a_sealed_manifest_names_are_served(ask: Ask, path: str) -> None:
    answer = ask(f"/snapshots/{path}")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_file_that_was_changed_is_not_served_nor_one_that_a_changed_manifest_names(ask: Ask, shelf: Path) -> None:
    folder = shelf / "week-2026-W38"
    changed = folder / "data" / "series.csv"
    changed.chmod(0o644)
    changed.write_text(f"{CELL},observed\n\n", "utf-8")
    answer = ask("/snapshots/week-2026-W38/data/series.csv")
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert ask("/snapshots/week-2026-W38/edition.json").status == 200
    manifest = folder / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps({"files": {"../issued.jsonl": "0" * 64}}), "utf-8")
    assert ask("/snapshots/week-2026-W38/edition.json").status == 404
    assert ask("/snapshots/week-2026-W38/../issued.jsonl").status == 404
    assert ask("/snapshots").json["data"][0]["files"] == []


def test_no_bulletin_yet_is_an_empty_list(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(tmp_path / "nowhere"))
    answer = ask("/snapshots")
    assert (answer.status, answer.json["data"], answer.json["meta"]["total"]) == (200, [], 0)


def test_a_withdrawn_bulletin_is_gone_for_programs_and_its_files_stay(
    ask: Ask, issued: Path, hiding: Path, printed: pd.Series, use_store: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DRUG_TRENDS_BULLETINS", str(issued))
    number = f"{printed['value']}".encode()
    before = ask("/snapshots")
    paths = [each["href"].removeprefix("/api/v1") for row in before.json["data"] for each in row["files"]]
    tags = {path: ask(path).headers["etag"] for path in paths}
    assert [row["withdrawn"] for row in before.json["data"]] == [None, None]
    assert any(number in ask(path).body for path in paths), "it is there to be hidden"
    use_store(hiding)
    listed = ask("/snapshots", if_none_match=before.headers["etag"])
    assert listed.status == 200
    for row in listed.json["data"]:
        assert row["files"] == []
        assert row["withdrawn"] == "Withdrawn: its publisher has since hidden 1 figure in it."
    for path in paths:
        answer = ask(path, if_none_match=tags[path])
        assert (answer.status, answer.headers["content-type"]) == (410, "application/problem+json")
        assert (answer.json["title"], answer.json["status"]) == ("Gone", 410)
        assert "publisher has since hidden 1 figure" in answer.json["detail"]
    assert ask("/snapshots/week-2026-W38/nothing").status == 404
    for name in ("week-2026-W38", "week-2026-W39"):
        assert seal_of(hashes_of(issued / name)) in [row["seal"] for row in listed.json["data"]]
