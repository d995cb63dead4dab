"""The pages on the embedded figures: one at a time without a browser, and the running app in one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from playwright.sync_api import Browser, ConsoleMessage, expect, sync_playwright
from playwright.sync_api import Page as Window
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard import pdf, publishing
from data_sources.ingest import open_store
from data_sources.observations import check
from data_sources.source import Publication

Page = Callable[..., AppTest]
Opened = Callable[..., Window]
Settled = Callable[[Window], None]
BENCH = Path(__file__).resolve().parents[2] / "bench"
# Streamlit's page asks for these under the address of a deep link first, then where they are.
ASKED_TWICE = ("/_stcore/health", "/_stcore/host-config")
# On a telephone, which Streamlit tells by its name, the side bar closes when a page is chosen.
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
# The script has ended, nothing old is left, and fonts and charts are there.
DRAWN = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
  && document.querySelector('h1, h2') !== null
  && document.querySelector('[data-testid=stSkeleton], [data-stale=true]') === null
  && document.fonts.status === 'loaded'
  && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(
    chart => chart.querySelector('canvas, svg.marks'))"""
# What the app adds where it knows that the reader's theme is dark, which it does after the first run.
DARK = """() => [...document.querySelectorAll('[data-testid=stHtml] style')].some(
  style => style.textContent.includes('data-selected'))"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def _no_pdf(page: str, *, identifier: str) -> Any:
    raise pdf.NoPdf("no PDF: the system's Pango library could not be loaded")


@pytest.fixture(scope="session")
def issued(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frozen bulletins, 2026-W38 and W39, without PDFs: test_bulletin renders those. Copy before you write."""
    folder = tmp_path_factory.mktemp("issued")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "render", _no_pdf)
        for day in (date(2026, 9, 20), date(2026, 9, 27)):
            publishing.publish(
                open_store(embedded), folder, day, author="<b>Ana</b> [x](y)", verified=False,
                when=datetime(2026, 10, 1, 12, tzinfo=UTC),
            )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def printed(issued: Path) -> pd.Series:
    """A figure that both frozen bulletins hold: the one with the most digits, so that it is not found by chance."""
    table = pd.read_csv(issued / "week-2026-W38" / "data" / "observations.csv", dtype={"value": str})
    return table.loc[table["value"].str.len().idxmax()]


@pytest.fixture(scope="session")
def hiding(embedded: Path, printed: pd.Series, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded figures, and a later publication that suppresses the printed one."""
    root = shutil.copytree(embedded, tmp_path_factory.mktemp("hiding") / "store")
    store, source = open_store(root), str(printed["source"])
    day = store.publications(source)["as_of"].max()
    row = printed[["indicator", "geography", "substance", "source", "provisional"]].to_dict()
    told = {"period": pd.Timestamp(printed["period"]), "as_of": day, "value": float("nan"), "status": "suppressed"}
    publication = Publication(source, "later.csv", b"hidden", day.date(), datetime(2027, 1, 1, tzinfo=UTC), "test")
    assert store.add(publication, check(pd.DataFrame([row | told])), coverage="keys")
    return root


@pytest.fixture(scope="session", autouse=True)
def _installed_once() -> Iterator[None]:
    """AppTest looks for components in every installed library at each run, for which once a session is enough."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def use_store(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Point the dashboard at a store; what is kept in memory of another one is dropped."""

    def use(store: Path) -> None:
        monkeypatch.setenv("DRUG_TRENDS_STORE", str(store))
        if _held.get("store") != store:
            st.cache_resource.clear()
            _held["store"] = store

    return use


@pytest.fixture
def page(embedded: Path, use_store: Callable[[Path], None]) -> Page:
    """Draw a view for URL parameters; the run is returned without an exception in it."""

    def draw(view: str, /, *, store: Path = embedded, **params: str) -> AppTest:
        use_store(store)
        config.set_option("client.showErrorDetails", "full")  # for the test's own message
        script = (
            f"from dashboard import frame\nfrom dashboard.views import {view}\n{view}.render(frame.selection())"
        )
        app = AppTest.from_string(script, default_timeout=120)
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, "\n".join([app.exception[0].value, *app.exception[0].stack_trace[-3:]])
        return app

    return draw


@pytest.fixture(scope="session")
def studio(bench: Callable[[str], ModuleType]) -> ModuleType:
    """What serves the app and opens its pages."""
    return bench("screenshots")


@pytest.fixture(scope="session")
def walk(bench: Callable[[str], ModuleType]) -> ModuleType:
    """What looks at a page for what is wrong with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))  # it imports its neighbour
        return bench("walk")


@pytest.fixture(scope="session")
def address(
    studio: ModuleType, chromium: str, embedded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The running app on the embedded figures; a test that decides or publishes serves a store of its own."""
    with studio.serving(shutil.copytree(embedded, tmp_path_factory.mktemp("served") / "store")) as url:
        yield url


@pytest.fixture(scope="module")
def browser(studio: ModuleType, chromium: str) -> Iterator[Browser]:
    """A browser, of one module: while it is there, no other test of the process can run an event loop."""
    expect.set_options(timeout=30_000)  # a busy machine answers slowly
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium, args=list(studio.QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def windows(studio: ModuleType, browser: Browser) -> tuple[Opened, list[str]]:
    """One window of each kind, so that the app's own files are loaded once; and the errors of their consoles."""
    errors: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not str(message.location.get("url", "")).endswith(ASKED_TWICE):
            errors.append(message.text)

    @cache
    def window(width: int, theme: str, locale: str) -> Window:
        page = browser.new_context(
            viewport={"width": width, "height": studio.WIDTHS[width]},
            color_scheme=theme,  # type: ignore[arg-type]
            locale=locale,
            reduced_motion="reduce",
            user_agent=PHONE if width < 768 else None,
        ).new_page()
        page.on("console", said)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    return window, errors


@pytest.fixture
def opened(windows: tuple[Opened, list[str]], address: str, settled: Settled) -> Iterator[Opened]:
    """Open a page as on a first visit; at the end nothing may have been written to the console."""
    window, errors = windows
    errors.clear()

    def open_(path: str, *, width: int = 1280, theme: str = "light", locale: str = "en-US") -> Window:
        page = window(width, theme, locale)
        page.context.clear_cookies()
        page.mouse.move(0, 0)
        page.goto(address + path)
        settled(page)
        if theme == "dark":
            page.wait_for_function(DARK, timeout=60_000)
            settled(page)
        return page

    yield open_
    assert errors == []


@pytest.fixture(scope="session")
def settled() -> Settled:
    """Wait until a page is whole."""

    def wait(page: Window) -> None:
        page.wait_for_function(DRAWN, timeout=60_000)
        page.evaluate(TWO_FRAMES)

    return wait


_held: dict[str, Path] = {}
