"""A detector's parameters as controls, files and links need them: kind, default, range, and values as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from surveillance.detectors import DETECTORS, Detector
from surveillance.detectors.contract import OutOfRange

MOST = 1e9  # in size; beyond it no parameter means anything, and no control shows it


@dataclass(frozen=True)
class Parameter:
    """A detector's parameter: its kind, default, range (None: unlimited) and choices."""

    name: str
    kind: Literal["whole", "number", "switch", "choice", "pair"]
    default: Any
    optional: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@cache
def parameters(detector: type[Any]) -> tuple[Parameter, ...]:
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
    return tuple(found)


def _range(detector: Any, name: str) -> tuple[float | None, float | None]:
    """What the detector's validation answers to an impossible value; (None, None) where it accepts any."""
    try:
        replace(detector, **{name: float("-inf")})
    except OutOfRange as error:
        return error.low, None if error.high == float("inf") else error.high
    except ValueError:
        pass
    return None, None


def detector_name(detector: Detector) -> str:
    """The detector's name in DETECTORS."""
    return next(name for name, kind in DETECTORS.items() if kind is type(detector))


def values(detector: Detector) -> dict[str, Any]:
    """The detector's parameters by name."""
    return {field.name: getattr(detector, field.name) for field in fields(detector)}  # type: ignore[arg-type]


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
        if not (0 <= first <= MOST and 0 <= second <= MOST):
            raise ValueError(f"{parameter.name} must be two numbers of 0 to {MOST:g}, not {text!r}")
        return first, second
    if parameter.kind == "choice":
        if text not in parameter.choices:
            raise ValueError(f"{parameter.name} must be one of {', '.join(parameter.choices)}, not {text!r}")
        return type(parameter.default)(text)
    number = int(text) if parameter.kind == "whole" else float(text)
    if not abs(number) <= MOST:
        raise ValueError(f"{parameter.name} must be a number of at most {MOST:g}, not {text!r}")
    return number


def built(detector: type[Any], values: Mapping[str, Any]) -> Detector:
    """The detector with these parameters; ValueError naming the parameter, its range and the value."""
    known = {field.name for field in fields(detector)}
    return detector(**{name: value for name, value in values.items() if name in known})
