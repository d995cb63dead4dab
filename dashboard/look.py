"""The one look: palettes, number and date labels, hatching, how data is written, and the finish of every chart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
from babel.dates import format_skeleton, get_day_names, get_month_names
from babel.numbers import format_decimal

Country = Literal["us", "mx"]
Language = Literal["en", "es"]
Width = int | Literal["container"]

FONT = "Source Sans, Source Sans 3, Source Sans Pro, sans-serif"
LOCALES: dict[str, str] = {"en": "en_US", "es": "es_MX"}
NOMINAL = 760  # px a chart is laid out for where its width is the container's


@dataclass(frozen=True)
class Palette:
    """One colour per meaning, from the Okabe–Ito set; lighter shades of the same hues on dark."""

    us: str
    mx: str
    alarm: str
    watch: str
    grey: str
    ink: str
    muted: str
    hairline: str
    paper: str


LIGHT = Palette("#0072B2", "#009E73", "#D55E00", "#E69F00", "#8A94A0", "#1B2530", "#5F6B78", "#E3E8ED", "#FFFFFF")
DARK = Palette("#56B4E9", "#2FC39A", "#F08A43", "#F0B93A", "#7C8894", "#E4E9EE", "#9AA6B2", "#2E3944", "#12181F")


@dataclass(frozen=True)
class Words:
    """The words a series chart draws, translated by the caller."""

    observed: str = "observed"
    expected: str = "expected"
    line: str = "alarm line"
    alarm: str = "alarm"
    trend: str = "trend"
    forecast: str = "forecast"
    nowcast: str = "nowcast"
    filling: str = "still filling"
    suppressed: str = "suppressed"
    not_reported: str = "not reported"
    not_collected: str = "not collected"
    withdrawn: str = "withdrawn"
    not_published: str = "not yet published"
    earlier_method: str = "earlier method"
    draft: str = "draft line"
    gained: str = "alarm under the draft only"
    lost: str = "alarm under the panel's settings only"
    now: str = "now"
    period: str = "period"


def palette(*, dark: bool) -> Palette:
    """The palette for a background."""
    return DARK if dark else LIGHT


def figure(value: float, language: Language) -> str:
    """A number as a label: thousands separated, decimals only below 100 and only where there are any."""
    decimals = 0 if abs(value) >= 100 or float(value).is_integer() else 1 if abs(value) >= 10 else 2
    return str(format_decimal(round(value, decimals), locale=LOCALES[language]))


def month(day: pd.Timestamp, language: Language, *, weekly: bool = False) -> str:
    """A period as a label: "Apr 2026", or "5 Apr 2026" for a week."""
    return str(format_skeleton("yMMMd" if weekly else "yMMM", day, locale=LOCALES[language]))


def time_locale(language: Language) -> dict[str, Any]:
    """Vega's words for dates in a language."""
    locale = LOCALES[language]

    def names(get: Any, width: str, order: Sequence[int]) -> list[str]:
        found = get(width, "stand-alone", locale)
        return [found[key] for key in order]

    months, days = range(1, 13), (6, 0, 1, 2, 3, 4, 5)
    spanish = language == "es"
    return {
        "dateTime": "%A, %e de %B de %Y, %X" if spanish else "%x, %X",
        "date": "%d/%m/%Y" if spanish else "%m/%d/%Y",
        "time": "%H:%M:%S",
        "periods": ["a. m.", "p. m."] if spanish else ["AM", "PM"],
        "days": names(get_day_names, "wide", days),
        "shortDays": names(get_day_names, "abbreviated", days),
        "months": names(get_month_names, "wide", months),
        "shortMonths": names(get_month_names, "abbreviated", months),
    }


def finish(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart,
    *,
    language: Language,
    dark: bool,
    description: str = "",
    padding: Mapping[str, int] | None = None,
) -> Any:
    """*chart*, changed itself: no frame, hairline grid on y, muted 11 px labels, dates in the language."""
    colours = palette(dark=dark)
    config = alt.Config(
        background="transparent", font=FONT, view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            domain=False, ticks=False, labelColor=colours.muted, labelFontSize=11, labelPadding=6,
            titleColor=colours.muted, titleFontSize=11, titleFontWeight="normal", gridColor=colours.hairline,
        ),
        axisX=alt.AxisConfig(grid=False, labelFlush=False), text=alt.MarkConfig(font=FONT, fontSize=11),
    )  # fmt: skip
    # Set in place: each of Altair's .properties() and .configure_…() would copy every layer.
    chart.padding = dict(padding or {"left": 0, "right": 8, "top": 14, "bottom": 0})
    chart.usermeta = {"embedOptions": {"timeFormatLocale": time_locale(language), "actions": False}}
    chart.description = description
    chart.config = config
    return chart


def hatch(colour: str, *, width: float, height: float, step: float = 7, duty: float = 0.15) -> dict[str, Any]:
    """Diagonal stripes of *colour* for one rectangle of width × height px, as a gradient with hard stops."""
    count = max(round((width + height) / step), 1)
    slope = (width + height) / (width**2 + height**2)
    clear = "rgba(0,0,0,0)"
    stops: list[dict[str, Any]] = []
    for i in range(count):
        end = (i + duty) / count
        stops += [
            {"offset": i / count, "color": colour}, {"offset": end, "color": colour},
            {"offset": end, "color": clear}, {"offset": (i + 1) / count, "color": clear},
        ]  # fmt: skip
    return {
        "gradient": "linear", "x1": 0, "y1": 0, "x2": slope * width, "y2": slope * height, "stops": stops,
    }  # fmt: skip


def plain(data: pd.DataFrame) -> dict[str, Any]:
    """*data* as Vega reads it: days in ISO 8601, missing and infinite values as null.

    As Altair's own transformer writes it, but for a missing day, there an empty text. That one spends most of a
    small chart's time on copies of columns.
    """
    names = list(data.columns)
    columns = [[_scalar(value) for value in data[name].to_list()] for name in names]
    return {"values": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]}


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value


alt.data_transformers.register("plain", plain)
alt.data_transformers.enable("plain")


def utc(days: pd.Series) -> pd.Series:
    """Days as instants at 0:00 UTC."""
    return pd.to_datetime(days).dt.tz_localize("UTC")
