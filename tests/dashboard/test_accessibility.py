"""WCAG 2.2 AA by axe-core on every page, and the main paths by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from playwright.sync_api import Page

# What Streamlit's own widgets do, by rule and a part of the element: none of our markup.
OF_STREAMLIT = {
    "target-size": ('aria-label="Clear all"',),  # the cross inside a multiselect, 16 px wide
    "scrollable-region-focusable": ("stDataFrame", "dvn-scroller", "katex"),
    "list": ("stSidebarNav",),  # the side bar of a telephone
    "listitem": ('<li class="st-emotion-cache',),
}
PAGES = ("", "signals?budget=12", "trends", "map", "supply", "benchmarks", "bulletins", "lab", "quality", "methods")
Opened = Callable[..., Page]
Settled = Callable[[Page], None]


def ours(found: list[str]) -> list[str]:
    """The violations that are not in a widget of Streamlit's."""
    return [
        text
        for text in found
        if not any(part in text for rule, parts in OF_STREAMLIT.items() if f"axe {rule} " in text for part in parts)
    ]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_serious_violation(walk: ModuleType, opened: Opened, path: str) -> None:
    assert ours(walk.axe(opened(f"/{path}{'&' if '?' in path else '?'}lang=en"))) == []


@pytest.mark.parametrize(("path", "width"), [("", 390), ("signals?budget=12", 1280), ("map", 1280), ("lab", 390)])
def test_none_in_the_dark_theme_in_spanish(walk: ModuleType, opened: Opened, path: str, width: int) -> None:
    page = opened(f"/{path}{'&' if '?' in path else '?'}lang=es", theme="dark", width=width)
    assert ours(walk.axe(page)) == []


def test_a_violation_would_be_found(walk: ModuleType, opened: Opened) -> None:
    page = opened("/bulletins?lang=en")
    page.evaluate(
        "document.querySelector('[data-testid=stMain]').insertAdjacentHTML('beforeend', '<img src=\"\">')"
    )
    assert any("image-alt" in text for text in ours(walk.axe(page)))


def test_signals_are_reached_by_keyboard_alone(opened: Opened, settled: Settled) -> None:
    page = opened("/?lang=en&budget=12")
    _tab_to(page, "document.activeElement.closest('[data-testid=stTopNavSection]') !== null")
    page.keyboard.press("Enter")
    page.locator("[data-testid=stTopNavDropdownLink][href$='/signals']").wait_for()
    page.wait_for_function("document.activeElement.dataset.testid === 'stTopNavDropdownLink'")
    page.keyboard.press("ArrowDown")  # within a menu
    page.wait_for_function("document.activeElement.href.includes('/signals')")
    page.keyboard.press("Enter")
    page.wait_for_function("location.pathname === '/signals'")
    settled(page)
    _tab_to(page, "(document.activeElement.getAttribute('href') ?? '').includes('/signal?')", most=120)
    outline = page.evaluate(
        "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow]; })()"
    )
    assert outline[0] != "none" or outline[1] != "none"  # where the focus is can be seen


def test_the_language_is_changed_by_keyboard_alone(opened: Opened) -> None:
    page = opened("/?lang=en")
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
