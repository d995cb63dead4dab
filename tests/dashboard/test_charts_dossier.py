"""The dossier's pictures: the series, the settings, the places that drive a signal."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from dashboard import charts_dossier
from dashboard.look import LIGHT, Words


def rows(count: int = 12) -> pd.DataFrame:
    months = pd.date_range("2025-01-01", periods=count, freq="MS")
    return pd.DataFrame(
        {
            "period": months, "observed": np.arange(count) + 10.0, "expected": 12.0, "upper": 18.0, "low80": 9.0,
            "high80": 15.0, "low95": 7.0, "high95": 17.0, "status": "reported", "complete": True,
            "provisional": [False] * (count - 2) + [True] * 2, "alarm": pd.array([False] * count, dtype="boolean"),
        }
    )  # fmt: skip


def drawn(**options: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "run": [], "country": "us", "language": "en", "dark": False, "words": Words(), "until": date(2026, 3, 1),
    }  # fmt: skip
    data = options.pop("data", rows())
    chart: dict[str, Any] = charts_dossier.signal_chart(data, **(given | options)).to_dict()
    return chart


def marks(chart: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [layer["mark"] for layer in chart["layer"] if layer["mark"]["type"] == kind]


def test_the_signal_is_filled_earlier_alarms_are_outlined_and_provisional_bars_striped() -> None:
    data = rows()
    data.loc[[3, 11], "alarm"] = True
    chart = drawn(data=data, run=[data["period"].iloc[-1]])
    rects = marks(chart, "rect")
    assert [mark for mark in rects if mark.get("fill") == LIGHT.alarm and mark.get("stroke") == LIGHT.ink]
    assert [mark for mark in rects if mark.get("fillOpacity") == 0 and mark.get("stroke") == LIGHT.alarm]
    striped = [mark for mark in rects if isinstance(mark.get("color"), dict)]
    assert len(striped) == 3  # two provisional bars, and the stretch not yet published
    assert "21" in str(chart["datasets"])  # the label of the newest figure of the run


def test_counts_start_at_zero_and_a_closed_series_has_no_rule_now() -> None:
    chart = drawn(until=None)
    assert chart["layer"][0]["encoding"]["y"]["scale"]["domain"][0] == 0
    assert "now" not in str(chart["datasets"])
    assert "now" in str(drawn()["datasets"])


def test_a_method_break_is_a_dotted_rule_with_words_only_where_it_is_in_view() -> None:
    day = pd.Timestamp("2025-06-01")
    assert "new method" in str(drawn(breaks=[(day, "new method")])["datasets"])
    assert "new method" not in str(drawn(breaks=[(pd.Timestamp("2019-01-01"), "new method")])["datasets"])


def test_a_line_has_no_bars() -> None:
    chart = drawn(bars=False)
    assert marks(chart, "line")
    assert not [mark for mark in marks(chart, "rect") if mark.get("color") == LIGHT.us]


def test_the_picture_does_not_change_its_rows() -> None:
    data = rows()
    before = data.copy(deep=True)
    drawn(data=data, run=[data["period"].iloc[-1]])
    pd.testing.assert_frame_equal(data, before)


def test_a_series_without_any_range_or_figure_is_drawn_all_the_same() -> None:
    empty = rows().assign(**dict.fromkeys(("observed", "expected", "low80", "high80", "low95", "high95"), np.nan))
    assert drawn(data=empty)["layer"]


def test_each_setting_is_a_dot_filled_where_it_alarms() -> None:
    settings = pd.DataFrame({"alarm": [True, False, True], "exceedance": [1.4, 0.3, 2.0]})
    chart = charts_dossier.stability_chart(
        settings, language="en", dark=False, line="line", title="x", alarm="above", quiet="not above"
    ).to_dict()
    points = {layer["mark"]["stroke"]: layer for layer in chart["layer"] if layer["mark"]["type"] == "point"}
    assert set(points) == {LIGHT.alarm, LIGHT.grey}
    held = {colour: len(chart["datasets"][layer["data"]["name"]]) for colour, layer in points.items()}
    assert held == {LIGHT.alarm: 2, LIGHT.grey: 1}
    assert charts_dossier.stability_chart(
        settings.head(0), language="en", dark=False, line="line", title="x", alarm="above", quiet="not above"
    ).to_dict()["layer"]


def test_the_picture_of_drivers_always_holds_the_signal_s_own_place() -> None:
    places = pd.DataFrame({"excess": [90.0 - 10 * i for i in range(9)] + [0.5], "own": [False] * 9 + [True]})
    shown = charts_dossier.drivers(places)
    assert len(shown) == charts_dossier.DRIVERS
    assert shown["own"].sum() == 1
    assert shown.index.is_monotonic_increasing  # the order is kept
    named = shown.assign(name=[f"P{i}" for i in shown.index], label="+1")
    chart = charts_dossier.drivers_chart(named, language="en", dark=False, title="files").to_dict()
    assert LIGHT.alarm in str(chart["datasets"])
