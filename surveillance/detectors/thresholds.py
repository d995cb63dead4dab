"""From a baseline to a threshold and a p-value; count distributions that are safe for any mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincc, gammainc, gammaincc, ndtr, ndtri

from surveillance.detectors.regression import Baseline
from surveillance.glm import Floats

LARGEST_MEAN = 1e9  # beyond it a count's quantile is the normal one to nine digits
POWERS = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}


def cdf(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y ≤ count) for a count of this mean and variance = dispersion · mean; 0 below 0.

    Negative binomial with size mean/(dispersion − 1) and prob 1/dispersion; Poisson where dispersion is 1.
    Arrays of one shape; NaN gives NaN.
    """
    return _tail(count, mean, dispersion, upper=False)


def survival(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y > count), as `cdf` but exact far in the tail, where 1 − cdf would be rounding."""
    return _tail(count, mean, dispersion, upper=True)


def _tail(count: Floats, mean: Floats, dispersion: Floats, *, upper: bool) -> Floats:
    count, mean, dispersion = np.broadcast_arrays(np.floor(count), np.minimum(mean, LARGEST_MEAN), dispersion)
    beta, gamma = (betaincc, gammainc) if upper else (betainc, gammaincc)
    inside = (count >= 0) & (mean > 0)  # False where NaN
    poisson, negbin = inside & (dispersion <= 1), inside & (dispersion > 1)
    result = np.where(count < 0, float(upper), 1.0 - upper)
    size = mean[negbin] / (dispersion[negbin] - 1)
    result[negbin] = beta(size, count[negbin] + 1, 1 / dispersion[negbin])
    result[poisson] = gamma(count[poisson] + 1, mean[poisson])
    return np.where(np.isnan(mean) | np.isnan(count) | np.isnan(dispersion), np.nan, result)


def quantile(probability: float, mean: Floats, dispersion: Floats) -> Floats:
    """The smallest integer U with P(Y ≤ U) ≥ *probability*; NaN where the mean is; means are capped at 1e9.

    A search of our own: library quantiles hang or abort on the extreme means that a diverging fit can give.
    """
    mean = np.minimum(mean, LARGEST_MEAN)
    enough = probability * (1 - 64 * np.finfo(float).eps)
    z = ndtri(probability)
    with np.errstate(invalid="ignore"):
        skew = (z**2 - 1) * (2 * dispersion - 1) / 6  # Cornish and Fisher's second term
        guess = np.floor(mean + z * np.sqrt(np.maximum(mean * dispersion, 0)) + skew)
    alive = ~np.isnan(mean) & ~np.isnan(dispersion)
    high = np.maximum(np.where(alive, guess, 0), 0)
    step = np.ones_like(high)
    while (short := alive & (cdf(high, mean, dispersion) < enough)).any():
        high, step = np.where(short, high + step, high), np.where(short, step * 2, step)
    low, step = high - 1, np.ones_like(high)
    while (over := alive & (low >= 0) & (cdf(low, mean, dispersion) >= enough)).any():
        high = np.where(over, low, high)
        low, step = np.where(over, np.maximum(low - step, -1), low), np.where(over, step * 2, step)
    while (wide := alive & (high - low > 1)).any():
        middle = np.floor((low + high) / 2)
        reached = cdf(middle, mean, dispersion) >= enough
        high = np.where(wide & reached, middle, high)
        low = np.where(wide & ~reached, middle, low)
    return np.where(alive, high, np.nan)


@dataclass(frozen=True)
class Power:
    """delta: y^p is normal around μ^p, with the variance of the count and of its estimated mean."""

    baseline: Baseline
    power: float

    @property
    def mean(self) -> Floats:
        return self.baseline.mean

    @property
    def sd(self) -> Floats:
        mean, power = self.baseline.mean, self.power
        variance = self.baseline.dispersion + self.baseline.se**2 * mean
        return np.asarray(power * np.sqrt(mean ** (2 * power - 1) * variance))

    def upper(self, alpha: float) -> Floats:
        root = self.baseline.mean**self.power + ndtri(1 - alpha) * self.sd
        return np.asarray(np.maximum(root, 0) ** (1 / self.power))

    def _z(self, count: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((np.maximum(count, 0) ** self.power - self.baseline.mean**self.power) / self.sd)

    def at_least(self, count: Floats) -> Floats:
        return np.asarray(ndtr(-self._z(count)))

    more_than = at_least  # continuous

    def at_most(self, count: Floats) -> Floats:
        return np.asarray(ndtr(self._z(count)))


@dataclass(frozen=True)
class Count:
    """nbPlugin: a negative binomial count; muan: its threshold for the mean's own upper limit."""

    baseline: Baseline
    muan: bool = False

    @property
    def mean(self) -> Floats:
        return self.baseline.mean

    def upper(self, alpha: float) -> Floats:
        mean = self.baseline.mean
        if self.muan:
            with np.errstate(over="ignore"):
                mean = mean * np.exp(ndtri(1 - alpha) * self.baseline.se)
        return quantile(1 - alpha, mean, self.baseline.dispersion)

    def at_least(self, count: Floats) -> Floats:
        return self.more_than(np.ceil(count) - 1)

    def more_than(self, count: Floats) -> Floats:
        return survival(count, self.baseline.mean, self.baseline.dispersion)

    def at_most(self, count: Floats) -> Floats:
        return cdf(count, self.baseline.mean, self.baseline.dispersion)
