"""Pictures of the benchmarks: a number line a row, yearly bars, deaths since the quoted year, timeliness."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard.look import NOMINAL, Country, Language, Width, finish, palette, utc


def number_line(
    points: pd.DataFrame, *, colour: Country, language: Language, dark: bool, width: Width = "container",
    description: str = "",
) -> Any:  # fmt: skip
    """Quoted (hollow), revised (filled) and latest (large) on one line from zero.

    *points*: step (quoted, revised, latest), name (drawn below), value, said (drawn above).
    """
    colours = palette(dark=dark)
    hue = getattr(colours, colour)
    top = float(points["value"].max()) * 1.06
    scale = alt.Scale(domain=[0, top], nice=False)
    ground = pd.DataFrame({"low": [0.0], "high": [top]})
    rule = alt.Chart(ground).mark_rule(color=colours.grey, strokeWidth=1).encode(
        x=alt.X("low:Q", scale=scale, axis=None), x2=alt.X2("high"), y=alt.YValue(20)
    )  # fmt: skip
    zero = alt.Chart(ground).mark_tick(color=colours.grey, orient="vertical", size=9).encode(
        x=alt.X("low:Q", scale=scale, axis=None), y=alt.YValue(20)
    )  # fmt: skip
    layers = [rule, zero]
    marks: dict[str, dict[str, Any]] = {
        "quoted": {"fill": colours.paper, "stroke": colours.ink, "strokeWidth": 1.5, "size": 70},
        "revised": {"fill": colours.grey, "stroke": colours.paper, "strokeWidth": 1, "size": 70},
        "latest": {"fill": hue, "stroke": colours.paper, "strokeWidth": 1, "size": 130},
    }
    for step, mark in marks.items():
        part = points[points["step"] == step]
        if len(part):
            base = alt.Chart(part).encode(x=alt.X("value:Q", scale=scale, axis=None), y=alt.YValue(20))
            layers.append(
                base.mark_point(opacity=1, **mark).encode(
                    tooltip=[alt.Tooltip("said:N", title=" "), alt.Tooltip("name:N", title=" ")]
                )
            )
    for row, y in zip(points.to_dict("records"), _levels(points, top), strict=True):
        data = pd.DataFrame({"value": [row["value"]], "text": [row["name"]]})
        side: Any = "right" if row["value"] > 0.8 * top else "left" if row["value"] < 0.2 * top else "center"
        text = alt.Chart(data).encode(
            x=alt.X("value:Q", scale=scale, axis=None), y=alt.YValue(y), text=alt.Text("text:N")
        )
        layers.append(text.mark_text(color=colours.muted, align=side, fontSize=11))
    height = 44 + 13 * max(0, len(points) - 1)
    chart = alt.layer(*layers, height=height, width=width)
    edges = {"left": 4, "right": 6, "top": 0, "bottom": 0}
    return finish(chart, language=language, dark=dark, description=description, padding=edges)


def _levels(points: pd.DataFrame, top: float) -> list[float]:
    """Heights of the names below the line: one apart where they would run into each other."""
    order = points["value"].rank(method="first").astype(int) - 1
    return [38.0 + 13 * level for level in order]


def year_bars(
    rows: pd.DataFrame, *, colour: Country, language: Language, dark: bool, unit: str, height: int = 220,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """Values by year as bars; part years paler and dashed, the quoted one outlined; without *unit* no axis.

    *rows*: name (of the year), value, kind (quoted, whole, part), said (drawn above the bar).
    """
    colours = palette(dark=dark)
    hue = getattr(colours, colour)
    top = float(rows["value"].max()) * 1.15
    order = list(dict.fromkeys(rows["name"]))
    base = alt.Chart(rows).encode(
        x=alt.X("name:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelLimit=110)),
        y=alt.Y("value:Q", scale=alt.Scale(domain=[0, top], nice=False),
                axis=alt.Axis(tickCount=4, format=",.0f", title=unit, **_ABOVE) if unit else None),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("said:N", title=unit)],
    )  # fmt: skip
    styles: dict[str, dict[str, Any]] = {
        "quoted": {"fill": colours.paper, "stroke": colours.ink, "strokeWidth": 1.4},
        "part": {"fill": hue, "fillOpacity": 0.35, "stroke": hue, "strokeDash": [3, 2]},
        "whole": {"fill": hue, "fillOpacity": 0.85},
    }
    layers: list[Any] = [
        base.transform_filter(alt.datum.kind == kind).mark_bar(size=34, **style)
        for kind, style in styles.items()
        if (rows["kind"] == kind).any()
    ]
    layers.append(base.mark_text(dy=-7, color=colours.ink).encode(text=alt.Text("said:N")))
    chart = alt.layer(*layers, height=height, width=width)
    return finish(chart, language=language, dark=dark, description=description,
                  padding={"left": 0, "right": 8, "top": 22, "bottom": 0})  # fmt: skip


_ABOVE: dict[str, Any] = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -12}


def deaths_chart(
    lines: pd.DataFrame, points: pd.DataFrame, *, language: Language, dark: bool, unit: str, height: int = 280,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """Reported and predicted sums over time, and the quoted, revised and latest figures as labelled points.

    *lines*: period, value, label, dashed; *points*: period, value, step, said, dy, align.
    """
    colours = palette(dark=dark)
    top = float(max(lines["value"].max(), points["value"].max())) * 1.12
    data = lines.assign(period=utc(lines["period"]))
    scale = alt.Scale(domain=[0, top], nice=False)
    ends = [data["period"].min().isoformat(), (data["period"].max() + pd.Timedelta(days=750)).isoformat()]
    x = alt.X("period:T", scale=alt.Scale(type="utc", domain=ends), title=None, axis=alt.Axis(tickCount=7))
    y = alt.Y("value:Q", scale=scale, axis=alt.Axis(tickCount=5, format=",.0f", title=unit, **_ABOVE))
    layers: list[Any] = []
    for dashed in (False, True):
        part = data[data["dashed"] == dashed]
        mark: dict[str, Any] = {"strokeDash": [4, 2.5]} if dashed else {}
        if len(part):
            base = alt.Chart(part[["period", "value", "label"]])
            layers.append(
                base.mark_line(color=colours.us if not dashed else colours.ink, strokeWidth=1.8, **mark).encode(
                    x=x, y=y
                )
            )
    marked = points.assign(period=utc(points["period"]))
    styles: dict[str, dict[str, Any]] = {
        "quoted": {"fill": colours.paper, "stroke": colours.ink, "strokeWidth": 1.6, "size": 90},
        "revised": {"fill": colours.grey, "stroke": colours.paper, "size": 80},
        "latest": {"fill": colours.us, "stroke": colours.paper, "size": 80},
    }
    for row in marked.to_dict("records"):
        one = pd.DataFrame([row])[["period", "value", "said"]]
        base = alt.Chart(one).encode(x=x, y=y)
        layers.append(
            base.mark_point(opacity=1, **styles[row["step"]]).encode(tooltip=alt.Tooltip("said:N", title=" "))
        )
        place: dict[str, Any] = {"align": row["align"], "dx": -9 if row["align"] == "right" else 9, "dy": row["dy"]}
        layers.append(base.mark_text(stroke=colours.paper, strokeWidth=3, **place).encode(text=alt.Text("said:N")))
        layers.append(base.mark_text(color=colours.ink, **place).encode(text=alt.Text("said:N")))
    chart = alt.layer(*layers, height=height, width=width)
    return finish(chart, language=language, dark=dark, description=description,
                  padding={"left": 0, "right": 12, "top": 24, "bottom": 0})  # fmt: skip


def means_chart(
    rows: pd.DataFrame, quoted: pd.DataFrame, *, language: Language, dark: bool, unit: str, height: int = 260,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """Monthly means by year, the calendar year (filled) beside the fiscal one (outlined), and the quoted figure.

    *rows*: year, value, fiscal, said; *quoted*: year, value, said (a tick over its year).
    """
    colours = palette(dark=dark)
    top = float(max(rows["value"].max(), quoted["value"].max())) * 1.15
    years = sorted(rows["year"].unique())
    x = alt.X("year:O", sort=years, title=None, axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", scale=alt.Scale(domain=[0, top], nice=False),
              axis=alt.Axis(tickCount=5, format=",.0f", title=unit, **_ABOVE))  # fmt: skip
    share = 0.34 * NOMINAL / max(len(years), 1)
    layers: list[Any] = []
    styles: dict[bool, dict[str, Any]] = {
        False: {"fill": colours.us, "fillOpacity": 0.85},
        True: {"fill": colours.us, "fillOpacity": 0.18, "stroke": colours.us},
    }
    for fiscal, style in styles.items():
        part = rows[rows["fiscal"] == fiscal]
        side = -share / 2 if not fiscal else share / 2
        base = alt.Chart(part).encode(x=x, y=y)
        layers.append(
            base.mark_bar(size=share * 0.85, xOffset=side, **style).encode(
                tooltip=[alt.Tooltip("said:N", title=" ")]
            )
        )
        layers.append(
            base.mark_text(dy=-7, xOffset=side, color=colours.ink, fontSize=10).encode(text=alt.Text("short:N"))
        )
    base = alt.Chart(quoted).encode(x=x, y=y)
    layers.append(base.mark_tick(color=colours.ink, thickness=2, size=share * 2.4))
    at = max(quoted["value"].max(), rows.loc[rows["year"].isin(quoted["year"]), "value"].max())
    above = alt.Chart(quoted.assign(value=at)).encode(x=x, y=y, text=alt.Text("said:N"))
    layers.append(above.mark_text(color=colours.ink, fontWeight="bold", dy=-24))
    chart = alt.layer(*layers, height=height, width=width)
    return finish(chart, language=language, dark=dark, description=description,
                  padding={"left": 0, "right": 8, "top": 24, "bottom": 0})  # fmt: skip


def timeliness_chart(
    rows: pd.DataFrame, *, language: Language, dark: bool, unit: str,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """A line a stream: days to visible (range and median), the usual delay (tick), or in words why not.

    *rows*: name, country (us, mx), days, low, high, usual, said.
    """
    colours = palette(dark=dark)
    known = rows.assign(colour=[getattr(colours, country) for country in rows["country"]])
    top = (
        float(max(rows["high"].max(skipna=True) if rows["high"].notna().any() else 0, rows["usual"].max(), 30))
        * 1.3
    )
    order = list(rows["name"])
    axis = alt.Axis(labelLimit=230, labelColor=colours.ink, grid=False)
    y = alt.Y("name:N", sort=order, title=None, axis=axis)
    scale = alt.Scale(domain=[0, top], nice=False)
    x_axis = alt.Axis(tickCount=6, grid=True, title=unit, format=",.0f")
    base = alt.Chart(known)
    span = base.mark_rule(strokeWidth=5, opacity=0.35).encode(
        x=alt.X("low:Q", scale=scale, axis=x_axis), x2=alt.X2("high"), y=y, color=alt.Color("colour:N", scale=None)
    )
    usual = base.mark_tick(color=colours.ink, thickness=1.6, size=16).encode(x=alt.X("usual:Q", scale=scale), y=y)
    dots = base.mark_circle(size=90, opacity=1).encode(
        x=alt.X("days:Q", scale=scale), y=y, color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("said:N", title=unit)],
    )  # fmt: skip
    at = known.assign(at=known[["high", "usual"]].max(axis=1).fillna(0.0))
    label = alt.Chart(at).mark_text(align="left", dx=9, color=colours.muted).encode(
        x=alt.X("at:Q", scale=scale), y=y, text=alt.Text("said:N")
    )  # fmt: skip
    chart = alt.layer(span, usual, dots, label, height=30 * len(rows) + 8, width=width)
    return finish(chart, language=language, dark=dark, description=description)
