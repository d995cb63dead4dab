"""The ground of a series chart: its rows, scales and marks, and the gaps in it with the reason of each."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.look import NOMINAL, Country, Language, Width, Words, hatch, month, palette, utc

End = tuple[pd.Timestamp, float, str, str, bool]  # a label where a line ends: period, y, text, colour, bold
FARTHEST = 2.0  # times the largest figure: how far up an alarm line is followed


class Canvas:
    """What every layer of a series chart needs: prepared rows, one pair of scales, lines, bands and labels."""

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
        self.values = [self.rows[name] for name in ("observed", "high95", "expected")]
        self.lines = [self.rows["upper"]]  # alarm lines, which may leave the picture
        self.draft: pd.DataFrame | None = None
        self.back: list[Any] = []
        self.front: list[Any] = []
        self.ends: list[End] = []

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

    def _line(self, data: pd.DataFrame, y: str, **mark: Any) -> None:
        (self.lines if y == "upper" else self.values).append(data[y])
        chart = alt.Chart(data.assign(period=utc(data["period"]))[["period", y]])
        self.back.append(chart.mark_line(clip=True, **mark).encode(x=self._x(), y=self._y(y)))

    def _band(
        self, data: pd.DataFrame, low: str, high: str, colour: str, opacity: float, step: bool = False
    ) -> None:
        chart = alt.Chart(data.assign(period=utc(data["period"]))[["period", low, high]])
        mark = chart.mark_area(color=colour, opacity=opacity, interpolate="step" if step else "linear", clip=True)
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
        """The upper end of y: an alarm line far above everything else leaves the picture, and is labelled there."""
        values, lines = (
            [float(np.nanmax(part)) for part in parts if part.notna().any()] for parts in (self.values, self.lines)
        )
        if not values and not lines:
            return 1.1
        most = max([*values, 1e-9]) if values else max(lines)
        return max(most, min(max([*lines, 0.0]), FARTHEST * most)) * (1.16 if self.small else 1.1)

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

    # What is missing, and what still fills

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
            base.mark_rect(color=stripes).encode(x2=alt.X2("end")),
            base.mark_text(align="right", baseline="bottom", dy=-4, color=self.colours.muted).encode(
                x=alt.X("end:T", scale=alt.Scale(type="utc")), y=alt.YValue(0), text=alt.Text("text:N")
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
            rail = alt.Chart(hidden[["period", "when"]]).encode(x=self._x(), y=alt.YValue(-6))
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
            .encode(x=alt.X("start:T", scale=scale), x2=alt.X2("end"))
        )

    def _note(self, day: pd.Timestamp, text: str, *, y: float, **mark: Any) -> Any:
        data = pd.DataFrame({"period": [day], "text": [text]})
        base = alt.Chart(data).encode(x=self._x(), y=alt.YValue(y), text=alt.Text("text:N"))
        halo = base.mark_text(baseline="middle", stroke=self.colours.paper, strokeWidth=3, **mark)
        return halo + base.mark_text(baseline="middle", color=self.colours.muted, **mark)


def _iso(day: pd.Timestamp) -> str:
    return day.isoformat()


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
