"""What the pages read, cached. The only place that opens the store, and that knows today's date."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboard.filters import Selection
from dashboard.triage.desk import Desk, DeskError
from data_sources.indicators import INDICATORS
from data_sources.ingest import EMBEDDED, default_as_of, open_store
from data_sources.store import Store
from surveillance import draft, lab, pipeline, saved_plans
from surveillance.assessment import Assessment
from surveillance.draft import Change
from surveillance.lab import Fits
from surveillance.plan import DEFAULT_PLAN, Plan, Watch
from surveillance.series import Wide, regular
from surveillance.settings import store_folder, triage_url

log = logging.getLogger(__name__)
Made = TypeVar("Made")
KEPT = 16  # as-of dates and settings whose answers are kept in memory
COMPUTED_KEPT = 600  # tiles, blocks and forecasts: about 50 a day and language that every page was opened in
_run = threading.local()
FITS_KEPT = 24  # rows of plans whose fits the Lab keeps: the panel's own, and as many again twice


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The store, seeded with the embedded figures where it was empty; StoreError or OSError where it cannot be."""
    return open_store(store_folder())


@contextmanager
def one_state() -> Iterator[None]:
    """What is kept within is kept under the state that the store had at the beginning.

    Figures that are committed while a page is drawn may be read by it. Kept under the state after them, an answer
    made of earlier figures would stand until the next change; so it is kept under the one before, which nobody asks
    for any more.
    """
    _run.token = store().token()
    try:
        yield
    finally:
        _run.token = None


def token() -> str:
    """The state of the store: that of `one_state`, else the present one."""
    return getattr(_run, "token", None) or store().token()


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
    return set(store().sources()) <= {EMBEDDED}


def publications() -> pd.DataFrame:
    return store().publications()


def dark() -> bool:
    """Whether the reader's browser shows the dark theme."""
    return st.context.theme.type == "dark"


def assessment(as_of: str, budget: float) -> Assessment:
    """Every watched series as judged on *as_of* (ISO date) at a number of accepted false signals a quarter."""
    return _assessment(as_of, budget, token())


def judged(selection: Selection) -> Assessment:
    """Every watched series as judged on the selection's day, under its settings."""
    day, state = selection.as_of.isoformat(), token()
    if selection.settings:
        return _under_settings(day, selection.settings, state)
    return _assessment(day, selection.budget, state)


def plan(selection: Selection) -> Plan:
    """The selection's settings: the panel's, at another budget, or saved ones."""
    if selection.settings:
        return _saved(selection.settings, str(store().root))
    return replace(DEFAULT_PLAN, budget=selection.budget)


def changes(selection: Selection) -> list[Change]:
    """What the selection's settings change against the panel's."""
    return draft.changes(DEFAULT_PLAN, plan(selection))


def saved_digests() -> tuple[str, ...]:
    """The digests of the settings saved beside the store."""
    return saved_plans.digests(store().root)


def fits(as_of: str, watch: Watch) -> Fits | None:
    """One row of a plan fitted to its series as known on *as_of*; None where nothing is known."""
    return _fits(as_of, replace(watch, why=""), token())


def wide(as_of: str, indicator: str) -> Wide | None:
    """An indicator's series as known on *as_of*, on an axis without gaps."""
    return _wide(as_of, indicator, token())


def computed(name: str, make: Callable[..., Made], *key: object) -> Made:
    """*make(*key)*, kept until the store changes: for tiles, trends and forecasts. The key is told by its text."""
    made: Made = _computed(f"{name} {key}", token(), make, key)
    return made


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _assessment(as_of: str, budget: float, token: str) -> Assessment:
    found = pipeline.run(store(), date.fromisoformat(as_of), replace(DEFAULT_PLAN, budget=budget))
    if budget == DEFAULT_PLAN.budget and found.as_of == latest():
        _note(found)
    return found


def _note(found: Assessment) -> None:
    """Say in the decision log when the newest figures first raised each signal at the panel's settings."""
    try:
        desk().see(found.signals["id"], now())
    except DeskError as error:  # the page of signals says so where a reader can act on it
        log.warning("signals could not be noted as seen: %s", error)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _under_settings(as_of: str, settings: str, token: str) -> Assessment:
    return pipeline.run(store(), date.fromisoformat(as_of), _saved(settings, str(store().root)))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _saved(settings: str, root: str) -> Plan:
    return saved_plans.saved(Path(root), settings)


@st.cache_resource(max_entries=FITS_KEPT, show_spinner=False, hash_funcs={Watch: repr})
def _fits(as_of: str, watch: Watch, token: str) -> Fits | None:
    known = _wide(as_of, watch.indicator, token)
    return None if known is None else lab.fits(watch, known)


@st.cache_resource(max_entries=KEPT * len(INDICATORS), show_spinner=False)
def _wide(as_of: str, indicator: str, token: str) -> Wide | None:
    return regular(store(), date.fromisoformat(as_of), indicator)


@st.cache_resource(max_entries=COMPUTED_KEPT, show_spinner=False)
def _computed(key: str, token: str, _make: Callable[..., Any], _key: tuple[object, ...]) -> Any:
    return _make(*_key)
