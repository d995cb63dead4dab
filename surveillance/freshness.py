"""How current each source is: what is held, when the next publication was due, and how late it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from data_sources.source import Source
from data_sources.store import Store

COLUMNS = (
    "source", "publications", "last_period", "published", "retrieved", "attempted", "error", "due", "days_late",
)  # fmt: skip


def freshness(store: Store, sources: Mapping[str, Source], as_of: date) -> pd.DataFrame:
    """One row per source (COLUMNS) as known on *as_of*; empty dates (NaT) where nothing of it is held.

    `due` = newest publication + cadence + what its publisher is usually late by; `days_late` counts from there,
    0 where it is not yet due, missing where nothing is held.
    """
    held = store.publications()
    held = held[held["as_of"] <= pd.Timestamp(as_of)]
    attempts = store.attempts().drop_duplicates("source").set_index("source")
    periods = store.known_on(as_of).groupby("source")["period"].max()
    return pd.DataFrame([_row(source, held, attempts, periods, as_of) for source in sources.values()])


def _row(
    source: Source, held: pd.DataFrame, attempts: pd.DataFrame, periods: pd.Series, as_of: date
) -> dict[str, object]:
    mine = held[held["source"] == source.id]
    published = mine["as_of"].max() if len(mine) else pd.NaT
    due = pd.NaT if pd.isna(published) else published + timedelta(days=source.cadence_days + source.late_after_days)
    late = pd.NA if pd.isna(due) else max((pd.Timestamp(as_of) - due).days, 0)
    attempt = attempts.loc[source.id] if source.id in attempts.index else {"when": pd.NaT, "error": None}
    return {
        "source": source.id,
        "publications": len(mine),
        "last_period": periods.get(source.id, pd.NaT),
        "published": published,
        "retrieved": pd.to_datetime(mine["retrieved"].max(), utc=True) if len(mine) else pd.NaT,
        "attempted": attempt["when"],
        "error": attempt["error"],
        "due": due,
        "days_late": late,
    }
