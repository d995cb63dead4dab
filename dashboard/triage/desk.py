"""The decision log: cases that two people cannot overwrite for each other, and events that nobody can change."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection, Engine, Row, create_engine, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from dashboard.triage import rules, tables
from dashboard.triage.rules import Case, State
from dashboard.triage.tables import CASES, EVENTS
from data_sources.phrases import Phrase

if TYPE_CHECKING:
    from dashboard.identity import Person

log = logging.getLogger(__name__)
PATIENCE = 15  # seconds that a write waits for another one
COLUMNS = ("signal", "first_seen", "decided", "state")


class DeskError(Exception):
    """The decision log cannot be read or written; the message says why."""


class Conflict(DeskError):
    """Somebody else decided first: `case` is what holds now, `last` their event."""

    def __init__(self, case: Case, last: Event | None) -> None:
        super().__init__(f"{case.signal} was changed by {case.author} at {case.changed}: now {case.state}")
        self.case, self.last = case, last


@dataclass(frozen=True)
class Event:
    """One line of the log. `kind` is decision, sign-off or comment; `text` the reason or comment as it was typed.

    `at` is naive UTC; `as_of` and `settings` say what the person looked at, `facts` the figures at that time.
    """

    signal: str
    kind: str
    author: str
    verified: bool
    at: datetime
    version: int
    before: State
    after: State
    country: str
    text: str
    as_of: date
    settings: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Desk:
    """The decision log in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Desk:
        """The log at a SQLAlchemy URL, its tables made where there are none; DeskError where that fails."""
        try:
            engine = create_engine(url, pool_pre_ping=True, **_options(url))
        except (ArgumentError, ImportError, OSError, SQLAlchemyError) as error:
            raise DeskError(
                Phrase("the decision log's address cannot be used: {system}", system=str(error))
            ) from error
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _write_ahead)
        desk = cls(engine)
        with desk._writing() as connection:
            tables.make(connection)
        return desk

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def cases(self) -> Mapping[str, Case]:
        """Every case, by the id of its signal."""
        with self._reading() as connection:
            return {row.signal: _case(row) for row in connection.execute(select(CASES))}

    def case(self, signal: str) -> Case:
        """One case; a new one of version 0 where nobody has decided on the signal."""
        with self._reading() as connection:
            row = connection.execute(select(CASES).where(CASES.c.signal == signal)).one_or_none()
        return Case(signal) if row is None else _case(row)

    def states(self) -> Mapping[str, State]:
        """The state of every case that has one, by signal; what is missing is new."""
        return {name: case.state for name, case in self.cases().items()}

    def events(self, signal: str) -> list[Event]:
        """The log of one signal, oldest first."""
        query = select(EVENTS).where(EVENTS.c.signal == signal).order_by(EVENTS.c.number)
        with self._reading() as connection:
            return [_event(row) for row in connection.execute(query)]

    def decisions(self) -> pd.DataFrame:
        """One row per case: signal, when first seen, when first decided on, and its state; times are naive UTC.

        NaT where a signal was never shown at the panel's settings, or is still new or under review since then.
        """
        decided = (EVENTS.c.kind != "comment") & EVENTS.c.after.in_(rules.DECIDED)
        query = select(EVENTS.c.signal, EVENTS.c.at).where(decided).order_by(EVENTS.c.number)
        with self._reading() as connection:
            cases = [_case(row) for row in connection.execute(select(CASES).order_by(CASES.c.signal))]
            first: dict[str, datetime] = {}
            for row in connection.execute(query):
                first.setdefault(row.signal, row.at)
        rows = [(case.signal, case.first_seen, first.get(case.signal), case.state) for case in cases]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        return frame.astype({"first_seen": "datetime64[us]", "decided": "datetime64[us]"})

    def see(self, signals: Iterable[str], at: datetime) -> None:
        """Note when signals were first shown; those known or decided on before keep what is said of them."""
        with self._reading() as connection:
            settled = CASES.c.first_seen.is_not(None) | (CASES.c.version > 0)
            known = set(connection.scalars(select(CASES.c.signal).where(settled)))
        for signal in sorted(set(signals) - known):
            self._ensure(signal)
            unseen = (CASES.c.signal == signal) & CASES.c.first_seen.is_(None) & (CASES.c.version == 0)
            with self._writing() as connection:
                connection.execute(update(CASES).where(unseen).values(first_seen=at))

    def decide(
        self, signal: str, expected_version: int, to: str, *, person: Person, reason: str, at: datetime,
        as_of: date, settings: str, facts: Mapping[str, Any], country: str = "",
    ) -> Case:  # fmt: skip
        """Take a case to a state, and the case as it is then.

        *expected_version* is that of the case the person looked at. Raises Conflict, with nothing written, where
        somebody decided since; rules.Refused where the rules do not allow it; ValueError where *signal* is no id.
        """
        rules.signal(signal)
        case = self.case(signal)
        if case.version != expected_version:
            raise self._conflict(case)
        after = rules.step(case, to, person, reason=reason, country=country)
        self._ensure(signal)
        signed_by = person.name if after.signed else ""
        changed = {
            "version": case.version + 1, "state": after.state, "signed": after.signed, "signed_by": signed_by,
            "author": person.name, "verified": person.verified, "changed": at,
        }  # fmt: skip
        unchanged = (CASES.c.signal == signal) & (CASES.c.version == expected_version)
        with self._writing() as connection:
            written = connection.execute(update(CASES).where(unchanged).values(**changed)).rowcount
            if written:
                made = Event(
                    signal, "sign-off" if after.signed else "decision", person.name, person.verified, at,
                    case.version + 1, case.state, after.state, country if to == "closed" else "", reason, as_of,
                    settings, facts,
                )  # fmt: skip
                connection.execute(insert(EVENTS).values(**_row(made)))
        if not written:
            raise self._conflict(self.case(signal))
        log.info("%s: %s to %s", signal, case.state, after.state)
        return self.case(signal)

    def comment(
        self, signal: str, text: str, *, person: Person, at: datetime, as_of: date, settings: str,
        facts: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """Add a comment, which changes no state; rules.Refused where the person may not or the text is none."""
        rules.signal(signal)
        if not person.may_decide:
            raise rules.Refused("not_allowed")
        rules.check_text(text)
        case = self.case(signal)
        made = Event(
            signal, "comment", person.name, person.verified, at, case.version, case.state, case.state, "", text,
            as_of, settings, facts,
        )  # fmt: skip
        with self._writing() as connection:
            connection.execute(insert(EVENTS).values(**_row(made)))

    def _conflict(self, case: Case) -> Conflict:
        decisions = [one for one in self.events(case.signal) if one.kind != "comment"]
        return Conflict(case, decisions[-1] if decisions else None)

    def _ensure(self, signal: str) -> None:
        """A row for the signal; somebody else may make it at the same moment."""
        blank = {
            "signal": signal, "version": 0, "state": "new", "signed": "", "signed_by": "", "author": "",
            "verified": False,
        }  # fmt: skip
        with self._reading() as connection:
            if connection.scalar(select(CASES.c.signal).where(CASES.c.signal == signal)):
                return
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(CASES).values(**blank))
        except IntegrityError:
            log.debug("%s was made by somebody else", signal)
        except SQLAlchemyError as error:
            raise _said(error) from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _said(error) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _said(error) from error


def _said(error: SQLAlchemyError) -> DeskError:
    """The database's own sentence; SQLAlchemy's would repeat the statement with its values."""
    return DeskError(Phrase("the decision log: {system}", system=str(getattr(error, "orig", None) or error)))


def _options(url: str) -> dict[str, Any]:
    """How long to wait for another writer; the folder of a SQLite file is made."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return {}
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    return {"connect_args": {"timeout": PATIENCE}}


def _write_ahead(connection: Any, _record: object) -> None:
    """Readers do not wait for a writer, and a decision is on the disk when it is said to be recorded."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _case(row: Row[Any]) -> Case:
    return Case(**row._mapping)


def _event(row: Row[Any]) -> Event:
    return Event(**{name: value for name, value in row._mapping.items() if name != "number"})


def _row(made: Event) -> dict[str, Any]:
    """A row of the table; a figure that is not one becomes null, since JSON knows no NaN."""
    facts = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in made.facts.items()
    }
    return vars(made) | {"facts": facts}
