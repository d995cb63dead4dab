"""Charts: what is drawn, in which colour, and that it becomes SVG."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert

from dashboard import charts
from dashboard.look import Words, time_locale

MONTHS = pd.date_range("2021-01-01", periods=48, freq="MS")


def rows(**columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "period": MONTHS,
            "observed": 400 + 50 * np.sin(np.arange(48) / 4),
            "expected": 400.0,
            "upper": 480.0,
            "low80": 370.0,
            "high80": 430.0,
            "low95": 350.0,
            "high95": 450.0,
            "alarm": pd.array([False] * 48, dtype="boolean"),
            "provisional": False,
            "complete": True,
            "status": "reported",
        }
    )
    return frame.assign(**columns)


def draw(frame: pd.DataFrame, **options: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": "case files", "country": "mx", "language": "en", "dark": False, "width": 700,
    }  # fmt: skip
    return charts.series_chart(frame, **(defaults | options)).to_dict()


def layers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for layer in spec.get("layer", []):
        # A layer without data of its own draws its parent's.
        yield from layers({"data": spec.get("data")} | layer)
    if "mark" in spec:
        yield spec


def marks(spec: dict[str, Any], kind: str, **properties: object) -> list[dict[str, Any]]:
    return [
        layer
        for layer in layers(spec)
        if layer["mark"]["type"] == kind
        and all(layer["mark"].get(name) == value for name, value in properties.items())
    ]


def data(spec: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(spec["datasets"][layer["data"]["name"]]) if layer["data"] else []


def texts(spec: dict[str, Any]) -> set[str]:
    return {row["text"] for layer in marks(spec, "text") for row in data(spec, layer)}


def with_alarms(*at: int) -> pd.DataFrame:
    frame = rows()
    frame.loc[list(at), "observed"] = 600.0
    frame.loc[list(at), "alarm"] = True
    return frame


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_of_a_chart_comes_from_its_palette(dark: bool) -> None:
    spec = draw(with_alarms(20, 47), dark=dark, until=date(2026, 6, 1))
    colours = vars(charts.palette(dark=dark)).values()
    used = set(json.dumps(spec).upper().split('"')) & {
        colour.upper() for palette in (charts.LIGHT, charts.DARK) for colour in vars(palette).values()
    }
    assert used
    assert used <= {colour.upper() for colour in colours}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_full_chart_becomes_svg(language: Any, dark: bool) -> None:
    frame = with_alarms(20, 46)
    frame.loc[5:7, "observed"], frame.loc[5:7, "status"] = np.nan, "suppressed"
    frame.loc[10:14, "observed"], frame.loc[10:14, "status"] = np.nan, "not_reported"
    frame.loc[25:30, "observed"], frame.loc[25:30, "status"] = np.nan, "not_collected"
    later = pd.date_range("2025-01-01", periods=6, freq="MS")
    forecast = pd.DataFrame({"period": later, "mean": 400.0, "low80": 380.0, "high80": 420.0, "low95": 370.0})
    spec = draw(
        frame.assign(complete=np.arange(48) < 47, provisional=np.arange(48) > 40),
        language=language,
        dark=dark,
        breaks=[(pd.Timestamp("2023-01-01"), "new register, Jan 2023")],
        trend=pd.DataFrame({"period": MONTHS, "trend": 400.0}),
        forecast=forecast.assign(high95=430.0),
        vintages=pd.DataFrame({"vintage": "Jan 2024", "period": MONTHS[:30], "value": 390.0}),
        earlier=pd.DataFrame({"period": MONTHS[:20], "observed": 100.0}),
        draft=pd.DataFrame({"period": MONTHS, "observed": 480.0, "upper": 470.0, "change": "kept"}),
        log=True,
    )
    svg = vl_convert.vegalite_to_svg(spec)
    ElementTree.fromstring(svg)
    for word in ("new register, Jan 2023", "suppressed", "not reported", "not collected", "still filling"):
        assert word in svg


def test_counts_start_at_zero_and_a_logarithmic_axis_comes_only_when_asked() -> None:
    plain, logarithmic = draw(rows()), draw(rows(), log=True)
    scales = [
        layer["encoding"]["y"]["scale"] for layer in marks(plain, "rule") if "scale" in layer["encoding"]["y"]
    ]
    assert scales[0]["domain"][0] == 0
    assert "type" not in scales[0]
    assert "symlog" in json.dumps(logarithmic)


def test_the_current_alarm_is_filled_and_labelled_and_earlier_ones_are_open() -> None:
    spec = draw(with_alarms(20, 47))
    light = charts.LIGHT
    (current,) = marks(spec, "point", fill=light.alarm)
    (earlier,) = marks(spec, "point", stroke=light.alarm)
    assert current["mark"]["stroke"] == light.ink
    assert earlier["mark"]["fill"] == light.paper
    assert [row["text"] for row in data(spec, current)] == ["Dec 2024: 600"]
    assert "600" in texts(spec)
    bold = [layer for layer in marks(spec, "text", fontWeight="bold") if layer["mark"].get("color") == light.alarm]
    assert bold


def test_a_click_on_any_alarm_gives_its_day() -> None:
    spec = draw(with_alarms(20, 47), selects=True)
    (pick,) = spec["params"]
    assert (pick["name"], pick["select"]["fields"]) == ("alarm", ["day"])
    (caught,) = [layer for layer in layers(spec) if layer.get("name") in pick["views"]]
    days = [row["day"] for row in spec["datasets"][caught["data"]["name"]]]
    assert days == [f"{MONTHS[20]:%Y-%m-%d}", f"{MONTHS[47]:%Y-%m-%d}"]
    assert "params" not in draw(with_alarms(20, 47))
    assert "params" not in draw(rows(), selects=True)


def test_a_run_of_alarms_that_has_ended_is_an_earlier_one() -> None:
    spec = draw(with_alarms(45, 46))
    assert not marks(spec, "point", fill=charts.LIGHT.alarm)
    (earlier,) = marks(spec, "point", stroke=charts.LIGHT.alarm)
    assert len(data(spec, earlier)) == 2


def test_a_draft_shows_which_alarms_it_gains_loses_and_keeps() -> None:
    change = ["gained", "lost", "kept", *[""] * 45]
    draft = pd.DataFrame({"period": MONTHS, "observed": 500.0, "upper": 470.0, "change": change})
    spec = draw(with_alarms(47), draft=draft)
    light = charts.LIGHT
    (kept,) = marks(spec, "point", fill=light.alarm)
    (gained,) = marks(spec, "point", stroke=light.alarm)
    (lost,) = marks(spec, "point", stroke=light.grey)
    assert [len(data(spec, layer)) for layer in (kept, gained, lost)] == [1, 1, 1]
    assert "draft line" in texts(spec)


def test_provisional_values_are_dashed_and_joined_to_the_last_final_one() -> None:
    frame = rows(provisional=np.arange(48) >= 40)
    spec = draw(frame)
    lines = [layer for layer in marks(spec, "line") if layer["mark"]["color"] == charts.LIGHT.mx]
    final, waiting = lines
    assert "strokeDash" not in final["mark"]
    assert waiting["mark"]["strokeDash"]
    values = data(spec, waiting)
    assert [row["waiting"] is not None for row in values[38:41]] == [False, True, True]
    assert [row["final"] is not None for row in values[38:41]] == [True, True, False]


def test_a_suppressed_value_is_an_open_circle_in_the_rail_and_carries_no_number() -> None:
    frame = rows()
    frame.loc[10:11, "observed"], frame.loc[10:11, "status"] = np.nan, "suppressed"
    spec = draw(frame)
    rail = [layer for layer in marks(spec, "point") if layer["encoding"].get("y") == {"value": -6}]
    assert len(rail) == 1
    assert [set(row) for row in data(spec, rail[0])] == [{"period", "when"}] * 2
    assert "suppressed" in texts(spec)


def test_a_gap_says_that_nothing_was_reported() -> None:
    frame = rows()
    frame.loc[10:20, "observed"], frame.loc[10:20, "status"] = np.nan, "not_reported"
    assert "not reported" in texts(draw(frame))


def test_the_time_after_the_last_value_is_hatched_as_not_yet_published() -> None:
    spec = draw(rows(), until=date(2026, 6, 1))
    assert "not yet published" in texts(spec)
    assert any(layer["mark"]["color"]["gradient"] == "linear" for layer in marks(spec, "rect"))
    assert "not yet published" not in texts(draw(rows(), until=date(2025, 1, 5)))


def test_what_still_fills_is_hatched_and_said() -> None:
    assert "still filling" in texts(draw(rows(complete=np.arange(48) < 46)))
    assert "still filling" not in texts(draw(rows()))


def test_labels_at_the_end_of_lines_do_not_overlap() -> None:
    frame = rows(expected=441.0, upper=442.0)
    spec = draw(frame)
    halo, labels = marks(spec, "text", align="left", dx=9)
    ends = data(spec, labels)
    assert data(spec, halo) == ends
    assert {row["text"] for row in ends} == {"expected", "alarm line", f"{frame['observed'].iloc[-1]:.0f} observed"}
    top = float(marks(spec, "rule")[0]["encoding"]["y"]["scale"]["domain"][1])
    gaps = np.diff(sorted(row["y"] * 264 / top for row in ends))  # px, in a plot of 264
    assert (gaps >= 12.9).all()


def test_a_series_without_a_single_value_can_be_drawn() -> None:
    empty = rows(observed=np.nan, expected=np.nan, upper=np.nan, status="suppressed", high95=np.nan)
    vl_convert.vegalite_to_svg(draw(empty))


def test_a_series_with_one_value_can_be_drawn() -> None:
    vl_convert.vegalite_to_svg(draw(rows().head(1)))


def test_markup_in_words_is_escaped_in_svg() -> None:
    words = Words(expected='<script>alert("x")</script>')
    svg = vl_convert.vegalite_to_svg(draw(rows(), labels=words))
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_spanish_charts_carry_spanish_months() -> None:
    assert time_locale("es")["shortMonths"][:4] == ["ene", "feb", "mar", "abr"]
    options = draw(rows(), language="es")["usermeta"]["embedOptions"]
    assert options["timeFormatLocale"]["months"][0] == "enero"
    short = charts.series_chart(rows().head(8), unit="", country="mx", language="es", dark=False, width=700)
    assert ">abr" in charts.svg(short, "es")
    assert ">apr" not in charts.svg(short, "es").lower()


def test_a_chart_does_not_change_its_input() -> None:
    frame = with_alarms(47)
    before = frame.copy(deep=True)
    draw(frame, until=date(2026, 1, 1))
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("bars", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_a_sparkline_starts_at_zero_in_the_country_s_colour(dark: bool, bars: bool) -> None:
    values = rows().set_index("period")["observed"]
    spec = charts.sparkline(values, colour="us", dark=dark, width=120, bars=bars).to_dict()
    first = next(layers(spec))
    assert first["mark"]["color"] == charts.palette(dark=dark).us
    assert first["encoding"]["y"]["scale"]["domain"][0] == 0
    vl_convert.vegalite_to_svg(spec)


def test_extra_lines_are_drawn_at_their_own_dates_whatever_their_index() -> None:
    earlier = pd.DataFrame({"period": pd.date_range("2018-01-01", periods=30, freq="MS"), "observed": 100.0}).tail(
        12
    )
    spec = draw(rows(), earlier=earlier)
    (line,) = marks(spec, "line", strokeWidth=1.4)
    assert data(spec, line)[0] == {"period": "2019-07-01T00:00:00+00:00", "observed": 100.0}
    assert "earlier method" in texts(spec)


def test_a_sparkline_of_nothing_can_be_drawn() -> None:
    values = pd.Series([np.nan, np.nan], index=MONTHS[:2])
    vl_convert.vegalite_to_svg(charts.sparkline(values, colour="mx", dark=False, width=120).to_dict())


def test_the_small_series_has_no_y_axis_and_keeps_its_alarm() -> None:
    spec = charts.small_series(with_alarms(47), country="us", language="en", dark=True, width=300).to_dict()
    assert marks(spec, "point", fill=charts.DARK.alarm)
    scaled = [layer for layer in layers(spec) if "scale" in layer["encoding"].get("y", {})]
    assert [layer["encoding"]["y"]["axis"] for layer in scaled] == [None]
    vl_convert.vegalite_to_svg(spec)


def test_revisions_are_bars_around_zero_with_signed_labels() -> None:
    frame = pd.DataFrame({"period": MONTHS[:3], "change": [1.25, -3.0, 0.0]})
    spec = charts.revision_chart(frame, country="us", language="es", dark=False, title="%", width=500).to_dict()
    (bars,) = marks(spec, "bar")
    assert [row["label"] for row in data(spec, bars)] == ["+1.2 %", "-3.0 %", "+0.0 %"]
    vl_convert.vegalite_to_svg(spec)


def test_coverage_hatches_what_is_not_yet_published() -> None:
    frame = pd.DataFrame({"label": ["A", "B"], "country": ["us", "mx"], "first": MONTHS[:2], "last": MONTHS[20:22]})
    spec = charts.coverage_chart(
        frame, language="es", dark=False, until=date(2026, 1, 1), not_published="aún sin publicar", width=600
    ).to_dict()
    held, missing = marks(spec, "bar")
    assert [row["colour"] for row in data(spec, held)] == [charts.LIGHT.us, charts.LIGHT.mx]
    assert missing["mark"]["color"]["gradient"] == "linear"
    vl_convert.vegalite_to_svg(spec)


@pytest.mark.parametrize(
    ("value", "language", "label"),
    [
        (739, "en", "739"),
        (34523, "es", "34,523"),
        (24.7, "en", "24.7"),
        (3.456, "es", "3.46"),
        (1234.5, "en", "1,234"),
    ],
)
def test_a_figure_has_decimals_only_where_they_matter(value: float, language: Any, label: str) -> None:
    assert charts.figure(value, language) == label


def test_an_alarm_line_far_above_leaves_the_picture_and_is_labelled_at_its_edge() -> None:
    days = pd.date_range("2022-01-01", periods=24, freq="MS")
    rows = pd.DataFrame({"period": days, "observed": 100.0, "expected": 90.0, "upper": 5000.0, "alarm": False})
    spec = charts.series_chart(rows, unit="lb", country="us", language="en", dark=False).to_dict()
    text = json.dumps(spec, ensure_ascii=False)
    assert "alarm line 5,000 ↑" in text
    domains = [layer["encoding"]["y"]["scale"]["domain"] for layer in spec["layer"] if "scale" in layer.get(
        "encoding", {}).get("y", {})]  # fmt: skip
    assert domains == [[0, pytest.approx(220)]]  # twice the largest figure, and room
    near = charts.series_chart(rows.assign(upper=150.0), unit="lb", country="us", language="en", dark=False)
    assert "↑" not in json.dumps(near.to_dict(), ensure_ascii=False)
