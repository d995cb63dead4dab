"""The Data & quality page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from data_sources.errors import LayoutError
from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from data_sources.registry import SOURCES
from data_sources.source import Publication
from surveillance.plan import DEFAULT_PLAN

Page = Callable[..., Any]


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def headings(app: Any) -> list[str]:
    return [element.value for element in (*app.header, *app.subheader)]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_source_measure_and_watch_is_listed(page: Page, language: str) -> None:
    app = page("quality", lang=language)
    assert len(app.dataframe[0].value) == len(SOURCES)
    sizes = [len(table.value) for table in app.table]
    assert sizes == [len(INDICATORS), len(DEFAULT_PLAN.watches), len(DEFAULT_PLAN.not_watched)]
    assert len(app.tabs) == 8


def test_what_is_held_says_its_dates_and_what_is_not_says_so(page: Page) -> None:
    table = page("quality", lang="en").dataframe[0].value
    embedded = table["Source"] == SOURCES["published_figures"].title
    assert table.loc[embedded, "Publications held"].item() > 10
    assert set(table.loc[~embedded, "State"]) == {"nothing held"}


def test_without_refusals_the_page_says_what_would_be_there(page: Page) -> None:
    app = page("quality", lang="en")
    assert "No file has been refused" in headings(app)


def test_the_method_break_of_the_mexican_registers_is_told(page: Page) -> None:
    said = written(page("quality", lang="en"))
    assert "continues Drug\\-dealing case files, method of 2015 from Jan 2026" in said


def test_refused_files_and_failed_fetches_are_listed_with_their_reasons(page: Page, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    when = datetime(2026, 10, 1, tzinfo=UTC)
    error = LayoutError("the heading Month", "<b>Mes</b>", place="line 1")
    store.refuse("us_cbp_seizures", "=bad.csv", error, when)
    store.note_attempt("us_cbp_seizures", when, "the server <b>said</b> 503")
    app = page("quality", store=tmp_path, lang="en")
    table = app.table[-1].value
    assert table["File"].to_list() == ["=bad\\.csv"]
    assert "&lt;b" in table["Reason"].item()
    assert "<b>" not in table["Reason"].item() + app.warning[0].value


def test_revisions_of_a_series_are_measured_between_publications(page: Page, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    figures = SOURCES["published_figures"]
    heading = "indicator,geography,substance,as_of,unit,dataset_id,freq,start,values"
    for day, value in ((date(2026, 9, 1), 100), (date(2026, 9, 2), 110)):
        line = f"nonfatal_overdose_ed_rate,US-WY,all,{day},per_10000_ed_visits,d17,M,2026-01-01,{value} 5"
        raw = f"{heading}\n{line}\n".encode()
        publication = Publication(figures.id, f"{day}.csv", raw, day, datetime(2026, 9, 3, tzinfo=UTC), "test")
        store.add(publication, figures.parse(raw, day), coverage="keys")
    chosen = {"indicator": "us_overdose_ed_rate", "place": "US-WY", "substance": "all"}
    app = page("quality", store=tmp_path, lang="en", **chosen)
    table = next(frame.value for frame in app.dataframe if "Change, %" in frame.value)
    assert table["Change, %"].to_list() == [10.0]
    assert any(heading.startswith("Wyoming") for heading in headings(app))


def test_a_series_printed_once_says_that_nothing_changed(page: Page) -> None:
    chosen = {"indicator": "us_cbp_seizure_weight", "place": "US", "substance": "fentanyl"}
    app = page("quality", lang="en", **chosen)
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
    app = page("quality", lang=language)
    table = next(frame.value for frame in app.dataframe if heading in frame.value)
    assert table[heading].to_list() == [0] * (len(SOURCES) - 1)  # all but the embedded single figures
    assert set(table.iloc[:, 2]) == {sentence}


def test_low_figures_and_calibration_have_their_tabs(page: Page) -> None:
    app = page("quality", lang="en")
    said = headings(app)
    assert any("unusually low" in heading for heading in said)
    assert any("than their baselines say" in heading or "than its baselines say" in heading for heading in said)
    table = next(frame.value for frame in app.dataframe if "Past values pooled" in frame.value)
    assert (table["Past values pooled"] >= 0).all()
    assert [len(shares) for shares in table.loc[table["Past values pooled"] > 0, "Where they lay, in tenths"]]
