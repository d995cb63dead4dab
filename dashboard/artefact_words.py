"""The tests for a change in the data, in words: what was tested, the result, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashboard import sentences
from dashboard.text import N_, Text
from surveillance.artefacts import Check
from surveillance.dossier import Dossier

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
WHY = {
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


@dataclass(frozen=True)
class Tested:
    """One artefact test in words."""

    result: Literal["pass", "fail", "untested", "not_applicable"]
    name: str
    word: str
    why: str


def title(t: Text, found: Dossier) -> str:
    """How many tests fail and how many could not run."""
    fails = sum(check.result == "fail" for check in found.checks)
    missing = sum(check.result == "untested" for check in found.checks)
    first = t.n("{n} test fails", "{n} tests fail", fails) if fails else t("no test fails")
    second = t.n("{n} could not run", "{n} could not run", missing) if missing else t("all ran")
    return t("Is it real: {first}, {second}", first=first, second=second)


def tested(t: Text, check: Check) -> Tested:
    """A test's name, its result in a word, and why."""
    numbers = {
        name: t.percent(value) if name in _SHARES and np.isfinite(value) else sentences.value(t, value)
        for name, value in check.numbers.items()
    }
    reason = "one_event" if check.reason == "few_events" and check.numbers["events"] == 1 else check.reason
    return Tested(check.result, t(CHECKS[check.name]), t(RESULTS[check.result]), t(WHY[reason], **numbers))
