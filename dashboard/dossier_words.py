"""What a signal's dossier says: every sentence from a template, every number from the facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from dashboard import sentences
from dashboard.look import figure
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS
from data_sources.registry import SOURCES
from surveillance.artefacts import Check
from surveillance.corroboration import Cell, summary
from surveillance.dossier import Dossier, Unknown
from surveillance.plan import DEFAULT_PLAN

SMALLEST = 1e-4  # probabilities below are given as such: the model's tail is not known better
STREAMS = {
    "supply": N_("Supply"),
    "enforcement": N_("Enforcement"),
    "use": N_("Use"),
    "harm": N_("Harm"),
}
STANDS = {
    "signal": N_("this signal"),
    "agrees": N_("agrees"),
    "disagrees": N_("disagrees"),
    "silent": N_("silent"),
    "blind": N_("blind"),
}
RESULTS = {
    "pass": N_("pass"),
    "fail": N_("fail"),
    "untested": N_("could not test"),
    "not_applicable": N_("does not apply"),
}
CHECKS = {
    "revision": N_("Revision jump"),
    "method_break": N_("Method break"),
    "places": N_("Reporting places"),
    "duplicate": N_("Duplicate publication"),
    "single_event": N_("Single extreme seizure"),
    "denominator": N_("Denominator drop"),
    "delay_model": N_("Delay model"),
    "together": N_("Jump in all places"),
}
_WHY = {
    "one_vintage": N_("one publication alone holds these months"),
    "stable": N_("largest later change {change}"),
    "revised": N_("a figure changed by {change} after it was first printed"),
    "no_break": N_("no change of method in the {months} months before"),
    "no_period_under_both": N_("no month was counted under both methods"),
    "methods_agree": N_("the methods differ by {change} where both count"),
    "methods_differ": N_("the methods differ by {change} where both count"),
    "no_places": N_("too few places report this measure"),
    "same": N_("{now} places report, {usual} as a rule"),
    "changed": N_("{now} places report, {usual} as a rule"),
    "no_neighbours": N_("no neighbouring month"),
    "no_repeat": N_("no repeated month ({alike} of {rows} rows alike)"),
    "rows_repeated": N_("{alike} of {rows} rows repeat the month beside it"),
    "value_repeated": N_("the value repeats the month beside it"),
    "too_few_rows": N_("too few rows to compare"),
    "no_seizures": N_("no seizures in this measure"),
    "events_unknown": N_("the number of seizures is not known"),
    "few_events": N_("{events} events: the largest is {share} of the month or more"),
    "one_event": N_("one event is the whole month"),
    "many_events": N_("{events} events, none above {limit} of the month"),
    "only_sums": N_("{events} events; only their sum is published"),
    "no_denominator": N_("rates alone are published"),
    "not_a_rate": N_("not a rate"),
    "no_delay_model": N_("no delay model for this measure"),
    "too_few_vintages": N_("too few publications: {vintages} months of them, 12 needed"),
    "fits": N_("came to {value}, within {low} to {high}"),
    "misfit": N_("came to {value}, outside {low} to {high}"),
    "too_few_places": N_("fewer than 3 other places could be judged"),
    "few_places": N_("{alarms} of {judged} other places alarm"),
    "all_places": N_("{alarms} of {judged} other places alarm as well"),
}
_SHARES = {"change", "share", "limit"}
_STATUS = {
    "signal": N_("New, needs review"),
    "last_known": N_("Last known, source late"),
    "passed": N_("No longer open"),
    "inside": N_("Not a signal on this day"),
    "unjudged": N_("Cannot be judged"),
    "not_held": N_("Not known on this day"),
}
_STEPS = {
    "ask_source": N_("Next step: ask the publisher about “{test}” before anything else is read into this figure."),
    "watch": N_("Next step: watch. Most of the other settings do not raise it."),
    "both_countries": N_("Next step: review together, since a stream agrees; both countries decide."),
    "review": N_("Next step: review. Nothing else speaks for it or against it yet."),
    "none": N_("Next step: none. The signal is not open as known on {day}."),
}
Line = tuple[str, str]


@dataclass(frozen=True)
class Tested:
    """One artefact test in words."""

    result: Literal["pass", "fail", "untested", "not_applicable"]
    name: str
    word: str
    why: str


def breadcrumb(t: Text, found: Dossier) -> str:
    """The series' short name after "Signals /"."""
    _, geography, substance = found.name.series
    return f"{sentences.series_name(t, geography, substance)}, {t.short(found.indicator.id)}"


def status(t: Text, found: Dossier) -> str:
    return t(_STATUS[found.status])


def headline(t: Text, found: Dossier) -> str:
    """The first failing test's sentence; else the figure and what was expected; else what is missing."""
    if found.data_change is not None:
        first = tested(t, found.data_change).why
        return t("Probably a data change: {why}", why=first)
    if found.facts is None:
        return t("{series}: {status}", series=breadcrumb(t, found), status=_lower(status(t, found)))
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
            above=above, value=_value(t, found.newest.observed), month=t.month(found.newest.period),
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
    return t("How unusual: {often}", often=_lower(often)) if often else t("How unusual: no probability follows")


