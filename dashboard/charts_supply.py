"""Charts of seizures: months, years of one kind, and correlations at leads and lags."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard.look import Language, Width, figure, finish, hatch, month, palette, utc


def months_chart(
    rows: pd.DataFrame, *, unit: str, language: Language, dark: bool, height: int = 240, width: Width = "container"
) -> Any:
    """Bars of a monthly weight (period, weight, events, provisional) from zero; provisional ones paler."""
    colours = palette(dark=dark)
    data = rows.dropna(subset=["weight"])
    data = data.assign(
        when=[month(day, language) for day in data["period"]], period=utc(data["period"]),
        strength=data["provisional"].map({True: 0.5, False: 0.9}),
    )  # fmt: skip
    bars = alt.Chart(data[["period", "weight", "events", "when", "strength"]]).mark_bar(
        color=colours.us, size=alt.ExprRef(f"max(1, min(12, 0.62 * width / {max(len(data), 1)}))")
    ).encode(
        x=alt.X("period:T", scale=alt.Scale(type="utc", padding=8), title=None, axis=alt.Axis(tickCount=8)),
        y=alt.Y("weight:Q", title=None, axis=alt.Axis(tickCount=5, format=",.0f")),
        opacity=alt.Opacity("strength:Q", scale=None),
        tooltip=[
            alt.Tooltip("when:N", title=" "), alt.Tooltip("weight:Q", title=unit, format=",.0f"),
            alt.Tooltip("events:Q", title="n", format=",.0f"),
        ],
    )  # fmt: skip
    return finish(alt.layer(bars, height=height, width=width), language=language, dark=dark)


def years_chart(
    rows: pd.DataFrame, *, top: float, language: Language, dark: bool, height: int = 220, width: Width = "container"
) -> Any:
    """Bars of years of one kind (label, total, whole), part years hatched; *top* ends the axis, for two alike."""
    colours = palette(dark=dark)
    data = rows.assign(text=[figure(round(value), language) for value in rows["total"]])
    x = alt.X(
        "label:N", sort=rows["label"].to_list(), title=None, scale=alt.Scale(paddingInner=0.25),
        axis=alt.Axis(labelAngle=0, labelOverlap=False, labelColor=colours.ink, labelFontSize=10),
    )  # fmt: skip
    y = alt.Y(
        "total:Q", title=None, scale=alt.Scale(domain=[0, top * 1.1], nice=False),
        axis=alt.Axis(tickCount=5, format=",.0f"),
    )  # fmt: skip
    stripes = hatch(colours.us, width=40, height=150, step=5, duty=0.4)
    base = alt.Chart(data[["label", "total", "whole", "text"]]).encode(x=x, y=y)
    tips = [alt.Tooltip("label:N", title=" "), alt.Tooltip("text:N", title=" ")]
    whole = base.transform_filter("datum.whole").mark_bar(color=colours.us, opacity=0.85).encode(tooltip=tips)
    part = base.transform_filter("!datum.whole").mark_bar(color=stripes, stroke=colours.us)
    text = base.mark_text(dy=-7, color=colours.ink, fontSize=10).encode(text=alt.Text("text:N"))
    layers = alt.layer(whole, part.encode(tooltip=tips), text, height=height, width=width)
    return finish(layers, language=language, dark=dark)


def correlations_chart(
    table: pd.DataFrame, bound: float, *, language: Language, dark: bool, before: str, after: str,
    height: int = 240, width: Width = "container",
) -> Any:  # fmt: skip
    """Bars of the correlation at each lag (lag, correlation, first, second) in a grey band of ± *bound*.

    *before* and *after* name the sides of zero; dots are the two halves.
    """
    colours = palette(dark=dark)
    data = table.assign(outside=(table["correlation"].abs() > bound) & (table["lag"] > 0))
    x = alt.X("lag:Q", title=None, scale=alt.Scale(domain=[-13, 13], nice=False), axis=alt.Axis(tickCount=9))
    y = alt.Y(
        "correlation:Q", title=None, scale=alt.Scale(domain=[-1, 1]), axis=alt.Axis(tickCount=5, format=".1f")
    )
    band = alt.Chart(pd.DataFrame({"low": [-bound], "high": [bound]})).mark_rect(color=colours.grey, opacity=0.18)
    base = alt.Chart(data).encode(x=x)
    tips = [alt.Tooltip("lag:Q", title=" "), alt.Tooltip("correlation:Q", title="r", format=".2f")]
    bars = base.mark_bar(size=alt.ExprRef("max(3, width / 70)")).encode(
        y=y, tooltip=tips,
        color=alt.condition("datum.outside", alt.value(colours.alarm), alt.value(colours.us)),
    )  # fmt: skip
    dots = [
        base.mark_point(size=22, filled=filled, color=colours.ink, strokeWidth=1).encode(
            y=alt.Y(f"{name}:Q", title=None)
        )
        for name, filled in (("first", False), ("second", True))
    ]
    zero = alt.Chart(pd.DataFrame({"lag": [0.0]})).mark_rule(color=colours.muted, strokeDash=[2, 2]).encode(x=x)
    sides = []
    for at, words, align in ((-12.8, before, "left"), (12.8, after, "right")):
        side = alt.Chart(pd.DataFrame({"lag": [at], "text": [words]}))
        mark = side.mark_text(align=align, color=colours.muted, baseline="top", limit=300)  # type: ignore[arg-type]
        sides.append(mark.encode(x=x, y=alt.YValue(2), text=alt.Text("text:N")))
    layers = [band.encode(y=alt.Y("low:Q"), y2=alt.Y2("high")), zero, bars, *dots, *sides]
    return finish(alt.layer(*layers, height=height, width=width), language=language, dark=dark)
