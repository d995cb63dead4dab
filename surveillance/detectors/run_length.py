"""How long a control chart runs between false alarms, and the threshold that follows from a rate of them.

Siegmund D (1985). Sequential Analysis. Springer. doi:10.1007/978-1-4757-1862-1 (the CUSUM).
Siegmund D, Venkatraman ES (1995). Using the generalized likelihood ratio statistic for sequential detection of a
change-point. Ann Stat 23, 255–271. doi:10.1214/aos/1176324466.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surveillance.detectors.contract import Floats

OVERSHOOT = 0.583  # the mean excess of a normal random walk over a line, in standard deviations
_HALVINGS = 60


def cusum_rate(threshold: Floats | float, drift: Floats | float) -> Floats:
    """False alarms a period of max(0, S + ℓ) ≥ *threshold*, ℓ normal with mean −drift²/2 and variance drift².

    That is the log-likelihood ratio for a shift by *drift* standard deviations; a CUSUM of z − k with threshold h
    has drift 2k and threshold 2k·h. 1/ARL with ARL = (e^b − b − 1) / (drift²/2), b = threshold + 2 · 0.583 · drift
    (Siegmund 1985). At most 1. NaN gives NaN.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        b = np.asarray(threshold + 2 * OVERSHOOT * drift, dtype=float)
        return np.minimum(np.asarray(drift, dtype=float) ** 2 / 2 / (np.expm1(b) - b), 1.0)


def glr_rate(threshold: Floats | float) -> Floats:
    """False alarms a period of a one-sided generalized likelihood ratio chart of normal values.

    a e^(−a²/2) ∫ x ν²(x) dx / √(8π), a = √(2 threshold), ν(x) ≈ e^(−0.583 x) (Siegmund and Venkatraman 1995, half
    their rate for two sides). The approximation ends at a = 1; below it the answer is 1. NaN gives NaN.
    """
    a = np.sqrt(2 * np.maximum(np.asarray(threshold, dtype=float), 0))
    rate = a * np.exp(-(a**2) / 2) / (2 * OVERSHOOT) ** 2 / np.sqrt(8 * np.pi)
    return np.where(a < 1, 1.0, rate)


def threshold_for(alpha: float, rate: Callable[[Floats], Floats], shape: tuple[int, ...] = ()) -> Floats:
    """The threshold (of this shape) at which the falling *rate* is *alpha*, by bisection between 0 and 100."""
    low, high = np.zeros(shape), np.full(shape, 100.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        often = rate(middle) > alpha
        low, high = np.where(often, middle, low), np.where(often, high, middle)
    return high
