"""Triage by two sessions at once in a browser: the second is told, and loses nothing that was typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

HOSTILE = "<script>alert(1)</script> **b** [l](javascript:1) :material/home: http://evil.example a@evil.example"
OPEN = "/signals?lang=en&budget=12"  # at which the built-in figures hold signals

expect.set_options(timeout=30_000)  # a busy machine answers slowly


@pytest.fixture(scope="module")
def studio(bench: Callable[[str], ModuleType]) -> ModuleType:
    return bench("screenshots")


@pytest.fixture(scope="module")
def browser(studio: ModuleType) -> Iterator[Browser]:
    path = studio.chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: the browser tests must run here")
        pytest.skip("no Chromium: install Chrome or Chromium, or set CHROMIUM to its path")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=list(studio.QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(studio: ModuleType, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with studio.serving(tmp_path_factory.mktemp("store")) as url:
        yield url


def opened(studio: ModuleType, browser: Browser, address: str) -> tuple[Page, Locator]:
    """The inbox in a session of its own, with the first signal's form open."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address + OPEN)
    studio.settle(page, rest=300)
    card = page.get_by_test_id("stExpander").first
    card.locator("summary").click()
    expect(card.get_by_label("Reason (required)")).to_be_visible()
    return page, card


def choose(card: Locator, words: str) -> None:
    card.get_by_role("radio", name=words).or_(card.get_by_role("button", name=words)).first.click()


def test_of_two_people_deciding_at_once_the_second_is_told_and_keeps_the_reason(
    studio: ModuleType, browser: Browser, address: str
) -> None:
    (first, one), (second, two) = (opened(studio, browser, address) for _ in range(2))
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


def test_without_a_choice_or_a_reason_nothing_is_recorded(
    studio: ModuleType, browser: Browser, address: str
) -> None:
    page, card = opened(studio, browser, address)
    card.get_by_role("button", name="Record", exact=True).click()
    expect(card.get_by_test_id("stAlert")).to_contain_text("Choose a decision first")
    choose(card, "Comment only")
    card.get_by_role("button", name="Record", exact=True).click()
    expect(card.get_by_test_id("stAlert")).to_contain_text("Write the reason first")
    page.context.close()
