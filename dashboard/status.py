"""The first screen in words: what is unusual, how sure, how old; and what each tile says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard.sentences import age
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS, Indicator
from surveillance.assessment import Assessment
from surveillance.situation import Tile

_LABELS = {
    ("US", "deaths"): N_("Synthetic-opioid deaths, 12 months"),
    ("US", "visits"): N_("Overdose visits per 10,000 emergency visits"),
    ("US", "supply"): N_("Fentanyl seized, southwest border, kg"),
    ("US", "enforcement"): N_("Drug case files"),
    ("MX", "deaths"): N_("Overdose deaths"),
    ("MX", "visits"): N_("Overdose emergency visits"),
    ("MX", "supply"): N_("Fentanyl seized, kg a year"),
    ("MX", "enforcement"): N_("Drug-dealing case files, 6 border states"),
}

ABSENT = {
    ("US", "enforcement"): N_("Not measured as case files; seizure events are counted instead."),
    ("MX", "deaths"): N_("Not measured by month; a yearly death register appears about a year later."),
    ("MX", "visits"): N_("Not measured; yearly treatment entries exist instead."),
}
UNKNOWN = N_("No figures were known on this day.")


@dataclass(frozen=True)
class TileWords:
    """What a tile says, in one language."""

    label: str
    value: str
    period: str
    change: str
    age: str


def headline(t: Text, assessment: Assessment, decided: Mapping[str, str] | None = None) -> str:
    """How many signals need review, are on watch or decided, how many series are quiet or cannot be judged.

    *decided* gives the triage state of signals by id; every series is counted once.
    """
    counts, signals = assessment.counts, assessment.signals
    quiet, late = counts["quiet"] - counts["quiet_late"], counts["quiet_late"]
    states = pd.Series([(decided or {}).get(name, "new") for name in signals["id"]], signals.index, dtype="str")
    said = {name: int((states == name).sum()) for name in ("watch", "confirmed")}
    done = int(states.isin(["artefact", "closed"]).sum())
    waiting = signals[states.isin(["new", "review"])]["state"]
    new, known = (int((waiting == state).sum()) for state in ("signal", "last_known"))
    parts = [
        t.n("{n} signal needs review", "{n} signals need review", new) if new else t("No new signal"),
        t.n("{n} on watch", "{n} on watch", said["watch"]) if said["watch"] else "",
        t.n("{n} confirmed", "{n} confirmed", said["confirmed"]) if said["confirmed"] else "",
        t.n("{n} explained or closed", "{n} explained or closed", done) if done else "",
        t.n("{n} last known in a late source", "{n} last known in late sources", known) if known else "",
        t.n("{n} series quiet", "{n} series quiet", quiet) if quiet else t("no series quiet"),
        t.n("{n} quiet when last known", "{n} quiet when last known", late) if late else "",
        t.n("{n} cannot be judged", "{n} cannot be judged", counts["not_judgeable"]),
    ]
    return ", ".join(part for part in parts if part)


def detail(t: Text, assessment: Assessment, *, markdown: bool = False) -> str:
    """As known when, how sure, and for what "quiet" is not known because its source is late."""
    bold = "**{}**" if markdown else "{}"
    sentences = [
        t(
            "As known on {day}. At these settings {false} are expected among {judged} judged series.",
            day=t.long_date(assessment.as_of),
            false=bold.format(t("about {n} false signals a quarter", n=t.number(assessment.expected_false, 2))),
            judged=t.number(assessment.counts["judged"]),
        )
    ]
    late = late_measures(t, assessment)
    if late:
        sentences.append(
            t(
                "Late: {measures}; there “quiet” is {not_known}.",
                measures="; ".join(late),
                not_known=bold.format(t("not known")),
            )
        )
    return " ".join(sentences)


def late_measures(t: Text, assessment: Assessment) -> list[str]:
    """The watched measures whose every series is late, each with its newest month."""
    found = []
    for name, part in assessment.series.groupby("indicator"):
        if part["late"].all() and (part["state"] != "not_judgeable").any():
            found.append(
                t("{measure} since {month}", measure=t.short(str(name)), month=t.month(part["period"].max()))
            )
    return found


def absence(t: Text, tile: Tile) -> tuple[str, str]:
    """What stands in a tile without a figure: not measured, with what exists instead, or not known on the day."""
    instead = ABSENT.get((tile.country, tile.row))
    return (t("Not measured"), t(instead)) if instead else (t("Not known"), t(UNKNOWN))


def tile_words(t: Text, tile: Tile) -> TileWords:
    """The words of a tile; for one that is not measured only the label."""
    label = t(_LABELS[tile.country, tile.row])
    if not tile.measured or tile.period is None:
        return TileWords(label, "", "", "", "")
    record = INDICATORS[tile.indicator]
    period = t.period(tile.period, record.frequency)
    facts = [period, age(t, tile.age_days), t("grade {grade}", grade=tile.grade)]
    if tile.under == tile.under:
        facts.insert(1, t.n("{n} event", "{n} events", int(tile.under)))
    return TileWords(
        label=label,
        value=t.number(tile.value, 3) if tile.value < 100 else t.number(round(tile.value)),
        period=period,
        change=_change(t, tile, record),
        age=" · ".join(facts),
    )


def _change(t: Text, tile: Tile, record: Indicator) -> str:
    """The change in a year with its 80 % interval, and what was compared; like is compared with like only."""
    if tile.direction == "unknown":
        return _no_change(t, tile, record)
    basis = t("3 months") if record.window == "period" else t("at equal age")
    low, high = t.percent(tile.low - 1), t.percent(tile.high - 1)
    if tile.direction == "unclear":
        return t("no clear change ({low} to {high}), {basis}", low=low, high=high, basis=basis)
    share = t.percent(abs(tile.ratio - 1))
    if tile.direction == "lower":
        return t("▼ {share} in a year ({low} to {high}), {basis}", share=share, low=low, high=high, basis=basis)
    return t("▲ {share} in a year ({low} to {high}), {basis}", share=share, low=low, high=high, basis=basis)


def _no_change(t: Text, tile: Tile, record: Indicator) -> str:
    if record.frequency != "MS" and tile.line is not None and tile.line.notna().sum() > 1:
        before = tile.line.dropna()
        return t(
            "{value} in {period}; no interval published",
            value=t.number(round(before.iloc[-2])),
            period=t.period(before.index[-2], record.frequency),
        )
    if record.begins:
        return t("new method since {month}: no comparison yet", month=t.month(pd.Timestamp(record.begins)))
    return t("no comparison with a year before")
