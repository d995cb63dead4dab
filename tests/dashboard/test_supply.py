"""The Supply page, its charts and its arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard import text
from dashboard.charts_supply import correlations_chart, months_chart, years_chart
from dashboard.views import supply, supply_parts
from surveillance.precursors import MEXICO_LISTED, watchlist
from surveillance.supply import by_area, per_event, years

Page = Callable[..., Any]


def said(app: Any) -> str:
    elements = [*app.markdown, *app.title, *app.header, *app.warning, *app.info]
    return "\n".join(str(element.value) for element in elements)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("enforcement and flow together", "not published", "Precursor watchlist", "not public as found")),
        ("es", ("acción policial y el flujo", "no publicado", "precursores", "no se encontraron publicadas")),
    ],
)
def test_the_page_says_what_seizures_are_and_what_is_not_published(
    page: Page, language: str, words: tuple[str, ...]
) -> None:
    text = said(page("supply", lang=language))
    for word in words:
        assert word in text
    assert str(MEXICO_LISTED) in text


def test_without_events_the_largest_share_cannot_be_known(page: Page) -> None:
    text = said(page("supply", lang="en"))  # the embedded figures hold no events
    assert "cannot be known" in text
    assert "seizure events: not held on this day" in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_lead_panel_can_say_that_there_is_none(page: Page, language: str) -> None:
    words = {"en": "no reliable lead here", "es": "sin adelanto confiable aquí"}[language]
    assert words in said(page("supply", lang=language)).lower()


def test_a_link_names_place_and_substance(page: Page) -> None:
    app = page("supply", lang="en", place="US-CBP-tucson-field-office", substance="fentanyl")
    assert app.title[0].value.startswith("Tucson Field Office")


def test_a_place_without_seizures_falls_back(page: Page) -> None:
    app = page("supply", lang="en", place="MX-SON", substance="khat")
    assert app.title[0].value.startswith("Southwest border")


def test_a_replay_shows_no_later_month_and_an_empty_day_says_so(page: Page) -> None:
    app = page("supply", lang="en", as_of="2015-01-02")
    assert app.title[0].value == "No figures were known on this date"


def test_calendar_and_fiscal_years_are_summed_by_hand() -> None:
    months = pd.Series(np.arange(1.0, 28.0), pd.date_range("2023-10-01", periods=27, freq="MS"))
    calendar, fiscal = years(months, "calendar"), years(months, "fiscal")
    assert calendar["year"].to_list() == [2023, 2024, 2025]
    assert calendar["total"].to_list() == [6, sum(range(4, 16)), sum(range(16, 28))]
    assert calendar["whole"].to_list() == [False, True, True]
    assert fiscal["year"].to_list() == [2024, 2025, 2026]
    assert fiscal["total"].to_list() == [sum(range(1, 13)), sum(range(13, 25)), sum(range(25, 28))]
    assert fiscal["whole"].to_list() == [True, True, False]


def test_a_part_of_a_year_is_compared_with_nothing_and_a_gap_is_not_zero() -> None:
    months = pd.Series(10.0, pd.date_range("2022-01-01", periods=48, freq="MS"))
    months.iloc[30] = np.nan  # July 2024
    table = years(months, "calendar").set_index("year")
    assert table["change"].notna().to_list() == [False, True, False, False]
    assert table.loc[2023, "change"] == 0
    assert (table.loc[2024, "total"], table.loc[2024, "months"]) == (110, 11)


def test_the_largest_event_holds_at_least_its_even_share() -> None:
    index = pd.date_range("2025-01-01", periods=4, freq="MS")
    table = per_event(pd.Series([10.0, 10.0, 0.0, 5.0], index), pd.Series([1.0, 4.0, 0.0], index[:3]))
    assert table["least_share"].iloc[:2].to_list() == [1.0, 0.25]
    assert table["mean"].iloc[:2].to_list() == [10.0, 2.5]
    assert table["least_share"].iloc[2:].isna().all()


def test_areas_without_a_month_have_no_sum() -> None:
    index = pd.date_range("2024-01-01", periods=14, freq="MS")
    weight = pd.DataFrame({"a": 1.0, "b": 3.0}, index)
    events = pd.DataFrame({"a": 2.0, "b": 0.0}, index)
    table = by_area(weight, events).set_index("area")
    assert table.loc["b", ["weight", "events", "share"]].to_list() == [36, 0, 0.75]
    assert math.isnan(table.loc["b", "mean"])
    weight.iloc[-3, 0] = np.nan
    assert math.isnan(by_area(weight, None).set_index("area").loc["a", "weight"])


def test_the_watchlist_is_partial_and_every_row_says_where_it_was_seen() -> None:
    table = watchlist()
    assert set(table["country"]) == {"US", "MX"}
    assert (table["source"] != "").all()
    assert 0 < (table["country"] == "MX").sum() < MEXICO_LISTED


def test_charts_start_at_zero_and_mark_parts_of_years() -> None:
    rows = pd.DataFrame({"label": ["2024", "2025"], "total": [5.0, 2.0], "whole": [True, False]})
    chart = years_chart(rows, top=5.0, language="en", dark=False).to_dict()
    marks = [layer["mark"] for layer in chart["layer"]]
    assert isinstance(marks[1]["color"], dict)  # hatched
    assert chart["layer"][0]["encoding"]["y"]["scale"]["domain"][0] == 0
    months = pd.DataFrame(
        {"period": pd.to_datetime(["2025-01-01"]), "weight": [3.0], "events": [np.nan], "provisional": [True]}
    )
    assert "layer" in months_chart(months, unit="lb", language="es", dark=True).to_dict()


def test_the_bound_is_drawn_as_a_band() -> None:
    table = pd.DataFrame({"lag": [-1, 0, 1], "correlation": [0.1, 0.2, 0.5], "first": 0.1, "second": 0.2})
    chart = correlations_chart(table, 0.3, language="en", dark=False, before="b", after="a").to_dict()
    band = chart["layer"][0]
    assert band["mark"]["type"] == "rect"
    assert chart["datasets"][band["data"]["name"]] == [{"low": -0.3, "high": 0.3}]


def test_monthly_deaths_and_never_sums_are_compared() -> None:
    assert supply.DEATHS == "us_overdose_deaths_monthly"


def weights(now: float, noise: float) -> pd.Series:
    """Five years around 100 lb a month with a scatter, the last three months at *now* times the level."""
    months = pd.date_range("2020-01-01", periods=60, freq="MS")
    scatter = np.random.default_rng(1).normal(0, noise, 60)
    level = np.where(np.arange(60) >= 57, now, 1.0)
    return pd.Series(100 * level * np.exp(scatter), index=months)


@pytest.mark.parametrize(
    ("now", "noise", "english", "spanish"),
    [
        (0.5, 0.01, "X: 50% below the same months of a year before (−5", "X: 50% por debajo"),
        (2.0, 0.01, "X: 99% above the same months of a year before (8", "X: 99% por encima"),
        (1.0, 0.5, "X: no clear change from the same months", "X: sin cambio claro"),
    ],
)
def test_the_title_of_the_months_says_a_direction_only_where_the_interval_does(
    now: float, noise: float, english: str, spanish: str
) -> None:
    line = weights(now, noise)
    told = [supply_parts.change_finding(text.of(name), "X", line) for name in ("en", "es")]
    assert told[0].startswith(english)
    assert told[1].startswith(spanish)


def test_months_without_a_figure_are_compared_with_nothing() -> None:
    line = weights(0.5, 0.01)
    line.iloc[-14] = np.nan
    for months in (line, line.iloc[-30:], line * np.nan):
        found = supply_parts.change_finding(text.of("en"), "X", months)
        assert found == "X: no comparison with the same months of a year before"
