"""What the pages read, cached. The only place that opens the store, and that knows today's date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboard.filters import Selection
from dashboard.triage.desk import Desk
from data_sources.indicators import INDICATORS
from data_sources.ingest import EMBEDDED, default_as_of, open_store
from data_sources.store import Store
from surveillance import pipeline
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import Wide, regular
from surveillance.settings import store_folder, triage_url

Made = TypeVar("Made")
KEPT = 16  # as-of dates and settings whose answers are kept in memory


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The store, seeded with the embedded figures where it was empty; StoreError or OSError where it cannot be."""
    return open_store(store_folder())


def desk() -> Desk:
    """The decision log; DeskError where it cannot be opened."""
    return _desk(triage_url())


@st.cache_resource(show_spinner=False, on_release=Desk.close)
def _desk(url: str) -> Desk:
    return Desk.open(url)


def now() -> datetime:
    """This moment in UTC, without a zone, to the second."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def today() -> date:
    return datetime.now(UTC).date()


def latest() -> date:
    """Today; the newest embedded figure's date where the store holds nothing else."""
    return default_as_of(store(), today())


def embedded_only() -> bool:
    """Whether the store holds nothing but the embedded published figures."""
    return set(publications()["source"]) <= {EMBEDDED}


def publications() -> pd.DataFrame:
    return store().publications()


def dark() -> bool:
    """Whether the reader's browser shows the dark theme."""
    return st.context.theme.type == "dark"


def assessment(as_of: str, budget: float) -> Assessment:
    """Every watched series as judged on *as_of* (ISO date) at a number of accepted false signals a quarter."""
    return _assessment(as_of, budget, store().token())


def judged(selection: Selection) -> Assessment:
    """Every watched series as judged on the selection's day, under its settings."""
    return assessment(selection.as_of.isoformat(), selection.budget)


def wide(as_of: str, indicator: str) -> Wide | None:
    """An indicator's series as known on *as_of*, on an axis without gaps."""
    return _wide(as_of, indicator, store().token())


def computed(name: str, make: Callable[..., Made], *key: object) -> Made:
    """*make(*key)*, kept until the store changes: for tiles, trends and forecasts. The key is told by its text."""
    made: Made = _computed(f"{name} {key}", store().token(), make, key)
    return made


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _assessment(as_of: str, budget: float, token: str) -> Assessment:
    return pipeline.run(store(), date.fromisoformat(as_of), replace(DEFAULT_PLAN, budget=budget))


@st.cache_resource(max_entries=KEPT * len(INDICATORS), show_spinner=False)
def _wide(as_of: str, indicator: str, token: str) -> Wide | None:
    return regular(store(), date.fromisoformat(as_of), indicator)


@st.cache_resource(max_entries=200, show_spinner=False)
def _computed(key: str, token: str, _make: Callable[..., Any], _key: tuple[object, ...]) -> Any:
    return _make(*_key)
