"""One page at a time, on the embedded figures, as a browser would ask for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from dashboard import pdf, publishing
from data_sources.ingest import open_store
from data_sources.observations import check
from data_sources.source import Publication

Page = Callable[..., AppTest]


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the embedded figures alone."""
    folder = tmp_path_factory.mktemp("embedded")
    open_store(folder)
    return folder


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
