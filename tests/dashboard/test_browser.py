"""The running app in a browser: every page in both languages, two widths and two themes, and the links into it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
# Streamlit's page asks for these under the address of a deep link first, then where they are.
ASKED_TWICE = ("/_stcore/health", "/_stcore/host-config")
WRONG = ("Traceback", "Error:", "NaN", " nan ", "{", "}")  # on no page
# On a telephone, which Streamlit tells by its name, the side bar closes when a page is chosen.
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
REST = 300  # ms that a page is left to draw in
Opened = Callable[..., Page]


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
    """The app on a store of its own, which it seeds with the embedded figures."""
    with studio.serving(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture
def opened(studio: ModuleType, browser: Browser, address: str) -> Iterator[Opened]:
    """Open a page in a window of its own; at the end nothing may have been written to the console."""
    with _windows(studio, browser, address) as open_:
        yield open_


@contextmanager
def _windows(studio: ModuleType, browser: Browser, address: str) -> Iterator[Opened]:
    errors: list[str] = []
    contexts = []

    def open_(path: str, *, width: int = 1280, theme: str = "light", locale: str = "en-US") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": studio.WIDTHS[width]},
            color_scheme=theme,  # type: ignore[arg-type]
            locale=locale,
            user_agent=PHONE if width < 768 else None,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if _is_error(message) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + path)
        studio.settle(page, rest=REST)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def _is_error(message: object) -> bool:
    asked = str(message.location.get("url", ""))  # type: ignore[attr-defined]
    return message.type == "error" and not asked.endswith(ASKED_TWICE)  # type: ignore[attr-defined]


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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_is_reached_and_whole(
    studio: ModuleType, opened: Opened, language: str, width: int, theme: str
) -> None:
    page = opened(f"/?lang={language}", width=width, theme=theme)
    seen = set()
    for section, name, path in PAGES[language][1:] + PAGES[language][:1]:
        go_to(page, width, section, name)
        page.wait_for_function(f"location.pathname === '{path}'")
        page.wait_for_function(f"document.title.startsWith('{name}')")
        studio.settle(page, rest=REST)
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


def test_a_signal_leads_to_its_dossier(studio: ModuleType, opened: Opened) -> None:
    page = opened("/?lang=en&budget=12")
    link = page.get_by_test_id("stMain").get_by_role("link", name="Dossier").first
    target = link.get_attribute("href")
    assert target is not None
    wanted = parse_qs(urlsplit(target).query)
    page.goto(urlsplit(page.url)._replace(path="/signal", query=urlsplit(target).query).geturl())
    studio.settle(page, rest=REST)
    assert parse_qs(urlsplit(page.url).query)["signal"] == wanted["signal"]
    assert page.get_by_test_id("stAlert").count() == 0


def test_a_day_in_the_address_replays_it_on_every_page(studio: ModuleType, opened: Opened) -> None:
    page = opened("/?lang=en&as_of=2026-09-10")
    bar = page.get_by_text("REPLAY: as known on Thursday 10 September 2026")
    assert bar.is_visible()
    go_to(page, 1280, "Monitor", "Signals")
    page.wait_for_function("location.pathname === '/signals'")
    studio.settle(page, rest=REST)
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


def test_the_language_is_changed_on_the_page_and_kept(studio: ModuleType, opened: Opened) -> None:
    page = opened("/?lang=en")
    page.get_by_role("radio", name="ES").click()
    page.wait_for_function("document.documentElement.lang === 'es-MX'")  # the end of the run in Spanish
    studio.settle(page, rest=REST)
    assert parse_qs(urlsplit(page.url).query)["lang"] == ["es"]
    assert "no evaluable" in heading(page)
    go_to(page, 1280, "Explorar", "Tendencias")
    page.wait_for_function("location.pathname === '/trends'")
    studio.settle(page, rest=REST)
    assert parse_qs(urlsplit(page.url).query)["lang"] == ["es"]
    assert page.evaluate("document.documentElement.lang") == "es-MX"
