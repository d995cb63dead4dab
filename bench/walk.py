"""Every page in both languages, two widths and six states: `python bench/walk.py FOLDER [--store DIR]`.

Prints one line a page: errors of the console, tracebacks, width, English on a Spanish page, and (with --axe)
violations of WCAG 2.2 AA by axe-core that are serious or critical. Ends with 1 where anything but width was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from screenshots import MAIN, OVERFLOW, QUIET, WIDTHS, chromium, serving, settle

from data_sources.ingest import open_store

PAGES = (
    "", "signals", "signal?signal=unknown", "signal?signal=us_overdose_deaths_12m.US.all.2020-05-01.sums", "trends",
    "map", "supply", "benchmarks", "bulletins", "lab", "quality", "methods",
)  # fmt: skip
# What the address holds in each state; `failed` needs a store of its own.
STATES = {
    "normal": "",
    "replay": "as_of=2026-09-20",
    "empty": "as_of=2015-01-01",
    "failed": "",
    "suppressed": "indicator=us_overdose_ed_rate&place=US-TX&substance=fentanyl",
    "modified": "budget=12",
}
# Streamlit asks for these where a page is opened by its address, and finds them elsewhere.
ASKED_TWICE = ("_stcore/health", "_stcore/host-config")
# What Streamlit's own widgets violate, by axe's rule and a part of the element: none of our markup.
OF_STREAMLIT = {
    "target-size": ('aria-label="Clear all"',),  # the cross inside a multiselect, 16 px wide
    "scrollable-region-focusable": ("stDataFrame", "dvn-scroller", "katex"),
    "list": ("stSidebarNav",),  # the side bar of a telephone
    "listitem": ('<li class="st-emotion-cache',),
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Found:
    """What is wrong with one page."""

    console: list[str] = field(default_factory=list)
    traceback: str = ""
    english: list[str] = field(default_factory=list)
    wide: int = 0
    axe: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"console: {text}" for text in self.console]
        parts += [f"traceback: {self.traceback}"] if self.traceback else []
        parts += [f"English: {text!r}" for text in self.english]
        parts += [f"{self.wide} px too wide"] if self.wide > 0 else []
        return "; ".join(parts + self.axe)

    @property
    def wrong(self) -> bool:
        return bool(self.console or self.traceback or self.english or self.axe)


def main() -> int:
    """Walk, and count what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--pages", nargs="+", default=PAGES)
    parser.add_argument("--states", nargs="+", default=tuple(STATES))
    parser.add_argument("--languages", nargs="+", default=("en", "es"))
    parser.add_argument("--widths", nargs="+", type=int, default=tuple(WIDTHS))
    parser.add_argument("--themes", nargs="+", default=("light",))
    parser.add_argument("--axe", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    wrong = walked = 0
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=list(QUIET))
        for failed in (False, True):
            states = [state for state in asked.states if (state == "failed") == failed]
            if not states:
                continue
            with serving(_store(asked.store, Path(scratch), failed=failed)) as url:
                for state in states:
                    for theme in asked.themes:
                        for width in asked.widths:
                            for language in asked.languages:
                                for page in asked.pages:
                                    found = visit(browser, url, page, state, language, width, theme, asked)
                                    walked += 1
                                    wrong += found.wrong
        browser.close()
    print(f"{walked} pages, {wrong} with something wrong")
    return 1 if wrong else 0


def _store(given: Path | None, scratch: Path, *, failed: bool) -> Path:
    """A copy of the store, so that the walk changes nothing; with *failed*, of which one fetch failed."""
    folder = scratch / ("failed" if failed else "good")
    if given:
        shutil.copytree(given, folder)
    else:
        folder.mkdir()
    if failed:
        open_store(folder).note_attempt(
            "us_cbp_seizures", datetime.now(UTC), "HTTP 403: the publisher refused <b>this</b> program"
        )
    return folder


