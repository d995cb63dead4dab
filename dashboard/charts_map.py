"""The map: states shaded by class, CBP areas as points, open signals outlined, two legends side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import altair as alt
import pandas as pd

from dashboard.geo import shapes
from dashboard.look import Country, Language, Width, finish, hatch, palette

NARROW = 520  # px, below which names become abbreviations
LEGEND = 78  # px below the map
SHADES = {  # slate blue to brown; orange is for alarms only
    False: ("#7FA3BF", "#C8D8E5", "#F1F3F5", "#EAD6BC", "#CCA06A"),
    True: ("#5C88AB", "#33495C", "#27303A", "#5A472F", "#A27A45"),
}
RISING = {  # for rates: light to dark, one hue that is neither country's
    False: ("#F1F3F5", "#DDD9E6", "#BFB8D2", "#9C92BA", "#776B9E"),
    True: ("#27303A", "#393A50", "#514F6F", "#6E6A92", "#918BB8"),
}
NAMED = 10  # states in the frame, beyond which names would not fit
OUTSIDE = {"US-AK", "US-HI", "US-PR"}  # not in the picture: in the table


@dataclass(frozen=True)
class Legend:
    """One country's legend: two lines of words, the five classes' limits, and whether it is a diverging scale."""

    country: Country
    lines: tuple[str, str]
    limits: tuple[str, str, str, str]
    diverging: bool = True


@dataclass(frozen=True)
class MapWords:
    """The words on the map, translated by the caller."""

    signal: str = "open signal"
    no_data: str = "no figure that can be compared"
    us: str = "UNITED STATES"
    mx: str = "MEXICO"


def map_chart(
    states: pd.DataFrame, areas: pd.DataFrame, legends: Sequence[Legend], *, frame: Sequence[str],
    language: Language, dark: bool, words: MapWords | None = None, selected: str | None = None,
    labels: dict[str, tuple[float, float]] | None = None, height: int = 520, width: Width = "container",
    description: str = "",
) -> Any:  # fmt: skip
    """States (code, country, shade 0 … 4 or NaN, name, short, text, signal, tip) and areas (code, name, text,
    longitude, latitude, size, labelled, side, dy, signal, tip) on one equal-area projection.

    *frame*: the states that must fit; *labels*: where a state's name stands, others at their middle; a click on a
    state gives its `code` in the selection "state". The picture scales with its width and height.
    """
    return _Map(states, areas, legends, frame, language, dark, words or MapWords(), selected, labels or {}).chart(
        height, width, description
    )


class _Map:
    """A map being put together, from back to front."""

    def __init__(
        self, states: pd.DataFrame, areas: pd.DataFrame, legends: Sequence[Legend], frame: Sequence[str],
        language: Language, dark: bool, words: MapWords, selected: str | None,
        labels: dict[str, tuple[float, float]],
    ) -> None:  # fmt: skip
        self.colours, self.language, self.dark, self.words = palette(dark=dark), language, dark, words
        self.legends = {legend.country: legend for legend in legends}
        drawn = {code: shape for code, shape in shapes.states().items() if code not in OUTSIDE}
        self.frame = [code for code in frame if code in drawn]
        self.edges = shapes.box(point for code in self.frame for point in shapes.points(drawn[code]))
        self.geometry = {code: shape for code, shape in drawn.items() if self._near(shape)}
        self.states, self.areas, self.selected = states[states["code"].isin(self.geometry)], areas, selected
        self.labels = labels

    def chart(self, height: int, width: Width, description: str) -> Any:
        held = self.states[self.states["shade"].notna()]
        layers = [
            self._blank(held), *self._filled(held), *self._outlined(), *self._nations(), *self._names(),
            self._caught(held), *self._points(), *self._legends(height),
        ]  # fmt: skip
        chart = alt.layer(*layers, height=height, width=width)
        edges = {"left": 0, "right": 0, "top": 2, "bottom": 2}
        return finish(chart, language=self.language, dark=self.dark, description=description, padding=edges)

    def _near(self, shape: dict[str, Any]) -> bool:
        """Whether a shape may be seen when the frame fills a picture of usual proportions."""
        left, _, right, _ = shapes.box(shapes.points(shape))
        margin = 0.2 * (self.edges[2] - self.edges[0])
        return right > self.edges[0] - margin and left < self.edges[2] + margin

    # Projection

    def _projection(self) -> alt.Projection:
        """One scale and place for all layers, from the picture's own width and height."""
        left, bottom, right, top = self.edges
        x, y = shapes.projected((-shapes.ROTATED, shapes.CENTRE))
        across, up = (right - left) * 1.04, (top - bottom) * 1.04
        scale = f"min(width / {across:.5f}, (height - {LEGEND}) / {up:.5f})"
        to_x = f"width / 2 + {scale} * {x - (left + right) / 2:.5f}"
        to_y = f"(height - {LEGEND}) / 2 - {scale} * {y - (bottom + top) / 2:.5f}"
        return alt.Projection(
            type="conicEqualArea", rotate=[shapes.ROTATED, 0, 0], parallels=list(shapes.PARALLELS),
            center=[0, shapes.CENTRE], scale=alt.ExprRef(scale), translate=alt.ExprRef(f"[{to_x}, {to_y}]"),
        )  # fmt: skip

    def _shapes(self, rows: pd.DataFrame) -> alt.Chart:
        """A chart of the rows' shapes, one feature a state, the row's columns beside its geometry."""
        features = [
            {"type": "Feature", **_plain(row), "geometry": self.geometry[row["code"]]}
            for row in rows.to_dict("records")
        ]
        return _drawn(features, self._projection())

    # Layers

    def _blank(self, held: pd.DataFrame) -> alt.Chart:
        """All that has no figure as one hatched shape, so that the stripes go through."""
        known = set(held["code"])
        codes = [code for code in self.geometry if code not in known]
        left, bottom, right, top = shapes.box(p for code in codes for p in shapes.points(self.geometry[code]))
        unit = 740 / ((self.edges[2] - self.edges[0]) * 1.04)
        pale = f"{self.colours.grey}70"
        stripes = hatch(pale, width=(right - left) * unit, height=(top - bottom) * unit, duty=0.13)
        whole = {
            "type": "Feature",
            "geometry": {"type": "GeometryCollection", "geometries": [self.geometry[code] for code in codes]},
        }
        base = _drawn([whole], self._projection())
        return base.mark_geoshape(
            fill=stripes, stroke=self.colours.grey, strokeWidth=0.5, clip=True,
            tooltip=self.words.no_data,
        )  # fmt: skip

    def _filled(self, held: pd.DataFrame) -> list[alt.Chart]:
        rows = held.assign(
            fill=[self._fill(row.country, int(row.shade)) for row in held.itertuples()],
            line=[getattr(self.colours, country.lower()) for country in held["country"]],
        )
        shown = self._shapes(rows[["code", "fill", "line"]]).mark_geoshape(strokeWidth=1.1, clip=True)
        return [
            shown.encode(fill=alt.Fill("fill:N", scale=None), stroke=alt.Stroke("line:N", scale=None)),
        ]

    def _caught(self, held: pd.DataFrame) -> alt.Chart:
        """The same shapes unseen, in front of the names: what a pointer meets."""
        pick = alt.selection_point(name="state", fields=["code"], on="click", empty=False)
        unseen = self._shapes(held[["code", "tip"]])
        mark = unseen.mark_geoshape(
            fill=self.colours.paper, fillOpacity=0, strokeWidth=0, clip=True, cursor="pointer"
        )
        return mark.encode(tooltip=[alt.Tooltip("tip:N", title=" ")]).add_params(pick)

    def _fill(self, country: str, shade: int) -> str:
        legend = self.legends.get("us" if country == "US" else "mx")
        scheme = SHADES if legend is None or legend.diverging else RISING
        return scheme[self.dark][shade]

    def _outlined(self) -> list[alt.Chart]:
        """The selected state in ink, and open signals in thick orange over it."""
        found = []
        mine = self.states[self.states["code"] == self.selected]
        if len(mine):
            width = 5.5 if mine["signal"].any() else 2.5
            chosen = self._shapes(mine[["code"]])
            found.append(chosen.mark_geoshape(filled=False, stroke=self.colours.ink, strokeWidth=width, clip=True))
        if self.states["signal"].any():
            chosen = self._shapes(self.states.loc[self.states["signal"], ["code"]])
            found.append(chosen.mark_geoshape(filled=False, stroke=self.colours.alarm, strokeWidth=3, clip=True))
        return found

    def _nations(self) -> list[alt.Chart]:
        """The two countries' names, faint, where no border state is named."""
        places = pd.DataFrame(
            {"longitude": [-103.5, -103.2], "latitude": [38.6, 23.7], "text": [self.words.us, self.words.mx]}
        )
        if len(self.frame) > NAMED:
            return []
        return self._text(places, bold=True, size=11, colour=self.colours.muted)

    def _points(self) -> list[alt.Chart]:
        if self.areas.empty:
            return []
        top = max(float(self.areas["size"].max()), 1e-9)
        rows = self.areas.assign(
            area=[24 + 700 * float(size) / top for size in self.areas["size"]],
            line=[self.colours.alarm if flag else self.colours.ink for flag in self.areas["signal"]],
            thick=[2.6 if flag else 1.4 for flag in self.areas["signal"]],
        ).sort_values("size", ascending=False)
        columns = ["longitude", "latitude", "area", "line", "thick", "tip"]
        circles = alt.Chart(rows[columns]).properties(projection=self._projection())
        drawn = circles.mark_circle(fill=self.colours.paper, fillOpacity=0.82, opacity=1, clip=True).encode(
            longitude=alt.Longitude("longitude:Q"), latitude=alt.Latitude("latitude:Q"),
            size=alt.Size("area:Q", scale=None),
            stroke=alt.Stroke("line:N", scale=None), strokeWidth=alt.StrokeWidth("thick:Q", scale=None),
            tooltip=[alt.Tooltip("tip:N", title=" ")],
        )  # fmt: skip
        named = rows[rows["labelled"] & (rows["signal"] | (len(self.frame) <= NAMED))]
        text: list[alt.Chart] = []
        for (align, dy), side in named.groupby(["side", "dy"]):
            radius = max((area / 3.14159) ** 0.5 for area in side["area"])
            beside = (radius + 4) * (1 if align == "left" else -1)
            text += self._text(side, size=10, align=align, dx=beside, dy=dy, narrow="")
        return [drawn, *text]

    def _names(self) -> list[alt.Chart]:
        """Each state's name, its figure and, where one is open, the words that say so."""
        named = self.states[self.states["named"]]
        if named.empty:
            return []
        at = {code: self.labels.get(code) or shapes.middle(self.geometry[code]) for code in named["code"]}
        rows = named.assign(
            longitude=[at[code][0] for code in named["code"]], latitude=[at[code][1] for code in named["code"]]
        )
        signals = rows[rows["signal"]].assign(said=self.words.signal)
        wide = len(self.frame) <= NAMED
        layers = self._text(
            rows, field="name" if wide else "short", bold=True, dy=-6, narrow="short", size=11 if wide else 9
        )
        layers += self._text(rows, dy=6, size=11 if wide else 9, narrow="text")
        if len(signals):
            layers += self._text(signals, field="said", bold=True, dy=19, size=10, narrow="")
        return layers

    def _text(
        self, rows: pd.DataFrame, *, field: str = "text", narrow: str | None = None, bold: bool = False,
        size: float = 11, colour: str | None = None, align: str = "center", dx: float = 0, dy: float = 0,
    ) -> list[alt.Chart]:  # fmt: skip
        """Text with a halo; below NARROW px from the field *narrow* instead ("": nothing)."""
        small = f"width < {NARROW}"
        variants = [(field, f"{small} ? 0 : 1", size)] if narrow is not None else [(field, "1", size)]
        if narrow:
            variants.append((narrow, f"{small} ? 1 : 0", min(size, 9)))
        columns = list(dict.fromkeys(["longitude", "latitude", *(name for name, _, _ in variants)]))
        found = []
        for name, visible, px in variants:
            base = alt.Chart(rows[columns]).properties(projection=self._projection())
            look: dict[str, Any] = {
                "fontSize": px, "fontWeight": "bold" if bold else "normal", "align": align, "baseline": "middle",
                "dx": dx, "dy": dy, "opacity": alt.ExprRef(visible), "clip": True,
            }  # fmt: skip
            where = {"longitude": "longitude:Q", "latitude": "latitude:Q", "text": f"{name}:N"}
            halo = base.mark_text(
                stroke=self.colours.paper, strokeWidth=3, strokeJoin="round", strokeOpacity=0.85,
                color=self.colours.paper, aria=False, **look,
            )  # fmt: skip
            found += [
                halo.encode(**where),
                base.mark_text(color=colour or self.colours.ink, **look).encode(**where),
            ]
        return found

    # Legends

    def _legends(self, height: int) -> list[alt.Chart]:
        """Below the map, on the background, side by side: heading, five boxes, their limits."""
        ground = alt.Chart(pd.DataFrame({"x": [0.0], "x2": [1.0]})).mark_rect(color=self.colours.paper, opacity=1)
        y0 = height - LEGEND
        layers = [
            ground.encode(x=_x(), x2=alt.X2("x2"), y=alt.YValue(y0), y2=alt.Y2Value(height)),
        ]  # fmt: skip
        for country, start in (("us", 0.0), ("mx", 0.52)):
            legend = self.legends.get(country)  # type: ignore[call-overload]
            if legend is None:
                continue
            hue = getattr(self.colours, country)
            scheme = (SHADES if legend.diverging else RISING)[self.dark]
            step = 0.46 / 5
            boxes = pd.DataFrame(
                {
                    "x": [start + step * i for i in range(5)], "x2": [start + step * (i + 1) for i in range(5)],
                    "fill": scheme,
                }
            )  # fmt: skip
            limits = pd.DataFrame({"x": [start + step * i for i in range(1, 5)], "text": legend.limits})
            country_name, what = legend.lines
            split = {f"line{i}": [line] for i, line in enumerate(wrap(what, 38)[:2])}
            whole = pd.DataFrame({"x": [start], "text": [what], "head": [country_name], **split})
            head = alt.Chart(whole).encode(x=_x())
            look: dict[str, Any] = {"align": "left", "baseline": "top", "clip": True}
            wide, small = (alt.ExprRef(f"width < {NARROW} ? {case}") for case in ("0 : 1", "1 : 0"))
            layers += [
                head.mark_text(fontWeight="bold", color=hue, fontSize=11.5, **look).encode(
                    y=alt.YValue(y0 + 8), text=alt.Text("head:N")
                ),
                head.mark_text(color=self.colours.muted, opacity=wide, **look).encode(
                    y=alt.YValue(y0 + 24), text=alt.Text("text:N")
                ),
                *(
                    head.mark_text(color=self.colours.muted, opacity=small, fontSize=8.5, **look).encode(
                        y=alt.YValue(y0 + 23 + 10 * i), text=alt.Text(f"{name}:N")
                    )
                    for i, name in enumerate(split)
                ),
                alt.Chart(boxes).mark_rect(stroke=hue, strokeWidth=0.8).encode(
                    x=_x(), x2=alt.X2("x2"), y=alt.YValue(y0 + 45), y2=alt.Y2Value(y0 + 55),
                    color=alt.Color("fill:N", scale=None),
                ),
                alt.Chart(limits).mark_text(
                    baseline="top", clip=True, color=self.colours.muted,
                    fontSize=alt.ExprRef(f"width < {NARROW} ? 8.5 : 10"),
                ).encode(x=_x(), y=alt.YValue(y0 + 59), text=alt.Text("text:N")),
            ]  # fmt: skip
        return layers


def _drawn(features: list[dict[str, Any]], projection: alt.Projection) -> alt.Chart:
    """A chart of features as JSON text: as lists they would be copied and checked corner by corner, for seconds."""
    words = json.dumps(features, ensure_ascii=False, separators=(",", ":"))
    return alt.Chart(alt.Data(values=words, format=alt.DataFormat(type="json"))).properties(projection=projection)


def _x() -> alt.X:
    return alt.X("x:Q", scale=alt.Scale(domain=[0, 1], nice=False, zero=False), axis=None)


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """A row's values as JSON can hold them."""
    return {str(name): (value.item() if hasattr(value, "item") else value) for name, value in row.items()}
