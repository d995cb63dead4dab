"""What may be asked: every parameter with how it is read, and the problem that a wrong one becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.filters import BUDGETS, EARLIEST
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES, STATUSES, SUBSTANCES
from surveillance.assessment import STATES

MOST_CODES = 50  # in one parameter
PAGE, LARGEST_PAGE = 1000, 5000  # rows
_SHOWN = 60  # characters of a refused value that are said back


class Problem(Exception):
    """Why there is no answer, as RFC 9457 tells it; never a path of this machine."""

    def __init__(self, status: int, detail: str, **members: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.members = status, detail, members


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query: `read` takes its text, and raises ValueError or KeyError where it cannot."""

    name: str
    read: Callable[[str], Any]
    expected: str
    schema: Mapping[str, Any]
    required: bool = False


def _codes(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    held = frozenset(known)

    def read(value: str) -> tuple[str, ...]:
        codes = value.split(",")
        if len(codes) > MOST_CODES or not held.issuperset(codes):
            raise ValueError(value)
        return tuple(dict.fromkeys(codes))

    return read


def _one(known: Iterable[str]) -> Callable[[str], str]:
    held = {code: code for code in known}
    return held.__getitem__


def _day(value: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(value)
    return date.fromisoformat(value)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(value)
        return int(value)

    return read


def _digest(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{8}", value):
        raise ValueError(value)
    return value


def _budget(value: str) -> float:
    return {f"{budget:g}": budget for budget in BUDGETS}[value]


def _listed(known: Sequence[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "enum": list(known)}, "maxItems": MOST_CODES}


_DATE = {"type": "string", "format": "date"}
_SOME = f"at most {MOST_CODES}, separated by commas"
_WHOLE = {"type": "integer"}

FORMAT = Parameter("format", _one(("json", "csv")), "json or csv", {"type": "string", "enum": ["json", "csv"]})
AS_OF = Parameter(
    "as_of", _day, f"a date such as 2026-11-22, from {EARLIEST} to the newest day that figures are held of", _DATE
)
BUDGET = Parameter(
    "budget",
    _budget,
    f"one of {', '.join(f'{budget:g}' for budget in BUDGETS)}: accepted false signals a quarter",
    {"type": "number", "enum": list(BUDGETS)},
)
SETTINGS = Parameter(
    "settings",
    _digest,
    "the digest of settings saved here, such as 9f5d7327; they have a budget of their own",
    {"type": "string", "pattern": "^[0-9a-f]{8}$"},
)
INDICATOR = Parameter(
    "indicator", _codes(INDICATORS), f"identifiers listed by /api/v1/indicators, {_SOME}", _listed(list(INDICATORS))
)
GEOGRAPHY = Parameter(
    "geography",
    _codes(GEOGRAPHIES),
    f"codes of places such as US-AZ or MX-SON, {_SOME}",
    {"type": "array", "items": {"type": "string"}, "maxItems": MOST_CODES},
)
SUBSTANCE = Parameter(
    "substance",
    _codes(SUBSTANCES),
    f"codes of substances such as fentanyl or all, {_SOME}",
    _listed(list(SUBSTANCES)),
)
FROM = Parameter("from", _day, "the first period's day, such as 2024-01-01", _DATE)
TO = Parameter("to", _day, "the last period's day, such as 2024-12-01, not before `from`", _DATE)
STATUS = Parameter("status", _codes(STATUSES), f"among {', '.join(STATUSES)}", _listed(STATUSES))
STATE = Parameter("state", _codes(STATES), f"among {', '.join(STATES)}", _listed(STATES))
PLACE = Parameter(
    "geography", _one(GEOGRAPHIES), "the code of one place such as US-AZ", {"type": "string"}, required=True
)
DRUGS = Parameter(
    "substance",
    _one(SUBSTANCES),
    "the code of one class of drugs such as all",
    {"type": "string", "enum": list(SUBSTANCES)},
    required=True,
)
LIMIT = Parameter(
    "limit",
    _whole(1, LARGEST_PAGE),
    f"a whole number of rows from 1 to {LARGEST_PAGE}",
    {**_WHOLE, "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE},
)
OFFSET = Parameter(
    "offset",
    _whole(0, 999_999_999),
    "a whole number of rows to leave out, from 0",
    {**_WHOLE, "minimum": 0, "maximum": 999_999_999, "default": 0},
)
SERIES_FILTERS = (INDICATOR, GEOGRAPHY, SUBSTANCE)
JUDGED_BY = (BUDGET, SETTINGS)
PAGES = (LIMIT, OFFSET)


def read(asked: Sequence[tuple[str, str]], known: Sequence[Parameter]) -> dict[str, Any]:
    """The parameters that were given, as values by name; Problem 400 naming the first that cannot be used."""
    by_name = {parameter.name: parameter for parameter in known}
    found: dict[str, Any] = {}
    for name, value in asked:
        if name not in by_name:
            there = f"one of {', '.join(by_name)}" if by_name else "none"
            raise _refused(name[:_SHOWN], value, there, "There is no such parameter here")
        if name in found:
            raise _refused(name, value, "the parameter once", "The parameter is given twice")
        try:
            found[name] = by_name[name].read(value)
        except (ValueError, KeyError):
            raise _refused(name, value, by_name[name].expected, "The value cannot be used") from None
    for parameter in known:
        if parameter.required and parameter.name not in found:
            raise _refused(parameter.name, "", parameter.expected, "The parameter is needed")
    if found.get("from") and found.get("to") and found["from"] > found["to"]:
        raise _refused("to", found["to"].isoformat(), TO.expected, "The value cannot be used")
    if "budget" in found and "settings" in found:
        raise _refused("budget", f"{found['budget']:g}", "no budget beside settings", "The value cannot be used")
    return found


def refuse_day(value: date, latest: date) -> None:
    """Nothing where figures can be replayed as of a day; else Problem 400."""
    if not EARLIEST <= value <= latest:
        expected = f"a date from {EARLIEST} to {latest}"
        raise _refused("as_of", value.isoformat(), expected, "The value cannot be used")


def refused_settings(digest: str) -> Problem:
    """The Problem 400 of settings that are not saved, or whose file cannot be read."""
    return _refused("settings", digest, SETTINGS.expected, "There are no such settings")


def _refused(name: str, value: str, expected: str, what: str) -> Problem:
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return Problem(
        400, f"{what}: {name}={shown}. Expected is {expected}.", parameter=name, value=shown, expected=expected
    )
