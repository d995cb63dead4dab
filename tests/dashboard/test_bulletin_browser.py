"""A bulletin published in a browser, then rendered again: every byte is the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

from playwright.sync_api import Browser

SLOW = 300_000  # ms for two pages, two PDFs and their pictures on a busy machine


def test_a_bulletin_is_published_once_and_proved(studio: ModuleType, browser: Browser, seeded: Path) -> None:
    with studio.serving(seeded) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(SLOW)
        page.goto(f"{address}/bulletins?lang=en")
        page.get_by_label("Note of US in English").fill("Seizures were late.")
        page.get_by_label("Note of US in Spanish").fill("Los decomisos llegaron tarde.")
        page.get_by_role("button", name="Publish").click()
        page.get_by_text("Published: week 2026-W39").wait_for()
        page.reload()
        page.get_by_role("heading", name="Week 2026-W39", exact=True).wait_for()
        page.get_by_role("button", name="Render again and compare").click()
        page.get_by_text("Every byte is the same as when it was published.").wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="HTML ES").click()
        spanish = Path(download.value.path()).read_text("utf-8")
        page.close()
    assert "Los decomisos llegaron tarde." in spanish
    (line,) = (seeded / "bulletins" / "issued.jsonl").read_text("utf-8").splitlines()
    record = json.loads(line)
    assert (record["week"], record["author"], record["verified"]) == (
        "2026-W39", "local (identity not verified)", False,
    )  # fmt: skip
