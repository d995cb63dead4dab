"""CUSUM of standardised counts.

Page ES (1954). Continuous inspection schemes. Biometrika 41, 100–115. doi:10.1093/biomet/41.1-2.100.
Rossi G, Lampugnani L, Marchi M (1999). An approximate CUSUM procedure for surveillance of health events. Stat Med
18, 2111–2122. doi:10.1002/(SICI)1097-0258(19990830)18:16<2111::AID-SIM171>3.0.CO;2-Q.
Pierce DA, Schafer DW (1986). Residuals in generalized linear models. J Am Stat Assoc 81, 977–986.
doi:10.1080/01621459.1986.10478361 (the Anscombe residuals).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import hyp2f1

from data_sources.phrases import Phrase
from surveillance.detectors.chart import Chart
from surveillance.detectors.contract import Floats, within
from surveillance.detectors.run_length import cusum_rate, threshold_for

_NEWTON = 80


def _stabilised(count: Floats, dispersion: Floats) -> Floats:
    """∫₀^count (t + dispersion t²)^(−1/3) dt = 3/2 count^(2/3) ₂F₁(1/3, 2/3; 5/3; −dispersion · count)."""
    return np.asarray(1.5 * np.cbrt(count) ** 2 * hyp2f1(1 / 3, 2 / 3, 5 / 3, -dispersion * count))


def _from_stabilised(value: Floats, dispersion: Floats) -> Floats:
    """The count at which `_stabilised` is *value*; 0 below 0. Newton's method in count^(2/3), always from below."""
    target = np.maximum(value, 0.0)
    root = target / 1.5  # exact without dispersion, and too small with
    for _ in range(_NEWTON):
        count = root**1.5
        step = (target - _stabilised(count, dispersion)) * np.cbrt(1 + dispersion * count) / 1.5
        root = root + np.where(np.isfinite(step), np.maximum(step, 0.0), 0.0)
        if not (step > 1e-12 * root).any():
            break
    return np.asarray(root**1.5)


def _two_thirds(count: Floats) -> Floats:
    return np.asarray(np.cbrt(np.maximum(count, 0.0)) ** 2)


@dataclass(frozen=True)
class Scale:
    """A scale on which a count of mean m and variance m + a m² is nearly standard normal, and the way back."""

    there: Callable[[Floats, Floats, Floats], Floats]  # count, m, a
    back: Callable[[Floats, Floats, Floats], Floats]  # z, m, a


def _power(mean: Callable[[Floats], Floats]) -> Scale:
    """Anscombe's: (x^(2/3) − E) / (2/3 m^(1/6)) with E, the mean of x^(2/3), as given."""
    return Scale(
        lambda x, m, a: (_two_thirds(x) - mean(m)) / (2 / 3 * m ** (1 / 6)),
        lambda z, m, a: np.maximum(mean(m) + z * 2 / 3 * m ** (1 / 6), 0.0) ** 1.5,
    )


def _pearson(variance: Callable[[Floats, Floats], Floats]) -> Scale:
    return Scale(lambda x, m, a: (x - m) / np.sqrt(variance(m, a)), lambda z, m, a: m + z * np.sqrt(variance(m, a)))


SCALES: dict[str, Scale] = {
    "none": Scale(lambda x, m, a: x, lambda z, m, a: z),
    "standard": _pearson(lambda m, a: m),
    "rossi": Scale(
        lambda x, m, a: (x - 3 * m + 2 * np.sqrt(x * m)) / (2 * np.sqrt(m)),
        lambda z, m, a: np.maximum(np.sqrt(np.maximum(4 * m + 2 * z * np.sqrt(m), 0.0)) - np.sqrt(m), 0.0) ** 2,
    ),
    "anscombe": _power(_two_thirds),
    "anscombe2nd": _power(lambda m: _two_thirds(m) - 1 / (9 * np.cbrt(m))),
    "pearsonNegBin": _pearson(lambda m, a: m + a * m**2),
    "anscombeNegBin": Scale(
        lambda x, m, a: (_stabilised(x, a) - _stabilised(m, a)) / (m + a * m**2) ** (1 / 6),
        lambda z, m, a: _from_stabilised(_stabilised(m, a) + z * (m + a * m**2) ** (1 / 6), a),
    ),
}


class _Sum:
    """S = max(0, S + z − reference)."""

    def __init__(self, scale: Scale, reference: float, series: int) -> None:
        self.scale, self.reference = scale, reference
        self.total = np.zeros(series)

    def step(self, y: Floats, mean: Floats, dispersion: Floats, threshold: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            z = self.scale.there(y, mean, dispersion)
        needed = threshold + self.reference - self.total
        known = np.isfinite(z) & ~np.isnan(mean)
        self.total = np.where(known, np.maximum(self.total + z - self.reference, 0.0), self.total)
        return np.where(known, self.total, np.nan), needed

    def restart(self, where: np.ndarray) -> None:
        self.total[where] = 0.0


@dataclass(frozen=True)
class Cusum(Chart):
    """S_t = max(0, S_{t−1} + z_t − reference); alarm where S_t ≥ h, and S starts again at 0 (`reset`).

    z: the count on the scale `scale`: Rossi's, standard (Pearson's) and Anscombe's (`anscombe2nd` with the mean
    of x^(2/3) to second order) for Poisson counts; Pearson's and Anscombe's for variance μ + `dispersion` μ² (None:
    estimated; the default, as a Poisson scale alarms far too often where counts vary more); or the
    count itself (`none`, which needs a `threshold` in cases). `reference` is half of the shift, in standard
    deviations, that is found soonest. h from `alpha` by Siegmund's run length of normal values.
    """

    scale: Literal["none", "standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "anscombeNegBin"] = (
        "anscombeNegBin"
    )
    reference: float = 0.5
    dispersion: float | None = None
    reset: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        within("reference", self.reference, 0, np.inf, open_low=True, open_high=True)
        if self.dispersion is not None:
            within("dispersion", self.dispersion, 0, 1000)
        if self.scale not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}, not {self.scale!r}")
        if self.scale == "none" and self.threshold is None:
            said = Phrase("threshold must be given, in cases, with scale 'none': alpha says nothing of cases")
            raise ValueError(said)

    @property
    def restarts(self) -> bool:  # type: ignore[override]
        return self.reset

    @property
    def _fixed_dispersion(self) -> float | None:
        return self.dispersion if self.scale.endswith("NegBin") else 0.0

    def _state(self, series: int) -> _Sum:
        return _Sum(SCALES[self.scale], self.reference, series)

    def _threshold(self, level: Floats, dispersion: Floats) -> Floats:
        return np.where(np.isnan(level), np.nan, self._line)

    @property
    def _line(self) -> float:
        drift = 2 * self.reference
        return self.threshold or float(threshold_for(self.alpha, lambda h: cusum_rate(h, drift))) / drift

    def _count(self, needed: Floats, mean: Floats, dispersion: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.maximum(SCALES[self.scale].back(needed, mean, dispersion), 0.0)

    def _rate(self, statistic: Floats, level: Floats, dispersion: Floats) -> Floats:
        if self.scale == "none":
            return np.full(np.shape(statistic), np.nan)
        drift = 2 * self.reference
        return cusum_rate(statistic * drift, drift)
