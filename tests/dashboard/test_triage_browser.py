"""Triage by two sessions at once in a browser: the second is told, and loses nothing that was typed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

HOSTILE = "<script>alert(1)</script> **b** [l](javascript:1) :material/home: http://evil.example a@evil.example"
OPEN = "/signals?lang=en&budget=12"  # at which the built-in figures hold signals

Settled = Callable[[Page], None]


@pytest.fixture(scope="module")
def address(
    studio: ModuleType, chromium: str, embedded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The app on a store of its own, since decisions are kept."""
    with studio.serving(shutil.copytree(embedded, tmp_path_factory.mktemp("triage") / "store")) as url:
        yield url


def inbox(browser: Browser, address: str, settled: Settled) -> tuple[Page, Locator]:
    """The inbox in a session of its own, with the first signal's form open."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address + OPEN)
    settled(page)
    card = page.get_by_test_id("stExpander").first
    card.locator("summary").click()
    expect(card.get_by_label("Reason (required)")).to_be_visible()
    return page, card


def choose(card: Locator, words: str) -> None:
    card.get_by_role("radio", name=words).or_(card.get_by_role("button", name=words)).first.click()


def test_of_two_people_deciding_at_once_the_second_is_told_and_keeps_the_reason(
    browser: Browser, address: str, settled: Settled
) -> None:
    (first, one), (second, two) = (inbox(browser, address, settled) for _ in range(2))
    choose(one, "Take under review")
    one.get_by_label("Reason (required)").fill(HOSTILE)
    choose(two, "Explain as artefact")
    two.get_by_label("Reason (required)").fill("a late agency sent two months at once")
    one.get_by_role("button", name="Record", exact=True).click()
    expect(one).to_contain_text("needs review → under review")
    two.get_by_role("button", name="Record", exact=True).click()
    expect(two.get_by_test_id("stAlert")).to_contain_text("decided on this signal while you were writing")
    expect(two.get_by_test_id("stAlert")).to_contain_text("Your reason is still in the form")
    expect(two.get_by_label("Reason (required)")).to_have_value("a late agency sent two months at once")
    # What the other typed is shown as it was typed: no element, no link, no icon.
    expect(two).to_contain_text(HOSTILE)
    assert two.locator("a, script, b").count() == 0
    choose(two, "Explain as artefact")
    two.get_by_role("button", name="Record", exact=True).click()
    expect(two).to_contain_text("under review → explained as artefact")
    expect(two.get_by_label("Reason (required)")).to_have_value("")
    expect(two).to_contain_text("a late agency sent two months at once")
    for page in (first, second):
        page.context.close()


def test_without_a_choice_or_a_reason_nothing_is_recorded(browser: Browser, address: str, settled: Settled) -> None:
    page, card = inbox(browser, address, settled)
    card.get_by_role("button", name="Record", exact=True).click()
    expect(card.get_by_test_id("stAlert")).to_contain_text("Choose a decision first")
    choose(card, "Comment only")
    card.get_by_role("button", name="Record", exact=True).click()
    expect(card.get_by_test_id("stAlert")).to_contain_text("Write the reason first")
    page.context.close()
