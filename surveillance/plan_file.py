"""Plans as YAML that a person reads, edits and shares: read with every problem named, written as it was read."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from data_sources.indicators import INDICATORS
from data_sources.phrases import Phrase
from data_sources.vocabulary import SUBSTANCES
from surveillance.detectors import DETECTORS, Detector
from surveillance.parameters import MOST, Parameter, detector_name, parameters
from surveillance.watch import MOST_BUDGET, Plan, Watch

LONGEST = 100_000  # characters of a file
MOST_PROBLEMS = 30
MOST_DIGITS = 20  # of a whole number
MOST_TEXT = 2_000  # characters of a name, note or reason
_PLAN = ("name", "version", "date", "author", "note", "budget", "alpha", "watches", "not_watched")
_WATCH = ("indicator", "detector", "parameters", "short", "why", "substances")
_SHORT = ("detector", "parameters")
_ABSENT = object()
_FILE = Phrase("the file")


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of a file: what was found, and what is expected there.

    What is in our words is a Phrase, which the pages translate; plain text is the file's own.
    """

    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        """All of it as one Phrase."""
        return Phrase("{place}: found {found}, expected {expected}", **vars(self))


class PlanError(ValueError):
    """A file that is no plan; `problems` lists what is wrong with it, the first MOST_PROBLEMS at most."""

    def __init__(self, name: str, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)[:MOST_PROBLEMS]
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{name} is not a plan that can be used:{lines}")


class _Loader(yaml.SafeLoader):
    """Refuses what no plan needs: a key given twice, of which YAML would silently keep the last; an alias, by which
    a few lines become gigabytes; a number too long to be written."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _refused(Phrase("an alias"), self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        given = set()
        for part, _ in node.value:
            key = repr(self.construct_object(part, deep=True))
            if key in given:
                raise _refused(Phrase("the key {key}, which is given twice", key=key[:80]), part.start_mark)
            given.add(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > MOST_DIGITS:
            raise _refused(Phrase("a number of more than {n} digits", n=MOST_DIGITS), node.start_mark)
        return int(super().construct_yaml_int(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _refused(found: Phrase, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=found, problem_mark=mark)


def read_bytes(raw: bytes, *, name: str) -> Plan:
    """The plan that a file's bytes say, as `read` does; PlanError for more than LONGEST bytes, or not in UTF-8."""
    if len(raw) > LONGEST:
        raise _too_long(name, Phrase("{n} bytes", n=len(raw)))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = Phrase("the byte {byte}", byte=f"0x{raw[error.start]:02X}")
        raise PlanError(name, [Problem(_FILE, found, Phrase("text in UTF-8"))]) from None
    return read(text, name=name)


def _too_long(name: str, found: Phrase) -> PlanError:
    return PlanError(name, [Problem(_FILE, found, Phrase("at most {n}", n=LONGEST))])


