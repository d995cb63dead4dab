"""The pictures of a signal's dossier: the signal, what stands beside it, other settings, and who drives it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.look import Country, Language, Palette, Width, Words, figure, finish, hatch, month, palette, utc

PLOT = 30  # px of a picture's height that its axis takes
DRIVERS = 7  # places that the picture of drivers names


def signal_chart(
    rows: pd.DataFrame, *, run: Sequence[pd.Timestamp], country: Country, language: Language, dark: bool,
    words: Words, until: date | None, bars: bool = True, breaks: Sequence[tuple[pd.Timestamp, str]] = (),
    band_words: str = "", height: int = 220, width: Width = "container", pixels: int = 560, description: str = "",
) -> Any:  # fmt: skip
    """A series of months before its 80 and 95 % range, the periods of *run* filled, earlier alarms outlined.

    *rows* as `explain.drawn` gives them. *bars*, or a line with dots. Provisional bars are striped; the stretch up
    to *until* that is not yet published is hatched and ends in a rule "now" (None: the series is closed).
    *pixels*: about how wide the picture will be, for the stripes.
    """
    colours = palette(dark=dark)
    hue = getattr(colours, country)
    data = _months(rows, language, run)
    end = data["stop"].max() if until is None else max(data["stop"].max(), pd.Timestamp(until, tz="UTC"))
    columns = data[["observed", "high95", "expected"]].to_numpy(dtype=float)
    top = (float(np.nanmax(columns)) if np.isfinite(columns).any() else 1.0) * 1.12 or 1.0
    x = alt.X(
        "start:T", title=None, axis=alt.Axis(format="%Y", tickCount={"interval": "year", "step": 1}),
        scale=alt.Scale(type="utc", domain=[data["start"].min().isoformat(), end.isoformat()]),
    )  # fmt: skip
    axis = alt.Axis(tickCount=5, format=",.0f" if top >= 10 else ",.2~f")
    y = alt.Y("y:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, top], nice=False))
    ground = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=colours.grey, strokeWidth=0.8).encode(y=y)
    layers = [ground, *_bands(data, x, colours)]
    span = (end - data["start"].min()) / pd.Timedelta(days=1)
    if bars:
        layers += _bars(data, x, hue, colours, top, height, pixels / span * 30.4 * 0.6)
        ticks = alt.Chart(data.dropna(subset=["expected"])[["start", "stop", "expected"]])
        ticks = ticks.mark_rule(color=colours.ink, strokeWidth=1.3)
        layers.append(ticks.encode(x=x, x2=alt.X2("stop"), y=alt.Y("expected:Q")))
    else:
        layers += _line(data, x, hue, colours)
    if until is not None:
        layers += _waiting(data, end, x, colours, words, pixels, height)
    layers += _breaks(breaks, data, x, colours)
    layers += _labels(data, x, colours, language, hue, band_words)
    chart = alt.layer(*layers, _tips(data, x, words), height=height, width=width)
    edges = {"left": 2, "right": 14, "top": 18, "bottom": 0}
    return finish(chart, language=language, dark=dark, description=description, padding=edges)


def _months(rows: pd.DataFrame, language: Language, run: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """The rows with the edges of each month, of its bar, and what marks it."""
    start = utc(rows["period"])
    stop = start + pd.offsets.MonthBegin(1)
    share = stop - start
    return rows.assign(
        start=start,
        stop=stop,
        left=start + share * 0.2,
        right=start + share * 0.8,
        middle=start + share * 0.5,
        when=[month(day, language) for day in rows["period"]],
        run=rows["period"].isin(list(run)),
        alarm=rows["alarm"].astype("boolean").fillna(False).astype(bool),
        provisional=rows["provisional"].astype(bool),
    ).reset_index(drop=True)


def _time(field: str) -> alt.X:
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), title=None)


def _bands(data: pd.DataFrame, x: alt.X, colours: Palette) -> list[Any]:
    held = data.dropna(subset=["low95", "high95"])[["start", "stop", "low95", "high95", "low80", "high80"]]
    base = alt.Chart(held).encode(x=x, x2=alt.X2("stop"))
    return [
        base.mark_rect(color=colours.grey, opacity=0.16).encode(y=alt.Y(f"low{level}:Q"), y2=alt.Y2(f"high{level}"))
        for level in (95, 80)
    ]


def _bars(
    data: pd.DataFrame, x: alt.X, hue: str, colours: Palette, top: float, height: int, pixels: float
) -> list[Any]:
    held = data.dropna(subset=["observed"]).assign(zero=0.0)
    kept = ["left", "right", "zero", "observed"]

    def drawn(part: pd.DataFrame, **mark: Any) -> Any:
        base = alt.Chart(part[kept]).mark_rect(**mark)
        return base.encode(x=_time("left"), x2=alt.X2("right"), y=alt.Y("zero:Q"), y2=alt.Y2("observed"))

    earlier, now = held[held["alarm"] & ~held["run"]], held[held["run"]]
    layers = [drawn(held[~held["run"]], color=hue, opacity=0.85)]
    if len(now):
        ink: dict[str, Any] = {"fill": colours.alarm, "stroke": colours.ink, "strokeWidth": 1.6}
        layers.append(drawn(now, **ink))
    for _, bar in held[held["provisional"]].iterrows():  # each stripe pattern is made for one rectangle
        tall = max(float(bar["observed"]) / top * (height - PLOT), 2)
        stripes = hatch(colours.paper, width=max(pixels, 3), height=tall, step=5, duty=0.4)
        layers.append(drawn(bar.to_frame().T.astype({"zero": float, "observed": float}), color=stripes))
    if len(earlier):
        layers.append(drawn(earlier, fillOpacity=0, stroke=colours.alarm, strokeWidth=1.6))
    return layers


def _line(data: pd.DataFrame, x: alt.X, hue: str, colours: Palette) -> list[Any]:
    middle = _time("middle")
    base = alt.Chart(data[["middle", "observed", "expected"]]).encode(x=middle)
    dots = data.dropna(subset=["observed"])
    layers = [
        base.mark_line(color=colours.muted, strokeWidth=1.2, strokeDash=[3, 2]).encode(y=alt.Y("expected:Q")),
        base.mark_line(color=hue, strokeWidth=1.8).encode(y=alt.Y("observed:Q")),
        alt.Chart(dots[["middle", "observed"]]).mark_circle(color=hue, size=18, opacity=1)
        .encode(x=middle, y=alt.Y("observed:Q")),
    ]  # fmt: skip
    alarms = dots[dots["alarm"]]
    if len(alarms):
        ring: dict[str, Any] = {
            "filled": True,
            "fill": colours.paper,
            "stroke": colours.alarm,
            "strokeWidth": 1.6,
            "size": 46,
        }
        points = alt.Chart(alarms[["middle", "observed"]]).mark_point(opacity=1, **ring)
        layers.append(points.encode(x=middle, y=alt.Y("observed:Q")))
    return layers


def _waiting(
    rows: pd.DataFrame, end: pd.Timestamp, x: alt.X, colours: Palette, words: Words, pixels: int, height: int
) -> list[Any]:
    """The hatched stretch that is not yet published, and the rule "now"."""
    first, start = rows["start"].min(), rows["stop"].max()
    now = alt.Chart(pd.DataFrame({"start": [end], "text": [words.now]})).encode(x=x)
    layers = [
        now.mark_rule(color=colours.ink, strokeWidth=1.2),
        now.mark_text(baseline="bottom", fontWeight="bold", color=colours.ink)
        .encode(y=alt.YValue(-3), text=alt.Text("text:N")),
    ]  # fmt: skip
    days = (end - start) / pd.Timedelta(days=1)
    if days < 25:
        return layers
    share = days / ((end - first) / pd.Timedelta(days=1))
    data = pd.DataFrame({"start": [start], "stop": [end], "middle": [start + (end - start) / 2]})
    stripes = hatch(colours.grey, width=max(share * pixels, 6), height=height)
    area = alt.Chart(data).mark_rect(color=stripes, opacity=0.7).encode(x=x, x2=alt.X2("stop"))
    layers = [area, *layers]
    if share * pixels > 14:
        flat = share * pixels > 6.2 * len(words.not_published)
        note = alt.Chart(data.assign(text=words.not_published)).encode(
            x=_time("middle"), y=alt.YValue((height - PLOT) / 2), text=alt.Text("text:N")
        )
        place: dict[str, Any] = {"angle": 0 if flat else 270, "baseline": "middle"}
        layers.append(note.mark_text(stroke=colours.paper, strokeWidth=3, **place))
        layers.append(note.mark_text(color=colours.muted, **place))
    return layers


def _breaks(
    breaks: Sequence[tuple[pd.Timestamp, str]], data: pd.DataFrame, x: alt.X, colours: Palette
) -> list[Any]:
    layers: list[Any] = []
    for day, text in breaks:
        at = pd.Timestamp(day).tz_localize("UTC")
        if not data["start"].min() <= at <= data["stop"].max():
            continue
        late = at > data["start"].min() + (data["stop"].max() - data["start"].min()) / 2
        base = alt.Chart(pd.DataFrame({"start": [at], "text": [text]})).encode(x=x)
        place: dict[str, Any] = {"align": "right" if late else "left", "dx": -5 if late else 5, "baseline": "top"}
        layers.append(base.mark_rule(color=colours.ink, strokeDash=[2, 3]))
        words = base.encode(y=alt.YValue(0), text=alt.Text("text:N"))
        layers.append(words.mark_text(stroke=colours.paper, strokeWidth=3, **place))
        layers.append(words.mark_text(color=colours.muted, **place))
    return layers


def _labels(
    data: pd.DataFrame, x: alt.X, colours: Palette, language: Language, hue: str, band_words: str
) -> list[Any]:
    """The signal's value (else the newest one's) in bold, and what the band is."""
    held = data.dropna(subset=["observed"])
    chosen = held[held["run"]].tail(1) if held["run"].any() else held.tail(1)
    layers: list[Any] = []
    if len(chosen):
        colour = colours.alarm if held["run"].any() else hue
        label = chosen[["middle", "observed"]].assign(text=[figure(float(chosen["observed"].iloc[0]), language)])
        base = alt.Chart(label).encode(x=_time("middle"), y=alt.Y("observed:Q"), text=alt.Text("text:N"))
        place: dict[str, Any] = {"dy": -9, "fontWeight": "bold", "fontSize": 12}
        layers.append(base.mark_text(stroke=colours.paper, strokeWidth=3, **place))
        layers.append(base.mark_text(color=colour, **place))
    band = data.dropna(subset=["high95"])
    if band_words and len(band):
        first = band.iloc[[min(1, len(band) - 1)]][["start", "high95"]].assign(text=band_words)
        base = alt.Chart(first).encode(x=x, y=alt.Y("high95:Q"), text=alt.Text("text:N"))
        here: dict[str, Any] = {"align": "left", "dy": -9}
        layers.append(base.mark_text(stroke=colours.paper, strokeWidth=3, **here))
        layers.append(base.mark_text(color=colours.muted, **here))
    return layers


def _tips(data: pd.DataFrame, x: alt.X, words: Words) -> Any:
    """An invisible strip per month that shows its numbers."""
    kept = data[["start", "stop", "when", "observed", "expected", "upper"]]
    tips = [
        alt.Tooltip("when:N", title=words.period),
        alt.Tooltip("observed:Q", title=words.observed, format=",.6~g"),
        alt.Tooltip("expected:Q", title=words.expected, format=",.3~g"),
        alt.Tooltip("upper:Q", title=words.line, format=",.3~g"),
    ]
    return alt.Chart(kept).mark_rect(opacity=0).encode(x=x, x2=alt.X2("stop"), tooltip=tips)


def stability_chart(
    settings: pd.DataFrame, *, language: Language, dark: bool, line: str, title: str, alarm: str, quiet: str,
    height: int = 74, width: Width = "container", description: str = "",
) -> Any:  # fmt: skip
    """One dot per setting (exceedance, alarm) against the alarm line at 1; 0 is what was expected."""
    colours = palette(dark=dark)
    spread = np.array([0.5, 0.2, 0.8, 0.35, 0.65])  # so that equal dots do not hide each other
    data = settings.assign(
        lane=spread[np.arange(len(settings)) % len(spread)],
        word=[alarm if each else quiet for each in settings["alarm"]],
    )
    low = min(0.0, float(data["exceedance"].min())) if len(data) else 0.0
    high = max(1.3, float(data["exceedance"].max()) * 1.06) if len(data) else 1.3
    scale = alt.Scale(domain=[low, high], nice=False)
    axis = alt.Axis(title=title, tickCount=5, format=",.2~f")
    lane = alt.Y("lane:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    rule = alt.Chart(pd.DataFrame({"exceedance": [1.0], "text": [line]}))
    rule = rule.encode(x=alt.X("exceedance:Q", scale=scale, axis=axis))
    tips = [alt.Tooltip("exceedance:Q", title=title, format=",.3~g"), alt.Tooltip("word:N", title=" ")]
    layers = [
        rule.mark_rule(color=colours.ink, strokeWidth=1.2),
        rule.mark_text(align="right", dx=-5, dy=-4, baseline="bottom", color=colours.ink).encode(
            y=alt.YValue(0), text=alt.Text("text:N")
        ),
    ]
    looks: tuple[tuple[bool, dict[str, Any]], ...] = (
        (True, {"fill": colours.alarm, "stroke": colours.alarm, "fillOpacity": 0.75}),
        (False, {"fill": colours.paper, "stroke": colours.grey, "fillOpacity": 1}),
    )
    for is_alarm, mark in looks:
        part = data[data["alarm"] == is_alarm]
        if len(part):
            dots = alt.Chart(part[["exceedance", "lane", "word"]]).mark_point(size=44, strokeWidth=1.4, **mark)
            layers.append(dots.encode(x=alt.X("exceedance:Q", scale=scale), y=lane, tooltip=tips))
    chart = alt.layer(*layers, height=height, width=width)
    edges = {"left": 4, "right": 8, "top": 18, "bottom": 0}
    return finish(chart, language=language, dark=dark, description=description, padding=edges)


def drivers(places: pd.DataFrame) -> pd.DataFrame:
    """The rows of `Contributions.places` that a picture shows: the signal's own and the largest, in their order."""
    size = places["excess"].abs().where(~places["own"].astype(bool), np.inf)
    return places.loc[size.nlargest(DRIVERS).index.sort_values()]


