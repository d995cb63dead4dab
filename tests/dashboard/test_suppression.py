"""A hidden number is nowhere: not in what pages send, not in answers, exports or logs, as of no day.

Two numbers are planted: a twelve-month sum that a first file gave and a second one suppresses, and a month below 10
that follows from sums that are shown. A third, public one is the control: it must be found by the same search.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, FilePayload, Page, Response, WebSocket

from dashboard import cli, pdf
from dashboard.api.routes import listed
from data_sources.ingest import open_store
from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store
from surveillance.own_series import read
from surveillance.recovered import months_inside
from surveillance.rolling import recover

HIDDEN, SMALL, PUBLIC = 37.123457, 6.234567, 38.765432
OWN = 7.918273  # in a reader's own file
SUMS, MONTHS, CDC = "us_overdose_deaths_12m", "us_overdose_deaths_monthly", "us_cdc_overdose_deaths"
FIRST, SECOND = date(2026, 5, 13), date(2026, 8, 12)
PLACE, DRUG = "US-WY", "heroin"
AXIS = pd.date_range("2020-01-01", "2025-12-01", freq="MS")
CELL, OTHER = AXIS[-8], AXIS[-14]  # of the hidden number, and of the public one
LINK = f"indicator={SUMS}&place={PLACE}&substance="
PAGES = (
    "", "signals", "signal?signal=" + f"{SUMS}.{PLACE}.{DRUG}.2025-01-01.sums", f"trends?{LINK}{DRUG}",
    f"trends?{LINK}all", f"map?{LINK}{DRUG}", "supply", "benchmarks", "bulletins", f"lab?{LINK}{DRUG}", "quality",
    "methods",
)  # fmt: skip
Settled = Callable[[Page], None]


def true_months() -> pd.Series:
    """Monthly deaths of the small state from 2019 on: some 30 each, and one below 10."""
    axis = pd.date_range("2019-02-01", AXIS[-1], freq="MS")
    months = pd.Series(30.0 + np.arange(len(axis)) % 7 + 0.25, axis)
    months[pd.Timestamp("2024-09-01")] = SMALL
    return months


def rows(indicator: str, values: pd.Series, substance: str, as_of: date, *, source: str = CDC) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "indicator": indicator,
            "geography": PLACE,
            "substance": substance,
            "period": values.index,
            "source": source,
            "as_of": pd.Timestamp(as_of),
            "value": values.to_numpy(),
            "status": np.where(values.isna(), "suppressed", "reported"),
            "provisional": False,
        }
    )


def plant(embedded: Path, root: Path) -> Store:
    """A store with the embedded figures, a year of seeds, and two files of the agency."""
    store, months = open_store(shutil.copytree(embedded, root)), true_months()
    sums = months.rolling(12).sum().loc[AXIS]
    heroin = pd.Series(40.0 + np.arange(len(AXIS)) % 5, AXIS)
    heroin[CELL], heroin[OTHER] = HIDDEN, PUBLIC

    def put(day: date, table: pd.DataFrame, source: str = CDC) -> None:
        when = datetime(2026, 9, 1, tzinfo=UTC)
        raw = table.drop(columns="value").to_csv().encode()
        store.add(Publication(source, f"{day}.csv", raw, day, when, "test"), check(table), coverage="keys")

    pack = "published_figures"
    put(FIRST, rows(MONTHS, months.loc[:"2020-01-01"], "all", FIRST, source=pack), pack)  # type: ignore[misc]
    put(FIRST, pd.concat([rows(SUMS, sums, "all", FIRST), rows(SUMS, heroin, DRUG, FIRST)]))
    heroin[CELL] = np.nan
    put(SECOND, pd.concat([rows(SUMS, sums, "all", SECOND), rows(SUMS, heroin, DRUG, SECOND)]))
    return store


def holds(content: bytes, *numbers: float) -> bool:
    """Whether bytes hold one of the numbers: as text to six digits or as a 64-bit float, at any place."""
    # Six digits as the exports write them, or more; fewer are found by chance in a picture's coordinates.
    spellings = {spelt for number in numbers for spelt in (f"{number:.6g}", f"{number:.6f}"[:8])}
    pattern = "|".join(re.escape(each).replace(r"\.", "[.,]") for each in sorted(spellings))
    if re.search(rb"(?<![0-9.])(?:" + pattern.encode() + rb")", content):
        return True
    for start in range(min(8, len(content) - 7)):
        floats = np.frombuffer(content, "<f8", count=(len(content) - start) // 8, offset=start)
        with np.errstate(invalid="ignore"):
            if any((np.abs(floats - number) < 1e-4).any() for number in numbers):
                return True
    return False


@pytest.fixture(scope="module")
def store(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return plant(embedded, tmp_path_factory.mktemp("planted") / "store")


@pytest.fixture(scope="module")
def served(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The app on the planted store, and its log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "log"
    command = [sys.executable, "-m", "dashboard", "--store", str(store.root), "serve", "--port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield SimpleNamespace(url=url, log=log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the app did not start")


def test_the_search_finds_text_and_floats_anywhere() -> None:
    for number in (HIDDEN, SMALL, PUBLIC):
        assert holds(f"x{number}y".encode(), number)
        assert holds(f"{number:.6g}".replace(".", ",").encode(), number)
        assert holds(repr(number).encode(), number)
        for before in range(9):
            assert holds(b"\1" * before + np.float64(number).tobytes() + b"\1\2", number)
        assert not holds(np.arange(0, 50, 0.5).tobytes() + b"37.124 6.24 38.7", number)


def test_what_is_planted_is_there_to_be_found(store: Store) -> None:
    """Each number follows from what the store holds, so that a page without our rules would show it."""
    held = store._log(CDC).rows
    assert (held["value"] == HIDDEN).any()
    months = true_months()
    seeds = months.loc[:"2020-01-01"].to_numpy()[:, None]  # type: ignore[misc]
    sums = store.vintage(CDC, SUMS, SECOND)
    shown = sums[sums["substance"] == "all"].sort_values("period")["value"].to_numpy()[:, None]
    assert np.isclose(recover(shown, seeds), SMALL, atol=1e-6).any()


@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_no_reading_of_the_store_gives_what_is_hidden(store: Store, day: date) -> None:
    for table in (store.known_on(day), store.vintage(CDC, SUMS, day), store.revisions(SUMS, PLACE, DRUG)):
        assert not np.isclose(table["value"], HIDDEN).any()
        assert np.isclose(table["value"], PUBLIC).any()
        cell = table[(table["substance"] == DRUG) & (table["period"] == CELL) & (table["geography"] == PLACE)]
        assert set(cell["status"]) == {"suppressed"}


@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_months_of_a_place_with_a_small_one_are_withheld(store: Store, day: date) -> None:
    table = months_inside(store, day, SUMS, PLACE, "all")
    assert set(table["status"]) == {"suppressed"}
    assert table["value"].isna().all()


def test_small_counts_of_an_uploaded_series_are_left_out_and_no_message_repeats_a_number() -> None:
    lines = [f"2024-{month:02d},{40 + month}" for month in range(1, 13)]
    own = read("\n".join(["date,value", *lines, "2025-01,7"]).encode(), measure="count", public=False)
    assert own.suppressed == 1
    assert own.wide.status.iloc[-1, 0] == "suppressed"
    assert not (own.wide.observed == 7).any(axis=None)
    with pytest.raises(ValueError) as refused:
        read("\n".join(["date,value", *lines, f"2025-01,{HIDDEN}"]).encode(), measure="count", public=False)
    assert str(HIDDEN) not in str(refused.value)


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as reply:
        return bytes(reply.read())


@pytest.mark.parametrize("form", ["json", "csv"])
def test_no_answer_to_a_program_holds_it(served: SimpleNamespace, form: str) -> None:
    found = b""
    for day in (FIRST, SECOND):
        for path in listed():
            single = path.endswith(("/", "openapi.json"))
            query = "" if single else f"?as_of={day}&format={form}&limit=5000"
            if path.endswith(("observations", "assessments")):
                query += f"&geography={PLACE}"
            if path.endswith("recovered-months"):
                query += f"&indicator={SUMS}&geography={PLACE}&substance=all"
            content = fetched(f"{served.url}{path}{query}")
            assert not holds(content, HIDDEN, SMALL), path
            found += content
    assert holds(found, PUBLIC), "the control was not found: this test could not fail"
    if form == "json":
        query = f"as_of={SECOND}&geography={PLACE}&substance={DRUG}&indicator={SUMS}&status=suppressed"
        rows = json.loads(fetched(f"{served.url}/api/v1/observations?{query}"))["data"]
        assert [(row["period"], row["value"], row["status"]) for row in rows] == [
            (f"{CELL:%Y-%m-%d}", None, "suppressed")
        ]


def test_no_export_and_no_output_of_a_command_holds_it(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # A PDF says what its page says, which is searched; its packed bytes hold any short number by chance.
    monkeypatch.setattr(pdf, "render", no_pdf)
    for day in (FIRST, SECOND):
        for command in (
            ["snapshot", "--as-of", f"{day}", "--out", str(tmp_path / "snapshots")],
            ["observations", "--as-of", f"{day}", "--geography", PLACE],
            ["assess", "--all", "--as-of", f"{day}", "--geography", PLACE, "--format", "csv"],
        ):
            assert cli.main(["--store", str(store.root), *command]) == 0
    printed = capfd.readouterr()
    said = f"{printed.out}{printed.err}{caplog.text}".encode()
    files = sorted(path for path in (tmp_path / "snapshots").rglob("*") if path.is_file())
    written = b"\n".join(path.read_bytes() for path in files)
    assert {path.suffix for path in files} >= {".csv", ".html", ".json", ".svg"}
    for content in (said, written):
        assert not holds(content, HIDDEN, SMALL)
        assert holds(content, PUBLIC)


def no_pdf(page: str, *, identifier: str) -> Any:
    raise pdf.NoPdf("not in this test")


@pytest.mark.parametrize("day", [None, FIRST])
def test_nothing_that_a_page_sends_holds_it(
    served: SimpleNamespace, window: Page, settled: Settled, day: date | None
) -> None:
    page, sent = window, dict[str, list[bytes]]()
    for path in PAGES:
        with captured(page) as sent[path]:
            address = f"{path}{'&' if '?' in path else '?'}lang=en" + (f"&as_of={day}" if day else "")
            page.goto(f"{served.url}/{address}")
            settled(page)
            for button in page.get_by_test_id("stDownloadButton").get_by_role("button").all()[:4]:
                if button.is_visible():
                    with page.expect_download() as saved:
                        button.click()
                    sent[path].append(Path(saved.value.path()).read_bytes())
            sent[path].append(page.content().encode())
            sent[path].append(page.url.encode())
    for path, parts in sent.items():
        assert sum(map(len, parts)) > 10_000, path
        assert not any(holds(part, HIDDEN, SMALL) for part in parts), path
    assert any(holds(part, PUBLIC) for part in sent[f"trends?{LINK}{DRUG}"]), "this test could not fail"
    log = served.log.read_bytes()
    assert log
    assert not re.search(rb"Traceback", log), log.decode()
    assert not holds(log, HIDDEN, SMALL)


def own_file(last: float, *, rows: int) -> FilePayload:
    """Monthly figures in a file of *rows* rows, the last of them *last*."""
    months = AXIS[-rows:]
    lines = [f"{month:%Y-%m},{20 + place % 5}" for place, month in enumerate(months[:-1])]
    text = "\n".join(["date,value", *lines, f"{months[-1]:%Y-%m},{last}"])
    return {"name": "own.csv", "mimeType": "text/csv", "buffer": text.encode()}


def test_a_reader_s_own_figures_stay_in_the_session_that_brought_them(
    served: SimpleNamespace, window: Page, browser: Browser, settled: Settled
) -> None:
    page, other = window, browser.new_page()
    with captured(page) as mine, captured(other) as theirs:
        page.goto(f"{served.url}/lab?lang=en")
        page.get_by_text("Your own series", exact=True).click(timeout=60_000)
        picker = page.get_by_test_id("stFileUploader").locator("input[type=file]")
        picker.wait_for(state="attached", timeout=60_000)
        settled(page)
        picker.set_input_files(own_file(SMALL, rows=72))  # counts are whole numbers: refused, and not repeated
        page.get_by_text("a whole number, since these are counts").first.wait_for(timeout=60_000)
        settled(page)
        refused = list(mine)
        page.get_by_label("The values are").click()
        page.get_by_role("option", name="rates").click()
        page.get_by_text("72 periods taken.").wait_for(timeout=60_000)
        settled(page)
        page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(own_file(OWN, rows=71))
        page.get_by_text("71 periods taken.").wait_for(timeout=60_000)
        settled(page)
        other.goto(f"{served.url}/lab?lang=en")
        other.get_by_text("Your own series", exact=True).click(timeout=60_000)
        other.get_by_text("Choose a file above").wait_for(timeout=60_000)
        settled(other)
        theirs.append(other.content().encode())
        addresses = f"{page.url}\n{other.url}".encode()
    other.close()
    assert not any(holds(part, SMALL) for part in refused)
    assert any(holds(part, OWN) for part in mine), "the file was not shown: this test could not fail"
    answers = [fetched(f"{served.url}/api/v1/series"), fetched(f"{served.url}/api/v1/assessments?limit=5000")]
    log = served.log.read_bytes()
    assert b"Traceback" not in log
    for part in (*theirs, *answers, addresses, log):
        assert not holds(part, OWN)


@pytest.fixture
def window(windows: tuple[Callable[..., Page], list[str]]) -> Page:
    return windows[0](1280, "light", "en-US")


@contextmanager
def captured(page: Page) -> Iterator[list[bytes]]:
    """What the page's web sockets and requests bring, as it comes."""
    parts: list[bytes] = []

    def frame(payload: str | bytes) -> None:
        parts.append(payload.encode() if isinstance(payload, str) else payload)

    def socket_(opened: WebSocket) -> None:
        opened.on("framereceived", frame)
        opened.on("framesent", frame)

    def response(reply: Response) -> None:
        parts.append(reply.url.encode())

    page.on("websocket", socket_)
    page.on("response", response)
    yield parts
    page.remove_listener("websocket", socket_)
    page.remove_listener("response", response)
