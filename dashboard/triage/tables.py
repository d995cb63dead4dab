"""The two tables of the decision log, and what keeps its events from being changed."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable, Index

METADATA = MetaData()
CASES = Table(
    "triage_cases",
    METADATA,
    Column("signal", String(200), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("signed", String(2), nullable=False),
    Column("signed_by", String(200), nullable=False),
    Column("author", String(200), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("changed", DateTime),
    Column("first_seen", DateTime),
)
EVENTS = Table(
    "triage_events",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("signal", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("author", String(200), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    Column("country", String(2), nullable=False),
    Column("text", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("settings", String(80), nullable=False),
    Column("facts", JSON, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)
_BY_SIGNAL = Index("triage_events_signal", EVENTS.c.signal)
_REFUSAL = "events of the decision log are never changed"
_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS triage_events_{what} BEFORE {what} ON triage_events "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for what in ("update", "delete")
    ],
    "postgresql": [
        f"""CREATE OR REPLACE FUNCTION triage_events_kept() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$""",
        """CREATE OR REPLACE TRIGGER triage_events_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON triage_events
        FOR EACH STATEMENT EXECUTE FUNCTION triage_events_kept()""",
    ],
}
_LOCK = 7_306_281_054  # any number of our own: two servers that start at once make the tables one after the other


def make(connection: Connection) -> None:
    """Make the tables and triggers where they are not there yet."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    for table in (CASES, EVENTS):
        connection.execute(CreateTable(table, if_not_exists=True))
    if dialect in _APPEND_ONLY:  # other databases know no "if not exists" for an index
        connection.execute(CreateIndex(_BY_SIGNAL, if_not_exists=True))
    for statement in _APPEND_ONLY.get(dialect, ()):
        connection.execute(DDL(statement.replace("%", "%%")))