def unusual(t: Text, found: Dossier, *, false: float, judged: int) -> list[Line]:
    """Expected, reported, late reports, by the model, own record, and how many such signals are chance."""
    assert found.facts is not None
    assert found.evidence is not None
    facts = found.facts
    delay = next(check for check in found.checks if check.name == "delay_model")
    late = (
        t("{low} to {high}", low=_value(t, delay.numbers["low"]), high=_value(t, delay.numbers["high"]))
        if "low" in delay.numbers
        else t("not estimated: {why}", why=tested(t, delay).why)
    )
    rows = [
        (t("Expected (80 %)"), t("{low} to {high}", low=_value(t, facts.low), high=_value(t, facts.high))),
        (t("Reported"), f"{_value(t, facts.observed)} {t.unit(found.indicator.id)}"),
        (t("Alarm line"), _value(t, found.evidence.upper)),
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


# Is it real


def real_title(t: Text, found: Dossier) -> str:
    """How many tests fail and how many could not run."""
    fails = sum(check.result == "fail" for check in found.checks)
    missing = sum(check.result == "untested" for check in found.checks)
    first = t.n("{n} test fails", "{n} tests fail", fails) if fails else t("no test fails")
    second = t.n("{n} could not run", "{n} could not run", missing) if missing else t("all ran")
    return t("Is it real: {first}, {second}", first=first, second=second)


def tested(t: Text, check: Check) -> Tested:
    """A test's name, its result in a word, and why."""
    numbers = {
        name: t.percent(value) if name in _SHARES and np.isfinite(value) else _value(t, value)
        for name, value in check.numbers.items()
    }
    reason = "one_event" if check.reason == "few_events" and check.numbers["events"] == 1 else check.reason
    return Tested(check.result, t(CHECKS[check.name]), t(RESULTS[check.result]), t(_WHY[reason], **numbers))


# What else says so, and who drives it


def corroboration_title(t: Text, found: Dossier) -> str:
    counts = summary(found.cells)
    if counts["agrees"] or counts["disagrees"]:
        said = t("{agrees} agree, {disagrees} disagree", agrees=counts["agrees"], disagrees=counts["disagrees"])
    else:
        said = t("nothing yet")
    rest = t("{silent} silent, {blind} blind", silent=counts["silent"], blind=counts["blind"])
    return t("What else says so: {said}; {rest}", said=said, rest=rest)


def cell(t: Text, one: Cell) -> tuple[str, str]:
    """A cell of the matrix: its word, and which series when."""
    word = t(STANDS[one.stand])
    if one.stand in ("signal", "blind"):
        return word, ""
    return word, f"{place(t, one)}, {lag(t, one.lag)}"


def place(t: Text, one: Cell) -> str:
    """Where a cell's series is measured, with its substance where it has one."""
    return sentences.series_name(t, one.geography, one.substance)


def lag(t: Text, months: int) -> str:
    if months == 0:
        return t("same month")
    if months < 0:
        return t.n("{n} month earlier", "{n} months earlier", -months)
    return t.n("{n} month later", "{n} months later", months)


def drivers_title(t: Text, found: Dossier) -> str:
    """Where the signal stands among the places of its kind."""
    assert found.contributions is not None
    assert found.facts is not None
    places = found.contributions.places
    what = t("{unit} above or below expected", unit=t.unit(found.indicator.id))
    if len(places) < 2:
        return t("Who drives it: no other place can be set beside it")
    return t("Who drives it: {what}, {month}", what=what, month=t.month(found.facts.period))


def drivers_sum(t: Text, found: Dossier) -> str:
    """The places' sum where they may be added; why not where they may not."""
    assert found.contributions is not None
    made = found.contributions
    if len(made.places) < 2:
        return ""
    if np.isnan(made.total):
        return t("Rates of different places are not added.")
    value = f"{'+' if made.total >= 0 else '−'}{_value(t, abs(made.total))}"
    return t("All {n} judged places together: {value}.", n=len(made.places), value=value)


# What is not known, and what to do


def unknowns(t: Text, found: Dossier) -> list[str]:
    """What we do not know, and what would change our mind: one sentence each."""
    return [_unknown(t, found, each) for each in found.unknowns]


def _unknown(t: Text, found: Dossier, one: Unknown) -> str:
    numbers = {name: _value(t, value) for name, value in one.numbers.items()}
    if one.code == "closes":
        if found.status == "inside":
            return t("A revision above {upper} would make it a signal (reported {observed}).", **numbers)
        return t(
            "A revision to {upper} or less would close it (reported {observed}); another month above its line "
            "would strengthen it.", **numbers,
        )  # fmt: skip
    if one.code == "agrees":
        assert one.cell is not None
        assert one.cell.period is not None
        return t(
            "{measure} in {place} above {above} in {month} would speak for it (reported {observed}).",
            measure=t.indicator(one.cell.indicator), place=place(t, one.cell), month=t.month(one.cell.period),
            **numbers,
        )  # fmt: skip
    if one.code == "late":
        return t(
            "What happened after {month}: the source is late, the newest figure is {age}.",
            month=t.month(one.period), age=sentences.age(t, one.numbers["age_days"]),
        )  # fmt: skip
    if one.code == "provisional":
        return t("Whether {observed} is final: the publisher may still revise it.", **numbers)
    if one.code == "method_break":
        return t(
            "Whether the method of {month} counts more than the one before. A month counted under both would "
            "settle it.",
            month=t.month(one.period),
        )  # fmt: skip
    names = [_blind(t, name) if one.code == "blind" else _lower(t(CHECKS[name])) for name in one.names]
    if one.code == "blind":
        return t("What these streams would say, which have no series here: {names}.", names="; ".join(names))
    return t("What these tests would find, which could not be made: {names}.", names=", ".join(names))


def _blind(t: Text, name: str) -> str:
    stream, _, side = name.partition(".")
    return f"{_lower(t(STREAMS[stream]))} {t.country(side)}"


def step(t: Text, found: Dossier) -> str:
    """The next step in one sentence."""
    if found.step == "wait":
        if found.due is None:
            return t("Next step: wait for the next release, whose date is not known.")
        if found.overdue_days:
            return t(
                "Next step: ask the publisher for the release due on {day}, {days} days overdue; then judge again.",
                day=t.date(found.due), days=t.number(found.overdue_days),
            )  # fmt: skip
        return t("Next step: judge again after the release expected on {day}.", day=t.date(found.due))
    change = found.data_change
    test = "" if change is None else tested(t, change).name
    day = "" if found.provenance is None else t.date(found.provenance.as_of)
    return t(_STEPS[found.step], test=test, day=day)


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
        one = tested(t, check)
        yield t("Is it real"), one.name, f"{one.word}: {one.why}"
    for each in found.cells:
        word, detail = cell(t, each)
        name = f"{t(STREAMS[each.stream])}, {t.country(each.side)}"
        yield t("What else says so"), name, f"{word}: {detail}" if detail else word
    assert found.contributions is not None
    for row in found.contributions.places.itertuples():
        named = sentences.series_name(t, str(row.geography), str(row.substance))
        yield t("Who drives it"), named, signed(t, float(row.excess))
    yield t("Who drives it"), t("Sum"), drivers_sum(t, found)
    yield t("How stable"), t("Other settings"), stability_title(t, found)
    yield t("How stable"), t("Earlier publications"), earlier(t, found)
    for said in unknowns(t, found):
        yield t("What we do not know"), "", said
    yield t("Next step"), "", step(t, found)
    for name, said in provenance(t, found):
        yield t("Provenance"), name, said


def signed(t: Text, value: float) -> str:
    """A difference with its sign, and no more digits than a published figure."""
    return f"{'+' if value >= 0 else '−'}{_value(t, abs(value))}"


def picture_title(t: Text, found: Dossier, rows: pd.DataFrame) -> str:
    """What the picture of the signal shows: this run, and how many earlier months are outlined."""
    start = found.name.since
    before = rows[(rows["period"] < start) & rows["alarm"].fillna(False).astype(bool)]
    month = t.month(start)
    if not found.judged or found.status == "inside":
        return t("Not above its line in {month}", month=month) if found.judged else t("What is known of the series")
    run = int(found.row["run"])
    first = (
        t("Above its line once, in {month}", month=month)
        if run <= 1
        else t("Above its line for {n} months from {month}", n=run, month=month)
    )
    if before.empty:
        return t("{first}; no earlier alarm is in view", first=first)
    return t.n(
        "{first}; {n} earlier alarm is outlined",
        "{first}; {n} earlier alarms are outlined",
        len(before),
        first=first,
    )


def picture_subtitle(t: Text, found: Dossier) -> str:
    """What is drawn, and what the marks mean."""
    unit = t.unit(found.indicator.id)
    unit = unit[:1].upper() + unit[1:]
    if found.indicator.window == "12 months ending":
        drawn = t("{unit} in the 12 months to each month.", unit=unit)
    else:
        drawn = t("{unit} by month.", unit=unit)
    return f"{drawn} {t('Filled: this signal; outlined: earlier alarms; striped: provisional.')}"


def picture_caption(t: Text, indicator: str, rows: pd.DataFrame, as_of: date, source: str) -> str:
    """Below a picture: source, last date, what is provisional, comparability."""
    record = INDICATORS[indicator]
    waiting = int((rows["observed"].notna() & rows["provisional"].astype(bool)).sum())
    parts = [
        t("Source: {source}.", source=source),
        t("Data to {month}, as known on {day}.", month=t.month(rows["period"].max()), day=t.date(as_of)),
        t.n("{n} month is provisional.", "{n} months are provisional.", waiting) if waiting else "",
        t("Comparability across the border: grade {grade}.", grade=record.grade),
    ]
    return " ".join(part for part in parts if part)


def _value(t: Text, value: float) -> str:
    if not np.isfinite(value):
        return t.number(value)
    return figure(float(value), t.language)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