def read(text: str, *, name: str) -> Plan:
    """The plan that a YAML text says; PlanError, headed by the file's *name*, where it says none."""
    if len(text) > LONGEST:
        raise _too_long(name, Phrase("{n} characters", n=len(text)))
    try:
        content = yaml.load(text, _Loader)  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2026-13-01; brackets in brackets
        mark = getattr(error, "problem_mark", None)
        place = Phrase("line {n}, column {column}", n=mark.line + 1, column=mark.column + 1) if mark else _FILE
        found = getattr(error, "problem", None) or str(error)
        if not isinstance(found, Phrase):
            found = Phrase("{system}", system=found[:200])
        raise PlanError(name, [Problem(place, found, "YAML")]) from None
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
        shown = Phrase("nothing") if found is _ABSENT else repr(found)
        self.problems.append(Problem(place, shown if len(shown) <= 80 else f"{shown[:77]}…", expected))

    def mapping(self, content: object, place: str, known: Collection[str]) -> Mapping[str, Any]:
        if not isinstance(content, dict):
            self.wrong(place, content, Phrase("keys out of {names}", names=", ".join(known)))
            return {}
        for key in content:
            if key not in known:
                self.wrong(place, key, Phrase("one of the keys {names}", names=", ".join(known)))
        return content

    def text(self, content: Mapping[str, Any], key: str, place: str, default: object = _ABSENT) -> str:
        value = content.get(key, default)
        if isinstance(value, str) and len(value) <= MOST_TEXT and (value.strip() or value == default):
            return value
        self.wrong(_in(place, key), value, Phrase("a text of at most {n} characters", n=MOST_TEXT))
        return ""

    def number(self, value: object, place: str, expected: str) -> float | None:
        """A number of at most MOST; one such as 1e-3, which YAML takes for a text, too."""
        if isinstance(value, str):
            with suppress(ValueError):
                value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST:
            return value
        self.wrong(place, value, expected)
        return None

    def plan(self, content: object) -> Plan | None:
        top = self.mapping(content, _FILE, _PLAN)
        if not top:
            return None
        name, version = self.text(top, "name", ""), top.get("version", _ABSENT)
        if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= MOST:
            self.wrong("version", version, Phrase("{what} from {low}", what=Phrase("a whole number"), low=1))
        day = top.get("date")
        if day is not None and type(day) is not datetime.date:
            self.wrong("date", day, Phrase("a date such as {day}", day="2026-11-24"))
        expected = Phrase("a number above 0 and at most {high}", high=MOST_BUDGET)
        budget = self.number(top.get("budget", _ABSENT), "budget", expected)
        if budget is not None and not 0 < budget <= MOST_BUDGET:
            self.wrong("budget", budget, expected)
        alpha = top.get("alpha")
        if alpha is not None:
            alpha = self.number(alpha, "alpha", Phrase("a number above 0 and below 0.5"))
            if alpha is not None and not 0 < alpha < 0.5:
                self.wrong("alpha", alpha, Phrase("a number above 0 and below 0.5"))
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
            self.wrong("watches", content, Phrase("a list of at least one watch"))
            return []
        entries = [self.watch(each, Phrase("watches, entry {n}", n=i)) for i, each in enumerate(content, 1)]
        found = [watch for watch in entries if watch]
        names = [watch.indicator for watch in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.wrong("watches", name, Phrase("each indicator once"))
        return found

    def watch(self, content: object, place: str) -> Watch | None:
        before = len(self.problems)
        row = self.mapping(content, place, _WATCH)
        if not row:
            return None
        indicator = row.get("indicator", _ABSENT)
        if not isinstance(indicator, str) or indicator not in INDICATORS:
            self.wrong(_in(place, "indicator"), indicator, _one_of(INDICATORS))
        else:
            place = f"watches, {indicator}"
        detector = self.detector(row, place)
        short = None
        if (second := row.get("short")) is not None:
            short = self.detector(self.mapping(second, _in(place, "short"), _SHORT), _in(place, "short"))
        why = self.text(row, "why", place)
        substances = row.get("substances", [])
        known = isinstance(substances, list) and all(isinstance(code, str) for code in substances)
        if not known or len(set(substances)) < len(substances) or not set(substances) <= set(SUBSTANCES):
            expected = Phrase("a list out of {names}, each once", names=", ".join(SUBSTANCES))
            self.wrong(_in(place, "substances"), substances, expected)
        if len(self.problems) > before or detector is None:
            return None
        return Watch(str(indicator), detector, why, tuple(substances), short)

    def detector(self, row: Mapping[str, Any], place: str) -> Detector | None:
        name = row.get("detector", _ABSENT)
        if not isinstance(name, str) or name not in DETECTORS:
            self.wrong(_in(place, "detector"), name, _one_of(DETECTORS))
            return None
        kind = DETECTORS[name]
        known = {parameter.name: parameter for parameter in parameters(kind)}
        given = self.mapping(row.get("parameters", {}) or {}, _in(place, "parameters"), known)
        before, values = len(self.problems), {}
        for key in known.keys() & given.keys():
            values[key] = self.value(known[key], given[key], _in(place, key))
        if len(self.problems) > before or given.keys() - known.keys():
            return None
        try:
            return kind(**values)
        except ValueError as error:  # the detector's own rule for values that do not go together
            self.wrong(_in(place, "parameters"), given, str(error))
            return None

    def value(self, parameter: Parameter, value: object, place: str) -> Any:
        if value is None and parameter.optional:
            return None
        if parameter.kind == "switch" and not isinstance(value, bool):
            self.wrong(place, value, Phrase("true or false"))
        elif parameter.kind == "choice" and str(value) not in parameter.choices:
            self.wrong(place, value, _one_of(parameter.choices))
        elif parameter.kind == "pair":
            if isinstance(value, list) and len(value) == 2 and all(map(_counted, value)):
                return tuple(value)
            self.wrong(place, value, Phrase("two whole numbers, such as {example}", example="[5, 4]"))
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
            self.wrong("not_watched", content, Phrase("an indicator and a reason on each line"))
            return {}
        for name in content:
            if name not in INDICATORS or name in watched:
                twice = Phrase("an indicator that is not watched")
                self.wrong("not_watched", name, twice if name in watched else Phrase("the name of an indicator"))
        return {name: self.text(content, name, "not_watched") for name in content}


def _in(place: str, key: str) -> str:
    return Phrase("{place}, {key}", place=place, key=key) if place else key


def _counted(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _one_of(names: Iterable[str]) -> Phrase:
    return Phrase("one of {names}", names=", ".join(names))


def ranged(parameter: Parameter) -> Phrase:
    """What a numeric parameter may be, in words."""
    what = Phrase("a whole number") if parameter.kind == "whole" else Phrase("a number")
    low, high = (None if end is None else f"{end:g}" for end in (parameter.low, parameter.high))
    if low is None and high is None:
        return what
    if high is None:
        return Phrase("{what} from {low}", what=what, low=low)
    if low is None:
        return Phrase("{what} up to {high}", what=what, high=high)
    return Phrase("{what} from {low} to {high}", what=what, low=low, high=high)
