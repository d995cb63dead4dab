"""How fast the pages are: `python bench/pages.py [--store DIR] [--sessions 10]`, medians in headless Chromium.

First visit: from navigation to the first page's sentence on a warm server. Page change: from the click on a
link of the navigation to the new page's title, and to the end of its script. Apply in the Lab: from the click
on the dial to the one series' new answer, and from the click on Apply to that of all series. Then sessions at
once, each on its own language and day, clicking through all pages with about --look seconds between: the 95th
percentile of page changes, errors, whether any page showed another session's day or language, and the memory
that a session adds to the server, whose answers for each day are held before. Of the sessions, --windows draw
what they get, in Chromium beside the server; the others read it over the websocket as a browser would, since
readers bring processors of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from playwright.async_api import Page as AsyncPage
from playwright.async_api import async_playwright
from playwright.sync_api import Browser, Page, sync_playwright
from reader import Reader
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
POLLING = 50  # ms between looks at a page; at every frame, ten windows would do little else
TITLE = "document.querySelector('[data-testid=stMain] h1')?.textContent ?? ''"
NEW_TITLE = f"before => {{ const now = {TITLE}; return now && now !== before; }}"
DAYS = ("2026-11-24", "2026-10-20", "2026-09-20", "2025-12-15", "2025-10-01")
SECTIONS, LINK = "[data-testid=stTopNavSection]", "[data-testid=stTopNavDropdownLink][href$='/{}']"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--windows", type=int, default=1, help="sessions in a browser; the others draw nothing")
    parser.add_argument(
        "--look", type=float, default=2.0, help="seconds before the next click, a half more or less"
    )
    parser.add_argument("--load", action="store_true", help="only the sessions at once")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "store"
        if asked.store:
            shutil.copytree(asked.store, folder)
        with serving(folder) as url:
            if not asked.load:
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path=chromium(), args=list(QUIET))
                    _alone(browser, url)
                    browser.close()
            asyncio.run(_together(url, asked.sessions, min(asked.windows, asked.sessions), asked.look))
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
    rounds: dict[str, list[tuple[float, float]]] = {path: [] for path in PAGES}
    for _ in range(TIMES):
        for path in PAGES:
            rounds[path].append(change(page, path))
    for path, seconds in rounds.items():
        _line(f"change to {path or 'situation'}, title", [title for title, _ in seconds], "< 1.0")
        _line("                      whole page", [whole for _, whole in seconds], "")
    applied = [apply(page, url, number) for number in range(TIMES + 1)][1:]
    _line("Lab, the dial: one series", [one for one, _ in applied], "< 0.5")
    _line("Lab, Apply: all series", [every for _, every in applied], "< 2.0")
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


def change(page: Page, path: str) -> tuple[float, float]:
    """Seconds from the click on a page's link in the navigation to its title, and to a script that has ended."""
    before = page.evaluate(TITLE)
    page.locator(SECTIONS).nth(SECTION[path]).click()
    link = page.locator(LINK.format(path)).first
    link.wait_for()
    start = time.perf_counter()
    link.click()
    page.wait_for_function(NEW_TITLE, arg=before)
    title = time.perf_counter() - start
    page.wait_for_function(SETTLED, timeout=60_000)
    whole = time.perf_counter() - start
    page.wait_for_timeout(500)
    return title, whole


def apply(page: Page, url: str, number: int) -> tuple[float, float]:
    """Seconds from the dial to the one series' answer, and from Apply to that of all, under a draft of its own."""
    guard = 12 - number  # months left out before the one judged; the panel has 6
    page.goto(f"{url}/lab?lang=en&draft=us_cbp_seizure_events.guard%3D{guard}")
    settle(page)
    badge = page.get_by_test_id("stMain").get_by_text("Modified (2 changes), not for publication").first
    start = time.perf_counter()
    page.get_by_test_id("stMain").get_by_role("radio", name=("2", "12")[number % 2], exact=True).click()
    badge.wait_for()
    one = time.perf_counter() - start
    page.wait_for_function(SETTLED, timeout=60_000)
    start = time.perf_counter()
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("heading", name="All ").wait_for(timeout=60_000)
    return one, time.perf_counter() - start


