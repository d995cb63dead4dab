"""Pictures of what is published where, when it became known, and how much it changed."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import altair as alt
import pandas as pd

from dashboard.look import NOMINAL, Country, Language, finish, hatch, palette

ROW = 17  # px of one place or month
PALE = [0.12, 0.5, 0.9]  # opacity of almost nothing, almost all, all


def matrix_chart(
    cells: pd.DataFrame, *, country: Country, language: Language, dark: bool, description: str = ""
) -> Any:
    """Places × measures (place, measure, state, share, hidden, said): solid, pale, circle, dash, hatched.

    Solid: every figure is published; pale: a part, the paler the less; open circle: suppressed; dash: not reported;
    grey hatch: not collected; nothing: not in what is held.
    """
    colours = palette(dark=dark)
    names = list(dict.fromkeys(cells["measure"]))
    lines = {name: wrap(name, 15) for name in names}
    deepest = max(map(len, lines.values()), default=1)
    cells = cells.assign(measure=["\n".join(lines[name]) for name in cells["measure"]])
    x = alt.X(
        "measure:N", sort=["\n".join(lines[name]) for name in names], title=None,
        axis=alt.Axis(
            orient="top", labelAngle=0, labelExpr="split(datum.label, '\\n')", labelColor=colours.ink,
            labelPadding=6 + 13 * (deepest - 1), labelLineHeight=13, labelLimit=200,
        ),
    )  # fmt: skip
    y = alt.Y(
        "place:N", sort=list(dict.fromkeys(cells["place"])), title=None,
        axis=alt.Axis(grid=False, labelLimit=150, labelColor=colours.ink),
    )  # fmt: skip
    base = alt.Chart(cells).encode(x=x, y=y, tooltip=alt.Tooltip("said:N", title=" "))
    # A circle or a dash alone would be hard to point at: every cell answers to the pointer.
    ground = base.mark_rect(opacity=0)
    fill = base.transform_filter("datum.share > 0").mark_rect(
        color=getattr(colours, country), stroke=colours.paper, strokeWidth=2
    ).encode(
        opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 0.99, 1], range=PALE), legend=None)
    )  # fmt: skip
    stripes = hatch(colours.grey, width=NOMINAL / max(len(names), 1), height=ROW, step=7, duty=0.2)
    never = base.transform_filter("datum.state === 'not_collected'").mark_rect(
        color=stripes, stroke=colours.paper, strokeWidth=2
    )
    hidden = base.transform_filter("datum.hidden > 0").mark_point(
        filled=False, size=50, stroke=colours.ink, strokeWidth=1.4
    )
    gap = base.transform_filter("datum.state === 'not_reported'").mark_text(text="–", color=colours.muted)
    height = ROW * cells["place"].nunique()
    chart = alt.layer(ground, fill, never, hidden, gap, height=height, width="container")
    return finish(chart, language=language, dark=dark, description=description)


def triangle_chart(
    cells: pd.DataFrame, *, country: Country, language: Language, dark: bool, title: str, description: str = ""
) -> Any:
    """Months × lags (month, lag, share, held, printed, said): the figure then, % of the newest one; or hatched."""
    colours = palette(dark=dark)
    lags = sorted(cells["lag"].unique().tolist())
    x = alt.X(
        "lag:O",
        sort=lags,
        title=title,
        axis=alt.Axis(orient="top", labelAngle=0, titleAnchor="start", titlePadding=8),
    )
    y = alt.Y(
        "month:N", sort=list(dict.fromkeys(cells["month"])), title=None,
        axis=alt.Axis(grid=False, labelColor=colours.ink),
    )  # fmt: skip
    base = alt.Chart(cells).encode(x=x, y=y, tooltip=alt.Tooltip("said:N", title=" "))
    stripes = hatch(colours.grey, width=NOMINAL / max(len(lags), 1), height=ROW, step=9, duty=0.1)
    missing = base.transform_filter("!datum.held").mark_rect(color=stripes, stroke=colours.paper, strokeWidth=1)
    held = base.transform_filter("datum.held").mark_rect(
        color=getattr(colours, country), stroke=colours.paper, strokeWidth=1
    ).encode(
        opacity=alt.Opacity(
            "share:Q", scale=alt.Scale(domain=[0.8, 1], range=[0.08, 0.42], clamp=True), legend=None
        )
    )  # fmt: skip
    figures = (
        base.transform_filter("datum.held")
        .mark_text(fontSize=10, color=colours.ink)
        .encode(text=alt.Text("printed:N"))
    )
    height = ROW * cells["month"].nunique()
    return finish(
        alt.layer(missing, held, figures, height=height, width="container"),
        language=language, dark=dark, description=description,
    )  # fmt: skip


def lags_chart(
    table: pd.DataFrame, *, country: Country, language: Language, dark: bool, x_title: str, y_title: str,
    description: str = "",
) -> Any:  # fmt: skip
    """How far figures were from the newest (lag, low10, median, high90, said): bar of eight in ten, tick."""
    colours = palette(dark=dark)
    above: dict[str, Any] = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -9}
    base = alt.Chart(table).encode(
        x=alt.X("lag:O", title=x_title, axis=alt.Axis(labelAngle=0)), tooltip=alt.Tooltip("said:N", title=" ")
    )
    spread = base.mark_bar(color=getattr(colours, country), opacity=0.3, size=16).encode(
        y=alt.Y("low10:Q", axis=alt.Axis(title=y_title, tickCount=5, **above)), y2=alt.Y2("high90")
    )
    middle = base.mark_tick(color=getattr(colours, country), thickness=3, size=16).encode(y=alt.Y("median:Q"))
    zero = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=colours.muted).encode(y=alt.Y("y:Q"))
    return finish(
        alt.layer(spread, zero, middle, height=240, width="container"),
        language=language, dark=dark, description=description,
        padding={"left": 0, "right": 8, "top": 14, "bottom": 8},
    )  # fmt: skip
