"""The Map page, its chart and its shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard import data
from dashboard.charts_map import SHADES, Legend, map_chart
from dashboard.geo import shapes
from dashboard.geo.border import ACROSS, AREAS, BORDER, LABELS
from dashboard.look import LIGHT
from data_sources.vocabulary import GEOGRAPHIES

Page = Callable[..., Any]


def said(app: Any) -> str:
    return "\n".join(str(element.value) for element in [*app.markdown, *app.title, *app.header, *app.info])


def spec(app: Any) -> dict[str, Any]:
    return json.loads(app.get("vega_lite_chart")[0].proto.spec)


@pytest.mark.parametrize(
    ("language", "title", "warning"),
    [("en", "border states that can be judged", "never across the line"),
     ("es", "estados fronterizos que pueden evaluarse", "nunca a través de la frontera")],
)  # fmt: skip
def test_the_title_is_the_finding_and_the_measures_are_said_to_differ(
    page: Page, language: str, title: str, warning: str
) -> None:
    app = page("map", lang=language)
    assert title in app.title[0].value
    assert warning in said(app)
    assert "grad" in said(app)


def test_the_table_beside_the_map_has_every_border_state(page: Page) -> None:
    table = page("map", lang="en").dataframe[0].value
    assert set(table["State"]) == {GEOGRAPHIES[code].name_en for code in BORDER}


def test_a_state_in_the_address_shows_its_lanes_and_links(page: Page) -> None:
    app = page("map", lang="en", place="MX-SON")
    text = said(app)
    assert "Sonora, selected" in text
    assert "Across the line, by another measure: Arizona" in text.replace("\\", "")
    assert text.count("(/trends?") >= 4
    assert len(app.get("vega_lite_chart")) > 4


def test_a_place_that_is_no_state_falls_back_and_says_so(page: Page) -> None:
    assert "is no state on this map" in said(page("map", lang="en", place="US-CBP-tucson-sector"))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("view", ["rate", "all", "all.rate.plain", "visits", "register", "nonsense"])
def test_every_view_in_the_address_is_drawn(page: Page, view: str, language: str) -> None:
    assert page("map", lang=language, view=view).title[0].value


def test_a_new_method_is_hatched_and_not_called_quiet(page: Page) -> None:
    table = page("map", lang="en", view="register").dataframe[0].value
    words = table.set_index("State").loc["Sonora", "Word"]
    assert words == "not judged"


def test_a_replay_and_a_day_before_any_figure(page: Page) -> None:
    assert page("map", lang="en", as_of="2026-01-31").title[0].value
    assert page("map", lang="en", as_of="2015-01-02").title[0].value == "No figures were known on this date"


def test_an_open_signal_is_outlined_with_words_and_linked(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page("map", lang="en")
    real = data.assessment("2026-10-02", 6.0)
    series = real.series.copy()
    here = series.index[series["geography"] == "US-AZ"][0]
    series.loc[here, "state"], series.loc[here, "since"] = "last_known", series.loc[here, "period"]
    other = replace(real, series=series)
    monkeypatch.setattr(data, "judged", lambda selection: other)
    app = page("map", lang="en", place="US-AZ")
    drawn = json.dumps(spec(app))
    assert LIGHT.alarm in drawn
    assert "(/signal?" in said(app)
    assert other.signals["id"].iloc[0] in said(app)


def states(shade: float = 2.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": BORDER, "country": [code[:2] for code in BORDER], "shade": shade, "name": BORDER,
            "short": BORDER,
            "text": "+1 %", "signal": False, "tip": "words", "named": True,
        }
    )  # fmt: skip


LEGENDS = [Legend(country, ("head", "what"), ("a", "b", "c", "d")) for country in ("us", "mx")]


def drawn(rows: pd.DataFrame, **options: Any) -> dict[str, Any]:
    chart = map_chart(
        rows, pd.DataFrame(), LEGENDS, frame=BORDER, language="en", dark=False, labels=LABELS, **options
    )
    return chart.to_dict()


def test_states_without_a_figure_are_hatched_and_the_rest_filled() -> None:
    rows = states()
    rows.loc[0, "shade"] = np.nan
    chart = drawn(rows)
    assert isinstance(chart["layer"][0]["mark"]["fill"], dict)  # a gradient of stripes
    filled = json.loads(chart["layer"][1]["data"]["values"])
    assert [feature["code"] for feature in filled] == list(BORDER[1:])
    assert {feature["fill"] for feature in filled} == {SHADES[False][2]}
    assert {feature["line"] for feature in filled} == {LIGHT.us, LIGHT.mx}


def test_the_map_scales_with_its_width_so_that_nothing_is_cut_on_a_phone() -> None:
    layer = drawn(states())["layer"][1]
    assert "width /" in layer["projection"]["scale"]["expr"]
    assert "height" in layer["projection"]["scale"]["expr"]


def test_alarm_orange_is_only_for_signals() -> None:
    assert LIGHT.alarm not in json.dumps(drawn(states(4.0)))
    rows = states()
    rows.loc[3, "signal"] = True
    chart = json.dumps(drawn(rows))
    assert LIGHT.alarm in chart
    assert "open signal" in chart


def test_each_country_has_its_own_legend() -> None:
    chart = drawn(states())
    boxes = [layer for layer in chart["layer"] if layer["mark"].get("stroke") in (LIGHT.us, LIGHT.mx)]
    assert len(boxes) == 2


def test_every_border_state_has_a_shape_and_a_label_near_it() -> None:
    found = shapes.states()
    for code in BORDER:
        left, bottom, right, top = shapes.box(shapes.points(found[code]))
        x, y = shapes.projected(LABELS[code])
        assert left - 0.05 < x < right + 0.05
        assert bottom - 0.05 < y < top + 0.05
    known = {code for code, place in GEOGRAPHIES.items() if place.kind == "state"}
    assert known - set(found) == {"US-PR"}


def test_the_projection_keeps_areas() -> None:
    def area(longitude: float, latitude: float) -> float:
        a, b = 0.01, 0.01
        x0, y0 = shapes.projected((longitude, latitude))
        x1, y1 = shapes.projected((longitude + a, latitude))
        x2, y2 = shapes.projected((longitude, latitude + b))
        return abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / np.cos(np.radians(latitude + b / 2))

    assert area(-115, 32) == pytest.approx(area(-90, 20), rel=1e-3)
    assert area(-115, 32) == pytest.approx(area(-100, 45), rel=1e-3)


def test_neighbours_are_mutual_and_areas_face_states() -> None:
    for state, others in ACROSS.items():
        assert all(state in ACROSS[other] for other in others)
        assert all(GEOGRAPHIES[other].country != GEOGRAPHIES[state].country for other in others)
    assert all(area in GEOGRAPHIES and set(faced) <= set(BORDER) for area, (_, _, faced) in AREAS.items())


def test_the_notices_travel_with_the_shapes() -> None:
    from importlib.resources import files

    notice = files("dashboard.geo").joinpath("NOTICE.txt").read_text()
    assert "Bostock" in notice
    assert "DiMarco" in notice
