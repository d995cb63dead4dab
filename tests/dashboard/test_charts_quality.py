"""Pictures of coverage, reporting triangle and changes by lag."""

from __future__ import annotations

import json

import pandas as pd

from dashboard.charts_quality import lags_chart, matrix_chart, triangle_chart


def test_the_matrix_draws_each_state_in_its_own_way() -> None:
    cells = pd.DataFrame(
        {
            "place": ["Wyoming"], "measure": ["US overdose deaths in the year"], "state": ["suppressed"],
            "share": [0.0], "hidden": [3], "said": ["Wyoming: suppressed"],
        }
    )  # fmt: skip
    chart = matrix_chart(cells, country="us", language="en", dark=False).to_dict()
    marks = [layer["mark"]["type"] for layer in chart["layer"]]
    assert marks == ["rect", "rect", "rect", "point", "text"]
    filters = [layer["transform"][0]["filter"] for layer in chart["layer"][1:]]
    assert filters == [
        "datum.share > 0", "datum.state === 'not_collected'", "datum.hidden > 0", "datum.state === 'not_reported'"
    ]  # fmt: skip
    assert chart["layer"][3]["mark"]["filled"] is False
    assert "US overdose\\ndeaths in the\\nyear" in json.dumps(chart["datasets"])


def test_the_triangle_hatches_what_is_not_held_and_prints_no_number_there() -> None:
    cells = pd.DataFrame(
        {
            "month": ["Jan 2026"] * 2, "lag": [0, 1], "share": [float("nan"), 0.9], "held": [False, True],
            "printed": ["–", "90"], "said": ["none", "90 %"],
        }
    )  # fmt: skip
    missing, held, figures = triangle_chart(
        cells, country="mx", language="es", dark=True, title="meses después"
    ).to_dict()["layer"]
    assert missing["mark"]["color"]["gradient"] == "linear"
    assert missing["transform"] == [{"filter": "!datum.held"}]
    assert held["transform"] == figures["transform"] == [{"filter": "datum.held"}]


def test_changes_by_lag_stand_around_a_line_at_zero() -> None:
    table = pd.DataFrame({"lag": [5], "low10": [-1.0], "median": [2.0], "high90": [7.0], "said": ["5 months"]})
    chart = lags_chart(
        table, country="us", language="en", dark=False, x_title="months", y_title="change, %"
    ).to_dict()
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["bar", "rule", "tick"]
    assert chart["layer"][0]["encoding"]["y2"]["field"] == "high90"
