"""Supply, use and harm as lanes on one time axis, each scaled to its own maximum. Pure, as `charts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from dashboard.look import NOMINAL, Country, Language, Width, finish, hatch, palette

HIGH = 0.62  # of a lane's height that its largest value takes; the name stands above
ROOM = 62  # px a lane
NARROW = alt.ExprRef("max(width - 10, 120)")  # on a phone, words are cut rather than the picture squeezed
BESIDE = 92  # px right of the "now" rule, for the newest values


@dataclass(frozen=True)
class Drawn:
    """One lane with its words: what stands at the upper left, at the peak, behind "now", and in the hatching."""

    name: str
    country: Country
    stage: str = ""
    line: pd.Series | None = None
    complete: pd.Series | None = None
    yearly: bool = False
    newest: str = ""
    when: str = ""
    peak: str = ""
    missing: str = ""  # said in the hatched stretch
    since: pd.Timestamp | None = None
    changed: str = ""  # said at the rule of a method break


def lanes_chart(
    lanes: Sequence[Drawn], *, first: pd.Timestamp, until: date, now: str, language: Language, dark: bool,
    width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """The lanes from top to bottom, hatched from each one's newest value to the day *until*."""
    colours = palette(dark=dark)
    end = pd.Timestamp(until)
    scale = alt.Scale(type="utc", domain=[f"{first:%Y-%m-%d}", f"{end:%Y-%m-%d}"], nice=False)
    x = alt.X("period:T", scale=scale, title=None, axis=alt.Axis(tickCount=9, format="%Y", grid=True))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, len(lanes)], nice=False), axis=None)
    layers: list[Any] = []
    for place, lane in enumerate(lanes):
        layers += _layers(lane, len(lanes) - 1 - place, (first, end), x, y, colours)
    rule = alt.Chart(_at(end, 0.0)).encode(x=x)
    layers.append(rule.mark_rule(color=colours.ink, strokeWidth=1.4))
    layers.append(
        alt.Chart(_at(end, float(len(lanes)), now))
        .mark_text(color=colours.ink, fontWeight="bold", dy=-7)
        .encode(x=x, y=y, text=alt.Text("text:N"))
    )
    chart = alt.layer(*layers, height=ROOM * len(lanes), width=width)
    return finish(
        chart, language=language, dark=dark, description=description,
        padding={"left": 2, "right": BESIDE, "top": 16, "bottom": 0},
    )  # fmt: skip


def _at(day: pd.Timestamp, y: float, text: str = "") -> pd.DataFrame:
    return pd.DataFrame({"period": [day.tz_localize("UTC")], "y": [y], "text": [text]})


def _layers(
    lane: Drawn, floor: int, span: tuple[pd.Timestamp, pd.Timestamp], x: alt.X, y: alt.Y, colours: Any
) -> list[Any]:
    hue = getattr(colours, lane.country)
    first, end = span
    ground = alt.Chart(pd.DataFrame({"y": [float(floor)]})).mark_rule(color=colours.grey, strokeWidth=0.7)
    layers = [ground.encode(y=y)]
    last = first
    if lane.line is not None:
        top = max(float(lane.line.max()), 1e-9)
        data = pd.DataFrame(
            {
                "period": lane.line.index.tz_localize("UTC"),
                "y": floor + HIGH * lane.line.to_numpy(dtype=float) / top,
                "floor": float(floor),
                "final": True if lane.complete is None else lane.complete.to_numpy(dtype=bool),
            }
        )
        layers += _bars(data, hue, x, y) if lane.yearly else _line(data, lane, hue, x, y, colours)
        held = lane.line.dropna()
        last = pd.Timestamp(held.index[-1]) + (pd.DateOffset(years=1) if lane.yearly else pd.DateOffset(days=20))
        if lane.peak:
            highest = pd.Timestamp(held[::-1].idxmax())
            tip = alt.Chart(_at(highest, floor + HIGH, lane.peak)).encode(x=x, y=y)
            layers.append(tip.mark_circle(color=colours.ink, size=18, opacity=1))
            late = highest - first > (end - first) / 2  # its words then stand before it, not across "now"
            words = tip.mark_text(
                align="right" if late else "left", dx=-6 if late else 6, dy=-3, color=colours.muted, fontSize=10
            )
            layers.append(words.encode(text=alt.Text("text:N")))
        if lane.since is not None:
            layers += _broken(lane, floor, x, y, colours)
    if last < end:
        layers += _hatched(lane, floor, (last, end), span, x, y, colours)
    return [*layers, *_words(lane, floor, first, hue, x, y, colours)]