@dataclass
class Walked:
    """One session's walk."""

    seconds: list[tuple[str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def _together(url: str, sessions: int, windows: int, look: float) -> None:
    """Sessions at once: *windows* of them draw, each in a browser context of its own; the others read alone."""
    pid = server()
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=list(QUIET))

        async def window(number: int) -> AsyncPage:
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            page = await context.new_page()
            await page.goto(f"{url}/?{_query(number)}")
            await _ended(page)
            return page

        for number in range(2 * len(DAYS)):  # once, so that the server is warm for every day and language
            reader = await Reader.opened(url, _query(number))
            await _read(reader, number, Walked(), look=0)
            await reader.close()
        before, busy = memory(pid), cpu(pid)
        drawing = {number: await window(number) for number in range(windows)}
        reading = {n: await Reader.opened(url, _query(n)) for n in range(windows, sessions)}
        walks = [Walked() for _ in range(sessions)]
        start = time.perf_counter()
        await asyncio.gather(
            *(_walk(page, number, walks[number], look=look) for number, page in drawing.items()),
            *(_read(reader, number, walks[number], look=look) for number, reader in reading.items()),
        )
        took, after, busy = time.perf_counter() - start, memory(pid), cpu(pid) - busy
        for reader in reading.values():
            await reader.close()
        await browser.close()
    changes = sum(len(walk.seconds) for walk in walks)
    wrong = [text for walk in walks for text in walk.wrong]
    print(f"{sessions} sessions at once, {changes} page changes in {took:.0f} s, looks of about {look:g} s")
    _tail("windows", walks[:windows])
    _tail("readers", walks[windows:])
    print(f"  processor time of the server {busy:.0f} s")
    print(f"  errors and crossings: {len(wrong)}")
    for text in wrong[:10]:
        print(f"    {text}")
    print(
        f"  memory {before:.0f} MB → {after:.0f} MB: {(after - before) / sessions:.1f} MB a session   target < 30"
    )


def _tail(name: str, walks: list[Walked]) -> None:
    seconds = [second for walk in walks for _, second in walk.seconds]
    if len(seconds) < 2:  # no quantiles of one
        return
    tail = quantiles(seconds, n=20)[-1]
    print(f"  {len(walks)} {name}: 95th percentile {tail:.2f} s, median {median(seconds):.2f} s   target < 3.0")
    for path in PAGES:
        own = [second for walk in walks for page, second in walk.seconds if page == path]
        print(f"    {path or 'situation':12} median {median(own):5.2f}, longest {max(own):5.2f}" if own else path)


def _own(number: int) -> tuple[str, str]:
    """The language and the day of a session."""
    return ("en", "es")[number % 2], DAYS[number // 2 % len(DAYS)]


def _query(number: int) -> str:
    language, day = _own(number)
    return f"lang={language}&as_of={day}"


def _order(number: int) -> tuple[str, ...]:
    """All pages, from one that differs between sessions: people do not all open the same page at once."""
    first = number % (len(PAGES) - 1)
    return PAGES[first:] + PAGES[:first]


def _looks(number: int) -> Callable[[float], float]:
    """How long a session looks at each page, about a given time: people do not click in step."""
    chance = random.Random(number)  # the same looks in every run
    return lambda look: look * chance.uniform(0.5, 1.5)


async def _walk(page: AsyncPage, number: int, walk: Walked, *, look: float) -> None:
    """One session in a window."""
    pause = _looks(number)
    for path in _order(number):
        await asyncio.sleep(pause(look))
        try:
            before = await page.evaluate(TITLE)
            await page.locator(SECTIONS).nth(SECTION[path]).click()
            link = page.locator(LINK.format(path)).first
            await link.wait_for()
            start = time.perf_counter()
            await link.click()
            await page.wait_for_function(NEW_TITLE, arg=before, timeout=60_000, polling=POLLING)
            walk.seconds.append((path, time.perf_counter() - start))
            await _ended(page)
            text = await page.locator("[data-testid=stApp]").inner_text()
            failed = bool(await page.locator("[data-testid=stException]").count())
            walk.wrong += _wrong(text, number, path, failed=failed)
        except Exception as error:  # noqa: BLE001  # whatever went wrong is what this script counts
            walk.wrong.append(f"{path}: {type(error).__name__}: {str(error)[:150]}")


async def _read(reader: Reader, number: int, walk: Walked, *, look: float) -> None:
    """One session that draws nothing: a page change lasts until all of the page has come."""
    pause = _looks(number)
    for path in _order(number):
        await asyncio.sleep(pause(look))
        try:
            title, whole = await reader.change(path)
            walk.seconds.append((path, whole))
            if not title:
                walk.wrong.append(f"{path}: no title")
            walk.wrong += _wrong(reader.text().replace("**", ""), number, path, failed=reader.failed())
        except Exception as error:  # noqa: BLE001  # whatever went wrong is what this script counts
            walk.wrong.append(f"{path}: {type(error).__name__}: {str(error)[:150]}")


async def _ended(page: AsyncPage) -> None:
    await page.wait_for_selector("h1, h2", timeout=60_000)
    await page.wait_for_function(SETTLED, timeout=60_000, polling=POLLING)


def _wrong(text: str, number: int, path: str, *, failed: bool) -> list[str]:
    """What is wrong with a page: it must speak the session's language and tell the session's day."""
    language, day = _own(number)
    words = {"en": "Data as known on", "es": "Datos según lo conocido"}[language]
    year, month_day = day[:4], f"{int(day[8:])} "
    found = [f"{path}: a traceback"] if failed else []
    if words not in text:
        return [*found, f"{path}: not in {language}"]
    told = text.split(words)[1]
    if month_day not in told[:24] or year not in told[:30]:
        found.append(f"{path}: another day than {day}: {told[:30]!r}")
    return found


def memory(pid: str) -> float:
    """MB that the server holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def cpu(pid: str) -> float:
    """Seconds of a processor that the server has used."""
    used = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


def server() -> str:
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
