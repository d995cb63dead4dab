"""What the board of benchmarks says: numbers with their periods and dates, directions, findings."""

from __future__ import annotations

import math

import pandas as pd

from dashboard.text import MISSING, N_, Text
from surveillance.benchmarks import QUOTED_YEAR, Benchmark, Row, Value

GROUPS = {
    "outcome": N_("Outcomes and surveillance"),
    "supply": N_("Supply: enforcement and flow together, never read as success"),
    "process": N_("The panel's own work"),
    "input": N_("Inputs and outputs"),
    "context": N_("Context: other pillars of the statement, as quoted"),
}
GRADES = {
    "A": N_("same definition, official"),
    "B": N_("official, the definition drifts"),
    "C": N_("press or partial"),
    "D": N_("cannot be verified"),
}
DIRECTIONS = {
    "better": N_("better"),
    "worse": N_("worse"),
    "unclear": N_("no clear change"),
    "not_interpretable": N_("not interpretable"),
}
ICONS = {"better": ":material/south_east:", "worse": ":material/north_east:", "unclear": ":material/east:"}
LABELS = {
    "reported": N_("reported"),
    "predicted": N_("predicted"),
    "calendar": N_("calendar year"),
    "fiscal": N_("fiscal year"),
    "southwest calendar": N_("southwest border, calendar year"),
    "southwest fiscal": N_("southwest border, fiscal year"),
}
SAID = {
    "more_than": N_("more than {value}"),
    "about": N_("about {value}"),
    "nearly": N_("nearly {value}"),
    "close_to": N_("close to {value}"),
}
_SOURCES = {
    "deaths": N_("CDC, VSRR"),
    "seizures": N_("CBP"),
    "annual": N_("UNODC"),
    "press": N_("press"),
    "dea": N_("DEA"),
    "mx_gazette": N_("official list"),
}
_OUTSIDE = {
    "supply": N_("seizures measure enforcement and flow together"),
    "process": N_("it measures work, not effect"),
    "input": N_("an input says nothing of its effect"),
    "context": N_("outside drug surveillance"),
}


def amount(t: Text, value: float, qualifier: str = "") -> str:
    """A figure as the statement writes it: "more than 20.4 million"."""
    if pd.isna(value):
        return MISSING
    if value >= 1e9:
        said = t("{value} billion", value=t.number(value / 1e9))
    elif value >= 1e6:
        said = t("{value} million", value=t.number(value / 1e6))
    else:
        said = t.number(round(value))
    return t(SAID[qualifier], value=said) if qualifier else said


def span(t: Text, value: Value) -> str:
    """The period of a value in words."""
    if value.ending:
        return t("12 months to {month}", month=t.month(value.start))
    if value.fiscal:
        return t("fiscal year {year}", year=value.start.year + 1)
    if value.to is not None and value.to == value.start:
        return t.date(value.start)
    if value.to is not None and value.to.year == value.start.year:
        return t("{year} to {day}", year=value.start.year, day=t.date(value.to, "d MMM"))
    if value.to is not None:
        return t("{year} to {day}", year=value.start.year, day=t.month(value.to))
    year = str(value.start.year)
    return t("{year}, part of the year", year=year) if value.partial else year


def known(t: Text, record: Benchmark, value: Value) -> str:
    """By whom, and as of when."""
    source = t(_SOURCES.get(value.source) or _SOURCES[record.held])
    form = N_("{source}, as read on {day}") if value.read else N_("{source}, as of {day}")
    return t(form, source=source, day=t.date(value.as_of))


def quoted(t: Text, record: Benchmark) -> tuple[str, str]:
    """The figure of the statement, and its period; dashes where it gives none."""
    if record.quoted is None:
        return t("not quoted"), ""
    change = record.quoted.change.to(t.language) if record.quoted.change else ""
    period = record.quoted.period.to(t.language) if record.quoted.period else ""
    if math.isnan(record.quoted.value):
        return (change or t("no figure")), period
    return amount(t, record.quoted.value, record.quoted.qualifier), "; ".join(
        part for part in (period, change) if part
    )


def also(t: Text, row: Row) -> str:
    """Values published elsewhere that the store's series does not carry; nothing where there are none."""
    found = [
        t("{value} ({period}; {source})", value=amount(t, value.value, value.qualifier), period=span(t, value),
          source=known(t, row.benchmark, value))
        for value in row.also
    ]  # fmt: skip
    return t("Published besides: {values}.", values="; ".join(found)) if found else ""


def next_update(t: Text, row: Row, as_of: pd.Timestamp) -> str:
    """When the next publication is expected, by the usual delay, or what the file says of it."""
    if row.benchmark.next_words is not None:
        return row.benchmark.next_words.to(t.language)
    if row.expected is None:
        return t("not known: no figure is held")
    if row.expected < as_of:
        return t("overdue: expected on {day}", day=t.date(row.expected))
    return t("expected on {day}", day=t.date(row.expected))


def direction(t: Text, row: Row) -> str:
    """Better, worse or no clear change with the interval; or that it is not interpretable, and why."""
    word = t(DIRECTIONS[row.direction])
    if row.direction == "not_interpretable":
        return t("{word}: {why}", word=word, why=_why(t, row))
    return t("{word}: {change}", word=word, change=changed(t, row))


