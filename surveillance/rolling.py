"""Twelve-month sums read for what is new in them: the newest month's surprise, a year's change, the months inside.

x[t] = y[t] + … + y[t−11]. Neighbours share eleven months; what is new is x[t] − x[t−1] = y[t] − y[t−12]. So the
sums fix the months y up to a pattern that repeats yearly and sums to zero (11 unknowns): one year of true months
fixes all, and without one there are only bounds. Always inside one vintage. Derived in docs/methods_rolling.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
YEAR = 12


@dataclass(frozen=True)
class Surprise:
    """Of each sum (n, S): what the `years` before lead one to expect, and the error's spread; NaN without them."""

    expected: Floats
    spread: Floats


@dataclass(frozen=True)
class Change:
    """x[t] / x[t−12] − 1 with its interval, frames of the shape of the sums; `phi`: the dispersion used."""

    estimate: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    phi: pd.DataFrame


@dataclass(frozen=True)
class _MonthEffects:
    """A regression of months on twelve month effects and a line, as it acts on the steps of their sums.

    The months follow from the steps by y[t] = y[t−12] + step, from a first year of zeros: whichever it is, the
    month effects absorb it. `residuals` (months × steps) and `step` (steps) give the months' residuals and the next
    step that is expected; `leverage` is the variance of its error, `memory` the lag-one correlation of residuals
    from independent months, both in units of the residuals' variance.
    """

    residuals: Floats
    step: Floats
    leverage: float
    memory: float
    freedom: int


@cache
def _month_effects(years: int) -> _MonthEffects:
    count, steps = YEAR * years, YEAR * (years - 1)
    months = np.zeros((count, steps))
    for row in range(YEAR, count):
        months[row] = months[row - YEAR]
        months[row, row - YEAR] += 1
    time = np.arange(count + 1)
    design = np.column_stack([np.eye(YEAR)[time % YEAR], (time - count) / YEAR])
    inverse = np.linalg.inv(design[:-1].T @ design[:-1])
    effects = inverse @ design[:-1].T
    outside = np.eye(count) - design[:-1] @ effects
    at = design[-1]
    return _MonthEffects(
        residuals=outside @ months,
        step=at @ effects @ months - months[-YEAR],
        leverage=float(1 + at @ inverse @ at),
        memory=float(np.trace(outside, offset=1) / np.trace(outside)),
        freedom=count - YEAR - 1,
    )


