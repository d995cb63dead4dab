"""The regression under the Farrington detectors: fit, down-weight past outbreaks, fit again, test the trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr

from surveillance.glm import SMALLEST_MEAN, Fit, Flags, Floats, Layout, irls, newton


@dataclass(frozen=True)
class Baseline:
    """What the regression says of each judged cell; arrays of one length."""

    mean: Floats
    dispersion: Floats
    se: Floats  # of the linear predictor
    trend: Flags
    slope: Floats  # per period on the log scale; NaN without trend
    ok: Flags  # fitted, with values left over for the dispersion


@dataclass(frozen=True)
class Regression:
    """The options of the fit; `as_r` reproduces a function of R surveillance, None converges fully."""

    trend: bool
    trend_p: float
    reweight: bool
    residual_threshold: float
    min_dispersion: float = 1.0
    as_r: Literal["flexible", "1996"] | None = None
    dated: bool = False

    def baseline(self, counts: Floats, layout: Layout, years: int, offset: Floats | None = None) -> Baseline:
        """The baseline of each row of *counts* (N, n; NaN is left out), *offset* added to the predictor.

        The trend stays where *years* ≥ 3, its two-sided p is below `trend_p` (1: any), and it does not
        extrapolate: the expected count, without offset, is at most the largest of the baseline. Otherwise
        the fit is without.
        """
        present = ~np.isnan(counts)
        y = np.where(present, counts, 0.0)
        if offset is not None:
            offset = np.where(present, offset, 0.0)
        if not self.trend or years < 3:
            return self._fit_twice(y, present, layout, offset, trend=False)[0]
        sloped, pvalue = self._fit_twice(y, present, layout, offset, trend=True)
        likely = (pvalue < self.trend_p) | (self.trend_p == 1)
        keep = sloped.ok & likely & (sloped.mean <= np.where(present, counts, -np.inf).max(axis=1))
        if keep.all():
            return sloped
        rest = ~keep
        part = None if offset is None else offset[rest]
        flat = self._fit_twice(y[rest], present[rest], layout, part, trend=False)[0]
        merged = {name: values.copy() for name, values in vars(sloped).items()}
        for name, values in merged.items():
            values[rest] = getattr(flat, name)
        return Baseline(**merged)

    def _fit(
        self,
        y: Floats,
        weights: Floats,
        layout: Layout,
        offset: Floats | None,
        trend: bool,
        start: Floats | None = None,
    ) -> Fit:
        if self.as_r is not None:
            return irls(y, weights, layout, trend=trend, offset=offset)
        return newton(y, weights, layout, trend=trend, offset=offset, start=start)

    def _fit_twice(
        self, y: Floats, present: Flags, layout: Layout, offset: Floats | None, *, trend: bool
    ) -> tuple[Baseline, Floats]:
        """Fit, down-weight large residuals, fit again: the baseline, and the two-sided p of the trend."""
        weights = present.astype(float)
        first = final = self._fit(y, weights, layout, offset, trend)
        free = _dispersion(y, first)
        if self.reweight:
            weights = self._weights(y, present, first, np.maximum(free, self.min_dispersion))
            final = self._fit(y, weights, layout, offset, trend, first.slope)
            free = _dispersion(y, final)
        phi = np.maximum(free, self.min_dispersion)
        of_mean, of_trend = phi, phi
        if self.as_r == "1996":  # the package tests the trend with the dispersion before it is floored
            of_trend = free
        if self.as_r == "flexible":  # the package forgets the floor, and after reweighting the mean as well
            defect = np.einsum("ij,ij->i", weights, ((y - final.mean) / final.mean) ** 2) / final.df
            of_mean = of_trend = defect if self.reweight else free
        eta, variance = final.judged(self._time(present, layout))
        with np.errstate(divide="ignore", invalid="ignore"):
            se = np.sqrt(of_mean * variance)
            pvalue = 2 * stdtr(final.df, -np.abs(final.slope / np.sqrt(of_trend * final.slope_variance)))
        baseline = Baseline(
            mean=np.maximum(np.exp(np.minimum(eta, np.log(1e300))), SMALLEST_MEAN),
            dispersion=phi,
            se=se,
            trend=np.full(len(y), trend),
            slope=final.slope,
            ok=first.converged & final.converged & (final.df > 0),
        )
        return baseline, pvalue

    def _time(self, present: Flags, layout: Layout) -> Floats | float:
        """The judged period's time: 0, but in R with dates.

        There the fit counts time from the first reference date, the prediction from the first with a value.
        """
        if self.as_r is None or not self.dated:
            return 0.0
        first = layout.times[np.argmax(present, axis=1)]
        return np.asarray(layout.times[0] - first)

    def _weights(self, y: Floats, present: Flags, fitted: Fit, phi: Floats) -> Floats:
        """Weights that shrink with large positive Anscombe residuals and sum to the number of periods.

        s = 1.5 (y^⅔ μ^−⅙ − μ^½) / √(φ (1 − h)), and γ s⁻² where s exceeds the threshold, γ elsewhere.
        """
        least = self.residual_threshold**2 * phi[:, None] * (1 - fitted.hat())
        above = np.maximum(y - fitted.mean, 0.0)
        large = np.nonzero(above * above > least * fitted.mean)  # s is at most Pearson's residual
        count, mean = y[large], fitted.mean[large]
        anscombe = 1.5 * (np.cbrt(count) ** 2 * mean ** (-1 / 6) - np.sqrt(mean))
        square = anscombe**2 / least[large]
        weight = present.astype(float)
        weight[large] = np.where(square > 1, 1 / (square * self.residual_threshold**2), weight[large])
        return weight * (present.sum(axis=1) / weight.sum(axis=1))[:, None]


def _dispersion(y: Floats, fitted: Fit) -> Floats:
    """Σ w ((y − μ)/μ)² / (n − p) of each problem; NaN or ∞ where n = p."""
    residual = (y - fitted.mean) / fitted.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.einsum("ij,ij,ij->i", fitted.weight, residual, residual) / fitted.df)
