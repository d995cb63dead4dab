"""What a signal's dossier says: every sentence from a template, every number from the facts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dashboard import artefact_words, corroboration_words, sentences, unknown_words
from dashboard.text import N_, Text
from data_sources.registry import SOURCES
from surveillance.dossier import Dossier
from surveillance.plan import DEFAULT_PLAN

SMALLEST = 1e-4  # probabilities below are given as such: the model's tail is not known better
_STATUS = {
    "signal": N_("New, needs review"),
    "last_known": N_("Last known, source late"),
    "passed": N_("No longer open"),
    "inside": N_("Not a signal on this day"),
    "unjudged": N_("Cannot be judged"),
    "not_held": N_("Not known on this day"),
}
Line = tuple[str, str]


def breadcrumb(t: Text, found: Dossier) -> str:
    """The series' short name after "Signals /"."""
    _, geography, substance = found.name.series
    return f"{sentences.series_name(t, geography, substance)}, {t.short(found.indicator.id)}"


def status(t: Text, found: Dossier) -> str:
    return t(_STATUS[found.status])


def headline(t: Text, found: Dossier) -> str:
    """The first failing test's sentence; else the figure and what was expected; else what is missing."""
    if found.data_change is not None:
        first = artefact_words.tested(t, found.data_change).why
        return t("Probably a data change: {why}", why=first)
    if found.facts is None:
        return t("{series}: {status}", series=breadcrumb(t, found), status=sentences.lowered(status(t, found)))
    return t(
        "{figure}; {expected}",
        figure=sentences.headline(t, found.row),
        expected=sentences.expectation(t, found.facts),
    )


def introduction(t: Text, found: Dossier) -> str:
    """What became of it, how often the series alarms anyway, what may be wrong, how old it is."""
    if found.facts is None:
        return _absent(t, found)
    parts = []
    if found.data_change is not None:
        parts.append(f"{sentences.headline(t, found.row)}; {sentences.expectation(t, found.facts)}.")
    parts.append(_course(t, found))
    record = sentences.track_record(t, found.facts)
    parts.append(record[:1].upper() + record[1:])
    if any(each.code == "method_break" for each in found.unknowns):
        parts.append(t("A new method began, so a change of the data cannot be ruled out."))
    elif found.data_change is None and (missing := sum(check.result == "untested" for check in found.checks)):
        parts.append(
            t.n(
                "{n} test could not be made, so a change of the data is not ruled out.",
                "{n} tests could not be made, so a change of the data is not ruled out.",
                missing,
            )
        )
    parts.append(
        t(
            "Data to {month}, {age}.",
            month=t.month((found.newest or found.facts).period),
            age=sentences.age(t, found.row["age_days"]),
        )
    )
    return " ".join(parts)


def _course(t: Text, found: Dossier) -> str:
    assert found.facts is not None
    run = int(found.row["run"])
    if found.status == "inside":
        return t("As known on this day the figure is not above its alarm line.")
    above = t.n("{n} month above its line", "{n} months in a row above the line", run)
    if found.status == "passed" and found.newest is not None:
        return t(
            "{above}, then back inside ({value} in {month}).",
            above=above, value=sentences.value(t, found.newest.observed), month=t.month(found.newest.period),
        )  # fmt: skip
    return t("{above}, and nothing newer is published.", above=above) if found.row["late"] else f"{above}."


def _absent(t: Text, found: Dossier) -> str:
    if found.status == "unjudged":
        return t("Its figure cannot be judged: {reason}.", reason=t.reason(str(found.row["reason"])))
    return t(
        "No complete figure for {month} is known on this day. Change the date above, or read the series in Trends.",
        month=t.month(found.name.since),
    )


# How unusual


def unusual_title(t: Text, found: Dossier) -> str:
    assert found.facts is not None
    often = sentences.by_the_model(t, found.facts)
    return (
        t("How unusual: {often}", often=sentences.lowered(often))
        if often
        else t("How unusual: no probability follows")
    )


