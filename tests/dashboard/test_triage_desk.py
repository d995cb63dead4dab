"""The decision log on SQLite and on a real PostgreSQL: nothing is lost, nothing is changed afterwards."""

from __future__ import annotations

import math
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from dashboard.identity import Person
from dashboard.triage import desk as desk_module
from dashboard.triage.desk import Conflict, Desk, DeskError
from dashboard.triage.rules import Case, Refused

SIGNAL = "us_overdose_ed_rate.US-NM.opioids.2025-05-01.regression"
INLAND = "us_overdose_ed_rate.US.heroin.2025-08-01.regression"
ANA = Person("ana@example.org", verified=True, roles=frozenset({"viewer", "epidemiologist", "lead-US"}))
BEN = Person("ben@example.org", verified=True, roles=frozenset({"viewer", "lead-MX"}))
NOON = datetime.fromisoformat("2026-11-24T12:00:00")
HOSTILE = (
    "<script>alert(1)</script> **b** [l](javascript:1) :red[x] $x$ '; DROP TABLE triage_events; -- ñ 漢 \n\t\\"
)


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own on a free loopback port; its address for SQLAlchemy."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [
        Path(path) for path in [shutil.which("initdb")] if path
    ]
    if not found:
        missing = "no PostgreSQL: install Debian's postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    programs = found[-1].parent
    folder = Path(tmp_path_factory.mktemp("postgresql"))
    # initdb refuses to run as root, so the package's own account does; pytest's folders are for their owner alone.
    root = os.geteuid() == 0
    if root:
        folder = Path(subprocess.check_output(["mktemp", "-d", "-t", "drug-trends-pg.XXXXXX"], text=True).strip())
        shutil.chown(folder, "postgres")
    account = ["runuser", "-u", "postgres", "--"] if root else []
    port = _free_port()

    def run(program: str, *words: str) -> None:
        # pg_ctl's server keeps the pipes it is given, so the log goes to a file.
        subprocess.run(
            [*account, str(programs / program), *words], check=True, cwd="/", timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "desk", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://desk@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        if root:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'triage.sqlite'}"
    address = str(request.getfixturevalue("postgresql"))
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    name = f"t{_free_port()}{os.urandom(4).hex()}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.removesuffix("postgres") + name


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    opened = Desk.open(url)
    yield opened
    opened.close()


def decide(desk: Desk, version: int, to: str, who: Person = ANA, **changes: Any) -> Case:
    given: dict[str, Any] = {
        "person": who, "reason": "looked at it", "at": NOON, "as_of": date(2026, 11, 22), "settings": "default",
        "facts": {"observed": 24.7, "pvalue": math.nan, "run": 2},
    }  # fmt: skip
    signal = changes.pop("signal", SIGNAL)
    return desk.decide(signal, version, to, **given | changes)


def test_a_signal_nobody_decided_on_is_new(desk: Desk) -> None:
    assert desk.case(SIGNAL) == Case(SIGNAL)
    assert desk.events(SIGNAL) == []
    assert dict(desk.cases()) == dict(desk.states()) == {}


def test_a_decision_is_kept_with_author_time_reason_and_facts(desk: Desk) -> None:
    case = decide(desk, 0, "review", reason=HOSTILE)
    assert case == desk.case(SIGNAL) == desk.cases()[SIGNAL]
    assert (case.version, case.state, case.author, case.verified, case.changed) == (
        1,
        "review",
        ANA.name,
        True,
        NOON,
    )
    (event,) = desk.events(SIGNAL)
    assert (event.kind, event.before, event.after, event.at) == ("decision", "new", "review", NOON)
    assert event.text == HOSTILE
    assert (event.as_of, event.settings) == (date(2026, 11, 22), "default")
    assert event.facts == {"observed": 24.7, "pvalue": None, "run": 2}
    assert dict(desk.states()) == {SIGNAL: "review"}


def test_a_second_decision_on_what_is_no_longer_so_is_told_who_what_and_when(desk: Desk) -> None:
    decide(desk, 0, "review")
    with pytest.raises(Conflict) as found:
        decide(desk, 0, "watch", BEN, reason="mine")
    assert found.value.case.state == "review"
    assert found.value.last is not None
    assert (found.value.last.author, found.value.last.text, found.value.last.at) == (ANA.name, "looked at it", NOON)
    assert [event.after for event in desk.events(SIGNAL)] == ["review"]
    decide(desk, 1, "watch", BEN, reason="mine")
    assert [event.text for event in desk.events(SIGNAL)] == ["looked at it", "mine"]


def test_of_two_people_deciding_at_once_one_is_recorded_and_one_is_told(url: str) -> None:
    desks = [Desk.open(url), Desk.open(url)]  # two servers
    for version in range(12):
        start = Barrier(2)
        to = "watch" if version % 2 else "review"

        def write(place: int, start: Barrier = start, to: str = to, version: int = version) -> Case | Conflict:
            start.wait()
            try:
                return decide(desks[place], version, to, (ANA, BEN)[place])
            except Conflict as conflict:
                return conflict

        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(write, [0, 1]))
        written = [one for one in outcomes if isinstance(one, Case)]
        told = [one for one in outcomes if isinstance(one, Conflict)]
        assert len(written) == len(told) == 1
        assert told[0].case.author == written[0].author
        assert desks[0].case(SIGNAL).version == version + 1
        assert len(desks[0].events(SIGNAL)) == version + 1
    for one in desks:
        one.close()


