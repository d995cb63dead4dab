"""The blocks of the benchmarks page: one chart a row where its figures make one, with title, table and notes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from dashboard import benchmark_words as words
from dashboard import charts_benchmarks as pictures
from dashboard.chart_block import Block
from dashboard.look import Country
from dashboard.text import N_, Text
from dashboard.timeliness_words import timeliness_rows as _timeliness_rows
from dashboard.timeliness_words import timeliness_table, timeliness_title
from surveillance.benchmarks import QUOTED_YEAR, Row, Value, statement

_METHOD = N_(
    "Days to visible: median days from a period's end to the publication in which it first stood as the newest "
    "one. Complete at d days: the sum as it stood d days after the period's end over what it came to a year later. "
    "Only whole stored publications count."
)


def block(t: Text, row: Row, as_of: pd.Timestamp, *, dark: bool) -> Block | None:
    """The chart of a row, with everything around it; None where its figures make no picture."""
    make = {"deaths": _deaths, "seizures": _seizures, "timeliness": _timeliness}.get(row.benchmark.held, _years)
    made = make(t, row, dark)
    return None if made is None else replace(made, about=about(t, row, as_of))


def line_points(t: Text, row: Row) -> pd.DataFrame:
    """Quoted, revised and latest of a row as points of a number line; none where fewer than two compare."""
    record, found = row.benchmark, []
    if record.quoted is not None and not math.isnan(record.quoted.value):
        found.append(("quoted", t("quoted"), record.quoted.value, words.quoted(t, record)[0]))
    # Like with like: predicted beside the quoted (predicted) figure, the calendar year of the nation.
    for step, values, name in (("revised", row.revised, t("revised")), ("latest", row.latest, t("latest"))):
        alike = [value for value in values if value.label in ("", "predicted", "calendar")]
        for value in alike[-1:]:
            said = words.amount(t, value.value, value.qualifier)
            found.append((step, f"{name}, {words.span(t, value)}", value.value, said))
    points = pd.DataFrame(found, columns=["step", "name", "value", "said"])
    points["name"] = [f"{name}: {said}" for said, name in zip(points["said"], points["name"], strict=True)]
    return points if len(points) > 1 and record.comparable else points[:0]


def small_picture(t: Text, row: Row, *, dark: bool) -> tuple[Any, str] | None:
    """A card's picture and its text: number line, or yearly bars where nothing was quoted; None without either."""
    points = line_points(t, row)
    if len(points):
        said = "; ".join(points["name"])
        return pictures.number_line(points, colour=country(row), language=t.language, dark=dark), said
    if len(row.history) < 2 or not row.benchmark.comparable or row.benchmark.held not in ("", "annual"):
        return None
    bars = _bars(t, row)
    said = "; ".join(f"{name}: {value}" for name, value in zip(bars["name"], bars["said"], strict=True))
    return pictures.year_bars(bars, colour=country(row), language=t.language, dark=dark, unit="", height=110), said


def country(row: Row) -> Country:
    return "mx" if row.benchmark.country == "MX" else "us"


def about(t: Text, row: Row, as_of: pd.Timestamp) -> list[tuple[str, str]]:
    """What stands behind a row: words, grade, reading, next update."""
    record = row.benchmark
    day, title = statement()
    found = [(t("Statement"), f"{title.to(t.language)}, {t.date(day)}")]
    if record.quoted is not None and record.quoted.words is not None:
        found.append((t("Words of the statement (in English)"), f"“{record.quoted.words.en}”"))
        if t.language == "es":
            found.append((t("Our translation"), f"«{record.quoted.words.es}»"))
    found += [
        (t("Unit"), record.unit.to(t.language)),
        (t("Evidence grade"), f"{record.grade}: {t(words.GRADES[record.grade])}"),
        (t("Direction"), words.direction(t, row)),
        (t("How to read it"), record.reading.to(t.language)),
        (t("Next update"), words.next_update(t, row, as_of)),
    ]
    return found


def _block(t: Text, row: Row, title: str, chart: Any, table: pd.DataFrame, *, subtitle: str, caption: str) -> Block:
    record = row.benchmark
    return Block(
        key=f"benchmark_{record.id}",
        title=title,
        subtitle=subtitle,
        chart=chart,
        caption=caption,
        table=table,
        notes=[record.reading.to(t.language), f"{t('Direction')}: {words.direction(t, row)}"],
    )


def _values(t: Text, row: Row, values: tuple[Value, ...]) -> pd.DataFrame:
    """Values as a table, newest first."""
    newest = sorted((*values, *row.also), key=lambda value: (value.start, value.label), reverse=True)
    table: dict[str, list[Any]] = {
        t("Period"): [words.span(t, value) for value in newest],
        t("Which number"): [t(words.LABELS[value.label]) if value.label else "" for value in newest],
        t("Said"): [
            t(words.SAID[value.qualifier], value="").strip() if value.qualifier else "" for value in newest
        ],
        row.benchmark.unit.to(t.language): [value.value for value in newest],
        t("Source and date"): [words.known(t, row.benchmark, value) for value in newest],
    }
    return pd.DataFrame({name: column for name, column in table.items() if any(cell != "" for cell in column)})


def _sources(t: Text, row: Row, values: tuple[Value, ...]) -> str:
    said = dict.fromkeys(words.known(t, row.benchmark, value) for value in values)
    return t("Source: {source}.", source="; ".join(said))


