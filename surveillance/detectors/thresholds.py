"""Quantiles of counts, safe for any mean: Poisson and negative binomial with a dispersion of variance to mean."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, gammaincc, ndtri

from surveillance.glm import Floats

LARGEST_MEAN = 1e9  # beyond it a count's quantile is the normal one to nine digits


def cdf(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y ≤ count) for a count of this mean and variance = dispersion · mean; 0 below 0.

    Negative binomial with size mean/(dispersion − 1) and prob 1/dispersion; Poisson where dispersion is 1.
    Arrays of one shape; NaN gives NaN.
    """
    count = np.floor(count)
    poisson = dispersion <= 1
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(poisson, 1.0, mean / (dispersion - 1))
        negbin = betainc(size, np.maximum(count, 0) + 1, np.where(poisson, 0.5, 1 / dispersion))
        result = np.where(poisson, gammaincc(np.maximum(count, 0) + 1, mean), negbin)
    result = np.where(mean <= 0, 1.0, result)
    return np.where(np.isnan(mean) | np.isnan(count), np.nan, np.where(count < 0, 0.0, result))


def quantile(probability: float, mean: Floats, dispersion: Floats) -> Floats:
    """The smallest integer U with P(Y ≤ U) ≥ *probability*; NaN where the mean is; means are capped at 1e9.

    A search of our own: library quantiles hang or abort on the extreme means that a diverging fit can give.
    """
    mean = np.minimum(mean, LARGEST_MEAN)
    enough = probability * (1 - 64 * np.finfo(float).eps)
    with np.errstate(invalid="ignore"):
        guess = np.floor(mean + ndtri(probability) * np.sqrt(np.maximum(mean * dispersion, 0)))
    high = np.maximum(np.where(np.isnan(guess), 0, guess), 0)
    width = np.maximum(np.ceil(np.sqrt(high + 1)), 1)
    alive = ~np.isnan(mean)
    while (short := alive & (cdf(high, mean, dispersion) < enough)).any():
        high, width = np.where(short, high + width, high), np.where(short, width * 2, width)
    low = np.maximum(high - np.maximum(np.ceil(np.sqrt(high + 1)), 1), -1)
    while (over := alive & (low >= 0) & (cdf(low, mean, dispersion) >= enough)).any():
        low = np.where(over, np.maximum(low - np.maximum(high - low, 1) * 2, -1), low)
    while (wide := alive & (high - low > 1)).any():
        middle = np.floor((low + high) / 2)
        reached = cdf(middle, mean, dispersion) >= enough
        high = np.where(wide & reached, middle, high)
        low = np.where(wide & ~reached, middle, low)
    return np.where(alive, high, np.nan)
