"""The Trends page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard import text
from dashboard.charts_trends import together_chart
from dashboard.downloads import csv_with_notes
from dashboard.trend_state import State, parse, view
from surveillance import saved_plans
from surveillance.plan import DEFAULT_PLAN

Page = Callable[..., Any]
ED = {"indicator": "us_overdose_ed_rate", "place": "US-NM", "substance": "all"}
RNID = {"indicator": "mx_retail_drug_case_files_rnid", "place": "MX-SON", "substance": "all"}


def table(app: Any, indicator: str, place: str, substance: str, language: str = "en") -> pd.DataFrame:
    """The table of a series: its tab is opened, and the page drawn again."""
    app.session_state[f"tabs-{indicator}.{place}.{substance}-{language}"] = "Tabla" if language == "es" else "Table"
    app.run()
    assert not app.exception
    found: pd.DataFrame = app.dataframe[0].value
    return found


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
    assert len(table(app, "us_overdose_ed_rate", "US-NM", "all", language)) > 60


def test_the_table_says_the_status_of_a_hidden_month(page: Page) -> None:
    rows = table(page("trends", lang="en", **ED), "us_overdose_ed_rate", "US-NM", "all")
    hidden = rows[rows["Observed"].isna()]
    assert set(hidden["Status"]) == {"suppressed"}


SUMS = {"indicator": "us_overdose_deaths_12m", "substance": "all"}


@pytest.mark.parametrize(("language", "heading"), [("en", "Month, recovered"), ("es", "Mes, recuperado")])
def test_the_nation_s_table_has_the_recovered_months_and_their_seed(
    page: Page, language: str, heading: str
) -> None:
    app = page("trends", lang=language, place="US", **SUMS)
    rows = table(app, "us_overdose_deaths_12m", "US", "all", language)
    observed = rows.columns[list(rows.columns).index(heading) - 1]
    sums, months = rows[observed].iloc[:13].astype(float), rows[heading].astype(float)
    assert months.iloc[:12].sum() == pytest.approx(sums.iloc[0], abs=6)  # each is rounded
    assert text.of(language).month(date(2014, 2, 1)) in written(app)  # type: ignore[arg-type]


def test_a_state_s_table_has_no_recovered_months(page: Page) -> None:
    app = page("trends", lang="en", place="US-AZ", **SUMS)
    assert "Month, recovered" not in table(app, "us_overdose_deaths_12m", "US-AZ", "all")
    assert "First year" not in written(app)


def test_across_a_method_break_nothing_is_judged_and_the_page_says_so(page: Page) -> None:
    app = page("trends", lang="en", **RNID)
    assert app.title[0].value.replace("\\", "").endswith("it cannot be judged")
    assert "method break" in written(app)
    assert "not the same as no alarm" in written(app)
    rows = table(app, "mx_retail_drug_case_files_rnid", "MX-SON", "all")
    assert set(rows["Verdict"]) == {"method break: too few periods under the new method"}


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
    app.button_group[-1].set_value([]).run()
    assert not app.exception
    assert app.query_params["view"] == "noband.noalarms"


@pytest.mark.parametrize(
    "state",
    [
        State(),
        State(stream="supply"),
        State(layers=()),
        State(layers=("band", "alarms")),
        State(layers=("alarms", "trend", "log"), by="quarter", measure="rate", stream="harm"),
        State(layers=("band", "alarms", "parts", "events"), by="year", measure="base100"),
    ],
)
def test_every_state_of_the_page_goes_into_its_address_and_back(state: State) -> None:
    assert parse(view(state)) == state


def test_an_address_of_another_page_s_view_is_the_usual_state() -> None:
    assert parse("B4") == parse(None) == State()


CASES = {"indicator": "mx_retail_drug_case_files_rnid", "substance": "all"}


def test_a_rate_of_several_places_is_one_picture_that_names_the_highest(page: Page) -> None:
    app = page("trends", lang="en", place="MX-SON,MX-BCN", view="rate", **CASES)
    assert "case files per 100,000 residents" in app.title[0].value.replace("\\", "")
    assert len(app.get("vega_lite_chart")) == 1
    assert "choose those to see them" in written(app)


def test_sums_of_twelve_months_cannot_be_summed_and_the_page_says_so(page: Page) -> None:
    app = page("trends", lang="en", place="US", view="quarter.share", **SUMS)
    assert any("cannot be read so" in info.value for info in app.info)


def test_quarters_and_base_100_are_drawn_apart_and_together(page: Page) -> None:
    weight = {"indicator": "us_cbp_seizure_weight", "substance": "fentanyl", "place": "US,US-CBP-southwest-border"}
    apart = page("trends", lang="en", view="quarter.events", **weight)
    assert "Q4 2025" in apart.title[0].value
    assert len(apart.get("vega_lite_chart")) == 2
    together = page("trends", lang="es", view="quarter.base100", **weight)
    assert "= 100" in together.title[0].value
    assert len(together.get("vega_lite_chart")) == 1


def test_the_parts_of_a_decomposition_stand_in_a_block_of_their_own(page: Page) -> None:
    app = page("trends", lang="en", view="trend.parts.events.nowcast", **ED)
    assert len(app.get("vega_lite_chart")) == 2
    said = written(app)
    assert "No nowcast" in said
    assert "none is shown as a cause" in said


def test_a_stream_leads_to_its_first_measure(page: Page) -> None:
    app = page("trends", lang="en", **ED)
    app.button_group[0].set_value("supply").run()
    assert not app.exception
    assert app.query_params["indicator"] == "us_cbp_seizure_weight"
    assert app.query_params["view"] == "supply"


OPIOIDS = {"indicator": "us_overdose_ed_rate", "substance": "opioids", "place": "US-NM"}
OPEN, PAST = (f"us_overdose_ed_rate.US-NM.opioids.{day}.regression" for day in ("2025-05-01", "2023-08-01"))


def test_every_alarm_leads_to_its_dossier_that_of_an_open_signal_in_bold(page: Page) -> None:
    said = written(page("trends", lang="en", budget="12", **OPIOIDS))
    assert re.search(r"\[\*\*Jun 2025[^]]*\*\*\]\(/signal\?[^)]*" + re.escape(f"signal={OPEN})"), said)
    assert re.search(r"\[Aug 2023[^]]*\]\(/signal\?[^)]*" + re.escape(f"signal={PAST})"), said)


@pytest.mark.parametrize(("day", "signal"), [("2025-06-01", OPEN), ("2023-08-01", PAST)])
def test_a_click_on_an_alarm_opens_its_dossier(page: Page, day: str, signal: str) -> None:
    app = page("trends", lang="es", budget="12", view="all", **OPIOIDS)
    clicked = {"selection": {"alarm": [{"day": day}]}}
    app.session_state["chart-us_overdose_ed_rate.US-NM.opioids"] = clicked
    app.run()
    assert not app.exception
    assert app.query_params["signal"] == signal
    assert app.query_params["view"] == "all"  # so that one Back shows what was clicked on
    dossier = page("dossier", lang="es", budget="12", view="all", signal=signal)
    assert "/signals?" in written(dossier)
    assert "view=" not in written(dossier)  # a view means another thing on another page


def test_without_alarms_shown_a_chart_takes_no_click(page: Page) -> None:
    app = page("trends", lang="en", budget="12", view="noalarms", **OPIOIDS)
    assert not app.get("vega_lite_chart")[0].proto.selection_mode
    assert "dossiers" not in written(app)


def test_under_saved_settings_the_alarms_are_theirs(page: Page, seeded: Path) -> None:
    digest = saved_plans.save(seeded, replace(DEFAULT_PLAN, budget=12.0, name="Wide"))
    app = page("trends", lang="en", store=seeded, settings=digest, **OPIOIDS)
    assert f"signal={OPEN})" in written(app)


def test_comparable_lines_are_named_at_their_ends_and_told_apart_by_dashes() -> None:
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    lines = pd.concat(
        pd.DataFrame({"name": name, "country": "mx", "period": months, "value": level, "when": "x"})
        for name, level in (("Sonora", 2.0), ("Chihuahua", 2.05))
    )
    spec = together_chart(lines, language="es", dark=False, unit="rate", width=600).to_dict()
    drawn = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert len({tuple(mark["strokeDash"]) for mark in drawn}) == 2
    texts = {row["text"] for data in spec["datasets"].values() for row in data if "text" in row}
    assert texts == {"Sonora", "Chihuahua"}


def test_a_download_carries_its_notes_and_no_formula() -> None:
    table = pd.DataFrame({"name": ["=1+1", "+x", "-y", "@z", "\tq", "fine"], "value": [-1.0, 2.5, None, 0, 1, 2]})
    text = csv_with_notes(table, ["Source: =cmd()", "two\nlines, and a comma"]).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[:2] == [["# Source: =cmd()"], ["# two lines, and a comma"]]
    assert rows[2] == ["name", "value"]
    assert [row[0] for row in rows[3:]] == ["'=1+1", "'+x", "'-y", "'@z", "'\tq", "fine"]
    assert [row[1] for row in rows[3:5]] == ["-1", "2.5"]