def _deaths(t: Text, row: Row, dark: bool) -> Block | None:
    if not row.history:
        return None
    lines = pd.DataFrame(
        {
            "period": [value.start for value in row.history],
            "value": [value.value for value in row.history],
            "label": [t(words.LABELS[value.label]) for value in row.history],
            "dashed": [value.label == "predicted" for value in row.history],
        }
    )
    quoted_at = pd.Timestamp(QUOTED_YEAR, 12, 1)
    found: list[dict[str, Any]] = []
    assert row.benchmark.quoted is not None
    for value in row.revised:
        low = value.label == "reported"
        said = t("{value} {which} for {year}, as known now", value=words.amount(t, value.value),
                 which=t(words.LABELS[value.label]), year=QUOTED_YEAR)  # fmt: skip
        found.append({"period": value.start, "value": value.value, "step": "revised", "said": said,
                      "dy": 18 if low else -16, "align": "left" if low else "right"})  # fmt: skip
    said = t("quoted: {value}", value=words.quoted(t, row.benchmark)[0])
    found.append({"period": quoted_at, "value": row.benchmark.quoted.value, "step": "quoted", "said": said,
                  "dy": -2, "align": "right"})  # fmt: skip
    for value in row.latest:
        low = value.label == "reported"
        said = t("{value} {which}, {month}", value=words.amount(t, value.value),
                 which=t(words.LABELS[value.label]), month=t.month(value.start))  # fmt: skip
        found.append({"period": value.start, "value": value.value, "step": "latest", "said": said,
                      "dy": 9 if low else -7, "align": "left"})  # fmt: skip
    chart = pictures.deaths_chart(
        lines, pd.DataFrame(found), language=t.language, dark=dark, unit=row.benchmark.unit.to(t.language)
    )
    return _block(
        t, row, words.deaths_title(t, row), chart, _values(t, row, row.history),
        subtitle=t("Sums of twelve months by their last month: reported (solid) and predicted (dashed). "
                   "The change is of predicted against predicted."),
        caption=t("{sources} {interval}", sources=_sources(t, row, (*row.revised, *row.latest)),
                  interval=t("The interval is from the series' own scatter: two sums that share no month.")),
    )  # fmt: skip


def _seizures(t: Text, row: Row, dark: bool) -> Block | None:
    nation = [value for value in row.history if value.label in ("calendar", "fiscal")]
    if not nation:
        return None
    assert row.benchmark.quoted is not None
    rows = pd.DataFrame(
        {
            "year": [str(value.start.year + value.fiscal) for value in nation],
            "value": [value.value for value in nation],
            "fiscal": [value.fiscal for value in nation],
            "short": [t.number(round(value.value)) for value in nation],
            "said": [f"{words.span(t, value)}: {words.amount(t, value.value)}" for value in nation],
        }
    )
    said = t("quoted: {value}", value=words.quoted(t, row.benchmark)[0])
    value = row.benchmark.quoted.value
    quoted = pd.DataFrame({"year": [str(QUOTED_YEAR)], "value": [value], "said": [said]})
    chart = pictures.means_chart(
        rows, quoted, language=t.language, dark=dark, unit=row.benchmark.unit.to(t.language)
    )
    return _block(
        t, row, words.seizures_title(t, row), chart, _values(t, row, row.history),
        subtitle=t("Mean month of each year held whole, nationwide: calendar year (filled) and US fiscal year "
                   "from October (outlined). The table holds the southwest border too."),
        caption=t("{sources} Gross weight; seizures measure enforcement and flow together.",
                  sources=_sources(t, row, row.latest)),
    )  # fmt: skip


def _timeliness(t: Text, row: Row, dark: bool) -> Block | None:
    assert row.table is not None
    chart = pictures.timeliness_chart(
        _timeliness_rows(t, row.table), language=t.language, dark=dark, unit=row.benchmark.unit.to(t.language)
    )
    return _block(
        t, row, timeliness_title(t, row.table), chart, timeliness_table(t, row.table),
        subtitle=t("Dot: median days to visible, with its range. Tick: the usual delay as documented."),
        caption=t(_METHOD),
    )  # fmt: skip


def _years(t: Text, row: Row, dark: bool) -> Block | None:
    """Bars by year of what is published, the quoted figure first where it is of the year before them."""
    record = row.benchmark
    if not record.comparable or len(row.history) < 2:
        return None
    bars = _bars(t, row)
    found = bars.to_dict("records")
    unit = record.unit.to(t.language)
    first, last = found[0], found[-1]
    title = t("{title}: {first} in {begin}, {last} in {end}", title=record.title.to(t.language),
              first=first["said"], begin=words.quoted(t, record)[1] if first["kind"] == "quoted" else first["name"],
              last=last["said"], end=last["name"])  # fmt: skip
    chart = pictures.year_bars(pd.DataFrame(found), colour=country(row), language=t.language, dark=dark, unit=unit)
    subtitle = t("By year. Outlined: as quoted in the statement. Pale and dashed: part of a year.")
    return _block(t, row, title, chart, _values(t, row, row.history), subtitle=subtitle,
                  caption=_sources(t, row, row.history))  # fmt: skip


def _bars(t: Text, row: Row) -> pd.DataFrame:
    """The bars of a row: name, value, kind (quoted, whole, part), said."""
    record, found = row.benchmark, []
    if record.quoted is not None and not math.isnan(record.quoted.value):
        said, period = words.quoted(t, record)
        found.append((t("{period}, quoted", period=period), record.quoted.value, "quoted", said))
    for value in row.history:
        kind = "part" if value.partial or value.to is not None else "whole"
        said = words.amount(t, value.value, value.qualifier)
        found.append((words.span(t, value), value.value, kind, said))
    return pd.DataFrame(found, columns=["name", "value", "kind", "said"])
