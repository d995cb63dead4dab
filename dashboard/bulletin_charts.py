"""The pictures of a bulletin: SVG with a title and a description, alike in the page, the PDF and as files."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard import charts, lane_block, sentences
from dashboard.text import Text
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import explain
from surveillance.assessment import Assessment
from surveillance.lanes import Lane
from surveillance.series import Wide
from surveillance.situation import Tile
from surveillance.snapshot import RECENT  # a picture shows no figure that the tables beside it do not hold

_OPENING = re.compile(r"<svg\b[^>]*>")
_HATCH = re.compile(r'<linearGradient id="([^"]+)"[^>]*>(?:<stop [^>]*>(?:</stop>)?){8,}</linearGradient>')
_COLOUR = re.compile(r'stop-color="(#[0-9A-Fa-f]{6})"')
_STRIPES = (
    '<pattern id="{id}" patternUnits="userSpaceOnUse" width="6" height="6">'
    '<path d="M-1.5,1.5 l3,-3 M0,6 l6,-6 M4.5,7.5 l3,-3" stroke="{colour}" stroke-width="0.8" fill="none"/>'
    "</pattern>"
)
_ID = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


@dataclass(frozen=True)
class Picture:
    """A picture: the name of its file, what it shows, and itself, ready to stand in a page."""

    name: str
    title: str
    svg: str


def pictured(chart: Any, t: Text, *, name: str, title: str, description: str = "") -> Picture:
    """A finished chart as an SVG image that says what it shows.

    Ids inside are made its own, since a page holds many; what a chart says of its parts gives way to the whole's
    description, which is what a screen reader reads of an image.
    """
    drawn = _HATCH.sub(_striped, _ROLES.sub("", charts.svg(chart, t.language)))
    opening = _OPENING.search(drawn)
    assert opening is not None
    size = " ".join(re.findall(r'(?:width|height|viewBox)="[^"]*"', opening.group()))
    inner = drawn[opening.end() :]
    # The renderer counts its ids on from chart to chart: they are numbered anew, or no two runs would be alike.
    ids = {found: f"{name}-{place}" for place, found in enumerate(dict.fromkeys(_ID.findall(inner)))}
    inner = _ID.sub(lambda found: f'id="{ids[found.group(1)]}"', inner)
    inner = _REFERENCE.sub(lambda found: f"url(#{ids[found.group(1)]})", inner)
    said = f"<desc id='{name}-d'>{html.escape(description)}</desc>" if description else ""
    labels = f"{name}-t {name}-d" if description else f"{name}-t"
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' aria-labelledby='{labels}' "
        f"lang='{t.locale.language}'><title id='{name}-t'>{html.escape(title)}</title>{said}"
    )
    return Picture(name, title, head + inner)


def _striped(found: re.Match[str]) -> str:
    """A pattern of diagonal lines for a gradient of hard stops, which PDF viewers draw unevenly."""
    colour = _COLOUR.search(found.group())
    assert colour is not None
    return _STRIPES.format(id=found.group(1), colour=colour.group(1))


def spark(t: Text, tile: Tile, words: Mapping[str, str]) -> Picture | None:
    """A tile's small line; None where it has none."""
    if tile.line is None:
        return None
    chart = charts.sparkline(
        tile.line, colour="us" if tile.country == "US" else "mx", dark=False, width=104, height=26,
        language=t.language, bars=INDICATORS[tile.indicator].frequency != "MS",
    )  # fmt: skip
    title = t("{label}, newest {value} in {period}", **words)
    return pictured(chart, t, name=f"tile-{tile.country}-{tile.row}".lower(), title=title)


def signal(t: Text, assessment: Assessment, wide: Wide, series: pd.Series, title: str, rank: int) -> Picture:
    """A signal's series over the last four years, with what was expected and its alarms."""
    geography, substance = str(series["geography"]), str(series["substance"])
    rows = explain.drawn(assessment, wide, geography, substance)
    country = GEOGRAPHIES[geography].country
    chart = charts.small_series(
        rows.tail(RECENT), country="us" if country == "US" else "mx", language=t.language, dark=False,
        words=sentences.chart_words(t), height=72, width=300,
    )  # fmt: skip
    facts = explain.facts(assessment, series)
    return pictured(
        chart, t, name=f"signal-{rank}", title=title,
        description=f"{sentences.expectation(t, facts)}; {sentences.track_record(t, facts)}",
    )  # fmt: skip


def lanes(t: Text, assessment: Assessment, found: list[Lane]) -> tuple[Picture, str]:
    """Supply, use and harm of both countries on one time axis, and the caption below."""
    block = lane_block.block(t, assessment.as_of, found, dark=False)
    chart = block.chart.properties(width=560)
    drawn = pictured(chart, t, name="lanes", title=block.title, description=block.alt)
    return drawn, f"{block.subtitle} {block.caption}"
