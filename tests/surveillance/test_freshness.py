"""How current each source is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from data_sources.ingest import open_store
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance.freshness import freshness

EMBEDDED = "published_figures"


@pytest.fixture(scope="module")
def store(embedded: Path) -> Store:
    return open_store(embedded)


def row(store: Store, source: str, day: date) -> pd.Series:
    table = freshness(store, SOURCES, day)
    assert table["source"].to_list() == list(SOURCES)
    return table.set_index("source").loc[source]


def test_a_source_of_which_nothing_is_held_has_no_dates(store: Store) -> None:
    found = row(store, "us_cbp_seizures", date(2026, 10, 2))
    assert found["publications"] == 0
    assert found[["last_period", "published", "retrieved", "due", "days_late"]].isna().all()


def test_days_late_count_from_cadence_and_usual_lateness_after_the_newest_publication(store: Store) -> None:
    source = SOURCES[EMBEDDED]
    published = store.publications(EMBEDDED)["as_of"].max()
    due = published + pd.Timedelta(days=source.cadence_days + source.late_after_days)
    assert row(store, EMBEDDED, due.date())["days_late"] == 0
    assert row(store, EMBEDDED, (due + pd.Timedelta(days=9)).date())["days_late"] == 9


def test_only_what_was_public_on_the_day_counts(store: Store) -> None:
    held = store.publications(EMBEDDED)["as_of"]
    found = row(store, EMBEDDED, held.min().date())
    assert found["published"] == held.min()
    assert found["last_period"] < held.min()


def test_the_last_attempt_and_its_error_are_told(seeded: Path) -> None:
    store = open_store(seeded)
    when = datetime(2026, 10, 1, tzinfo=UTC)
    store.note_attempt("us_cbp_seizures", when, "no route")
    found = row(store, "us_cbp_seizures", date(2026, 10, 2))
    assert (found["attempted"], found["error"]) == (pd.Timestamp(when), "no route")
