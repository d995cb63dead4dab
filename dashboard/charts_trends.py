"""Pictures of the Trends page beside the series: the parts of a decomposition, and comparable lines together."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard.look import Country, Language, Width, finish, palette, utc

LANE = 0.82  # of a lane's height that its line may take
_DASHES: tuple[list[float], ...] = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3])


def parts_chart(
    parts: pd.DataFrame, *, colour: Country, language: Language, dark: bool, height: int = 270,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """Trend, season and remainder as three lanes on one time axis, each on its own scale.

    *parts*: lane (0 at the top), name (with the lane's range), period, value.
    """
    colours = palette(dark=dark)
    hue = getattr(colours, colour)
    lanes = int(parts["lane"].max()) + 1
    x = alt.X("period:T", scale=alt.Scale(type="utc"), title=None, axis=alt.Axis(tickCount=7))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, lanes], nice=False), axis=None)
    layers: list[Any] = []
    for lane, part in parts.groupby("lane"):
        low, high = float(part["value"].min()), float(part["value"].max())
        size = LANE / max(high - low, 1e-9)
        floor = lanes - 1 - int(str(lane)) + 0.06
        data = part.assign(period=utc(part["period"]), y=floor + (part["value"] - low) * size)[["period", "y"]]
        line = alt.Chart(data).mark_line(color=hue if lane == 0 else colours.muted, strokeWidth=1.5)
        layers.append(line.encode(x=x, y=y))
        if low < 0 < high:
            zero = alt.Chart(pd.DataFrame({"y": [floor - low * size]}))
            layers.append(zero.mark_rule(color=colours.hairline).encode(y=y))
        head = pd.DataFrame(
            {"period": [data["period"].iloc[0]], "y": [floor + 0.93], "text": [part["name"].iloc[0]]}
        )
        text = alt.Chart(head).encode(x=x, y=y, text=alt.Text("text:N"))
        mark: dict[str, Any] = {"align": "left", "baseline": "top", "dx": 2}
        layers += [
            text.mark_text(stroke=colours.paper, strokeWidth=3, **mark),
            text.mark_text(color=colours.ink, **mark),
        ]
    chart = alt.layer(*layers, height=height, width=width)
    return finish(chart, language=language, dark=dark, description=description)


def together_chart(
    lines: pd.DataFrame, *, language: Language, dark: bool, unit: str, base: float | None = None, log: bool = False,
    height: int = 300, width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """Comparable lines in one picture, told apart by dashes and by their names at their ends.

    *lines*: name, country (us, mx), period, value, when. *base*: a level drawn as a rule (100).
    """
    colours = palette(dark=dark)
    names = list(dict.fromkeys(lines["name"]))
    top = float(lines["value"].max()) * 1.1
    data = lines.assign(period=utc(lines["period"])).dropna(subset=["value"])
    room = (data["period"].max() - data["period"].min()) * 0.2
    ends = [data["period"].min().isoformat(), (data["period"].max() + room).isoformat()]
    x = alt.X("period:T", scale=alt.Scale(type="utc", domain=ends), title=None, axis=alt.Axis(tickCount=7))
    scale = alt.Scale(type="symlog", domain=[0, top]) if log else alt.Scale(domain=[0, top], nice=False)
    above: dict[str, Any] = {
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "end",
        "titleX": 0,
        "titleY": -12,
    }
    form = ",.0f" if top >= 20 else ",.2~f"
    y = alt.Y("value:Q", scale=scale, axis=alt.Axis(tickCount=5, format=form, title=unit, **above))
    layers: list[Any] = []
    if base is not None:
        layers.append(alt.Chart(pd.DataFrame({"value": [base]})).mark_rule(color=colours.muted).encode(y=y))
    last = data.sort_values("period").groupby("name").tail(1).sort_values("value", ignore_index=True)
    at = _apart(last["value"].tolist(), 14 * top / height)
    for place, name in enumerate(names):
        part = data[data["name"] == name]
        if part.empty:
            continue
        hue = getattr(colours, part["country"].iloc[0])
        line = alt.Chart(part[["period", "value", "name", "when"]]).encode(x=x, y=y)
        layers.append(line.mark_line(color=hue, strokeWidth=1.7, strokeDash=_DASHES[place % len(_DASHES)]))
        tips = [alt.Tooltip("name:N", title=" "), alt.Tooltip("when:N", title=" "),
                alt.Tooltip("value:Q", title=unit, format=",.3~g")]  # fmt: skip
        layers.append(line.mark_point(opacity=0, size=100).encode(tooltip=tips))
        row = last.index[last["name"] == name][0]
        label = pd.DataFrame({"period": [part["period"].max()], "value": [at[row]], "text": [name]})
        text = alt.Chart(label).encode(x=x, y=y, text=alt.Text("text:N"))
        mark: dict[str, Any] = {"align": "left", "baseline": "middle", "dx": 7}
        layers += [text.mark_text(stroke=colours.paper, strokeWidth=3, **mark), text.mark_text(color=hue, **mark)]
    chart = alt.layer(*layers, height=height, width=width)
    return finish(chart, language=language, dark=dark, description=description,
                  padding={"left": 0, "right": 8, "top": 24, "bottom": 0})  # fmt: skip


def _apart(heights: list[float], gap: float) -> list[float]:
    """Ascending heights pushed up until none is nearer than *gap* to the one below."""
    out: list[float] = []
    for height in heights:
        out.append(max(height, out[-1] + gap) if out else height)
    return out
