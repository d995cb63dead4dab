"""Frames to charts. Pure: text comes in translated, charts go out; the colours are in look.py.

The same charts serve the browser and, as SVG, the bulletin. Dates are drawn in UTC, so that a chart does not
depend on the machine's time zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from dashboard import typeface
from dashboard.look import (
    DARK,
    LIGHT,
    Country,
    Language,
    Palette,
    Width,
    Words,
    figure,
    finish,
    hatch,
    month,
    palette,
    time_locale,
    utc,
)  # fmt: skip
from dashboard.series_layers import SeriesLayers

__all__ = [
    "DARK", "LIGHT", "Palette", "Words", "coverage_chart", "figure", "finish", "month", "palette",
    "revision_chart", "series_chart", "small_series", "sparkline", "svg",
]  # fmt: skip


def svg(chart: Any, language: Language) -> str:
    """A finished chart as SVG, its dates in the language; the chart needs a width in px."""
    typeface.register()
    spec = typeface.in_spec(chart.to_dict(validate=False))  # the tests check every chart
    return str(vl_convert.vegalite_to_svg(spec, time_format_locale=time_locale(language)))


def sparkline(
    values: pd.Series,
    *,
    colour: Country,
    dark: bool,
    height: int = 34,
    width: Width = "container",
    language: Language = "en",
    description: str = "",
    bars: bool = False,
) -> Any:
    """*values* (by period) as a line on a faint area from zero, its newest point marked; or as bars."""
    hue = getattr(palette(dark=dark), colour)
    data = pd.DataFrame({"period": utc(pd.Series(values.index)), "value": values.to_numpy(dtype=float)})
    top = max(float(np.nanmax(data["value"])) if data["value"].notna().any() else 1.0, 1e-9)
    base = alt.Chart(data).encode(
        x=alt.X("period:T", scale=alt.Scale(type="utc"), axis=None),
        y=alt.Y("value:Q", scale=alt.Scale(domain=[0, top * 1.08], nice=False), axis=None),
    )
    newest = data.dropna().tail(1)
    if bars:
        layers = [base.mark_bar(color=hue, opacity=0.8, size=12)]
    else:
        layers = [
            base.mark_area(color=hue, opacity=0.13), base.mark_line(color=hue, strokeWidth=1.6),
            base.mark_circle(color=hue, size=30, opacity=1).properties(data=newest),
        ]  # fmt: skip
    chart = alt.layer(*layers, height=height, width=width)
    edges = {"left": 2, "right": 4, "top": 3, "bottom": 1}
    return finish(chart, language=language, dark=dark, description=description, padding=edges)


def small_series(
    rows: pd.DataFrame,
    *,
    country: Country,
    language: Language,
    dark: bool,
    words: Words | None = None,
    height: int = 84,
    width: Width = "container",
    description: str = "",
) -> Any:
    """Verdict rows as the small picture on a signal's card: line, band, alarms; years on x and no y axis."""
    return SeriesLayers(rows, "", country, language, dark, words or Words(), height, width, small=True).chart(
        description
    )


