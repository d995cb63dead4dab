"""EARS C1, C2 and C3: the count against the mean and spread of a short moving baseline.

Hutwagner L, Thompson W, Seeman GM, Treadwell T (2003). The bioterrorism preparedness and response Early
Aberration Reporting System (EARS). J Urban Health 80, i89–i96. doi:10.1007/PL00022319.
Fricker RD, Hegler BL, Dunfee DA (2008). Comparing syndromic surveillance detection methods: EARS' versus a
CUSUM-based methodology. Stat Med 27, 3407–3429. doi:10.1002/sim.3197 (C3 as used here).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr

from surveillance.detectors.contract import (
    Floats,
    Frequency,
    Kind,
    Reason,
    Verdicts,
    frequency_of,
    values_of,
    within,
)


@dataclass(frozen=True)
class _Ears:
    """Shared by the three: `baseline` periods, a guard before the judged one, and a floor on their sd."""

    alpha: float = 0.001
    baseline: int = 7
    min_sd: float = 0.5

    kind: ClassVar[Kind] = "pointwise"
    guard: ClassVar[int] = 0

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("baseline", self.baseline, 3, 365)
        within("min_sd", self.min_sd, 0, np.inf)

    def min_history(self, frequency: Frequency) -> int:
        return self.baseline + self.guard

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        count = len(observed)
        first = 0 if last is None else max(count - last, 0)
        reach = max(first - self.min_history("MS"), 0)  # what the rows asked for look back to
        frequency_of(observed.index)
        y = values_of(observed.iloc[reach:])
        mean, sd = self._moments(y)
        upper, pvalue = (values[first - reach :] for values in self._limit(y, mean, sd))
        y, mean = y[first - reach :], mean[first - reach :]
        reason = np.full(y.shape, Reason.ok, dtype=np.int8)
        reason[np.isnan(upper)] = Reason.too_little_history
        reason[np.isnan(y)] = Reason.missing
        reason[: max(self.min_history("MS") - first, 0)] = Reason.too_little_history
        if judge is not None:
            reason[(reason == Reason.ok) & ~judge.to_numpy(bool)[first:]] = Reason.not_judged
        able = reason == Reason.ok
        known = able | (reason == Reason.missing)
        answers = [np.where(known, values, np.nan) for values in (mean, upper, pvalue)]
        return Verdicts(
            index=observed.index[first:],
            columns=observed.columns,
            observed_=y,
            expected_=answers[0],
            upper_=answers[1],
            pvalue_=answers[2],
            pvalue_low_=1 - answers[2],  # continuous
            false_alarm_=np.where(able, self._false_alarm(), np.nan),
            alarm_=np.where(able, y > upper, -1).astype(np.int8),
            reason_=reason,
        )

    def _moments(self, y: Floats) -> tuple[Floats, Floats]:
        """Mean and sd (n − 1, floored at min_sd) of the baseline before each period; NaN where any is missing."""
        mean, sd = np.full_like(y, np.nan), np.full_like(y, np.nan)
        reach = self.baseline + self.guard
        if len(y) > reach:
            lags = [y[lag : len(y) - reach + lag] for lag in range(self.baseline)]
            middle, square = np.zeros_like(lags[0]), np.zeros_like(lags[0])
            for values in lags:
                middle += values
            middle /= self.baseline
            for values in lags:
                square += (values - middle) ** 2
            mean[reach:], sd[reach:] = middle, np.sqrt(square / (self.baseline - 1))
        return mean, np.maximum(sd, self.min_sd)

    def _limit(self, y: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return mean + ndtri(1 - self.alpha) * sd, self._tail((y - mean) / sd)

    def _tail(self, distance: Floats) -> Floats:
        """P of lying so many sd above the mean, both estimated from the few periods of the baseline."""
        return student_tail(distance / np.sqrt(1 + 1 / self.baseline), self.baseline - 1)

    def _false_alarm(self) -> float:
        """What the line attains on steady normal values: more than alpha, since a few periods estimate it."""
        return float(self._tail(np.array([ndtri(1 - self.alpha)]))[0])


def student_tail(t: Floats, df: int) -> Floats:
    """P(T > t) of Student's t with a whole number of degrees of freedom; NaN gives NaN.

    The finite sums of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4, a twentieth of the time of the general
    function; that one where the tail is below 1e-5, as the sums are exact in absolute terms only.
    """
    ratio = t / np.sqrt(df)
    with np.errstate(invalid="ignore", over="ignore"):
        square = 1 / (1 + ratio * ratio)  # cos²θ
    sine = np.copysign(np.sqrt(1 - square), t)
    term = sine * np.sqrt(square) if df % 2 else sine.copy()
    total = np.zeros_like(t)
    for power in range(2 + df % 2, df + 1, 2):
        total += term
        term *= square * (power - 1) / power
    if df % 2:
        total = (np.arcsin(sine) + total) * (2 / np.pi)
    tail = (1 - total) / 2
    far = tail < 1e-5
    tail[far] = stdtr(df, -t[far])
    return tail


@dataclass(frozen=True)
class EarsC1(_Ears):
    """C1: the baseline ends with the period before."""


@dataclass(frozen=True)
class EarsC2(_Ears):
    """C2: two periods of guard, so that a slow rise does not enter its own baseline."""

    guard: ClassVar[int] = 2


@dataclass(frozen=True)
class EarsC3(EarsC2):
    """C3: the excess of the two periods before over C2's line by more than one sd; lags a rise."""

    alpha: float = 0.025
    kind: ClassVar[Kind] = "lagged"

    def min_history(self, frequency: Frequency) -> int:
        return self.baseline + self.guard + 2

    def _limit(self, y: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.maximum(0, (y - mean) / sd - 1)
        before = np.full_like(y, np.nan)
        before[2:] = excess[1:-1] + excess[:-2]
        with np.errstate(invalid="ignore"):  # no spread and an endless excess: NaN, not judged
            return np.maximum(0, y + sd * (ndtri(1 - self.alpha) - before)), ndtr(-before)

    def _false_alarm(self) -> float:
        return self.alpha
