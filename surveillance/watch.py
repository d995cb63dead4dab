"""The records of a plan: which detector watches which indicator, how sensitively in all, and under what name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from surveillance.calibration import nominal
from surveillance.detectors import Detector
from surveillance.detectors.contract import within

MOST_BUDGET = 100


@dataclass(frozen=True)
class Watch:
    """One row of the plan: an indicator, its detector, what judges it while history is short, and why."""

    indicator: str
    detector: Detector
    why: str
    substances: tuple[str, ...] = ()  # empty: all
    short: Detector | None = None


@dataclass(frozen=True)
class Plan:
    """The panel's settings: every watch, and how many false signals a quarter it accepts in all.

    With a *fixed_alpha* every judgement has that chance of a false alarm, whatever the budget says.
    """

    watches: tuple[Watch, ...]
    budget: float = 6.0
    name: str = "Panel default"
    version: int = 1
    not_watched: Mapping[str, str] = field(default_factory=dict)
    inflation: Mapping[str, float] = field(default_factory=dict)  # of indicators, estimated: see calibration.py
    fixed_alpha: float | None = None
    dated: date | None = None
    author: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.budget <= MOST_BUDGET:
            raise ValueError(
                f"budget must be above 0 and at most {MOST_BUDGET} false signals a quarter, not {self.budget}"
            )
        if self.fixed_alpha is not None:
            within("alpha", self.fixed_alpha, 0, 0.5, open_low=True, open_high=True)

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that name these settings; they change with any parameter, not with a name."""
        parts: tuple[object, ...] = (self.watches, self.budget)
        if self.fixed_alpha is not None:
            parts += (self.fixed_alpha,)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]

    def at(self, alpha: float) -> Plan:
        """The same plan with every detector at what gives one *alpha* after its indicator's inflation."""
        return replace(self, watches=tuple(self._at(watch, alpha) for watch in self.watches))

    def _at(self, watch: Watch, alpha: float) -> Watch:
        asked = nominal(alpha, self.inflation.get(watch.indicator, 1.0))
        detector: Detector = replace(watch.detector, alpha=asked)  # type: ignore[type-var]
        short: Detector | None = watch.short and replace(watch.short, alpha=asked)  # type: ignore[type-var]
        return replace(watch, detector=detector, short=short)

    def __getitem__(self, indicator: str) -> Watch:
        """The row of the plan for an indicator; KeyError where it is not watched."""
        for watch in self.watches:
            if watch.indicator == indicator:
                return watch
        raise KeyError(indicator)