def series_chart(
    rows: pd.DataFrame,
    *,
    unit: str,
    country: Country,
    language: Language,
    dark: bool,
    labels: Words | None = None,
    height: int = 300,
    width: Width = "container",
    description: str = "",
    until: date | None = None,
    breaks: Sequence[tuple[pd.Timestamp, str]] = (),
    earlier: pd.DataFrame | None = None,
    trend: pd.DataFrame | None = None,
    forecast: pd.DataFrame | None = None,
    vintages: pd.DataFrame | None = None,
    draft: pd.DataFrame | None = None,
    nowcast: pd.DataFrame | None = None,
    events: Sequence[tuple[pd.Timestamp, str]] = (),
    since: pd.Timestamp | None = None,
    log: bool = False,
    selects: bool = False,
) -> Any:
    """One series: observed line, expected band and line, alarm line, alarms, and why anything is missing.

    *rows*: verdict rows of one series in order: period, observed, expected, upper, alarm; where present also
    low80, high80, low95, high95 (expected range), provisional, complete, status. *until* draws what is not yet
    published up to that day. *earlier* (period, observed): the series before a method break; *trend* (period,
    trend); *forecast* (period, mean, low80 … high95); *vintages* (vintage, period, value; vintage a label);
    *draft* (period, observed, upper, change): another line, with the alarms it gains,
    loses and keeps; *nowcast* (period, median, low95, high95); *events*: days and words. *since*: where the time
    axis begins, so that several series are aligned. y starts at zero; *log* asks for log(1 + y). With *selects* a
    click on an alarm gives its `day` in the selection "alarm".
    """
    series = SeriesLayers(rows, unit, country, language, dark, labels or Words(), height, width, log=log)
    if since is not None:
        series.first = min(series.first, since.tz_localize("UTC"))
    series.add_time(until, breaks)
    series.add_extras(earlier, trend, forecast, vintages, draft)
    if nowcast is not None and len(nowcast):
        series.add_nowcast(nowcast)
    series.add_events(events)
    if selects:
        series.add_selection()
    return series.chart(description)


def revision_chart(
    rows: pd.DataFrame, *, country: Country, language: Language, dark: bool, title: str, height: int = 200,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """Change between the first and the newest stored figure of each period, in per cent (period, change)."""
    colours = palette(dark=dark)
    data = rows.assign(
        period=utc(rows["period"]),
        when=[month(day, language) for day in rows["period"]],
        label=[f"{change:+.1f} %" for change in rows["change"]],
    )
    above: dict[str, Any] = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -9}
    base = alt.Chart(data).encode(
        x=alt.X("period:T", scale=alt.Scale(type="utc", padding=10), title=None, axis=alt.Axis(tickCount=6)),
        y=alt.Y("change:Q", axis=alt.Axis(tickCount=4, title=title, **above)),
        tooltip=[alt.Tooltip("when:N", title=" "), alt.Tooltip("label:N", title=title)],
    )
    zero = alt.Chart(pd.DataFrame({"y": [0]})).mark_rule(color=colours.muted).encode(y=alt.Y("y:Q"))
    bars = base.mark_bar(color=getattr(colours, country), size=max(2, min(14, 520 // max(len(data), 1))))
    chart = alt.layer(bars, zero, height=height, width=width)
    return finish(chart, language=language, dark=dark, description=description)


def coverage_chart(
    rows: pd.DataFrame, *, language: Language, dark: bool, until: date, not_published: str,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """What is held of each indicator over time (label, country, first, last), and hatched what is not yet."""
    colours = palette(dark=dark)
    data = rows.assign(
        first=utc(rows["first"]), last=utc(rows["last"]), until=pd.Timestamp(until, tz="UTC"),
        colour=[getattr(colours, country) for country in rows["country"]],
        span=[f"{month(row.first, language)} – {month(row.last, language)}" for row in rows.itertuples()],
    )  # fmt: skip
    axis = alt.Axis(orient="top", tickCount=8, grid=True)
    x = alt.X("first:T", scale=alt.Scale(type="utc"), title=None, axis=axis)
    y = alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=340, labelColor=colours.ink, grid=False))
    tips = [alt.Tooltip("label:N", title=" "), alt.Tooltip("span:N", title=" ")]
    base = alt.Chart(data)
    held = base.mark_bar(height=9, opacity=0.85).encode(
        x=x, x2=alt.X2("last"), y=y, color=alt.Color("colour:N", scale=None), tooltip=tips
    )
    stripes = hatch(colours.grey, width=120, height=9, step=5, duty=0.2)
    missing = base.mark_bar(height=9, color=stripes).encode(
        x=alt.X("last:T", scale=alt.Scale(type="utc"), title=None), x2=alt.X2("until"), y=y,
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("gap:N", title=" ")],
    ).transform_calculate(gap=repr(not_published))  # fmt: skip
    chart = alt.layer(held, missing, height=max(22 * len(data), 40), width=width)
    return finish(chart, language=language, dark=dark, description=description)
