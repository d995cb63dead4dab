"""One page at a time, on the embedded figures, as a browser would ask for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from data_sources.ingest import open_store

Page = Callable[..., AppTest]


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the embedded figures alone."""
    folder = tmp_path_factory.mktemp("embedded")
    open_store(folder)
    return folder


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


_held: dict[str, Path] = {}
