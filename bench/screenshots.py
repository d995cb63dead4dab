"""Screenshots of every page in both languages, two widths and two themes: `python bench/screenshots.py FOLDER`.

Starts the app on a free port with an empty store, or with the one that --store names. Prints a line for each
picture: its name, and whether the page is wider than its window.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

PAGES = ("", "signals", "trends", "lab", "quality")
WIDTHS = {1280: 800, 390: 844}
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip
SETTLED = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
MAIN = "document.querySelector('[data-testid=stMain]')"
OVERFLOW = f"{MAIN}.scrollWidth - {MAIN}.clientWidth"


def main() -> int:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--pages", nargs="+", default=PAGES, help="page, or page?parameters")
    parser.add_argument("--languages", nargs="+", default=("en", "es"))
    parser.add_argument("--widths", nargs="+", type=int, default=tuple(WIDTHS))
    parser.add_argument("--themes", nargs="+", default=("light", "dark"))
    parser.add_argument("--fold", action="store_true", help="the first screen only, not the whole page")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as empty,
        serving(asked.store or Path(empty)) as url,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=chromium(), args=list(QUIET))
        for theme in asked.themes:
            for width in asked.widths:
                for language in asked.languages:
                    for page in asked.pages:
                        name = page.split("?")[0] or "situation"
                        file = asked.folder / f"{name}_{language}_{width}_{theme}.png"
                        address = f"{url}/{page}{'&' if '?' in page else '?'}lang={language}"
                        print(picture(browser, address, file, width, theme, fold=asked.fold), flush=True)
        browser.close()
    return 0


def picture(browser: Browser, address: str, file: Path, width: int, theme: str, *, fold: bool) -> str:
    """Write one picture; its name and what is wrong with the page."""
    height = WIDTHS.get(width, 800)
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text[:200]) if message.type == "error" else None)
    page.goto(address)
    settle(page)
    if not fold:
        page.set_viewport_size({"width": width, "height": int(page.evaluate(f"{MAIN}.scrollHeight")) + 80})
        settle(page)
    over = page.evaluate(OVERFLOW)
    tall = page.evaluate(f"{MAIN}.scrollHeight")
    page.screenshot(path=file)
    context.close()
    return (
        f"{file.name}: {tall} px high"
        + (f", {over} px too wide" if over > 0 else "")
        + "".join(f"; {text}" for text in wrong)
    )


def settle(page: Page, *, rest: int = 1_200) -> None:
    """Wait until the script has run, and *rest* ms more for the charts."""
    page.wait_for_selector("h1, h2", timeout=60_000)
    page.wait_for_function(SETTLED, timeout=60_000)
    page.wait_for_timeout(rest)


def chromium() -> str | None:
    """The path of a browser: $CHROMIUM, else the system's; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def serving(store: Path) -> Iterator[str]:
    """The app on a free port of this machine, stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dashboard", "--store", str(store), "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urlopen(f"{url}/_stcore/health", timeout=1).close()
                break
            except (URLError, TimeoutError):
                time.sleep(0.5)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


if __name__ == "__main__":
    sys.exit(main())
