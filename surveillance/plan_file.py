"""Plans as YAML that a person reads, edits and shares: read with every problem named, written as it was read."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from data_sources.indicators import INDICATORS
from data_sources.vocabulary import SUBSTANCES
from surveillance.detectors import DETECTORS, Detector
from surveillance.parameters import Parameter, detector_name, parameters
from surveillance.watch import MOST_BUDGET, Plan, Watch

LONGEST = 100_000  # characters of a file
MOST_TEXT = 2_000  # characters of a name, note or reason
_PLAN = ("name", "version", "date", "author", "note", "budget", "alpha", "watches", "not_watched")
_WATCH = ("indicator", "detector", "parameters", "short", "why", "substances")
_SHORT = ("detector", "parameters")
_ABSENT = object()


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of a file: what was found, and what is expected there."""

    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}, expected {self.expected}"


class PlanError(ValueError):
    """A file that is no plan; `problems` lists all that is wrong with it."""

    def __init__(self, name: str, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{name} is not a plan that can be used:{lines}")


class _Loader(yaml.SafeLoader):
    """Refuses a key given twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, (part, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is given twice", problem_mark=part.start_mark)
        return super().construct_mapping(node, deep)


def read(text: str, *, name: str) -> Plan:
    """The plan that a YAML text says; PlanError, headed by the file's *name*, where it says none."""
    if len(text) > LONGEST:
        raise PlanError(name, [Problem("the file", f"{len(text)} characters", f"at most {LONGEST}")])
    try:
        content = yaml.load(text, _Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise PlanError(name, [Problem(place, getattr(error, "problem", None) or str(error), "YAML")]) from None
    reader = _Reader()
    plan = reader.plan(content)
    if plan is None or reader.problems:
        raise PlanError(name, reader.problems)
    return plan


def write(plan: Plan) -> str:
    """The plan as YAML; `read` gives it back value for value, without the inflations, which are estimated."""
    content: dict[str, Any] = {"name": plan.name, "version": plan.version}
    if plan.dated:
        content["date"] = plan.dated
    content |= {key: value for key, value in (("author", plan.author), ("note", plan.note)) if value}
    content["budget"] = plan.budget
    if plan.fixed_alpha is not None:
        content["alpha"] = plan.fixed_alpha
    content["watches"] = [_written(watch) for watch in plan.watches]
    text = _dump(content)
    if plan.not_watched:
        text += _dump({"not_watched": dict(plan.not_watched)}, default_flow_style=False)
    return text


def _dump(content: Mapping[str, Any], *, default_flow_style: bool | None = None) -> str:
    text: str = yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=110, default_flow_style=default_flow_style
    )
    return text


def _written(watch: Watch) -> dict[str, Any]:
    found: dict[str, Any] = {"indicator": watch.indicator, **_detector(watch.detector)}
    if watch.short is not None:
        found["short"] = _detector(watch.short)
    found["why"] = watch.why
    if watch.substances:
        found["substances"] = list(watch.substances)
    return found


def _detector(detector: Detector) -> dict[str, Any]:
    """The detector's name, and those of its parameters that are not at its own defaults."""
    changed = {}
    for parameter in parameters(type(detector)):
        value = getattr(detector, parameter.name)
        if value != parameter.default:
            changed[parameter.name] = list(value) if isinstance(value, tuple) else value
    return {"detector": detector_name(detector)} | ({"parameters": changed} if changed else {})


@dataclass
class _Reader:
    """Goes over a file's content once and gathers what is wrong with it."""

    problems: list[Problem] = field(default_factory=list)

    def wrong(self, place: str, found: object, expected: str) -> None:
        shown = "nothing" if found is _ABSENT else repr(found)
        self.problems.append(Problem(place, shown if len(shown) <= 80 else f"{shown[:77]}…", expected))

    def mapping(self, content: object, place: str, known: Collection[str]) -> Mapping[str, Any]:
        if not isinstance(content, dict):
            self.wrong(place, content, f"keys out of {', '.join(known)}")
            return {}
        for key in content:
            if key not in known:
                self.wrong(place, key, f"one of the keys {', '.join(known)}")
        return content

    def text(self, content: Mapping[str, Any], key: str, place: str, default: object = _ABSENT) -> str:
        value = content.get(key, default)
        if isinstance(value, str) and len(value) <= MOST_TEXT and (value.strip() or value == default):
            return value
        self.wrong(f"{place}{key}", value, f"a text of at most {MOST_TEXT} characters")
        return ""

    def number(self, value: object, place: str, expected: str) -> float | None:
        """A finite number; one such as 1e-3, which YAML takes for a text, too."""
        if isinstance(value, str):
            with suppress(ValueError):
                value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
            return value
        self.wrong(place, value, expected)
        return None

    def plan(self, content: object) -> Plan | None:
        top = self.mapping(content, "the file", _PLAN)
        if not top:
            return None
        name, version = self.text(top, "name", ""), top.get("version", _ABSENT)
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            self.wrong("version", version, "a whole number from 1")
        day = top.get("date")
        if day is not None and type(day) is not datetime.date:
            self.wrong("date", day, "a date such as 2026-11-24")
        budget = self.number(top.get("budget", _ABSENT), "budget", f"a number above 0 and at most {MOST_BUDGET}")
        if budget is not None and not 0 < budget <= MOST_BUDGET:
            self.wrong("budget", budget, f"a number above 0 and at most {MOST_BUDGET}")
        alpha = top.get("alpha")
        if alpha is not None:
            alpha = self.number(alpha, "alpha", "a number above 0 and below 0.5")
            if alpha is not None and not 0 < alpha < 0.5:
                self.wrong("alpha", alpha, "a number above 0 and below 0.5")
        author, note = self.text(top, "author", "", ""), self.text(top, "note", "", "")
        watches = self.watches(top.get("watches", _ABSENT))
        not_watched = self.not_watched(top.get("not_watched", {}), {watch.indicator for watch in watches})
        if self.problems:
            return None
        return Plan(
            tuple(watches), float(budget or 0), name, int(version), not_watched,
            fixed_alpha=alpha, dated=day, author=author, note=note,
        )  # fmt: skip

    def watches(self, content: object) -> list[Watch]:
        if not isinstance(content, list) or not content:
            self.wrong("watches", content, "a list of at least one watch")
            return []
        found = [watch for i, each in enumerate(content, 1) if (watch := self.watch(each, f"watches, entry {i}"))]
        names = [watch.indicator for watch in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.wrong("watches", name, "each indicator once")
        return found

    def watch(self, content: object, place: str) -> Watch | None:
        before = len(self.problems)
        row = self.mapping(content, place, _WATCH)
        if not row:
            return None
        indicator = row.get("indicator", _ABSENT)
        if indicator not in INDICATORS:
            self.wrong(f"{place}, indicator", indicator, f"one of {', '.join(INDICATORS)}")
        else:
            place = f"watches, {indicator}"
        detector = self.detector(row, place)
        short = None
        if (second := row.get("short")) is not None:
            short = self.detector(self.mapping(second, f"{place}, short", _SHORT), f"{place}, short")
        why = self.text(row, "why", f"{place}, ")
        substances = row.get("substances", [])
        known = isinstance(substances, list) and all(isinstance(code, str) for code in substances)
        if not known or len(set(substances)) < len(substances) or not set(substances) <= set(SUBSTANCES):
            self.wrong(f"{place}, substances", substances, f"a list out of {', '.join(SUBSTANCES)}, each once")
        if len(self.problems) > before or detector is None:
            return None
        return Watch(str(indicator), detector, why, tuple(substances), short)

    def detector(self, row: Mapping[str, Any], place: str) -> Detector | None:
        name = row.get("detector", _ABSENT)
        if not isinstance(name, str) or name not in DETECTORS:
            self.wrong(f"{place}, detector", name, f"one of {', '.join(DETECTORS)}")
            return None
        kind = DETECTORS[name]
        known = {parameter.name: parameter for parameter in parameters(kind)}
        given = self.mapping(row.get("parameters", {}) or {}, f"{place}, parameters", known)
        before, values = len(self.problems), {}
        for key in known.keys() & given.keys():
            values[key] = self.value(known[key], given[key], f"{place}, {key}")
        if len(self.problems) > before or given.keys() - known.keys():
            return None
        try:
            return kind(**values)
        except ValueError as error:  # the detector's own rule for values that do not go together
            self.wrong(f"{place}, parameters", given, str(error))
            return None

    def value(self, parameter: Parameter, value: object, place: str) -> Any:
        if value is None and parameter.optional:
            return None
        if parameter.kind == "switch" and not isinstance(value, bool):
            self.wrong(place, value, "true or false")
        elif parameter.kind == "choice" and str(value) not in parameter.choices:
            self.wrong(place, value, f"one of {', '.join(parameter.choices)}")
        elif parameter.kind == "pair":
            if isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value):
                return tuple(value)
            self.wrong(place, value, "two whole numbers, such as [5, 4]")
        elif parameter.kind in ("whole", "number"):
            expected = ranged(parameter)
            number = self.number(value, place, expected)
            outside = number is not None and not (
                (parameter.low is None or number >= parameter.low)
                and (parameter.high is None or number <= parameter.high)
            )
            if outside or (number is not None and parameter.kind == "whole" and number != int(number)):
                self.wrong(place, value, expected)
            elif number is not None:
                return int(number) if parameter.kind == "whole" else float(number)
        return value

    def not_watched(self, content: object, watched: Collection[str]) -> dict[str, str]:
        if not isinstance(content, dict):
            self.wrong("not_watched", content, "an indicator and a reason on each line")
            return {}
        for name in content:
            if name not in INDICATORS or name in watched:
                expected = "an indicator that is not watched" if name in INDICATORS else "the name of an indicator"
                self.wrong("not_watched", name, expected)
        return {name: self.text(content, name, "not_watched, ") for name in content}


def ranged(parameter: Parameter) -> str:
    """What a numeric parameter may be, in words."""
    what = "a whole number" if parameter.kind == "whole" else "a number"
    low, high = (None if end is None else f"{end:g}" for end in (parameter.low, parameter.high))
    if low is None and high is None:
        return what
    if high is None:
        return f"{what} from {low}"
    return f"{what} up to {high}" if low is None else f"{what} from {low} to {high}"