def _bars(data: pd.DataFrame, hue: str, x: alt.X, y: alt.Y) -> list[Any]:
    """A year is as wide as a year."""
    whole = data.dropna(subset=["y"])
    whole = whole.assign(
        period=whole["period"] + pd.Timedelta(days=25), until=whole["period"] + pd.Timedelta(days=340)
    )
    bars = alt.Chart(whole).mark_rect(color=hue, opacity=0.55)
    return [bars.encode(x=x, x2=alt.X2("until"), y=y, y2=alt.Y2("floor"))]


def _line(data: pd.DataFrame, lane: Drawn, hue: str, x: alt.X, y: alt.Y, colours: Any) -> list[Any]:
    """Area and line, dashed where values may still change; a method break cuts both."""
    method = (data["period"] >= lane.since.tz_localize("UTC")).astype(int) if lane.since is not None else 0
    open_ = data["y"].where(~data["final"] | ~data["final"].shift(-1, fill_value=True))
    data = data.assign(method=method, settled=data["y"].where(data["final"]), open=open_)
    base = alt.Chart(data).encode(x=x, detail=alt.Detail("method:N"))
    return [
        base.mark_area(color=hue, opacity=0.13).encode(y=y, y2=alt.Y2("floor")),
        base.mark_line(color=hue, strokeWidth=1.5).encode(y=alt.Y("settled:Q", axis=None)),
        base.mark_line(color=hue, strokeWidth=1.5, strokeDash=[3, 2]).encode(y=alt.Y("open:Q", axis=None)),
    ]


def _broken(lane: Drawn, floor: int, x: alt.X, y: alt.Y, colours: Any) -> list[Any]:
    assert lane.since is not None
    data = _at(lane.since - pd.Timedelta(days=15), float(floor), lane.changed).assign(top=floor + HIGH + 0.12)
    base = alt.Chart(data).encode(x=x)
    text = base.mark_text(align="right", dx=-4, color=colours.muted, fontSize=10, baseline="top")
    return [
        base.mark_rule(color=colours.ink, strokeDash=[2, 3]).encode(y=y, y2=alt.Y2("top")),
        text.encode(y=alt.Y("top:Q", axis=None), text=alt.Text("text:N")),
    ]


def _hatched(
    lane: Drawn, floor: int, stretch: tuple[pd.Timestamp, pd.Timestamp],
    span: tuple[pd.Timestamp, pd.Timestamp], x: alt.X, y: alt.Y, colours: Any,
) -> list[Any]:  # fmt: skip
    start, end = stretch
    share = (end - start) / (span[1] - span[0])
    stripes = hatch(colours.grey, width=max(share * NOMINAL, 6), height=HIGH * ROOM, step=7, duty=0.15)
    data = _at(start, floor + HIGH * 0.92).assign(until=end.tz_localize("UTC"), floor=float(floor))
    layers: list[Any] = [
        alt.Chart(data).mark_rect(color=stripes).encode(x=x, x2=alt.X2("until"), y=y, y2=alt.Y2("floor")),
    ]
    if lane.missing and share * NOMINAL > 5.2 * len(lane.missing):
        data = _at(end, floor + HIGH * 0.4, lane.missing)
        halo = alt.Chart(data).encode(x=x, y=y, text=alt.Text("text:N"))
        style: dict[str, Any] = {"align": "right", "dx": -6, "fontSize": 10, "limit": NARROW}
        layers.append(halo.mark_text(stroke=colours.paper, strokeWidth=4, **style))
        layers.append(halo.mark_text(color=colours.muted, **style))
    return layers


def _words(lane: Drawn, floor: int, first: pd.Timestamp, hue: str, x: alt.X, y: alt.Y, colours: Any) -> list[Any]:
    name = alt.Chart(_at(first, floor + 0.86, lane.name)).encode(x=x, y=y, text=alt.Text("text:N"))
    layers = [name.mark_text(align="left", color=hue, fontWeight=600, dx=2, limit=NARROW)]
    for text, height, style in (
        (lane.stage, 0.86, {"color": colours.ink, "fontWeight": "bold", "fontSize": 10}),
        (lane.newest, 0.5, {"color": hue, "fontWeight": "bold"}),
        (lane.when, 0.25, {"color": colours.muted, "fontSize": 10}),
    ):
        if text:
            data = pd.DataFrame({"y": [floor + height], "text": [text]})
            base = alt.Chart(data).mark_text(align="left", dx=7, **style)
            layers.append(base.encode(x=alt.XValue("width"), y=y, text=alt.Text("text:N")))
    return layers
