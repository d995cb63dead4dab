"""The layers of a series chart, back to front: what was expected, observed, alarmed, and why values are missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.look import NOMINAL, Country, Language, Width, Words, figure, finish, hatch, month, palette, utc

LINE_GAP = 13  # px between labels at a line's end
NEAR = pd.Timedelta(days=200)  # lines that end within it must not share a label's height


class SeriesLayers:
    """A series chart being put together, layer by layer, from back to front."""

    def __init__(
        self, rows: pd.DataFrame, unit: str, country: Country, language: Language, dark: bool, words: Words,
        height: int, width: Width, *, small: bool = False, log: bool = False,
    ) -> None:  # fmt: skip
        self.colours = palette(dark=dark)
        self.hue = getattr(self.colours, country)
        self.unit, self.language, self.dark, self.words = unit, language, dark, words
        self.height, self.width, self.small, self.log = height, width, small, log
        self._plot = height - 36  # without the time axis and the line above the plot
        self.rows = self._prepared(rows)
        self.first, self.last = self.rows["period"].min(), self.rows["period"].max()
        self.end = self.last
        self.values = [self.rows[name] for name in ("observed", "upper", "high95", "expected")]
        self.draft: pd.DataFrame | None = None
        self.back: list[Any] = []
        self.front: list[Any] = []
        self.ends: list[tuple[pd.Timestamp, float, str, str, bool]] = []  # period, y, text, colour, bold

    def _prepared(self, rows: pd.DataFrame) -> pd.DataFrame:
        defaults: dict[str, Any] = dict.fromkeys(
            ("low80", "high80", "low95", "high95", "expected", "upper"), np.nan
        )
        defaults |= {"provisional": False, "complete": True, "status": "reported", "alarm": pd.NA}
        missing = {name: value for name, value in defaults.items() if name not in rows}
        rows = rows.assign(**missing).reset_index(drop=True)
        alarm = rows["alarm"].astype("boolean").fillna(False).astype(bool)
        waiting = rows["provisional"].astype(bool)
        return rows.assign(
            when=[month(day, self.language) for day in rows["period"]],
            period=utc(rows["period"]),
            alarm=alarm,
            current=_newest_run(alarm, rows["complete"].astype(bool)),
            final=rows["observed"].where(~waiting),
            # The dashed part begins at the last final point, so that the line has no gap there.
            waiting=rows["observed"].where(waiting | waiting.shift(-1, fill_value=False)),
            status=rows["status"].where(rows["observed"].isna(), "reported"),
        )

    # What is drawn behind and around the series

    def add_time(self, until: date | None, breaks: Sequence[tuple[pd.Timestamp, str]]) -> None:
        """Method breaks as dotted rules, and the hatched stretch that is not yet published."""
        if until is not None and pd.Timestamp(until, tz="UTC") > self.last + pd.Timedelta(days=62):
            self.end = pd.Timestamp(until, tz="UTC")
        for day, words in breaks:
            self.end = max(self.end, pd.Timestamp(day).tz_localize("UTC"))
            data = pd.DataFrame({"period": [pd.Timestamp(day).tz_localize("UTC")], "text": [words]})
            base = alt.Chart(data).encode(x=self._x())
            rule = base.mark_rule(color=self.colours.ink, strokeDash=[2, 3])
            text = base.mark_text(align="right", dx=-5, baseline="top", color=self.colours.muted)
            self.front += [rule, text.encode(y=alt.value(0), text="text:N")]

    def add_extras(
        self, earlier: pd.DataFrame | None, trend: pd.DataFrame | None, forecast: pd.DataFrame | None,
        vintages: pd.DataFrame | None, draft: pd.DataFrame | None,
    ) -> None:  # fmt: skip
        """The optional lines, each labelled where it ends."""
        colours, words = self.colours, self.words
        if earlier is not None and earlier["observed"].notna().any():
            earlier = earlier[earlier["observed"].notna().cummax()]
            self._line(earlier, "observed", color=colours.grey, strokeWidth=1.4)
            self.first = min(self.first, pd.Timestamp(earlier["period"].min()).tz_localize("UTC"))
            middle = earlier.iloc[[len(earlier) // 2]]
            middle = middle.assign(
                period=utc(middle["period"]), text=words.earlier_method, y=earlier["observed"].max()
            )
            text = alt.Chart(middle[["period", "text", "y"]]).mark_text(color=colours.muted, dy=-10)
            self.front.append(text.encode(x=self._x(), y=self._y("y"), text="text:N"))
        if vintages is not None:
            for name, part in vintages.groupby("vintage", sort=False):
                self._line(part, "value", color=colours.muted, strokeWidth=1, opacity=0.75)
                self._end(part, "value", str(name), colours.muted)
        if trend is not None:
            self._line(trend, "trend", color=colours.ink, strokeWidth=1.6, opacity=0.75)
            self._end(trend, "trend", words.trend, colours.ink)
        if forecast is not None and len(forecast):
            self.end = max(self.end, pd.Timestamp(forecast["period"].max()).tz_localize("UTC"))
            self._band(forecast, "low95", "high95", self.hue, 0.12)
            self._band(forecast, "low80", "high80", self.hue, 0.18)
            self._line(forecast, "mean", color=self.hue, strokeWidth=1.6, strokeDash=[2, 2])
            self.values.append(forecast["high95"])
            self._end(forecast, "mean", words.forecast, self.hue)
        if draft is not None:
            self._line(draft, "upper", color=colours.alarm, strokeWidth=1.6, strokeDash=[5, 3])
            self._end(draft, "upper", words.draft, colours.alarm)
            self.draft = draft

    def _line(self, data: pd.DataFrame, y: str, **mark: Any) -> None:
        self.values.append(data[y])
        chart = alt.Chart(data.assign(period=utc(data["period"]))[["period", y]])
        self.back.append(chart.mark_line(**mark).encode(x=self._x(), y=self._y(y)))

    def _band(
        self, data: pd.DataFrame, low: str, high: str, colour: str, opacity: float, step: bool = False
    ) -> None:
        chart = alt.Chart(data.assign(period=utc(data["period"]))[["period", low, high]])
        mark = chart.mark_area(color=colour, opacity=opacity, interpolate="step" if step else "linear")
        self.back.append(mark.encode(x=self._x(), y=self._y(low), y2=alt.Y2(high)))

    def _end(self, data: pd.DataFrame, y: str, text: str, colour: str, *, bold: bool = False) -> None:
        held = data.dropna(subset=[y])
        if len(held) and not self.small:
            day = pd.Timestamp(held["period"].iloc[-1])
            day = day if day.tzinfo else day.tz_localize("UTC")
            self.ends.append((day, float(held[y].iloc[-1]), text, colour, bold))

    # Scales

    def _x(self) -> alt.X:
        axis = alt.Axis(tickCount=4 if self.small else 7, format="%Y" if self.small else alt.Undefined)
        scale = alt.Scale(type="utc", domain=[_iso(self.first), _iso(self.end)])
        return alt.X("period:T", scale=scale, title=None, axis=axis)

    def _top(self) -> float:
        values = [float(np.nanmax(part)) for part in self.values if part.notna().any()]
        return max([*values, 1.0 if not values else 1e-9]) * (1.16 if self.small else 1.1)

    def _y(self, field: str) -> alt.Y:
        return alt.Y(f"{field}:Q")

    def _shared_y(self) -> alt.Y:
        top = self._top()
        if self.log:
            ticks = [0, *(10**power for power in range(int(np.log10(max(top, 10))) + 1))]
            scale = alt.Scale(type="symlog", constant=1, domain=[0, top], nice=False)
            axis = alt.Axis(values=ticks, format=",.0f")
        else:
            scale = alt.Scale(domain=[0, top], nice=False)
            axis = alt.Axis(tickCount=5, format=",.0f" if top >= 10 else ",.2~f")
        return alt.Y("y:Q", scale=scale, title=None, axis=None if self.small else axis)

    # The series itself

    def chart(self, description: str) -> Any:
        """All layers in order, in the common look."""
        colours, rows = self.colours, self.rows
        plain = rows.assign(period=rows["period"].dt.tz_localize(None))
        ground = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=colours.grey, strokeWidth=0.8)
        layers = [ground.encode(y=self._shared_y())]
        behind, self.back = self.back, []
        if rows["high95"].notna().any():
            self._band(plain, "low95", "high95", colours.grey, 0.16, step=True)
            self._band(plain, "low80", "high80", colours.grey, 0.16, step=True)
        elif self.small and rows["upper"].notna().any():
            self._band(plain.assign(zero=0.0), "zero", "upper", colours.grey, 0.16, step=True)
        if not self.small:
            self._line(plain, "expected", color=colours.muted, strokeWidth=1.2, strokeDash=[3, 2])
            self._end(plain, "expected", self.words.expected, colours.muted)
            self._line(plain, "upper", color=colours.grey, strokeWidth=1.3)
            self._end(plain, "upper", self.words.line, colours.muted)
        layers += [*self._absences(), *self.back, *behind, *self._observed(), *self._filling()]
        layers += [*self._alarms(), *self.front, *self._labels()]
        chart = alt.layer(*layers).properties(height=self.height, width=self.width)
        edges = {"left": 2, "right": 6, "top": 8 if self.small else 18, "bottom": 0}
        return finish(chart, language=self.language, dark=self.dark, description=description, padding=edges)

    def _observed(self) -> list[Any]:
        rows, few = self.rows, len(self.rows) <= 60 and not self.small
        base = alt.Chart(rows[["period", "observed", "final", "waiting", "when", "expected", "upper"]])
        base = base.encode(x=self._x())
        layers = [
            base.mark_line(color=self.hue, strokeWidth=1.8).encode(y=self._y("final")),
            base.mark_line(color=self.hue, strokeWidth=1.8, strokeDash=[4, 2.5]).encode(y=self._y("waiting")),
        ]
        if few or _isolated(rows["observed"]).any():
            dots = rows if few else rows[_isolated(rows["observed"])]
            dots = dots.dropna(subset=["observed"])[["period", "observed"]]
            points = alt.Chart(dots).mark_circle(color=self.hue, size=16, opacity=1)
            layers.append(points.encode(x=self._x(), y=self._y("observed")))
        if not self.small:
            tips = [
                alt.Tooltip("when:N", title=self.words.period),
                alt.Tooltip("observed:Q", title=f"{self.words.observed}, {self.unit}", format=",.6~g"),
                alt.Tooltip("expected:Q", title=self.words.expected, format=",.3~g"),
                alt.Tooltip("upper:Q", title=self.words.line, format=",.3~g"),
            ]
            catch = base.mark_point(opacity=0, size=120).encode(y=self._y("observed"), tooltip=tips)
            layers.append(catch)
            newest = rows.dropna(subset=["observed"]).tail(1)
            if len(newest) and not newest["current"].iloc[0]:
                value = figure(float(newest["observed"].iloc[0]), self.language)
                self._end(newest, "observed", f"{value} {self.words.observed}", self.hue, bold=True)
        return layers

    def _filling(self) -> list[Any]:
        part = self.rows[~self.rows["complete"].astype(bool) & self.rows["observed"].notna()]
        if (
            part.empty
            or self.small
            or part["period"].iloc[-1] != self.rows["period"][self.rows["observed"].last_valid_index()]
        ):
            return []
        start, end = part["period"].iloc[0] - pd.Timedelta(days=15), part["period"].iloc[-1]
        share = (end - start) / (self.end - self.first)
        stripes = hatch(self.colours.paper, width=max(share * NOMINAL, 8), height=self.height, step=5, duty=0.45)
        data = pd.DataFrame({"start": [start], "end": [end], "text": [self.words.filling]})
        base = alt.Chart(data).encode(x=alt.X("start:T", scale=alt.Scale(type="utc")))
        return [
            base.mark_rect(color=stripes).encode(x2="end:T"),
            base.mark_text(align="right", baseline="bottom", dy=-4, color=self.colours.muted).encode(
                x=alt.X("end:T", scale=alt.Scale(type="utc")), y=alt.value(0), text="text:N"
            ),
        ]

    def _absences(self) -> list[Any]:
        """Gaps by their status: hatched where never collected, labelled where not reported, a rail if hidden."""
        rows, layers = self.rows, []
        held = rows["observed"].notna()
        if not held.any():
            return []
        hidden = rows[(rows["status"] == "suppressed") & ~held]
        if len(hidden) and not self.small:
            rail = alt.Chart(hidden[["period", "when"]]).encode(x=self._x(), y=alt.value(-6))
            tips = [alt.Tooltip("when:N", title=self.words.suppressed)]
            layers.append(rail.mark_point(color=self.colours.grey, size=22, strokeWidth=1.2).encode(tooltip=tips))
            layers.append(self._note(hidden["period"].iloc[-1], self.words.suppressed, y=-6, align="left", dx=7))
        for start, end, status in _gaps(rows[held.cummax()]):
            word = getattr(self.words, status, self.words.not_published)
            if status == "suppressed":
                continue
            share = (end - start) / (self.end - self.first)
            if status == "not_collected":
                layers.append(self._hatched(start, end, share))
            if share * NOMINAL > 14 and not self.small:
                angle = 0 if share * NOMINAL > 6 * len(word) else 270
                layers.append(self._note(start + (end - start) / 2, word, y=self.height / 2, angle=angle))
        if self.end > self.last and not self.small and self.end > self.values_end():
            share = (self.end - self.last) / (self.end - self.first)
            start = self.last + pd.Timedelta(days=16)
            layers.append(self._hatched(start, self.end, share))
            word = self.words.not_published
            if share * NOMINAL > 6.5 * len(word):
                layers.append(self._note(start + (self.end - start) / 2, word, y=-7))
            elif share * NOMINAL > 14:
                low = np.mean([end[1] for end in self.ends] or [0.0]) < self._top() / 2  # where the labels are not
                place: dict[str, Any] = (
                    {"align": "right", "y": 4.0} if low else {"align": "left", "y": self._plot - 4.0}
                )
                layers.append(self._note(self.last + (self.end - self.last) * 0.75, word, angle=270, **place))
        return layers

    def values_end(self) -> pd.Timestamp:
        """The last day on which a line ends; nothing is hatched under a forecast."""
        return max([self.last, *(end[0] for end in self.ends)])

    def _hatched(self, start: pd.Timestamp, end: pd.Timestamp, share: float) -> Any:
        stripes = hatch(self.colours.grey, width=max(share * NOMINAL, 4), height=self.height)
        data = pd.DataFrame({"start": [start], "end": [end]})
        scale = alt.Scale(type="utc")
        return (
            alt.Chart(data)
            .mark_rect(color=stripes, opacity=0.7)
            .encode(x=alt.X("start:T", scale=scale), x2="end:T")
        )

    def _note(self, day: pd.Timestamp, text: str, *, y: float, **mark: Any) -> Any:
        data = pd.DataFrame({"period": [day], "text": [text]})
        base = alt.Chart(data).encode(x=self._x(), y=alt.value(y), text="text:N")
        halo = base.mark_text(baseline="middle", stroke=self.colours.paper, strokeWidth=3, **mark)
        return halo + base.mark_text(baseline="middle", color=self.colours.muted, **mark)

    def _alarms(self) -> list[Any]:
        """The current run filled, earlier alarms open; against a draft: kept filled, gained open, lost in grey."""
        colours, small = self.colours, self.small
        filled = {"fill": colours.alarm, "stroke": colours.ink, "strokeWidth": 1.2, "size": 70}
        hollow = {"fill": colours.paper, "stroke": colours.alarm, "strokeWidth": 1.6, "size": 38 if small else 48}
        if self.draft is not None:
            change = self.draft["change"].reset_index(drop=True)
            part = self.draft.assign(period=utc(self.draft["period"]), when="").reset_index(drop=True)
            lost = hollow | {"stroke": colours.grey, "shape": "cross"}
            return [
                *self._points(part[change == "lost"], lost, self.words.lost),
                *self._points(part[change == "gained"], hollow | {"size": 90}, self.words.gained),
                *self._points(part[change == "kept"], filled, self.words.alarm),
            ]
        current = self.rows["current"]
        layers = self._points(self.rows[self.rows["alarm"] & ~current], hollow, self.words.alarm)
        run = self.rows[self.rows["alarm"] & current]
        layers += self._points(run, filled, self.words.alarm)
        if len(run):
            data = run.tail(1)[["period", "observed"]]
            data = data.assign(text=[figure(value, self.language) for value in data["observed"]])
            base = alt.Chart(data).encode(x=self._x(), y=self._y("observed"), text="text:N")
            place: dict[str, Any] = {"dy": -13, "dx": 5, "align": "right", "fontWeight": "bold", "fontSize": 12}
            layers.append(base.mark_text(stroke=colours.paper, strokeWidth=3, **place))
            layers.append(base.mark_text(color=colours.alarm, **place))
        return layers

    def _points(self, part: pd.DataFrame, mark: dict[str, Any], word: str) -> list[Any]:
        if part.empty:
            return []
        days = part["period"].dt.tz_localize(None)
        data = part[["period", "observed"]].assign(
            text=[
                f"{month(day, self.language)}: {figure(value, self.language)}"
                for day, value in zip(days, part["observed"], strict=True)
            ]
        )
        base = alt.Chart(data).encode(x=self._x(), y=self._y("observed"), tooltip=alt.Tooltip("text:N", title=word))
        return [base.mark_point(filled=True, opacity=1, **({"shape": "circle"} | mark))]

    def _labels(self) -> list[Any]:
        """Labels at the ends of the lines, pushed apart where they would overlap."""
        if not self.ends:
            return []
        top = self._top()
        labels = sorted(self.ends, key=lambda end: end[1])
        heights = [self._pixel(end[1], top) for end in labels]
        for i, end in enumerate(labels):
            near = [heights[k] for k in range(i) if abs(labels[k][0] - end[0]) < NEAR]
            heights[i] = min([heights[i], *(height - LINE_GAP for height in near)])
        lift = max(0.0, 4 - min(heights))
        heights = [height + lift for height in heights]
        layers = []
        for (day, _, text, colour, bold), y in zip(labels, heights, strict=True):
            # In the axis' own unit: the height in px of a chart that fits its container is not known here.
            data = pd.DataFrame({"period": [day], "text": [text], "y": [self._value(y, top)]})
            base = alt.Chart(data).encode(x=self._x(), y=self._y("y"), text="text:N")
            mark: dict[str, Any] = {
                "align": "left",
                "baseline": "middle",
                "dx": 9,
                "fontWeight": "bold" if bold else "normal",
            }
            layers.append(base.mark_text(stroke=self.colours.paper, strokeWidth=3, **mark))
            layers.append(base.mark_text(color=colour, **mark))
        return layers

    def _pixel(self, value: float, top: float) -> float:
        share = np.log1p(max(value, 0)) / np.log1p(top) if self.log else value / top
        return float(self._plot * (1 - share))

    def _value(self, pixel: float, top: float) -> float:
        share = 1 - pixel / self._plot
        return float(np.expm1(share * np.log1p(top)) if self.log else share * top)


def _iso(day: pd.Timestamp) -> str:
    return day.isoformat()


def _isolated(values: pd.Series) -> pd.Series:
    """True where a value has no neighbour, so that no line reaches it."""
    missing = values.isna()
    return ~missing & missing.shift(fill_value=True) & missing.shift(-1, fill_value=True)


def _newest_run(alarm: pd.Series, complete: pd.Series) -> pd.Series:
    """True for the unbroken run of alarms that reaches the newest complete period."""
    held = alarm[complete]
    run = held[::-1].cummin()[::-1]
    return run.reindex(alarm.index, fill_value=False).astype(bool)


def _gaps(rows: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp, str]]:
    """Runs of missing values between values: the periods beside them, and the status."""
    gaps: list[tuple[pd.Timestamp, pd.Timestamp, str]] = []
    missing = rows["observed"].isna()
    kind = rows["status"].where(missing, "")
    for _, part in rows[missing].groupby((kind != kind.shift()).cumsum()[missing]):
        at = rows.index.get_indexer(part.index)
        after = min(int(at[-1]) + 1, len(rows) - 1)
        gaps.append((rows["period"].iloc[at[0] - 1], rows["period"].iloc[after], str(part["status"].iloc[0])))
    return gaps