def changed(t: Text, row: Row) -> str:
    """The change from the quoted year to the newest figures, with its 80 % interval."""
    low, high = sorted((abs(row.low - 1), abs(row.high - 1)))
    if row.low <= 1 <= row.high:
        return t("{low} to {high} against {year}", low=t.percent(row.low - 1), high=t.percent(row.high - 1),
                 year=QUOTED_YEAR)  # fmt: skip
    form = N_("{size} fewer than in {year} (80 % interval {low} to {high})")
    if row.ratio > 1:
        form = N_("{size} more than in {year} (80 % interval {low} to {high})")
    return t(form, size=t.percent(abs(row.ratio - 1)), year=QUOTED_YEAR, low=t.percent(low), high=t.percent(high))


def _why(t: Text, row: Row) -> str:
    record = row.benchmark
    if record.held == "timeliness":
        return t("a change over time needs more stored publications")
    if record.kind in _OUTSIDE:
        return t(_OUTSIDE[record.kind])
    if record.trap:
        return t("a change can be of access as well as of use")
    return t("the figures that it needs are not held on this day")


def deaths_title(t: Text, row: Row) -> str:
    """The finding of the chart of deaths."""
    if not row.latest:
        return t("US overdose deaths: no figure was known on this day")
    if not math.isnan(row.ratio):
        return t("US overdose deaths: {change}", change=changed(t, row))
    newest = row.latest[-1]
    return t("US overdose deaths: {value} in the 12 months to {month}; no comparison with {year} is possible",
             value=amount(t, newest.value), month=t.month(newest.start), year=QUOTED_YEAR)  # fmt: skip


def seizures_title(t: Text, row: Row) -> str:
    """The finding of the chart of seized fentanyl: both years of the quotation, and the newest."""
    then = {value.label: value for value in row.revised}
    now = {value.label: value for value in row.latest}
    if "calendar" not in then or "fiscal" not in then or "calendar" not in now:
        return t("CBP fentanyl: the quoted year is not held on this day")
    return t(
        "CBP fentanyl in {year}: {calendar} lb a month by calendar year, {fiscal} by fiscal year; "
        "{latest} in {newest}",
        year=QUOTED_YEAR,
        calendar=amount(t, then["calendar"].value),
        fiscal=amount(t, then["fiscal"].value),
        latest=amount(t, now["calendar"].value),
        newest=span(t, now["calendar"]),
    )


def process_words(t: Text, row: Row) -> list[str]:
    """What the log says of the panel's own work."""
    parts = row.parts or {}
    if "signals" in parts:
        if not parts["signals"]:
            signals = t("No signal has been put before the panel yet.")
        else:
            signals = t("{decided} of {signals} signals decided", decided=t.number(parts["decided"]),
                        signals=t.number(parts["signals"]))  # fmt: skip
            if not math.isnan(parts["median_days"]):
                signals = t("{signals}, median {days} days after they were first seen", signals=signals,
                            days=t.number(parts["median_days"]))  # fmt: skip
        return [signals, _bulletins(t, parts, "on_time")]
    return [_bulletins(t, parts, "in_both")]


def _bulletins(t: Text, parts: dict[str, float], name: str) -> str:
    if not parts.get("bulletins"):
        return t("No bulletin has been published yet.")
    form = (
        N_("{n} of {all} bulletins on time")
        if name == "on_time"
        else N_("{n} of {all} bulletins in both languages")
    )
    return t(form, n=t.number(parts[name]), all=t.number(parts["bulletins"]))


def board_table(t: Text, rows: list[Row], as_of: pd.Timestamp) -> pd.DataFrame:
    """The whole board as one table."""

    def values(row: Row, found: tuple[Value, ...]) -> str:
        said = []
        for value in found:
            label = f"{t(LABELS[value.label])}: " if value.label else ""
            figure, when = amount(t, value.value, value.qualifier), span(t, value)
            said.append(f"{label}{figure} ({when}; {known(t, row.benchmark, value)})")
        if row.parts and row.benchmark.kind == "process":
            said += process_words(t, row) if found is row.latest else []
        return "; ".join(said) or MISSING

    def words(row: Row) -> str:
        found = row.benchmark.quoted
        return found.words.en if found and found.words else MISSING

    quotes = [quoted(t, row.benchmark) for row in rows]
    return pd.DataFrame(
        {
            t("Benchmark"): [row.benchmark.id for row in rows],
            t("Indicator"): [row.benchmark.title.to(t.language) for row in rows],
            t("Unit"): [row.benchmark.unit.to(t.language) for row in rows],
            t("Quoted"): [f"{figure} ({when})" if when else figure for figure, when in quotes],
            t("Words of the statement (in English)"): [words(row) for row in rows],
            t("Same period as revised now"): [values(row, row.revised) for row in rows],
            t("Latest"): [values(row, row.latest) for row in rows],
            t("Direction"): [direction(t, row) for row in rows],
            t("Evidence grade"): [f"{row.benchmark.grade}: {t(GRADES[row.benchmark.grade])}" for row in rows],
            t("How to read it"): [row.benchmark.reading.to(t.language) for row in rows],
            t("Next update"): [next_update(t, row, as_of) for row in rows],
        }
    )


def page_title(t: Text, rows: list[Row]) -> str:
    """How many rows have a direction, and which."""
    moved = [row for row in rows if row.direction in ("better", "worse", "unclear")]
    if not moved:
        return t("None of the {n} benchmarks can be read as better or worse on this day", n=len(rows))
    names = "; ".join(
        t(
            "{title}: {word}, {change}",
            title=row.benchmark.title.to(t.language),
            word=t(DIRECTIONS[row.direction]),
            change=changed(t, row),
        )
        for row in moved
    )
    return t("{names}. The other {n} benchmarks have no direction", names=names, n=len(rows) - len(moved))