def unusual(t: Text, found: Dossier, *, false: float, judged: int) -> list[Line]:
    """Expected, reported, late reports, by the model, own record, and how many such signals are chance."""
    assert found.facts is not None
    assert found.evidence is not None
    facts = found.facts
    delay = next(check for check in found.checks if check.name == "delay_model")
    late = (
        t(
            "{low} to {high}",
            low=sentences.value(t, delay.numbers["low"]),
            high=sentences.value(t, delay.numbers["high"]),
        )
        if "low" in delay.numbers
        else t("not estimated: {why}", why=artefact_words.tested(t, delay).why)
    )
    rows = [
        (
            t("Expected (80 %)"),
            t("{low} to {high}", low=sentences.value(t, facts.low), high=sentences.value(t, facts.high)),
        ),
        (t("Reported"), f"{sentences.value(t, facts.observed)} {t.unit(found.indicator.id)}"),
        (t("Alarm line"), sentences.value(t, found.evidence.upper)),
        (t("When late reports arrive"), late),
        (t("Chance of one so high"), chance(t, found.evidence.pvalue)),
        (
            t("Own track record"),
            t("over the line in {alarms} of {judged}", alarms=facts.alarms, judged=facts.judged),
        ),
        (
            t("Chance signals"),
            t("about {n} a quarter among {judged} series", n=t.number(false, 2), judged=t.number(judged)),
        ),
    ]
    return [row for row in rows if row[1]]


def chance(t: Text, probability: float) -> str:
    """A probability in per cent, two significant digits."""
    if np.isnan(probability):
        return t("no probability follows")
    if probability < SMALLEST:
        return t("below {n} %", n=t.number(100 * SMALLEST, 1))
    return f"{t.number(100 * probability, 2)} %"


def stability_title(t: Text, found: Dossier) -> str:
    assert found.evidence is not None
    alarms, able = found.evidence.robust
    return t("How stable: alarms in {alarms} of {able} reasonable settings", alarms=alarms, able=able)


def earlier(t: Text, found: Dossier) -> str:
    """The verdict on the publications before."""
    assert found.evidence is not None
    alarms, able = found.evidence.lasting
    if found.evidence.vintages.empty:
        return t("Earlier publications: one alone holds this month.")
    return t(
        "Earlier publications: alarms on {alarms} of the {able} that could be judged.", alarms=alarms, able=able
    )


# Where it comes from


def provenance(t: Text, found: Dossier) -> list[Line]:
    """Publications, settings and code behind the verdict."""
    made = found.provenance
    if made is None:
        return []
    return [
        (t("Source"), t(SOURCES[made.source].title)),
        (t("First published"), t.date(made.first_published)),
        (t("Last confirmed"), t.date(made.confirmed)),
        (t("Publications of this month"), t.number(made.prints)),
        (t("As known on"), t.date(made.as_of)),
        (t("Settings"), f"{plan_name(t, made.plan)} v{made.version} · {made.digest}"),
        (t("Alpha"), t.number(made.alpha, 2)),
        (t("Lines widened by"), f"× {t.number(made.inflation, 3)}"),
        (t("Code"), f"drug-trends {made.code}"),
    ]


def plan_name(t: Text, name: str) -> str:
    """The name of settings; the panel's own in the reader's language, saved ones as they were named."""
    return t("Panel default") if name == DEFAULT_PLAN.name else name


def everything(t: Text, found: Dossier, *, false: float, judged: int) -> Iterator[tuple[str, str, str]]:
    """The whole dossier as (section, name, text), in the order of the page: for the export and the tests."""
    yield t("Signal"), t("Identifier"), found.id
    yield t("Signal"), t("State"), status(t, found)
    yield t("Signal"), t("Finding"), headline(t, found)
    yield t("Signal"), t("In short"), introduction(t, found)
    if not found.judged:
        return
    for name, said in unusual(t, found, false=false, judged=judged):
        yield t("How unusual"), name, said
    yield t("How unusual"), t("By the model"), unusual_title(t, found)
    for check in found.checks:
        one = artefact_words.tested(t, check)
        yield t("Is it real"), one.name, f"{one.word}: {one.why}"
    for each in found.cells:
        word, detail = corroboration_words.cell(t, each)
        name = f"{t.stream(each.stream)}, {t.country(each.side)}"
        yield t("What else says so"), name, f"{word}: {detail}" if detail else word
    assert found.contributions is not None
    for row in found.contributions.places.itertuples():
        named = sentences.series_name(t, str(row.geography), str(row.substance))
        yield t("Who drives it"), named, corroboration_words.signed(t, float(row.excess))
    yield t("Who drives it"), t("Sum"), corroboration_words.drivers_sum(t, found)
    yield t("How stable"), t("Other settings"), stability_title(t, found)
    yield t("How stable"), t("Earlier publications"), earlier(t, found)
    for said in unknown_words.unknowns(t, found):
        yield t("What we do not know"), "", said
    yield t("Next step"), "", unknown_words.step(t, found)
    for name, said in provenance(t, found):
        yield t("Provenance"), name, said