def visit(
    browser: Browser,
    url: str,
    page: str,
    state: str,
    language: str,
    width: int,
    theme: str,
    asked: argparse.Namespace,
) -> Found:
    """Open one page, take its picture, and look for what is wrong."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS.get(width, 800)},
        color_scheme=theme,
        locale="es-MX" if language == "es" else "en-US",
        reduced_motion="reduce",
    )  # type: ignore[arg-type]
    tab, found = context.new_page(), Found()
    tab.on(
        "console", lambda message: _console(found, message.type, f"{message.text} {message.location.get('url')}")
    )
    query = "&".join(part for part in (f"lang={language}", STATES[state]) if part)
    tab.goto(f"{url}/{page}{'&' if '?' in page else '?'}{query}")
    try:
        settle(tab)
    except PlaywrightTimeout:
        found.traceback = "no heading within a minute"
    height = min(int(tab.evaluate(f"{MAIN}.scrollHeight")) + 80, 6000)
    tab.set_viewport_size({"width": width, "height": height})
    settle(tab, rest=900)
    trace = tab.locator("[data-testid=stException]")
    found.traceback = trace.first.inner_text()[:200] if trace.count() else ""
    found.wide = int(tab.evaluate(OVERFLOW))
    if language == "es":
        found.english = english(tab)
    if asked.axe:
        found.axe = axe(tab)
    name = f"{re.sub(r'[^a-z]+', '-', page)[:24] or 'situation'}_{state}_{language}_{width}_{theme}"
    tab.screenshot(path=asked.folder / f"{name}.png")
    context.close()
    print(f"{name}: {found}", flush=True)
    return found


def _console(found: Found, kind: str, text: str) -> None:
    if kind == "error" and not any(name in text for name in ASKED_TWICE):
        found.console.append(text[:200])


def english(page: Page) -> list[str]:
    """Sentences of ours that stand in English on a Spanish page, but for what is marked as English."""
    text = re.sub("“[^”]*”", "", str(page.evaluate(_VISIBLE)))  # what is quoted stands as it was said
    return [message for message in _english() if re.search(rf"(?<!\w){re.escape(message)}(?!\w)", text)]


_VISIBLE = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  const marked = [...app.querySelectorAll('[lang=en], code')].map(node => [node, node.style.display]);
  marked.forEach(([node]) => node.style.display = 'none');
  const text = app.innerText;
  marked.forEach(([node, display]) => node.style.display = display);
  const told = [...app.querySelectorAll('[aria-label], [alt], [title]')].filter(node => !node.closest('[lang=en]'));
  const said = told.map(
    node => [node.getAttribute('aria-label'), node.getAttribute('alt'), node.getAttribute('title')].join(' '));
  return text + ' ' + said.join(' ');
}"""
_CACHE: list[str] = []


def _english() -> list[str]:
    """English messages that differ from their Spanish, have no placeholder, and are longer than a word."""
    if not _CACHE:
        spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
        assert spec is not None
        assert spec.loader is not None
        messages = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(messages)
        for message in messages.held():
            one = message.id if isinstance(message.id, str) else message.id[0] if message.id else ""
            there = message.string if isinstance(message.string, str) else " ".join(message.string or ())
            for piece in re.split(r"\{\w+\}|\*\*", one):
                piece = piece.strip(" .,;:()")
                if " " in piece and len(piece) >= 8 and piece.lower() not in there.lower() and piece not in _CACHE:
                    _CACHE.append(piece)
    return _CACHE


def axe(page: Page) -> list[str]:
    """Serious and critical violations of WCAG 2.2 AA, but Streamlit's own: rule, how many nodes, one of them."""
    from axe_playwright_python.sync_playwright import Axe

    answer = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    found = []
    for one in answer.response["violations"]:
        allowed = OF_STREAMLIT.get(one["id"], ())
        nodes = [
            node for node in one["nodes"] if not any(part in f"{node['html']} {node['target']}" for part in allowed)
        ]
        if nodes and one["impact"] in ("serious", "critical"):
            found.append(
                f"axe {one['id']} ({one['impact']}): {len(nodes)}, {nodes[0]['target']} {nodes[0]['html'][:160]}"
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
