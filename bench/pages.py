"""How fast the pages are: `python bench/pages.py [--store DIR] [--sessions 10]`, medians in headless Chromium.

First visit: from navigation to the first page's sentence on a warm server. Page change: from the click on a link
of the navigation to the new page's title. Apply in the Lab. Memory a session adds to the server. Then sessions at
once, each on its own language and day, clicking through all pages: the 95th percentile of page changes, errors,
and whether any page showed another session's day or language.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page, sync_playwright
from screenshots import QUIET, SETTLED, chromium, serving, settle

PAGES = ("signals", "trends", "map", "supply", "benchmarks", "bulletins", "lab", "quality", "methods", "")
# Which drop-down of the navigation holds a page.
SECTION = dict(
    zip(
        ("signals", "", "trends", "map", "supply", "benchmarks", "bulletins", "lab", "quality", "methods"),
        (0, 0, 1, 1, 1, 2, 2, 3, 4, 4),
        strict=True,
    )
)
TIMES = 5
TITLE = "document.querySelector('[data-testid=stMain] h1')?.innerText ?? ''"
DAYS = ("2026-11-24", "2026-10-20", "2026-09-20", "2025-12-15", "2025-10-01")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--sessions", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "store"
        if asked.store:
            shutil.copytree(asked.store, folder)
        with serving(folder) as url, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium(), args=list(QUIET))
            _alone(browser, url)
            browser.close()
            _together(url, asked.sessions)
    return 0


def _line(name: str, seconds: list[float], target: str) -> None:
    print(f"{name:44}{median(seconds):8.2f}{min(seconds):8.2f}{max(seconds):8.2f}   {target}", flush=True)


def _alone(browser: Browser, url: str) -> None:
    print(f"{'one session, seconds':44}{'median':>8}{'min':>8}{'max':>8}   target")
    visit(browser, url)  # the server's first page judges every series
    first = [visit(browser, url) for _ in range(TIMES)]
    _line("first visit, sentence on screen", first, "< 2.0")
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(f"{url}/?lang=en")
    settle(page)
    for path in PAGES:  # each page once, so that its answers are held
        change(page, path)
    rounds = {path: [change(page, path) for path in [path] for _ in range(1)] for path in PAGES}
    for _ in range(TIMES - 1):
        for path in PAGES:
            rounds[path].append(change(page, path))
    for path, seconds in rounds.items():
        _line(f"change to {path or 'situation'}", seconds, "< 1.0")
    context.close()


def visit(browser: Browser, url: str) -> float:
    """Seconds from navigation to the first page's title."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    start = time.perf_counter()
    page.goto(f"{url}/?lang=en", wait_until="commit")
    page.wait_for_selector("[data-testid=stMain] h1", timeout=60_000)
    seconds = time.perf_counter() - start
    settle(page)
    context.close()
    return seconds


def change(page: Page, path: str) -> float:
    """Seconds from the click on a page's link in the navigation to its title and a script that has ended."""
    before = page.evaluate(TITLE)
    page.get_by_test_id("stTopNavSection").nth(SECTION[path]).click()
    link = page.locator(f"[data-testid=stTopNavDropdownLink][href$='/{path}']").first
    link.wait_for()
    start = time.perf_counter()
    link.click()
    page.wait_for_function(f"before => {{ const now = {TITLE}; return now && now !== before; }}", arg=before)
    seconds = time.perf_counter() - start
    page.wait_for_function(SETTLED, timeout=60_000)
    return seconds


@dataclass
class Walked:
    """One session's walk."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def _together(url: str, sessions: int) -> None:
    """Sessions at once, each a browser context in a thread of its own."""
    before = memory()
    walks = [Walked() for _ in range(sessions)]
    threads = [threading.Thread(target=_walk, args=(url, number, walks[number])) for number in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = sorted(second for walk in walks for second in walk.seconds)
    wrong = [text for walk in walks for text in walk.wrong]
    print(f"{sessions} sessions at once, {len(seconds)} page changes")
    print(f"  95th percentile {quantiles(seconds, n=20)[-1]:.2f} s, median {median(seconds):.2f} s   target < 3.0")
    print(f"  errors and crossings: {len(wrong)}")
    for text in wrong[:10]:
        print(f"    {text}")
    print(f"  memory {before:.0f} MB → {memory():.0f} MB: {(memory() - before) / sessions:.1f} MB a session")


def _walk(url: str, number: int, walk: Walked) -> None:
    language = ("en", "es")[number % 2]
    day = DAYS[number // 2 % len(DAYS)]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=list(QUIET))
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(f"{url}/?lang={language}&as_of={day}")
        settle(page)
        for path in PAGES:
            _try(walk, lambda path=path: walk.seconds.append(change(page, path)))  # type: ignore[misc]
            _check(page, language, day, path, walk)
            page.wait_for_timeout(700)  # a reader looks before the next click
        browser.close()


def _try(walk: Walked, step: Callable[[], None]) -> None:
    try:
        step()
    except Exception as error:  # noqa: BLE001  # whatever went wrong is what this script counts
        walk.wrong.append(f"{type(error).__name__}: {str(error)[:150]}")


def _check(page: Page, language: str, day: str, path: str, walk: Walked) -> None:
    """The page speaks the session's language and tells the session's day."""
    text = page.locator("[data-testid=stApp]").inner_text()
    words = {"en": "Data as known on", "es": "Datos según lo conocido"}[language]
    year = day[:4]
    number = str(int(day[8:]))
    if words not in text:
        walk.wrong.append(f"{path}: not in {language}")
    elif f"{number} " not in text.split(words)[1][:24] or year not in text.split(words)[1][:30]:
        walk.wrong.append(f"{path}: another day than {day}: {text.split(words)[1][:30]!r}")
    if page.locator("[data-testid=stException]").count():
        walk.wrong.append(f"{path}: a traceback")


def memory() -> float:
    """MB that the server of this script holds."""
    pid = os.environ.get("PAGES_SERVER") or _child()
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def _child() -> str:
    """The process that serves: the child of this one that runs Streamlit."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
                parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            except (OSError, IndexError):
                continue
            if parent == str(os.getpid()) and "--server.port" in command:
                return folder.name
    raise SystemExit("the server is not a child of this process")


if __name__ == "__main__":
    sys.exit(main())
