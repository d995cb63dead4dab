"""What a count does while nothing happens: a seasonal log-linear mean, and a negative binomial dispersion.

Lawless JF (1987). Negative binomial and mixed Poisson regression. Can J Stat 15, 209–225. doi:10.2307/3314912.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, zeta

from surveillance.detectors.contract import Flags, Floats
from surveillance.detectors.thresholds import LARGEST_MEAN

POISSON = 1e-9  # a dispersion so small that the count is Poisson to nine digits, and 1/dispersion still finite
LARGEST = 1e3
_STEPS = 60
_FARTHEST = 50.0  # of log μ: what lies beyond is a trend that ran away


def as_counts(values: Floats) -> Floats:
    """The values that can be counts; NaN for the negative, the infinite and those above 1e9."""
    with np.errstate(invalid="ignore"):
        return np.where((values >= 0) & (values <= LARGEST_MEAN), values, np.nan)


def design(rows: int, *, harmonics: int, trend: bool, periods: int) -> Floats:
    """Columns (rows, p): a constant, sine and cosine of each harmonic of the year, and time in years."""
    time = np.arange(rows) / periods
    angle = 2 * np.pi * time[:, None] * np.arange(1, harmonics + 1)
    columns = [np.ones((rows, 1)), np.sin(angle), np.cos(angle)]
    return np.hstack([*columns, time[:, None]] if trend else columns)


def fit(y: Floats, columns: Floats, dispersion: Floats, start: Floats | None = None) -> Floats:
    """Coefficients (S, p) of log μ = columns · β for counts *y* (n, S) with variance μ + dispersion · μ².

    Maximum likelihood by Fisher scoring with steps of at most 2 on the log scale. NaN counts are left out. NaN
    where it does not converge in 60 steps; a constant of −inf where there is no case. Each series stops by
    itself, so that its answer does not depend on the others.
    """
    known = ~np.isnan(y)
    count, total = known.sum(axis=0), np.where(known, y, 0.0).sum(axis=0)
    size = columns.shape[1]
    answer = np.full((y.shape[1], size), np.nan)
    answer[total == 0] = np.append(-np.inf, np.zeros(size - 1))
    active = np.flatnonzero((total > 0) & (count > size))
    if start is None:
        beta = np.zeros((len(active), size))
        beta[:, 0] = np.log(total[active] / count[active])
    else:
        beta = start[active]
    products = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    mean = np.exp(beta @ columns.T)
    for _ in range(_STEPS):
        here, there = y[:, active].T, known[:, active].T
        spread = 1 + dispersion[active, None] * mean
        score = np.where(there, (here - mean) / spread, 0.0) @ columns
        information = (np.where(there, mean / spread, 0.0) @ products).reshape(-1, size, size)
        information += 1e-12 * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(size)
        step = np.linalg.solve(information, score[..., None])[..., 0]
        far = np.abs(step @ columns.T).max(axis=1, initial=0.0)
        beta = beta + step * np.minimum(1.0, 2 / np.maximum(far, 2.0))[:, None]
        new = np.exp(np.clip(beta @ columns.T, -700, 700))
        moved = np.abs(new - mean).max(axis=1) / new.mean(axis=1)
        mean, done = new, moved < 1e-11
        answer[active[done]] = beta[done]
        active, beta, mean = active[~done], beta[~done], mean[~done]
        if not len(active):
            break
    return answer


def mean_at(coefficients: Floats, columns: Floats) -> Floats:
    """The mean (n, S) at these rows of a design; 0 where there was no case, NaN where it ran away."""
    empty = np.isneginf(coefficients[:, 0])
    eta = columns @ np.where(empty[:, None], 0.0, coefficients).T
    mean = np.where(np.abs(eta) < _FARTHEST, np.exp(np.clip(eta, -_FARTHEST, _FARTHEST)), np.nan)
    return np.where(empty, 0.0, mean)


def fit_dispersion(y: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Coefficients (S, p) and dispersions (S,) of negative binomial counts, both by maximum likelihood, in turns.

    A series that varies no more than a Poisson count has the dispersion 1e-9, which stands for none. NaN
    coefficients where the two have not settled in 60 turns.
    """
    dispersion = np.full(y.shape[1], POISSON)
    coefficients = fit(y, columns, dispersion)
    mean = mean_at(coefficients, columns)
    unknown = np.isnan(y)
    with np.errstate(invalid="ignore"):
        excess = np.where(unknown, 0.0, (y - mean) ** 2 - y).sum(axis=0)
        square = np.where(unknown, 0.0, mean**2).sum(axis=0)
    active = np.flatnonzero(excess > 0)
    dispersion[active] = np.clip(excess[active] / square[active], 10 * POISSON, LARGEST)
    for _ in range(_STEPS):
        if not len(active):
            break
        before, some = dispersion[active], y[:, active]
        coefficients[active] = fit(some, columns, before, coefficients[active])
        mean = mean_at(coefficients[active], columns)
        after = _likelier(some, mean, before)
        dispersion[active] = after
        level = mean.mean(axis=0)
        with np.errstate(invalid="ignore"):  # until the variance no longer moves by more than its rounding
            settled = np.abs(after - before) * level <= 1e-6 * (1 + before * level)
        active = active[~settled & ~np.isnan(level) & (after > POISSON)]
    coefficients[active] = np.nan
    return coefficients, dispersion


def _likelier(y: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """One step of Newton's method towards the likeliest dispersions (S,), by a factor of 5 at most."""
    size = 1 / dispersion
    unknown = np.isnan(y) | np.isnan(mean)
    count, mean = np.where(unknown, 0.0, y), np.where(unknown, 0.0, mean)  # where both are 0, nothing is added
    both, share = mean + size, (count - mean) / (mean + size)
    slope = (digamma(count + size) - digamma(size) + np.log(size / both) - share).sum(axis=0)
    bend = (zeta(2, count + size) - zeta(2, size) + mean / (size * both) + share / both).sum(axis=0)
    first, second = -(size**2) * slope, size**4 * bend + 2 * size**3 * slope  # by the dispersion
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(second < 0, -first / second, np.sign(first) * dispersion)
    low = np.maximum(dispersion / 5, POISSON)
    return np.clip(dispersion + step, low, np.minimum(dispersion * 5, LARGEST))


def first_known(known: Flags) -> NDArray[np.intp]:
    """The row of each series' first value, from which its history counts; the number of rows where it has none."""
    return np.where(known.any(axis=0), known.argmax(axis=0), len(known))
