"""A draft of the plan against the panel's: what it changes, changed step by step, and as the text of a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_sources.phrases import Phrase
from surveillance import parameters as values_of
from surveillance import plan_file
from surveillance.detectors import DETECTORS, Detector
from surveillance.parameters import detector_name, parameters
from surveillance.plan_file import Problem
from surveillance.watch import Plan, Watch

LONGEST = 4_000  # characters of a link's draft
WHOLE = ""  # stands for the indicator of what concerns the whole plan


@dataclass(frozen=True)
class Change:
    """One setting of the draft that is not the panel's; detectors by name. An `indicator` of "" is the plan."""

    indicator: str
    parameter: str
    before: Any
    after: Any


def changes(panel: Plan, draft: Plan) -> list[Change]:
    """What the draft changes, in the plan's order.

    Detectors' alphas are not compared: the budget sets them. With another detector, its parameters are set
    against its own defaults.
    """
    found = []
    if draft.budget != panel.budget:
        found.append(Change(WHOLE, "budget", panel.budget, draft.budget))
    if draft.fixed_alpha != panel.fixed_alpha:
        found.append(Change(WHOLE, "alpha", panel.fixed_alpha, draft.fixed_alpha))
    before, after = ({watch.indicator: watch for watch in plan.watches} for plan in (panel, draft))
    for name in dict.fromkeys([*before, *after]):
        if name in before and name in after:
            found += _watch_changes(before[name], after[name])
        else:
            found.append(Change(name, "watched", name in before, name in after))
    return found


def _watch_changes(panel: Watch, draft: Watch) -> list[Change]:
    name = panel.indicator
    found = _detector_changes(name, panel.detector, draft.detector)
    if panel.substances != draft.substances:
        found.append(Change(name, "substances", panel.substances, draft.substances))
    if _bare(panel.short) != _bare(draft.short):
        found.append(Change(name, "short", _said(panel.short), _said(draft.short)))
    if panel.why != draft.why:
        found.append(Change(name, "why", panel.why, draft.why))
    return found


def _detector_changes(name: str, panel: Detector, draft: Detector) -> list[Change]:
    found, start = [], panel
    if type(panel) is not type(draft):
        found.append(Change(name, "detector", detector_name(panel), detector_name(draft)))
        start = type(draft)()
    for key, value in values_of.values(draft).items():
        if key != "alpha" and value != getattr(start, key):
            found.append(Change(name, key, getattr(start, key), value))
    return found


def _bare(detector: Detector | None) -> Detector | None:
    """Without its alpha, which the budget sets."""
    return None if detector is None else replace(detector, alpha=0.1)  # type: ignore[type-var]


def _said(detector: Detector | None) -> str | None:
    return None if detector is None else detector_name(detector)


def of_file(panel: Plan, raw: bytes, *, name: str) -> Plan:
    """The draft that a file of settings says, its watches in the panel's order.

    Raises PlanError where the file is no plan, or does not watch just what the panel watches: measures are compared
    one by one. The budget sets the alphas of detectors, so those in a file are left out.
    """
    plan = plan_file.read_bytes(raw, name=name)
    rows = {watch.indicator: watch for watch in plan.watches}
    wanted = [watch.indicator for watch in panel.watches]
    expected = Phrase("every measure that the panel watches, and no other")
    problems = [Problem("watches", Phrase("no {name}", name=each), expected) for each in wanted if each not in rows]
    problems += [Problem("watches", each, expected) for each in rows if each not in wanted]
    if problems:
        raise plan_file.PlanError(name, problems)
    return replace(plan, watches=tuple(_at_default(rows[each]) for each in wanted))


def _at_default(watch: Watch) -> Watch:
    def bare(detector: Detector) -> Detector:
        return replace(detector, alpha=type(detector)().alpha)  # type: ignore[type-var]

    return replace(watch, detector=bare(watch.detector), short=watch.short and bare(watch.short))


def with_detector(plan: Plan, indicator: str, name: str, panel: Plan) -> Plan:
    """The plan with another detector for an indicator: the panel's own as it sets it, else at its defaults."""
    own = panel[indicator].detector
    detector = own if isinstance(own, DETECTORS[name]) else DETECTORS[name]()
    return with_watch(plan, replace(plan[indicator], detector=detector))


def with_value(plan: Plan, indicators: Sequence[str], parameter: str, value: Any) -> Plan:
    """The plan with one parameter changed in those of *indicators* whose detector has it.

    Raises ValueError (OutOfRange for a range) where a detector does not take the value.
    """
    for name in indicators:
        watch = plan[name]
        if parameter in values_of.values(watch.detector):
            detector: Detector = replace(watch.detector, **{parameter: value})  # type: ignore[type-var]
            plan = with_watch(plan, replace(watch, detector=detector))
    return plan


def with_watch(plan: Plan, watch: Watch) -> Plan:
    """The plan with this row in place of the one of the same indicator."""
    rows = tuple(watch if old.indicator == watch.indicator else old for old in plan.watches)
    return replace(plan, watches=rows)


def written(panel: Plan, draft: Plan) -> str:
    """The draft's budget, alpha, detectors and parameters as a link carries them: "budget=12;indicator.guard=3"."""
    return ";".join(
        f"{change.indicator}.{change.parameter}={_text(change)}" if change.indicator else
        f"{change.parameter}={_text(change)}"
        for change in changes(panel, draft)
        if change.parameter not in ("watched", "substances", "short", "why")
    )  # fmt: skip


def link(panel: Plan, draft: Plan) -> str | None:
    """What a link carries of a draft, "" where nothing is changed; None where it cannot carry all of it.

    A draft from a file may change more than `written` holds: substances, second detectors, reasons.
    """
    said = written(panel, draft)
    try:
        return said if read(panel, said).digest == draft.digest else None
    except (ValueError, KeyError):
        return None


def _text(change: Change) -> str:
    short = f"{change.after:g}" if change.parameter == "budget" else ""
    return short if short and float(short) == change.after else values_of.written(change.after)


def read(panel: Plan, text: str) -> Plan:
    """The draft that a link carries; ValueError or KeyError where it is none."""
    if len(text) > LONGEST:
        raise ValueError(f"a draft has at most {LONGEST} characters")
    draft = panel
    whole: dict[str, Any] = {}
    given: dict[str, dict[str, str]] = {}
    for part in filter(None, text.split(";")):
        place, value = part.split("=", 1)
        indicator, _, parameter = place.rpartition(".")
        if not indicator:
            whole[{"budget": "budget", "alpha": "fixed_alpha"}[parameter]] = (
                None if value == "None" else float(value)
            )
        else:
            given.setdefault(indicator, {})[parameter] = value
    for indicator, named in given.items():
        if "detector" in named:
            draft = with_detector(draft, indicator, named.pop("detector"), panel)
        watch = draft[indicator]
        known = {parameter.name: parameter for parameter in parameters(type(watch.detector))}
        values = {key: values_of.read(known[key], value) for key, value in named.items()}
        draft = with_watch(draft, replace(watch, detector=replace(watch.detector, **values)))  # type: ignore[type-var]
    return replace(draft, **whole)
