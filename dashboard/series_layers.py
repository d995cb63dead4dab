"""The layers of a series chart, back to front: what was expected, observed, alarmed, and why values are missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.look import figure, finish, month, utc
from dashboard.series_canvas import Canvas, End

LINE_GAP = 13  # px between labels at a line's end
NEAR = pd.Timedelta(days=200)  # lines that end within it must not share a label's height


class SeriesLayers(Canvas):
    """A series chart being put together, layer by layer, from back to front."""

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
            self.front += [rule, text.encode(y=alt.YValue(0), text=alt.Text("text:N"))]

    def add_events(self, events: Sequence[tuple[pd.Timestamp, str]]) -> None:
        """Dated events as faint dotted rules with their words along them."""
        for day, words in events:
            when = pd.Timestamp(day).tz_localize("UTC")
            if not self.first <= when <= self.end:
                continue
            data = pd.DataFrame({"period": [when], "text": [words]})
            base = alt.Chart(data).encode(x=self._x())
            self.back.append(base.mark_rule(color=self.colours.muted, strokeDash=[1, 3]))
            mark: dict[str, Any] = {"angle": 270, "align": "right", "baseline": "bottom", "dx": -2, "dy": -3}
            text = base.encode(y=alt.YValue(0), text=alt.Text("text:N"))
            self.front.append(text.mark_text(stroke=self.colours.paper, strokeWidth=3, **mark))
            self.front.append(text.mark_text(color=self.colours.muted, **mark))

    def add_nowcast(self, nowcast: pd.DataFrame) -> None:
        """What periods that still fill will come to (period, median, low95, high95): a tick in its 95 % range."""
        data = nowcast.assign(period=utc(nowcast["period"]))[["period", "median", "low95", "high95"]]
        base = alt.Chart(data).encode(x=self._x())
        self.values.append(data["high95"])
        span = base.mark_rule(color=self.colours.ink, strokeWidth=2, opacity=0.45)
        self.front.append(span.encode(y=self._y("low95"), y2=alt.Y2("high95")))
        self.front.append(base.mark_tick(color=self.colours.ink, size=9, thickness=2).encode(y=self._y("median")))
        self._end(nowcast, "median", self.words.nowcast, self.colours.ink)

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
            self.front.append(text.encode(x=self._x(), y=self._y("y"), text=alt.Text("text:N")))
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

    def add_selection(self) -> None:
        """The alarms once more, unseen and in front: a click on one gives its day in the selection "alarm"."""
        alarms = self.rows[self.rows["alarm"]]
        if alarms.empty:
            return
        pick = alt.selection_point(name="alarm", fields=["day"], on="click", empty=False)
        data = self._told(alarms).assign(day=alarms["period"].dt.strftime("%Y-%m-%d"))
        unseen = alt.Chart(data).mark_point(filled=True, opacity=0, size=260, cursor="pointer")
        tip = alt.Tooltip("text:N", title=self.words.alarm)
        self.front.append(unseen.encode(x=self._x(), y=self._y("observed"), tooltip=tip).add_params(pick))

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
        chart = alt.layer(*layers, height=self.height, width=self.width)
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
            base = alt.Chart(data).encode(x=self._x(), y=self._y("observed"), text=alt.Text("text:N"))
            place: dict[str, Any] = {"dy": -13, "dx": 5, "align": "right", "fontWeight": "bold", "fontSize": 12}
            layers.append(base.mark_text(stroke=colours.paper, strokeWidth=3, **place))
            layers.append(base.mark_text(color=colours.alarm, **place))
        return layers

    def _points(self, part: pd.DataFrame, mark: dict[str, Any], word: str) -> list[Any]:
        if part.empty:
            return []
        tip = alt.Tooltip("text:N", title=word)
        base = alt.Chart(self._told(part)).encode(x=self._x(), y=self._y("observed"), tooltip=tip)
        return [base.mark_point(filled=True, opacity=1, **({"shape": "circle"} | mark))]

    def _told(self, part: pd.DataFrame) -> pd.DataFrame:
        """Points with what is told of each."""
        days = part["period"].dt.tz_localize(None)
        told = [
            f"{month(day, self.language)}: {figure(value, self.language)}"
            for day, value in zip(days, part["observed"], strict=True)
        ]
        return part[["period", "observed"]].assign(text=told)

    def _inside(self, end: End, top: float) -> End:
        """A label at the picture's upper edge, with its value and an arrow, where its line ends above."""
        day, y, text, colour, bold = end
        return end if y <= top else (day, top, f"{text} {figure(y, self.language)} ↑", colour, bold)

    def _labels(self) -> list[Any]:
        """Labels at the ends of the lines, pushed apart where they would overlap."""
        if not self.ends:
            return []
        top = self._top()
        labels = sorted((self._inside(end, top) for end in self.ends), key=lambda end: end[1])
        heights = [self._pixel(end[1], top) for end in labels]
        for i, end in enumerate(labels):
            near = [heights[k] for k in range(i) if abs(labels[k][0] - end[0]) < NEAR]
            heights[i] = min([heights[i], *(height - LINE_GAP for height in near)])
        lift = max(0.0, 4 - min(heights))
        heights = [height + lift for height in heights]
        data = pd.DataFrame(
            {
                "period": [day for day, *_ in labels],
                # In the axis' own unit: the height in px of a chart that fits its container is not known here.
                "y": [self._value(height, top) for height in heights],
                "text": [text for _, _, text, _, _ in labels],
                "colour": [colour for *_, colour, _ in labels],
                "weight": ["bold" if bold else "normal" for *_, bold in labels],
            }
        )
        base = alt.Chart(data).encode(x=self._x(), y=self._y("y"), text=alt.Text("text:N"))
        mark: dict[str, Any] = {
            "align": "left",
            "baseline": "middle",
            "dx": 9,
            "aria": False,
            "fontWeight": alt.expr("datum.weight"),
        }
        return [
            base.mark_text(stroke=self.colours.paper, strokeWidth=3, **mark),
            base.mark_text(**mark).encode(color=alt.Color("colour:N", scale=None)),
        ]

    def _pixel(self, value: float, top: float) -> float:
        share = np.log1p(max(value, 0)) / np.log1p(top) if self.log else value / top
        return float(self._plot * (1 - share))

    def _value(self, pixel: float, top: float) -> float:
        share = 1 - pixel / self._plot
        return float(np.expm1(share * np.log1p(top)) if self.log else share * top)


def _isolated(values: pd.Series) -> pd.Series:
    """True where a value has no neighbour, so that no line reaches it."""
    missing = values.isna()
    return ~missing & missing.shift(fill_value=True) & missing.shift(-1, fill_value=True)
