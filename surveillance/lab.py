"""Draft settings against the panel's: one series judged at once, and which alarms come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd

from data_sources.observations import SERIES
from surveillance.detectors import Detector
from surveillance.detectors.contract import OutOfRange
from surveillance.judging import judge
from surveillance.plan import Watch
from surveillance.series import Wide

KEY = [*SERIES, "period"]
RECENT = 36  # periods of each series over which alarms are compared


@dataclass(frozen=True)
class Comparison:
    """Alarms under the draft only, under the panel's settings only, and under both; the draft's rows but for lost.

    `unjudged` counts the compared periods that the panel's settings judge and the draft cannot.
    """

    gained: pd.DataFrame
    lost: pd.DataFrame
    kept: pd.DataFrame
    unjudged: int


def compare(panel: pd.DataFrame, draft: pd.DataFrame, *, recent: int = RECENT) -> Comparison:
    """Which alarms of the newest *recent* complete periods of each series the draft gains, loses and keeps.

    Both are verdict rows over the same series and periods. A period that one side cannot judge has no alarm
    there: an alarm lost to NA counts as lost, and `unjudged` says how many periods that may concern.
    """
    before, after = (_recent(rows, recent) for rows in (panel, draft))
    both = before[[*KEY, "alarm"]].merge(after[[*KEY, "alarm"]], on=KEY, how="outer", suffixes=("_panel", "_draft"))
    was, now = (both[name].astype("boolean") for name in ("alarm_panel", "alarm_draft"))
    old, new = was.fillna(False), now.fillna(False)

    def rows(source: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
        return both.loc[chosen, KEY].merge(source, on=KEY).sort_values(["period", *SERIES], ignore_index=True)

    return Comparison(
        gained=rows(after, new & ~old),
        lost=rows(before, old & ~new),
        kept=rows(after, new & old),
        unjudged=int((was.notna() & now.isna()).sum()),
    )


def _recent(rows: pd.DataFrame, recent: int) -> pd.DataFrame:
    complete = rows[rows["complete"].astype(bool)]
    return complete.sort_values(KEY).groupby(SERIES, sort=False).tail(recent)


def only(wide: Wide, geography: str, substance: str) -> Wide:
    """*wide* with one of its series; KeyError where it holds no such series."""
    return several(wide, [(geography, substance)])


def several(wide: Wide, columns: Sequence[tuple[str, str]]) -> Wide:
    """*wide* with these of its series (geography, substance); KeyError where it does not hold one."""
    return wide[list(columns)]


def judged(detector: Detector, wide: Wide, *, short: Detector | None = None) -> pd.DataFrame:
    """Verdict rows on every series of *wide* under a draft detector (and the one for short histories)."""
    return judge(Watch(wide.indicator.id, detector, "draft", short=short), wide)


@dataclass(frozen=True)
class Parameter:
    """A detector's parameter as a control needs it: its kind, default, range (None: unlimited) and choices."""

    name: str
    kind: Literal["whole", "number", "switch", "choice", "pair"]
    default: Any
    optional: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def parameters(detector: type[Any]) -> list[Parameter]:
    """The detector's parameters in order, with the ranges that its own validation enforces."""
    hints, default = get_type_hints(detector), detector()
    found = []
    for field in fields(detector):
        options = get_args(hints[field.name])
        optional = NoneType in options
        kind = next(option for option in options if option is not NoneType) if optional else hints[field.name]
        value = getattr(default, field.name)
        if get_origin(kind) is Literal:
            found.append(Parameter(field.name, "choice", value, optional, choices=tuple(map(str, get_args(kind)))))
        elif kind is bool:
            found.append(Parameter(field.name, "switch", value, optional))
        elif get_origin(kind) is tuple:
            found.append(Parameter(field.name, "pair", value, optional))
        else:
            low, high = _range(default, field.name)
            found.append(Parameter(field.name, "whole" if kind is int else "number", value, optional, low, high))
    return found


def _range(detector: Any, name: str) -> tuple[float | None, float | None]:
    """What the detector's validation answers to an impossible value; (None, None) where it accepts any."""
    try:
        replace(detector, **{name: float("-inf")})
    except OutOfRange as error:
        return error.low, None if error.high == float("inf") else error.high
    except ValueError:
        pass
    return None, None


def written(value: Any) -> str:
    """A parameter's value as a link carries it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def read(parameter: Parameter, text: str) -> Any:
    """The value that a link carries; ValueError where it is not one of this kind."""
    if parameter.optional and text == "None":
        return None
    if parameter.kind == "switch":
        if text not in ("True", "False"):
            raise ValueError(f"{parameter.name} must be True or False, not {text!r}")
        return text == "True"
    if parameter.kind == "pair":
        first, second = map(int, text.split(","))
        return first, second
    if parameter.kind == "choice":
        if text not in parameter.choices:
            raise ValueError(f"{parameter.name} must be one of {', '.join(parameter.choices)}, not {text!r}")
        return type(parameter.default)(text)
    return int(text) if parameter.kind == "whole" else float(text)


def built(detector: type[Any], values: Mapping[str, Any]) -> Detector:
    """The detector with these parameters; ValueError naming the parameter, its range and the value."""
    known = {field.name for field in fields(detector)}
    return detector(**{name: value for name, value in values.items() if name in known})


def changes(panel: Detector, draft: Detector) -> dict[str, tuple[Any, Any]]:
    """What the draft changes: per parameter the panel's value and the draft's; another detector as `detector`."""
    if type(panel) is not type(draft):
        return {"detector": (type(panel).__name__, type(draft).__name__)}
    pairs = {field.name: (getattr(panel, field.name), getattr(draft, field.name)) for field in fields(type(panel))}  # type: ignore[arg-type]
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
