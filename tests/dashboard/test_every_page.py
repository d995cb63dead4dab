"""Every page in every state, frame and all: whole, with the words of its state, and in one language."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import frame, settings_words, text
from data_sources.ingest import open_store
from data_sources.registry import SOURCES
from surveillance import pipeline
from surveillance.plan import DEFAULT_PLAN

APP = Path(frame.__file__).with_name("app.py")
FAILED = "us_cbp_seizures"
STATES: dict[str, dict[str, str]] = {
    "normal": {},
    "replay": {"as_of": "2026-09-20"},
    "empty": {"as_of": "2015-01-01"},
    "suppressed": {"indicator": "us_overdose_ed_rate", "place": "US-TX", "substance": "fentanyl"},
    "modified": {"budget": "12"},
    "failed": {},
}
PAGES = (
    "", "signals", "signal?unknown", "signal?open", "trends", "map", "supply", "benchmarks", "bulletins", "lab",
    "quality", "methods",
)  # fmt: skip
# Each page in one language a state, and in both over all of them.
CASES = [
    (state, page, ("en", "es")[(number + place) % 2])
    for number, state in enumerate(STATES)
    for place, page in enumerate(PAGES)
]
NOTHING, NO_FIGURES = "Nothing was known on this day", "No figures were known on this date"
EMPTY = {
    "": NOTHING, "signals": NOTHING, "trends": NO_FIGURES, "map": NO_FIGURES, "supply": NO_FIGURES,
    "lab": "No series can be tried on this date",
}  # fmt: skip


@pytest.fixture(scope="module")
def failed(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded figures, and a source whose last fetch failed."""
    root = shutil.copytree(embedded, tmp_path_factory.mktemp("failed") / "store")
    open_store(root).note_attempt(FAILED, datetime(2026, 10, 1, tzinfo=UTC), "HTTP 403: <b>refused</b>")
    return root


@pytest.fixture(scope="module")
def signal(embedded: Path) -> str:
    """The name of a signal that is open at twice the panel's budget."""
    found = pipeline.run(open_store(embedded), date(2026, 10, 2), replace(DEFAULT_PLAN, budget=12.0))
    return str(found.signals["id"].iloc[0])


@pytest.mark.parametrize(("state", "page", "language"), CASES)
def test_a_page_is_whole_tells_its_state_and_keeps_to_one_language(
    state: str,
    page: str,
    language: text.Language,
    embedded: Path,
    failed: Path,
    signal: str,
    use_store: Callable[[Path], None],
    walk: ModuleType,
) -> None:
    use_store(failed if state == "failed" else embedded)
    path, _, which = page.partition("?")
    asked = STATES[state] | {"lang": language}
    if which:
        asked |= {"signal": "unknown"} if which == "unknown" else {"signal": signal, "budget": "12"}
    app = opened(path, asked)
    assert not app.exception, app.exception[0].value
    assert len(app.title) == 1
    assert app.title[0].value
    shown = said(app)
    t = text.of(language)
    bars = []
    if day := asked.get("as_of"):
        known = t.long_date(date.fromisoformat(day))
        bars.append(t("REPLAY: as known on {day}. Later figures are left out.", day=known))
    if state == "failed":
        names = t(SOURCES[FAILED].title)
        bars.append(t("The last fetch failed for {names}; the last good figures are shown.", names=names))
    told = [bar.value.replace("\\", "") for bar in app.warning]
    replay = t("REPLAY: as known on {day}. Later figures are left out.", day="").split(":")[0]
    assert told[: len(bars)] == bars
    assert any(bar.startswith(replay) for bar in told) == ("as_of" in asked)
    assert (settings_words.modified(t, 1) in shown) == ("budget" in asked)
    if state == "empty" and page in EMPTY:
        assert app.title[0].value == t(EMPTY[page])
    if page == "trends":
        assert (t.status("suppressed") in shown) == (state == "suppressed")
    if language == "es":
        assert english(walk, shown) == []


def english(walk: ModuleType, shown: str) -> list[str]:
    """What the catalogue has in Spanish and a page says in English, but for what it quotes."""
    rest = re.sub("“[^”]*”", "", shown)
    return [
        message
        for message in walk._english()
        if message in rest and re.search(rf"(?<!\w){re.escape(message)}(?!\w)", rest)
    ]


def opened(path: str, asked: dict[str, str]) -> AppTest:
    """The app at an address."""
    app = AppTest.from_file(str(APP), default_timeout=120)
    app._page_hash = calc_hash(path) if path else ""  # `switch_page` knows only pages that are files
    for name, value in asked.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    """Every text of a page: of its elements, blocks and charts, and of its tables."""
    parts = [part for element in _elements(app._tree) for part in _texts(element)]
    parts += [table.value.to_csv() for table in (*app.dataframe, *app.table)]
    return "\n".join(parts).replace("\\", "")


def _elements(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from _elements(child)


def _texts(element: Any) -> Iterator[str]:
    if element.type == "text_area":  # what people write, in the language that its label names
        yield element.label
    elif isinstance(getattr(element, "proto", None), Message):
        yield from _strings(element.proto)


def _strings(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        several = [value] if isinstance(value, (str, Message)) else value if field.is_repeated else []
        for one in several:
            if isinstance(one, Message):
                yield from _strings(one)
            elif isinstance(one, str):
                yield one
