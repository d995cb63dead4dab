"""The Trends page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from dashboard.downloads import csv_with_notes

Page = Callable[..., Any]
ED = {"indicator": "us_overdose_ed_rate", "place": "US-NM", "substance": "all"}
RNID = {"indicator": "mx_retail_drug_case_files_rnid", "place": "MX-SON", "substance": "all"}


def written(app: Any) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


@pytest.mark.parametrize(
    ("language", "tabs"), [("en", ["Chart", "Table", "About"]), ("es", ["Gráfica", "Tabla", "Acerca de"])]
)
def test_a_series_has_a_finding_a_chart_a_table_and_what_it_is(page: Page, language: str, tabs: list[str]) -> None:
    app = page("trends", lang=language, **ED)
    assert "66.7" in app.title[0].value.replace("\\", "")
    assert [tab.label for tab in app.tabs] == tabs
    assert len(app.get("vega_lite_chart")) == 1
    table = app.dataframe[0].value
    assert len(table) > 60
    assert "D" in written(app)


def test_the_table_says_the_status_of_a_hidden_month(page: Page) -> None:
    table = page("trends", lang="en", **ED).dataframe[0].value
    hidden = table[table["Observed"].isna()]
    assert set(hidden["Status"]) == {"suppressed"}


SUMS = {"indicator": "us_overdose_deaths_12m", "substance": "all"}


@pytest.mark.parametrize(("language", "heading"), [("en", "Month, recovered"), ("es", "Mes, recuperado")])
def test_the_nation_s_table_has_the_recovered_months_and_their_seed(
    page: Page, language: str, heading: str
) -> None:
    app = page("trends", lang=language, place="US", **SUMS)
    table = app.dataframe[0].value
    observed = table.columns[list(table.columns).index(heading) - 1]
    sums, months = table[observed].iloc[:13].astype(float), table[heading].astype(float)
    assert months.iloc[:12].sum() == pytest.approx(sums.iloc[0], abs=6)  # each is rounded
    assert "us_overdose_deaths_monthly 2014-02" in written(app).replace("\\", "")


def test_a_state_s_table_has_no_recovered_months(page: Page) -> None:
    app = page("trends", lang="en", place="US-AZ", **SUMS)
    assert "Month, recovered" not in app.dataframe[0].value
    assert "us_overdose_deaths_monthly" not in written(app).replace("\\", "")


def test_across_a_method_break_nothing_is_judged_and_the_page_says_so(page: Page) -> None:
    app = page("trends", lang="en", **RNID)
    assert app.title[0].value.replace("\\", "").endswith("it cannot be judged")
    assert "method break" in written(app)
    assert "not the same as no alarm" in written(app)
    assert set(app.dataframe[0].value["Verdict"]) == {"method break: too few periods under the new method"}


def test_a_measure_that_is_not_watched_says_why(page: Page) -> None:
    app = page("trends", lang="en", indicator="annual_seizure_weight")
    assert "it is not judged" in app.title[0].value
    assert "annual figures have no detector" in written(app)


def test_several_places_are_counted_in_the_title_and_drawn_apart(page: Page) -> None:
    app = page("trends", lang="en", **(ED | {"place": "US-NM,US-AZ"}))
    assert "of 2 places" in app.title[0].value
    assert len(app.get("vega_lite_chart")) == 2


def test_trend_and_forecast_come_with_their_sentences(page: Page) -> None:
    said = written(page("trends", lang="en", view="trend.forecast", **ED))
    assert "Trend over the last 12 months" in said
    assert "orecast" in said


def test_a_series_without_trend_or_forecast_says_why(page: Page) -> None:
    said = written(page("trends", lang="en", view="trend.forecast.vintages", **RNID))
    assert "No trend" in said
    assert "No forecast" in said
    assert "No earlier publication" in said


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "params",
    [
        {"indicator": "<script>", "place": "XX", "substance": "'; --", "view": "log.<b>", "as_of": "yesterday"},
        {"indicator": "us_overdose_ed_rate", "place": "MX-SON", "substance": "khat"},
        {"place": "US-NM," * 9},
        {"indicator": "population", "substance": "fentanyl"},
    ],
)
def test_a_link_that_names_nothing_falls_back_to_a_series(
    page: Page, language: str, params: dict[str, str]
) -> None:
    app = page("trends", lang=language, **params)
    assert app.title[0].value
    assert len(app.get("vega_lite_chart")) >= 1
    assert "<script>" not in written(app)


def test_on_a_day_before_any_figure_the_page_says_so(page: Page) -> None:
    app = page("trends", lang="en", as_of="2015-01-02")
    assert app.title[0].value == "No figures were known on this date"


def test_another_measure_is_another_address(page: Page) -> None:
    app = page("trends", lang="en", **ED)
    app.selectbox[0].select("us_cbp_seizure_weight").run()
    assert not app.exception
    assert app.query_params["indicator"] == "us_cbp_seizure_weight"
    assert "seized" in app.title[0].value


def test_a_layer_switched_off_stays_off_in_the_address(page: Page) -> None:
    app = page("trends", lang="en", view="log", **ED)
    app.button_group[0].set_value([]).run()
    assert not app.exception
    assert app.query_params["view"] == "none"


def test_a_download_carries_its_notes_and_no_formula() -> None:
    table = pd.DataFrame({"name": ["=1+1", "+x", "-y", "@z", "\tq", "fine"], "value": [-1.0, 2.5, None, 0, 1, 2]})
    text = csv_with_notes(table, ["Source: =cmd()", "two\nlines, and a comma"]).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[:2] == [["# Source: =cmd()"], ["# two lines, and a comma"]]
    assert rows[2] == ["name", "value"]
    assert [row[0] for row in rows[3:]] == ["'=1+1", "'+x", "'-y", "'@z", "'\tq", "fine"]
    assert [row[1] for row in rows[3:5]] == ["-1", "2.5"]
