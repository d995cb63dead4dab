"""The Benchmarks page and its pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
import vl_convert

from dashboard import charts_benchmarks as pictures
from dashboard.text import of
from dashboard.timeliness_words import timeliness_table
from data_sources.indicators import INDICATORS
from surveillance.timeliness import STREAMS, measured

Page = Callable[..., Any]


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown).replace("\\", "")


def test_the_title_names_the_one_direction_and_the_board_gives_both_counts(page: Page) -> None:
    app = page("benchmarks", lang="en")
    title = app.title[0].value.replace("\\", "")
    assert title.startswith("US drug overdose deaths: better, 30% fewer than in 2021 (80 % interval")
    said = written(app)
    for figure in ("nearly 108,000", "107,573", "109,099", "73,690", "76,516", "892", "933"):
        assert figure in said
    assert "Nearly 108,000 people died of drug overdoses in the United States last year" in said
    assert "% of target" not in said
    assert len(app.get("vega_lite_chart")) >= 8


def test_the_spanish_page_quotes_in_english_and_translates(page: Page) -> None:
    said = written(page("benchmarks", lang="es"))
    assert "improve surveillance tools" in said
    assert "nuestra traducción" in said
    assert "mejorar las herramientas de vigilancia" in said
    assert "not interpretable" not in said


def test_a_link_to_a_row_puts_it_first_with_its_chart(page: Page) -> None:
    app = page("benchmarks", lang="en", view="B2")
    headers = [header.value.replace("\\", "") for header in app.header]
    assert headers[0].startswith("Fake pills seized by DEA: more than 20.4 million in 2021")
    assert any("The board without this row" in str(element.value) for element in app.markdown)


def test_a_row_that_does_not_exist_is_said(page: Page) -> None:
    app = page("benchmarks", lang="en", view="<b>")
    assert any("no such benchmark" in info.value for info in app.info)


def test_before_the_statement_the_page_says_so_and_shows_no_later_value(page: Page) -> None:
    app = page("benchmarks", lang="en", as_of="2022-07-20")
    assert any("had not been made yet" in info.value for info in app.info)
    assert "None of the 20 benchmarks" in app.title[0].value
    assert "73,690" not in written(app)


@pytest.mark.parametrize("dark", [False, True])
def test_the_number_line_begins_at_zero_and_marks_the_three_steps(dark: bool) -> None:
    points = pd.DataFrame(
        {
            "step": ["quoted", "revised", "latest"],
            "name": ["q", "r", "l"],
            "value": [108000.0, 109099.0, 76516.0],
            "said": ["108,000", "109,099", "76,516"],
        }
    )
    chart = pictures.number_line(points, colour="us", language="en", dark=dark, width=400)
    spec = chart.to_dict()
    marks = [layer["mark"]["type"] for layer in spec["layer"]]
    assert marks.count("point") == 3
    assert spec["layer"][0]["encoding"]["x"]["scale"]["domain"][0] == 0
    assert "<svg" in vl_convert.vegalite_to_svg(spec)


def test_part_years_and_the_quoted_year_are_drawn_unlike_whole_years() -> None:
    bars = pd.DataFrame(
        {"name": ["2021", "2022", "2023"], "value": [1.0, 2.0, 3.0], "kind": ["quoted", "part", "whole"],
         "said": ["1", "2", "3"]}
    )  # fmt: skip
    spec = pictures.year_bars(bars, colour="mx", language="es", dark=False, unit="kg", width=400).to_dict()
    styles = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "bar"]
    assert len({str(sorted(style.items())) for style in styles}) == 3
    assert "strokeDash" in styles[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "no figure in any whole publication held"),
        ("es", "ninguna publicación completa disponible contiene una cifra"),
    ],
)
def test_whole_publications_without_a_figure_say_that_they_hold_none(language: Any, words: str) -> None:
    stream = next(one for one in STREAMS if one.indicator)
    index = pd.MultiIndex.from_tuples([(pd.Timestamp("2024-01-01"), "US")], names=["period", "geography"])
    hidden = {date(2024, 6, 1): pd.Series([float("nan")], index)}
    row = measured(hidden, INDICATORS[stream.indicator]) | {"reason": "", "newest": pd.NaT, "days": float("nan")}
    table = pd.DataFrame([stream._asdict() | row | {"usual_days": 120.0, "age_days": float("nan")}])
    assert timeliness_table(of(language), table).iloc[0, 1] == words