def _windows(sums: Floats, years: int) -> tuple[Floats, Floats]:
    """Per window of 12 · years sums: the months' residuals (windows, S, months) and the next step expected."""
    effects = _month_effects(years)
    moves = np.diff(sums[YEAR - 1 :], axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(moves, YEAR * (years - 1), axis=0)
    shape = windows.shape[:2]
    steps = windows.reshape(shape[0] * shape[1], windows.shape[2])
    return (steps @ effects.residuals.T).reshape(*shape, len(effects.residuals)), (steps @ effects.step).reshape(
        shape
    )


def surprise(sums: Floats, *, years: int = 3, first: int = 0) -> Surprise:
    """What each sum from row *first* on is expected to be, from the 12 · *years* sums before it, and the spread.

    expected = x[t−1] + ŷ[t] − ỹ[t−12] and spread² = s² (1 + h) by least squares of the rebuilt months ỹ on twelve
    month effects and a line, 12 · years − 13 degrees of freedom. The residuals are those of the true months
    (additive effects only: a model on the logarithm would not keep that). NaN where a sum of the window's years
    after its first is missing, and before there are enough.
    """
    count = YEAR * years
    expected, spread = np.full(sums.shape, np.nan), np.full(sums.shape, np.nan)
    first = max(first, count)
    if len(sums) > first:
        effects = _month_effects(years)
        residuals, step = _windows(sums[first - count : -1], years)
        expected[first:] = sums[first - 1 : -1] + step
        spread[first:] = np.sqrt(np.square(residuals).sum(axis=-1) / effects.freedom * effects.leverage)
    return Surprise(expected, spread)


def change(sums: pd.DataFrame, *, years: int = 3, level: float = 0.95) -> Change:
    """How much a year differs from the year before, x[t] / x[t−12] − 1, with an interval that holds *level*.

    The two sums share no month. log(x[t] / x[t−12]) ± q √(φ (1 / x[t] + 1 / x[t−12])), q of Student's t on
    12 · years − 13 degrees of freedom; φ = max(1, s² / mean month · (1 + r) / (1 − r)), the dispersion of a sum
    of months: s² and r are the variance and lag-one correlation of the residuals of the months in the newest
    12 · *years* sums (see `surprise`; no seed is needed), r less what independent months would show and within
    0 … 0.8. The interval is of the change in what was to be expected. NaN where a sum is missing or 0, or the
    history too short.

    McCullagh P, Nelder JA (1989). Generalized linear models, ch. 6. doi:10.1007/978-1-4899-3242-6 (dispersion).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level!r}")
    count, effects = YEAR * years, _month_effects(years)
    x = sums.to_numpy(dtype=float)
    phi, before = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    before[YEAR:] = x[:-YEAR]
    with np.errstate(divide="ignore", invalid="ignore"):
        if len(x) >= count:
            residuals, _ = _windows(x, years)
            square = np.square(residuals).sum(axis=-1)
            again = (residuals[..., 1:] * residuals[..., :-1]).sum(axis=-1) / square - effects.memory
            again = np.where(square > 0, np.clip(again, 0, 0.8), np.where(np.isnan(square), np.nan, 0))
            mean = sum(x[count - 1 - YEAR * k : len(x) - YEAR * k] for k in range(years)) / count
            phi[count - 1 :] = np.maximum(1, square / effects.freedom / mean * (1 + again) / (1 - again))
        centre = np.where((x > 0) & (before > 0), np.log(x / before), np.nan)
        half = stdtrit(effects.freedom, (1 + level) / 2) * np.sqrt(phi * (1 / x + 1 / before))
    frames = (np.expm1(centre), np.expm1(centre - half), np.expm1(centre + half), phi)
    return Change(*(pd.DataFrame(values, sums.index, sums.columns) for values in frames))


def recover(sums: Floats, first: Floats) -> Floats:
    """Months (n + 11, S) of which *sums* (n, S) are the running sums, from the year *first* (12, S) of months.

    y[t] = y[t−12] + x[t] − x[t−1]; the first row lies eleven months before the first sum. NaN in *first* makes the
    same calendar month NaN throughout; a missing sum breaks the chains of its own calendar month and the next
    one's from there on, k missing sums in a row those of k + 1.
    """
    months = np.full((len(sums) + YEAR - 1, sums.shape[1]), np.nan)
    months[:YEAR] = first
    for row in range(1, len(sums)):
        months[row + YEAR - 1] = months[row - 1] + sums[row] - sums[row - 1]
    return months


def bounds(sums: Floats) -> tuple[Floats, Floats]:
    """The least and the most that each month (n + 11, S) can be, given the sums (n, S) and that none is negative.

    Along the chain of one calendar month, y = c + D with D known from the sums and c not: y ≥ D − min D. What the
    lower bounds leave of a sum, M = x[t] − Σ (D − min D) over its twelve months, is shared by the twelve chains
    in unknown parts, so y ≤ D − min D + M; M is the same at every t. Exact without gaps (a simplex) and with one
    gap; with more the least M over a chain's sums is taken, a bound that holds but may be wide. NaN for a month
    that no published sum contains, and where no months without negative ones have these sums.
    """
    rows, series = len(sums) + YEAR - 1, sums.shape[1]
    years = -(-rows // YEAR)
    flat = np.full((years * YEAR, series), np.nan)
    flat[YEAR:rows] = np.diff(sums, axis=0)
    steps = flat.reshape(years, YEAR, series)
    broken = np.isnan(steps)
    path = np.zeros_like(steps)
    for year in range(1, years):
        path[year] = np.where(broken[year], 0.0, path[year - 1] + steps[year])
    lowest = (path - _chain_least(path, broken)).reshape(-1, series)[:rows]
    held = np.lib.stride_tricks.sliding_window_view(lowest, YEAR, axis=0).sum(axis=-1)
    left = np.full((rows + YEAR - 1, series), np.inf)  # padded, so that a window of twelve begins at every month
    left[YEAR - 1 : rows] = np.where(np.isnan(sums), np.inf, sums - held)
    cap = np.full((years * YEAR, series), np.inf)
    cap[:rows] = np.lib.stride_tricks.sliding_window_view(left, YEAR, axis=0).min(axis=-1)
    room = _chain_least(cap.reshape(steps.shape), broken).reshape(-1, series)[:rows]
    possible = np.isfinite(room) & (room >= 0)
    return np.where(possible, lowest, np.nan), np.where(possible, lowest + room, np.nan)


def _chain_least(values: Floats, broken: np.ndarray) -> Floats:
    """Of each cell (years, 12, S) the least value in its chain: the same calendar month between two breaks."""
    least = values.copy()
    for year in range(1, len(values)):
        least[year] = np.where(broken[year], values[year], np.minimum(least[year - 1], values[year]))
    for year in range(len(values) - 2, -1, -1):
        least[year] = np.where(broken[year + 1], least[year], least[year + 1])
    return least
