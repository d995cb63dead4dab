"""WCAG 2.2 AA by axe-core on every page, and the main paths by keyboard alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# What Streamlit's own widgets do, by rule and a part of the element: none of our markup.
OF_STREAMLIT = {
    "target-size": ('aria-label="Clear all"',),  # the cross inside a multiselect, 16 px wide
    "scrollable-region-focusable": ("stDataFrame", "dvn-scroller", "katex"),
    "list": ("stSidebarNav",),  # the side bar of a telephone
    "listitem": ('<li class="st-emotion-cache',),
}
PAGES = ("", "signals?budget=12", "trends", "map", "supply", "benchmarks", "bulletins", "lab", "quality", "methods")


@pytest.fixture(scope="module")
def walk(bench: Callable[[str], ModuleType], monkeypatch_module: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch_module.syspath_prepend(str(_bench_folder()))
    return bench("walk")


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def _bench_folder() -> Path:
    return Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def browser(walk: ModuleType) -> Iterator[Browser]:
    path = walk.chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: the browser tests must run here")
        pytest.skip("no Chromium: install Chrome or Chromium, or set CHROMIUM to its path")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=list(walk.QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(walk: ModuleType, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with walk.serving(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture
def opened(walk: ModuleType, browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_(path: str, *, width: int = 1280, theme: str = "light", language: str = "en") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": walk.WIDTHS[width]},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{address}/{path}{'&' if '?' in path else '?'}lang={language}")
        walk.settle(page, rest=400 if theme == "light" else 1_500)  # the theme is known after the first run
        return page

    yield open_
    for context in contexts:
        context.close()


def ours(found: list[str]) -> list[str]:
    """The violations that are not in a widget of Streamlit's."""
    return [
        text
        for text in found
        if not any(part in text for rule, parts in OF_STREAMLIT.items() if f"axe {rule} " in text for part in parts)
    ]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_serious_violation(walk: ModuleType, opened: Callable[..., Page], path: str) -> None:
    assert ours(walk.axe(opened(path))) == []


@pytest.mark.parametrize(("path", "width"), [("", 390), ("signals?budget=12", 1280), ("map", 1280), ("lab", 390)])
def test_none_in_the_dark_theme_in_spanish(
    walk: ModuleType, opened: Callable[..., Page], path: str, width: int
) -> None:
    assert ours(walk.axe(opened(path, theme="dark", width=width, language="es"))) == []


def test_a_violation_would_be_found(walk: ModuleType, opened: Callable[..., Page]) -> None:
    page = opened("")
    page.evaluate(
        "document.querySelector('[data-testid=stMain]').insertAdjacentHTML('beforeend', '<img src=\"\">')"
    )
    assert any("image-alt" in text for text in ours(walk.axe(page)))


def test_signals_are_reached_by_keyboard_alone(walk: ModuleType, opened: Callable[..., Page]) -> None:
    page = opened("?budget=12")
    _tab_to(page, "document.activeElement.closest('[data-testid=stTopNavSection]') !== null")
    page.keyboard.press("Enter")
    page.locator("[data-testid=stTopNavDropdownLink][href$='/signals']").wait_for()
    page.wait_for_function("document.activeElement.dataset.testid === 'stTopNavDropdownLink'")
    page.keyboard.press("ArrowDown")  # within a menu
    page.wait_for_function("document.activeElement.href.includes('/signals')")
    page.keyboard.press("Enter")
    page.wait_for_function("location.pathname === '/signals'")
    walk.settle(page, rest=300)
    _tab_to(page, "(document.activeElement.getAttribute('href') ?? '').includes('/signal?')", most=120)
    outline = page.evaluate(
        "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow]; })()"
    )
    assert outline[0] != "none" or outline[1] != "none"  # where the focus is can be seen


def test_the_language_is_changed_by_keyboard_alone(walk: ModuleType, opened: Callable[..., Page]) -> None:
    page = opened("")
    _tab_to(page, "document.activeElement.getAttribute('role') === 'radio'", most=40)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.lang === 'es-MX'")


def _tab_to(page: Page, found: str, *, most: int = 30) -> None:
    """Press Tab until the focus is where it should be."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(found):
            return
    raise AssertionError(f"the focus never came to {found}")