def drivers_chart(
    places: pd.DataFrame, *, language: Language, dark: bool, title: str, width: Width = "container",
    description: str = "",
) -> Any:  # fmt: skip
    """Observed − expected per place (name, excess, own, label) as bars from zero; the signal's own in orange."""
    colours = palette(dark=dark)
    data = places.assign(colour=[colours.alarm if own else colours.grey for own in places["own"]])
    reach = float(data["excess"].abs().max()) or 1.0
    low, high = min(float(data["excess"].min()), 0.0), max(float(data["excess"].max()), 0.0)
    scale = alt.Scale(domain=[low - 0.45 * reach * (low < 0), high + 0.45 * reach * (high > 0)], nice=False)
    names = alt.Axis(labelLimit=150, labelColor=colours.ink, grid=False)
    y = alt.Y("name:N", sort=None, title=None, axis=names)
    x = alt.X("excess:Q", scale=scale, axis=None)
    base = alt.Chart(data[["name", "excess", "label", "colour"]]).encode(x=x, y=y)
    tips = [alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title=title)]
    layers = [
        base.mark_bar(height=9).encode(color=alt.Color("colour:N", scale=None), tooltip=tips),
        base.transform_filter("datum.excess >= 0").mark_text(align="left", dx=4, color=colours.ink)
        .encode(text=alt.Text("label:N")),
        base.transform_filter("datum.excess < 0").mark_text(align="right", dx=-4, color=colours.ink)
        .encode(text=alt.Text("label:N")),
    ]  # fmt: skip
    chart = alt.layer(*layers, height=max(18 * len(data), 30), width=width)
    edges = {"left": 0, "right": 4, "top": 2, "bottom": 0}
    return finish(chart, language=language, dark=dark, description=description, padding=edges)
