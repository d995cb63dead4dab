"""From a baseline to a threshold and a p-value; count distributions that are safe for any mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammainc, gammaincc, ndtr, ndtri

from surveillance.detectors.regression import Baseline
from surveillance.layout import Flags, Floats, Rows

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
    inside = (count >= 0) & (mean > 0)  # False where NaN
    poisson, negbin = inside & (dispersion <= 1), inside & (dispersion > 1)
    result = np.where(count < 0, float(upper), 1.0 - upper)
    if negbin.any():
        some = slice(None) if negbin.all() else negbin
        more, phi = count[some] + 1, dispersion[some]
        size = mean[some] / (phi - 1)
        # the complement with its arguments exchanged: the library's own complement takes eight times as long
        result[some] = betainc(more, size, (phi - 1) / phi) if upper else betainc(size, more, 1 / phi)
    result[poisson] = (gammainc if upper else gammaincc)(count[poisson] + 1, mean[poisson])
    return np.where(np.isnan(mean) | np.isnan(count) | np.isnan(dispersion), np.nan, result)


def quantile(probability: float, mean: Floats, dispersion: Floats) -> Floats:
    """The smallest integer U with P(Y ≤ U) ≥ *probability*; NaN where the mean is; means are capped at 1e9.

    A search of our own, from the third-order expansion of Cornish and Fisher (1938, doi:10.2307/1400905):
    library quantiles hang or abort on the extreme means that a diverging fit can give.
    """
    mean, dispersion = np.broadcast_arrays(np.minimum(mean, LARGEST_MEAN), dispersion)
    enough = probability * (1 - 64 * np.finfo(float).eps)
    result = np.full(mean.shape, np.nan)
    alive = ~np.isnan(mean) & ~np.isnan(dispersion)
    mu, phi = mean[alive], dispersion[alive]

    def reached(count: Floats, where: Rows) -> Flags:
        return np.asarray(cdf(count, mu[where], phi[where]) >= enough)

    high = _expansion(float(ndtri(probability)), mu, phi)
    everywhere = np.arange(len(high))
    above = reached(high, everywhere)
    low, moving, step = high - 1, everywhere[~above], 1.0
    while len(moving):  # up, until high reaches; low stays the last that does not
        low[moving] = high[moving]
        high[moving] += step
        moving, step = moving[~reached(high[moving], moving)], step * 2
    moving, step = everywhere[above], 1.0
    while len(moving := moving[(low[moving] >= 0) & reached(low[moving], moving)]):  # down, until low does not
        high[moving] = low[moving]
        low[moving] = np.maximum(low[moving] - step, -1)
        step *= 2
    while len(moving := np.flatnonzero(high - low > 1)):
        middle = np.floor((low[moving] + high[moving]) / 2)
        is_reached = reached(middle, moving)
        high[moving] = np.where(is_reached, middle, high[moving])
        low[moving] = np.where(is_reached, low[moving], middle)
    result[alive] = high
    return result


def _expansion(z: float, mean: Floats, dispersion: Floats) -> Floats:
    """Close to the quantile at the normal quantile *z*, a whole number, 0 at least."""
    variance = np.maximum(mean * dispersion, 1e-9)
    sd, skew = np.sqrt(variance), 2 * dispersion - 1
    kurtosis = 6 * dispersion * (dispersion - 1) + 1
    third = (kurtosis * (z**3 - 3 * z) / 24 - skew**2 * (2 * z**3 - 5 * z) / 36) / sd
    shape = mean + z * sd + skew * (z**2 - 1) / 6 + np.clip(third, -sd, sd)
    return np.maximum(np.ceil(shape - 0.5), 0.0)


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