def test_an_interrupted_decision_leaves_neither_case_nor_event(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Exception):
        pass

    def stop(event: object) -> dict[str, Any]:
        raise Stopped

    monkeypatch.setattr(desk_module, "_row", stop)
    with pytest.raises(Stopped):
        decide(desk, 0, "review")
    assert desk.case(SIGNAL).version == 0
    assert desk.events(SIGNAL) == []


def test_closing_on_the_border_waits_for_the_other_country(desk: Desk) -> None:
    decide(desk, 0, "watch")
    signed = decide(desk, 1, "closed", ANA, country="US")
    assert (signed.state, signed.signed, signed.awaiting, signed.signed_by) == ("watch", "US", "MX", ANA.name)
    closed = decide(desk, 2, "closed", BEN, country="MX")
    assert (closed.state, closed.awaiting) == ("closed", "")
    assert [(event.kind, event.country, event.after) for event in desk.events(SIGNAL)] == [
        ("decision", "", "watch"), ("sign-off", "US", "watch"), ("decision", "MX", "closed"),
    ]  # fmt: skip


def test_what_the_rules_refuse_is_not_written(desk: Desk) -> None:
    for who, reason in ((BEN, ""), (Person("eve", verified=True), "I would")):
        with pytest.raises(Refused):
            decide(desk, 0, "review", who, reason=reason)
    with pytest.raises(ValueError, match="is not the id"):
        decide(desk, 0, "review", signal="x" * 500)
    assert dict(desk.cases()) == {}


def test_a_comment_changes_no_state_and_meets_no_conflict(desk: Desk) -> None:
    given: dict[str, Any] = {"at": NOON, "as_of": date(2026, 11, 22), "settings": "default", "facts": {}}
    decide(desk, 0, "watch")
    desk.comment(SIGNAL, HOSTILE, person=BEN, **given)
    assert desk.case(SIGNAL).version == 1
    comment = desk.events(SIGNAL)[-1]
    assert (comment.kind, comment.before, comment.after, comment.text) == ("comment", "watch", "watch", HOSTILE)
    with pytest.raises(Refused, match="not_allowed"):
        desk.comment(SIGNAL, "me too", person=Person("eve", verified=True), **given)
    with pytest.raises(Refused, match="too_long"):
        desk.comment(SIGNAL, "x" * 2_001, person=BEN, **given)
    assert decide(desk, 1, "review").version == 2


