"""The running app in a browser: every page in both languages, two widths and two themes, and the links into it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

# What the navigation offers, in order: section, page, address.
PAGES = {
    "en": (
        ("Monitor", "Situation", "/"),
        ("Monitor", "Signals", "/signals"),
        ("Explore", "Trends", "/trends"),
        ("Explore", "Map", "/map"),
        ("Explore", "Supply", "/supply"),
        ("Decide", "Benchmarks", "/benchmarks"),
        ("Decide", "Bulletins", "/bulletins"),
        ("Lab", "Lab", "/lab"),
        ("Trust", "Data & quality", "/quality"),
        ("Trust", "Methods & glossary", "/methods"),
    ),
    "es": (
        ("Monitorear", "Situación", "/"),
        ("Monitorear", "Señales", "/signals"),
        ("Explorar", "Tendencias", "/trends"),
        ("Explorar", "Mapa", "/map"),
        ("Explorar", "Oferta", "/supply"),
        ("Decidir", "Indicadores", "/benchmarks"),
        ("Decidir", "Boletines", "/bulletins"),
        ("Laboratorio", "Laboratorio", "/lab"),
        ("Confianza", "Datos y calidad", "/quality"),
        ("Confianza", "Métodos y glosario", "/methods"),
    ),
}
WRONG = ("Traceback", "Error:", "NaN", " nan ", "{", "}")  # on no page
Opened = Callable[..., Page]
Settled = Callable[[Page], None]


def go_to(page: Page, width: int, section: str, name: str) -> None:
    """Click through the navigation, which is a side bar on a narrow window."""
    if width >= 768:
        page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
        page.get_by_test_id("stTopNavDropdownLink").filter(has_text=name).click()
        page.get_by_test_id("stTopNavPopover").wait_for(state="hidden")
        return
    expand = page.get_by_test_id("stExpandSidebarButton")
    if expand.is_visible():
        expand.click()
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    expand.wait_for()


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


# Every pair of a language, a width and a theme.
@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [("en", 1280, "light"), ("en", 390, "dark"), ("es", 1280, "dark"), ("es", 390, "light")],
)
def test_every_page_is_reached_and_whole(
    studio: ModuleType, opened: Opened, settled: Settled, language: str, width: int, theme: str
) -> None:
    page = opened(f"/?lang={language}", width=width, theme=theme)
    seen = set()
    for section, name, path in PAGES[language][1:] + PAGES[language][:1]:
        go_to(page, width, section, name)
        page.wait_for_function(f"location.pathname === '{path}'")
        page.wait_for_function(f"document.title.startsWith('{name}')")
        settled(page)
        seen.add(heading(page))
        body = page.get_by_test_id("stMain").inner_text()
        wrong = [word for word in WRONG if word in body and not (path == "/methods" and word in "{}")]  # formulas
        assert not wrong, body
        assert page.get_by_test_id("stException").count() == 0
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.lang") == {"en": "en-US", "es": "es-MX"}[language]
        assert parse_qs(urlsplit(page.url).query)["lang"] == [language]
        over = page.evaluate(f"[document.documentElement.scrollWidth - innerWidth, {studio.OVERFLOW}]")
        assert max(over) <= 0, f"{path} is {over} px wider than its window"
    assert len(seen) == len(PAGES[language])


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_first_screen_holds_the_sentence_the_tiles_and_three_signals(opened: Opened, language: str) -> None:
    page = opened(f"/?lang={language}&budget=12")  # at which the built-in figures hold signals
    main = page.get_by_test_id("stMain")
    lead, links = main.locator("h1"), main.get_by_role("link", name={"en": "Dossier", "es": "Expediente"}[language])
    bottoms = [place["y"] + place["height"] for link in links.all() if (place := link.bounding_box())]
    assert 0 < len(bottoms) <= 3
    assert max(bottoms) <= 800
    assert lead.is_visible()
    assert main.get_by_text({"en": "grade", "es": "grado"}[language]).count() >= 5  # tiles with a figure


def test_charts_are_drawn_and_described(opened: Opened) -> None:
    page = opened("/?lang=en&budget=12")
    charts = page.get_by_test_id("stVegaLiteChart")
    cards = page.get_by_test_id("stMain").get_by_role("link", name="Dossier").count()
    assert charts.count() == 5 + cards + 1  # measured tiles, signal cards, lanes
    drawn = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg.marks")
    assert drawn.count() == charts.count()
    labels = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
        ".map(chart => (chart.querySelector('[aria-label]') || chart).getAttribute('aria-label'))"
    )
    assert all(label and len(label) > 20 for label in labels), labels


def test_a_link_opens_the_series_it_names(opened: Opened) -> None:
    page = opened("/trends?lang=es&indicator=mx_retail_drug_case_files_rnid&place=MX-SON&substance=all")
    assert heading(page).startswith("Sonora: ")
    assert parse_qs(urlsplit(page.url).query)["place"] == ["MX-SON"]


def test_a_signal_leads_to_its_dossier(opened: Opened, settled: Settled) -> None:
    page = opened("/?lang=en&budget=12")
    link = page.get_by_test_id("stMain").get_by_role("link", name="Dossier").first
    target = link.get_attribute("href")
    assert target is not None
    wanted = parse_qs(urlsplit(target).query)
    page.goto(urlsplit(page.url)._replace(path="/signal", query=urlsplit(target).query).geturl())
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["signal"] == wanted["signal"]
    assert page.get_by_test_id("stAlert").count() == 0


def test_a_day_in_the_address_replays_it_on_every_page(opened: Opened, settled: Settled) -> None:
    page = opened("/?lang=en&as_of=2026-09-10")
    bar = page.get_by_text("REPLAY: as known on Thursday 10 September 2026")
    assert bar.is_visible()
    go_to(page, 1280, "Monitor", "Signals")
    page.wait_for_function("location.pathname === '/signals'")
    settled(page)
    assert bar.is_visible()
    assert parse_qs(urlsplit(page.url).query)["as_of"] == ["2026-09-10"]


def test_nonsense_in_the_address_becomes_sentences(opened: Opened) -> None:
    page = opened("/?lang=en&as_of=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&budget=7&place=Atlantis")
    alerts = page.get_by_test_id("stAlert")
    assert alerts.count() == 3
    assert "<img src=x onerror=alert(1)> is not a date" in alerts.first.inner_text()
    assert page.locator("img[src=x]").count() == 0


def test_the_first_visit_follows_the_browsers_language(opened: Opened) -> None:
    page = opened("/", locale="es-MX")
    assert "no evaluable" in heading(page)
    assert parse_qs(urlsplit(page.url).query)["lang"] == ["es"]


def test_the_language_is_changed_on_the_page_and_kept(opened: Opened, settled: Settled) -> None:
    page = opened("/?lang=en")
    page.get_by_role("radio", name="ES").click()
    page.wait_for_function("document.documentElement.lang === 'es-MX'")  # the end of the run in Spanish
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["lang"] == ["es"]
    assert "no evaluable" in heading(page)
    go_to(page, 1280, "Explorar", "Tendencias")
    page.wait_for_function("location.pathname === '/trends'")
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["lang"] == ["es"]
    assert page.evaluate("document.documentElement.lang") == "es-MX"


def test_the_lab_s_draft_follows_the_dial_is_applied_and_lives_in_the_address(
    opened: Opened, settled: Settled
) -> None:
    page = opened("/lab?lang=en")
    main = page.get_by_test_id("stMain")
    label = main.get_by_text("Modified (1 change), not for publication").first
    every = page.get_by_role("heading", name="All ")
    main.get_by_role("radio", name="12", exact=True).click()
    label.wait_for()
    settled(page)
    assert "this draft" in heading(page)  # of one series
    assert every.count() == 0
    page.get_by_role("button", name="Apply").click()
    every.wait_for()
    settled(page)
    assert "alarms against the panel default" in heading(page)
    assert parse_qs(urlsplit(page.url).query)["draft"] == ["budget=12"]
    page.reload()
    label.wait_for()
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["draft"] == ["budget=12"]
    assert page.get_by_role("button", name="Apply").is_enabled()
