"""The Data & quality page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard import text
from dashboard.views.quality import PARTS
from data_sources.errors import LayoutError
from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from data_sources.phrases import Phrase
from data_sources.registry import SOURCES
from data_sources.source import Publication
from data_sources.store import Store
from surveillance.plan import DEFAULT_PLAN

Page = Callable[..., Any]


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def headings(app: Any) -> list[str]:
    return [element.value for element in (*app.header, *app.subheader)]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("part", list(PARTS))
def test_every_part_has_its_address(page: Page, part: str, language: str) -> None:
    app = page("quality", lang=language, view=part)
    assert app.pills[0].value == part if hasattr(app, "pills") else app.button_group[0].value == part
    assert headings(app) or app.dataframe


def test_every_source_measure_and_watch_is_listed(page: Page) -> None:
    assert len(page("quality", lang="en").dataframe[0].value) == len(SOURCES)
    said = written(page("quality", lang="en", view="definitions"))
    t = text.of("en")
    assert all(text.escape_markdown(t.indicator(name)) in said for name in INDICATORS)
    said = written(page("quality", lang="en", view="watched"))
    watched = [watch.indicator for watch in DEFAULT_PLAN.watches]
    assert all(text.escape_markdown(t.indicator(name)) in said for name in (*watched, *DEFAULT_PLAN.not_watched))


def test_an_unknown_part_falls_back_and_says_so(page: Page) -> None:
    app = page("quality", lang="en", view="<b>")
    assert "There is no part" in app.info[0].value
    assert "<b>" not in app.info[0].value
    assert len(app.dataframe[0].value) == len(SOURCES)


def test_what_is_held_says_its_dates_and_what_is_not_says_so(page: Page) -> None:
    table = page("quality", lang="en").dataframe[0].value
    embedded = table["Source"] == SOURCES["published_figures"].title
    assert table.loc[embedded, "Publications held"].item() > 10
    assert set(table.loc[~embedded, "State"]) == {"nothing held"}
    assert set(table.loc[~embedded, "Completeness"]) == {"–"}


def test_coverage_tells_published_from_absent(page: Page) -> None:
    app = page("quality", lang="en", view="coverage")
    assert any("are published whole" in heading for heading in headings(app))


def test_the_reporting_triangle_counts_what_is_held(page: Page) -> None:
    chosen = {"indicator": "us_overdose_deaths_12m", "place": "US", "substance": "all"}
    app = page("quality", lang="en", view="triangle", **chosen)
    assert any("of these two years" in heading for heading in headings(app))


def test_a_yearly_measure_has_no_triangle(page: Page) -> None:
    app = page("quality", lang="en", view="triangle", indicator="annual_seizure_weight")
    assert any("Only monthly measures" in element.value for element in app.info)


def test_of_many_refusals_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_sources.store.REFUSALS_KEPT", 2)
    store = Store(tmp_path)
    for day in (1, 2, 3):
        error = LayoutError("a heading", "none")
        store.refuse("us_cbp_seizures", f"{day}.csv", error, datetime(2026, 10, day, tzinfo=UTC))
    assert store.refusals()["name"].to_list() == ["3.csv", "2.csv"]


def test_without_refusals_the_page_says_what_would_be_there(page: Page) -> None:
    app = page("quality", lang="en", view="files")
    assert "No file has been refused" in headings(app)


def test_the_method_break_of_the_mexican_registers_is_told(page: Page) -> None:
    said = written(page("quality", lang="en", view="breaks"))
    assert "continues Drug\\-dealing case files, method of 2015 from Jan 2026" in said


def test_refused_files_and_failed_fetches_are_listed_with_their_reasons(page: Page, seeded: Path) -> None:
    store = open_store(seeded)
    when = datetime(2026, 10, 1, tzinfo=UTC)
    error = LayoutError(Phrase("a number"), "<b>Mes</b>", place=Phrase("line {n}", n=1))
    store.refuse("us_cbp_seizures", "=bad.csv", error, when)
    store.note_attempt("us_cbp_seizures", when, "the server <b>said</b> 503")
    app = page("quality", store=seeded, lang="es", view="files")
    assert "=bad\\.csv" in written(app)
    refused, failed = (element.proto.body for element in app.get("html"))
    assert "línea 1: esperado: un número; encontrado: &lt;b&gt;Mes&lt;/b&gt;." in refused
    assert "<span lang='en'>the server &lt;b&gt;said&lt;/b&gt; 503</span>" in failed
    app = page("quality", store=seeded, lang="es")
    assert app.warning[0].value.startswith("Falló la última descarga de")
    assert app.get("html")[0].proto.body == failed


def test_revisions_of_a_series_are_measured_between_publications(page: Page, seeded: Path) -> None:
    store = open_store(seeded)
    figures = SOURCES["published_figures"]
    heading = "indicator,geography,substance,as_of,unit,dataset_id,freq,start,values"
    for day, value in ((date(2026, 9, 1), 100), (date(2026, 9, 2), 110)):
        line = f"nonfatal_overdose_ed_rate,US-WY,all,{day},per_10000_ed_visits,d17,M,2026-01-01,{value} 5"
        raw = f"{heading}\n{line}\n".encode()
        publication = Publication(figures.id, f"{day}.csv", raw, day, datetime(2026, 9, 3, tzinfo=UTC), "test")
        store.add(publication, figures.parse(raw, day), coverage="keys")
    chosen = {"indicator": "us_overdose_ed_rate", "place": "US-WY", "substance": "all"}
    app = page("quality", store=seeded, lang="en", view="revisions", **chosen)
    assert any("a revised figure typically changes by 10 %" in heading for heading in headings(app))


def test_a_series_printed_once_says_that_nothing_changed(page: Page) -> None:
    chosen = {"indicator": "us_cbp_seizure_weight", "place": "US", "substance": "fentanyl"}
    app = page("quality", lang="en", view="revisions", **chosen)
    assert any(heading.endswith("no figure has changed yet") for heading in headings(app))


@pytest.mark.parametrize(
    ("language", "heading", "sentence"),
    [
        ("en", "Monthly vintages stored", "not validated on this source's own revisions"),
        ("es", "Ediciones mensuales guardadas", "no validada con las revisiones de esta fuente"),
    ],
)
def test_a_nowcast_is_not_called_validated_before_there_are_vintages(
    page: Page, language: str, heading: str, sentence: str
) -> None:
    app = page("quality", lang=language, view="triangle")
    table = next(frame.value for frame in app.dataframe if heading in frame.value)
    assert table[heading].to_list() == [0] * (len(SOURCES) - 1)  # all but the embedded single figures
    assert set(table.iloc[:, 2]) == {sentence}


def test_low_figures_and_calibration_have_their_tabs(page: Page) -> None:
    said = headings(page("quality", lang="en", view="low"))
    assert any("unusually low" in heading for heading in said)
    app = page("quality", lang="en", view="calibration")
    said = headings(app)
    assert any("than their baselines say" in heading or "than its baselines say" in heading for heading in said)
    table = next(frame.value for frame in app.dataframe if "Past values pooled" in frame.value)
    assert (table["Past values pooled"] >= 0).all()
    assert [len(shares) for shares in table.loc[table["Past values pooled"] > 0, "Where they lay, in tenths"]]
