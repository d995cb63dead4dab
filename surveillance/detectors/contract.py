"""What every detector takes and answers: wide frames in, Verdicts out, all series at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import ClassVar, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_sources.phrases import Phrase

Frequency = Literal["W", "MS"]
Kind = Literal["pointwise", "cumulative", "lagged"]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PERIODS_A_YEAR: dict[Frequency, int] = {"W": 52, "MS": 12}


class Reason(IntEnum):
    """Why a cell could not be judged, or which rule had the last word; `.name` is the code in tables."""

    ok = 0
    too_little_history = 1
    missing = 2  # no value to judge
    not_judged = 3  # the caller's mask: still filling, or outside the rows asked for
    too_few_cases = 4  # judged, and an alarm held back: too few cases for one
    no_variation = 5  # the baseline does not vary, so nothing can be said of its spread
    did_not_converge = 6
    emerging = 7  # judged by the rule for an empty baseline
    mostly_zero = 8  # a baseline of zeros, where one event would decide


_CODES = np.array([reason.name for reason in Reason], dtype=object)


def frequency_of(index: pd.Index) -> Frequency:
    """W for weeks, MS for calendar months; ValueError for any other index."""
    if isinstance(index, pd.DatetimeIndex) and len(index):
        days = index.to_numpy().astype("datetime64[D]")
        months = days.astype("datetime64[M]")
        if (days == months).all() and (np.diff(months).astype(int) == 1).all():
            return "MS"
        if (np.diff(days).astype(int) == 7).all():
            return "W"
    raise ValueError(f"index must be gap-free weeks or month starts, not {index[:3].tolist()}…")


def values_of(observed: pd.DataFrame, *, whole: bool = False) -> Floats:
    """The values of a frame, periods × series; ValueError where a detector must not see them, saying which and why.

    The index must be gap-free weeks or month starts in order, the values finite and 0 or more (NaN where there
    is none), and *whole* numbers where the detector's likelihood is that of counts.
    """
    y = observed.to_numpy(dtype=float)
    if not len(y):
        return y
    frequency_of(observed.index)
    fine = (y >= 0) & (y < np.inf) & (y == np.floor(y)) if whole else (y >= 0) & (y < np.inf)
    wrong = np.argwhere(~fine & ~np.isnan(y))
    if len(wrong):
        row, column = wrong[0]
        value, period = y[row, column], pd.Timestamp(observed.index[row]).date()
        if np.isinf(value):
            problem, advice = "is infinite", "leave it out as missing (NaN)"
        elif value < 0:
            problem, advice = "is negative", "leave it out as missing (NaN), or correct the file"
        else:
            problem, advice = "is not a whole number", "use a detector for rates or weights"
        raise ValueError(f"{observed.columns[column]}, {period}: {value:g} {problem}; {advice}")
    return y


@dataclass(frozen=True, eq=False)
class Verdicts:
    """A detector's answer: arrays of the shape of what was judged, frames made when asked for.

    `pvalue` is P(Y >= y) under the baseline, one-sided, and `pvalue_low` is P(Y <= y), small where data may have
    been lost; `false_alarm` is the probability of a false alarm that the threshold and the rules attain; alarm
    is 1, 0 or -1 = NA, which is never "no alarm".
    """

    index: pd.Index
    columns: pd.Index
    observed_: Floats
    expected_: Floats
    upper_: Floats
    pvalue_: Floats
    pvalue_low_: Floats
    false_alarm_: Floats
    alarm_: NDArray[np.int8]
    reason_: NDArray[np.int8]
    ratio_: Floats | None = (
        None  # statistic / threshold, where the statistic is of more periods than the judged one
    )

    def _frame(self, values: NDArray) -> pd.DataFrame:
        return pd.DataFrame(values, index=self.index, columns=self.columns)

    @cached_property
    def observed(self) -> pd.DataFrame:
        return self._frame(self.observed_)

    @cached_property
    def expected(self) -> pd.DataFrame:
        return self._frame(self.expected_)

    @cached_property
    def upper(self) -> pd.DataFrame:
        return self._frame(self.upper_)

    @cached_property
    def pvalue(self) -> pd.DataFrame:
        return self._frame(self.pvalue_)

    @cached_property
    def pvalue_low(self) -> pd.DataFrame:
        return self._frame(self.pvalue_low_)

    @cached_property
    def false_alarm(self) -> pd.DataFrame:
        return self._frame(self.false_alarm_)

    @cached_property
    def alarm(self) -> pd.DataFrame:
        """Boolean with NA, where NA means that it could not be judged."""
        frame = self._frame(self.alarm_ == 1).astype("boolean")
        return frame.mask(self.alarm_ < 0)

    @cached_property
    def reason(self) -> pd.DataFrame:
        """The codes of Reason."""
        return self._frame(_CODES[self.reason_])

    @cached_property
    def exceedance(self) -> pd.DataFrame:
        """(observed − expected) / (upper − expected), NaN where upper ≤ expected; or statistic / threshold."""
        if self.ratio_ is not None:
            return self._frame(self.ratio_)
        span = self.upper_ - self.expected_
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._frame(np.where(span > 0, (self.observed_ - self.expected_) / span, np.nan))

    def tail(self, last: int | None) -> Verdicts:
        """The verdicts on the newest *last* periods; all where None."""
        if last is None:
            return self
        cut = slice(max(len(self.index) - last, 0), None)
        arrays = {
            name: values[cut] for name, values in vars(self).items() if name.endswith("_") and values is not None
        }
        return replace(self, index=self.index[cut], **arrays)


class OutOfRange(ValueError):
    """A parameter outside its range; `name`, `low`, `high` and `value` say which."""

    def __init__(self, name: str, value: float, low: float, high: float, interval: str) -> None:
        super().__init__(
            Phrase("{name} must lie in {interval}, not {value}", name=name, interval=interval, value=repr(value))
        )
        self.name, self.value, self.low, self.high = name, value, low, high


def within(
    name: str, value: float, low: float, high: float, *, open_low: bool = False, open_high: bool = False
) -> None:
    """OutOfRange that names the parameter, the value and the range, where the value lies outside."""
    above = value > low if open_low else value >= low
    below = value < high if open_high else value <= high
    if not (above and below):
        interval = f"{'(' if open_low else '['}{low}, {high}{')' if open_high else ']'}"
        raise OutOfRange(name, value, low, high, interval)


class Detector(Protocol):
    """A frozen dataclass whose validated fields are its parameters; `alpha` is always one of them."""

    kind: ClassVar[Kind]

    @property
    def alpha(self) -> float: ...

    def min_history(self, frequency: Frequency) -> int:
        """How many periods come before the first that can be judged."""
        ...

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        """Verdicts on the newest *last* periods (all where None) of every column of *observed*."""
        ...