def test_events_cannot_be_changed_even_past_the_api(desk: Desk, url: str) -> None:
    decide(desk, 0, "review")
    statements = ["UPDATE triage_events SET text = 'other'", "DELETE FROM triage_events"]
    if url.startswith("postgresql"):
        statements.append("TRUNCATE triage_events")
    engine = create_engine(url)
    for statement in statements:
        with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    assert [event.text for event in desk.events(SIGNAL)] == ["looked at it"]


def test_decisions_say_when_a_signal_was_seen_and_first_decided_on(desk: Desk) -> None:
    first, second, third = (NOON.replace(day=day) for day in (20, 21, 23))
    desk.see([SIGNAL, INLAND], first)
    desk.see([SIGNAL], second)  # seen before
    decide(desk, 0, "review", at=second)  # not yet a decision
    decide(desk, 1, "watch", at=third)
    decide(desk, 2, "artefact", at=NOON)
    found = desk.decisions().set_index("signal")
    assert list(desk.decisions()) == ["signal", "first_seen", "decided", "state"]
    assert found.loc[SIGNAL].to_list() == [pd.Timestamp(first), pd.Timestamp(third), "artefact"]
    assert found.loc[INLAND, "first_seen"] == pd.Timestamp(first)
    assert pd.isna(found.loc[INLAND, "decided"])
    assert found.loc[INLAND, "state"] == "new"
    assert {str(kind) for kind in found.dtypes[["first_seen", "decided"]]} == {"datetime64[us]"}


def test_decisions_of_an_empty_log_have_their_columns_and_types(desk: Desk) -> None:
    found = desk.decisions()
    assert found.empty
    assert list(found) == ["signal", "first_seen", "decided", "state"]
    assert str(found["decided"].dtype) == "datetime64[us]"


def test_what_was_decided_before_it_was_seen_has_no_time_to_count_from(desk: Desk) -> None:
    decide(desk, 0, "watch")  # under other settings
    desk.see([SIGNAL], NOON)
    assert pd.isna(desk.decisions().loc[0, "first_seen"])


def test_the_log_is_found_again_when_it_is_opened_again(desk: Desk, url: str) -> None:
    decide(desk, 0, "review")
    again = Desk.open(url)
    assert again.case(SIGNAL) == desk.case(SIGNAL)
    assert again.events(SIGNAL) == desk.events(SIGNAL)
    again.close()


def test_two_servers_can_open_an_empty_database_at_once(url: str) -> None:
    start = Barrier(4)

    def open_(_: int) -> Desk:
        start.wait()
        return Desk.open(url)

    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(open_, range(4)))
    assert decide(opened[0], 0, "review").version == 1
    for one in opened:
        one.close()


def test_a_sqlite_log_is_written_ahead(tmp_path: Path) -> None:
    opened = Desk.open(f"sqlite:///{tmp_path}/triage.sqlite")
    engine = create_engine(f"sqlite:///{tmp_path}/triage.sqlite")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    engine.dispose()
    opened.close()


@pytest.mark.parametrize(
    "address",
    ["nonsense", "unknown+driver://host/x", "sqlite:////proc/nowhere/triage.sqlite",
     "postgresql+psycopg://desk:s3cret@127.0.0.1:9/none?connect_timeout=2"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_one_clear_error(address: str) -> None:
    with pytest.raises(DeskError, match="decision log") as found:
        Desk.open(address)
    assert "s3cret" not in str(found.value)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "triage.sqlite"
    file.write_text("not a database, but long enough to be taken for one " * 40)
    with pytest.raises(DeskError, match="not a database"):
        Desk.open(f"sqlite:///{file}")


def test_no_method_of_the_desk_changes_or_removes_an_event() -> None:
    public = {name for name in vars(Desk) if not name.startswith("_")}
    assert public == {
        "open", "close", "cases", "case", "states", "events", "decisions", "see", "decide", "comment",
    }  # fmt: skip
