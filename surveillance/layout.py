"""The design that a batch of regressions shares, and the block sums of exponentials that their fits need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import factorial

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

TERMS, FAR = 30, 3.0  # 3³⁰/30! is below 1e-18: up to a slope of 3 over the reach the series is exact
SINGLE_THREAD = 200_000  # multiplications; OpenBLAS takes a second thread from 262 144


@dataclass(frozen=True, eq=False)
class Layout:
    """Each reference period's block and time, the judged period at 0. Times are also given from the block's
    centre (`tau`), against cancellation."""

    blocks: Rows  # (n,) block of each reference period, 0 … P − 1
    times: Floats  # (n,) time of each reference period
    count: int  # P

    @cached_property
    def indicator(self) -> Floats:
        """(n, P): 1 where the period is in the block."""
        return np.eye(self.count)[self.blocks]

    @cached_property
    def centre(self) -> Floats:
        """(P,) mean time of each block; 0 where it is empty."""
        return np.asarray((self.times @ self.indicator) / np.maximum(self.indicator.sum(axis=0), 1))

    @cached_property
    def tau(self) -> Floats:
        """(n,) time from the centre of the period's block."""
        return np.asarray(self.times - self.centre[self.blocks])

    @cached_property
    def reach(self) -> float:
        """The largest |tau|, 1 at least."""
        return max(float(np.abs(self.tau).max(initial=0.0)), 1.0)

    @cached_property
    def powers(self) -> Floats:
        """(n, 3P): 1, tau and tau² in the columns of the period's block."""
        return np.hstack([self.indicator * (self.tau**power)[:, None] for power in range(3)])

    def sums(self, values: Floats, powers: int) -> Floats:
        """Σ values (N, n) · tau^k over each block for k below *powers*: (N, *powers*, P)."""
        return product(values, self.powers[:, : powers * self.count]).reshape(len(values), powers, self.count)

    def moments(self, slope: Floats) -> Floats:
        """Σ over each block of e^(slope·tau)·tau^k for k = 0, 1, 2: (N, 3, P).

        For |slope · reach| ≤ 3 from the power series, Σ_m slope^m · Σ tau^(m+k)/m!, whose sums over periods
        are the same for all problems: no exponential of each period is taken.
        """
        x = slope * self.reach
        near = np.abs(x) <= FAR
        if near.all():
            return self._series(x)
        out = np.empty((len(slope), 3, self.count))
        out[near] = self._series(x[near])
        out[~near] = self.sums(np.exp(np.multiply.outer(slope[~near], self.tau)), 3)
        return out

    def _series(self, x: Floats) -> Floats:
        terms = _enough(x)
        return product(_vander(x, terms), self._coefficients[:terms]).reshape(-1, 3, self.count)

    @cached_property
    def _coefficients(self) -> Floats:
        """(TERMS, 3P): Σ (tau/reach)^(m+k) · reach^k / m! over each block."""
        scaled = _vander(self.tau / self.reach, TERMS + 2)  # (n, TERMS + 2)
        sums = scaled.T @ self.indicator
        parts = [sums[k : k + TERMS] * self.reach**k for k in range(3)]
        return np.hstack(parts) / _FACTORIALS[:, None]

    def growth(self, slope: Floats) -> Floats:
        """e^(slope·tau) of each problem and period, (N, n); from the same series, to 13 digits."""
        x = slope * self.reach
        near = np.abs(x) <= FAR
        if near.all():
            terms = _enough(x)
            return product(_vander(x, terms), self._terms[:terms])
        return np.asarray(np.exp(np.multiply.outer(slope, self.tau)))

    @cached_property
    def _terms(self) -> Floats:
        """(TERMS, n): (tau/reach)^m / m!."""
        return np.ascontiguousarray((_vander(self.tau / self.reach, TERMS) / _FACTORIALS).T)

    def spread(self, by_block: Floats) -> Floats:
        """Values by block (N, P) given to each period (N, n)."""
        return product(by_block, self.indicator.T)


_FACTORIALS = factorial(np.arange(TERMS))


def _enough(x: Floats) -> int:
    """How many terms give the series to the last digit, for all of *x*."""
    largest = float(np.abs(x).max(initial=0.0))
    return int(np.count_nonzero(largest ** np.arange(TERMS) / _FACTORIALS > 1e-18))


def _vander(x: Floats, terms: int) -> Floats:
    """(N, terms): x⁰, x¹, …"""
    out = np.empty((terms, len(x)))
    out[0] = 1.0
    for power in range(1, terms):
        np.multiply(out[power - 1], x, out=out[power])
    return out.T


def product(left: Floats, right: Floats) -> Floats:
    """left @ right, in pieces so small that BLAS stays in one thread.

    On a busy machine its threads wait for each other: the same fits were measured at a twentieth of the speed.
    """
    rows = max(SINGLE_THREAD // max(right.size, 1), 1)
    whole = len(left) // rows * rows
    out = np.empty((len(left), right.shape[1]))
    if whole:
        np.matmul(
            left[:whole].reshape(-1, rows, len(right)), right, out=out[:whole].reshape(-1, rows, len(right.T))
        )
    np.matmul(left[whole:], right, out=out[whole:])
    return out
