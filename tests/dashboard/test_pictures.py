"""Charts as the pages show them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa
import pytest
import vl_convert
from streamlit.testing.v1 import AppTest

from dashboard.charts_supply import months_chart
from dashboard.pictures import specification


@pytest.mark.parametrize(("language", "month"), [("en", ">April<"), ("es", ">abril<")])
def test_the_specification_alone_holds_the_names_of_months(language: Any, month: str) -> None:
    periods = pd.date_range("2026-01-01", periods=6, freq="MS")
    rows = pd.DataFrame({"period": periods, "weight": 1.0, "events": 1.0, "provisional": False})
    chart = months_chart(rows, unit="lb", language=language, dark=False, width=700)
    # No locale is passed beside it: Streamlit passes none either.
    spec = specification(chart) | {"datasets": chart.to_dict()["datasets"]}
    assert month in vl_convert.vegalite_to_svg(spec)


def test_tables_are_written_once_as_arrow_and_shapes_stay_as_they_are() -> None:
    table = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", None]), "value": [1.5, float("nan")]})
    shape = [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}}]
    lines = alt.Chart(table).mark_line().encode(alt.X("day:T"), alt.Y("value:Q"))
    places = alt.Chart(alt.Data(values=shape)).mark_geoshape()
    spec = specification(alt.layer(lines, places))
    (arrow,) = spec["datasets"].values()
    assert pa.ipc.open_stream(arrow).read_all().to_pylist() == [
        {"day": "2026-01-01T00:00:00", "value": 1.5}, {"day": None, "value": None}
    ]  # fmt: skip
    assert spec["layer"][1]["data"]["values"] == shape


def test_a_kept_specification_is_not_changed_by_being_shown() -> None:
    def page() -> None:
        import streamlit as st

        from dashboard.pictures import picture

        for number in range(2):
            picture(st.session_state["kept"], alt="a line", key=f"picture-{number}")

    table = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=3), "value": 1.0, "of": ["a", "b", "b"]})
    chart = alt.Chart(table).mark_line().encode(alt.X("day:T"), alt.Y("value:Q"), alt.Color("of:N"))
    app = AppTest.from_function(page)
    app.session_state["kept"] = specification(chart)
    before = deepcopy(app.session_state["kept"])
    app.run()
    assert not app.exception
    first, second = (json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart"))
    assert first == second
    assert app.session_state["kept"] == before
