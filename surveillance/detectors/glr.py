"""Likelihood ratio charts: is there a period since when the counts have been higher than their seasonal mean?

Höhle M, Paul M (2008). Count data regression charts for the monitoring of surveillance time series. Comput Stat
Data Anal 52, 4357–4368. doi:10.1016/j.csda.2008.02.015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from surveillance.detectors.chart import Chart, State
from surveillance.detectors.contract import Floats, within
from surveillance.detectors.in_control import POISSON
from surveillance.detectors.likelihood_ratio import Supremum, WarmStarted, Window, negative_binomial
from surveillance.detectors.run_length import cusum_rate, glr_rate, threshold_for


@dataclass(frozen=True)
class _Glr(Chart):
    """Shared by the charts over all sizes of rise: their threshold follows from alpha alone."""

    def _threshold(self, level: Floats, dispersion: Floats) -> Floats:
        return np.where(np.isnan(level), np.nan, self._line)

    @property
    def _line(self) -> float:
        return self.threshold or float(threshold_for(self.alpha, glr_rate))

    def _rate(self, statistic: Floats, level: Floats, dispersion: Floats) -> Floats:
        return glr_rate(statistic)


@dataclass(frozen=True)
class GlrPoisson(_Glr):
    """max over j ≤ t and sup over the size of the rise of the log-likelihood ratio of y_j … y_t; alarm at ≥ c.

    `change="intercept"`: the mean is e^κ μ from period j on, κ ≥ 0: κΣy − (e^κ − 1)Σμ, largest at κ = log(Σy/Σμ).
    `change="epidemic"`: it is μ_t + λ y_{t−1}, λ ≥ 0, the period before counted from the chart's first on. After
    an alarm the chart starts again. c from `alpha` by Siegmund and Venkatraman's run length of normal values.
    """

    change: Literal["intercept", "epidemic"] = "intercept"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.change not in ("intercept", "epidemic"):
            raise ValueError(f"change must be one of intercept, epidemic, not {self.change!r}")

    def _state(self, series: int) -> State:
        return Window(series) if self.change == "intercept" else Supremum.epidemic(series)


@dataclass(frozen=True)
class GlrNegBin(_Glr):
    """`GlrPoisson` for counts with variance μ + `dispersion` μ² (None: estimated with the mean).

    `mode="r_compatible"` searches the size of the rise as R does, and misses what R misses (`WarmStarted`).
    """

    dispersion: float | None = None
    mode: Literal["corrected", "r_compatible"] = "corrected"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in ("corrected", "r_compatible"):
            raise ValueError(f"mode must be one of corrected, r_compatible, not {self.mode!r}")
        if self.dispersion is not None:
            within("dispersion", self.dispersion, POISSON, 1000)

    @property
    def _fixed_dispersion(self) -> float | None:
        return self.dispersion

    def _state(self, series: int) -> State:
        return (Supremum if self.mode == "corrected" else WarmStarted).intercept(series)


@dataclass(frozen=True)
class LrNegBin(Chart):
    """S_t = max(0, S_{t−1} + log-likelihood ratio of a `rise`-fold mean against the mean); alarm at S_t ≥ c.

    Counts have variance μ + `dispersion` μ² (None: estimated with the mean). With θ = log rise and a the
    dispersion, the ratio is yθ − (y + 1/a) log((1 + aμe^θ)/(1 + aμ)). The chart of the fewest periods to an alarm
    for that rise, and less good for others. c from `alpha` by Siegmund's run length, for the drift at the
    baseline's mean count.
    """

    dispersion: float | None = None
    rise: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        within("rise", self.rise, 1, 1000, open_low=True)
        if self.dispersion is not None:
            within("dispersion", self.dispersion, POISSON, 1000)

    @property
    def _fixed_dispersion(self) -> float | None:
        return self.dispersion

    def _state(self, series: int) -> State:
        return Supremum(np.array([np.log(self.rise)]), negative_binomial, series, exact=True)

    def _drift(self, level: Floats, dispersion: Floats) -> Floats:
        """√(2 · mean fall of S a period without a rise), the drift of Siegmund's normal approximation."""
        gain, cost = negative_binomial(np.log(self.rise), level, dispersion, level)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(2 * np.maximum(cost - level * gain, 0.0)))

    def _threshold(self, level: Floats, dispersion: Floats) -> Floats:
        if self.threshold is not None:
            return np.where(np.isnan(level), np.nan, self.threshold)
        drift = self._drift(level, dispersion)
        return threshold_for(self.alpha, lambda c: cusum_rate(c, drift), drift.shape)

    def _rate(self, statistic: Floats, level: Floats, dispersion: Floats) -> Floats:
        return cusum_rate(statistic, self._drift(level, dispersion))
