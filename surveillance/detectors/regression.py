"""The regression under the Farrington detectors: fit, down-weight past outbreaks, fit again, test the trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr

from surveillance.glm import SMALLEST_MEAN, Fit, Problems, Weights, irls, newton
from surveillance.layout import Flags, Floats, Layout, Rows

Trend = Literal["kept", "switched_off", "too_few_years", "did_not_converge", "not_clear", "extrapolates"]


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
class Traced:
    """One cell's regression: of each reference period (n,) its fitted mean and final weight; the trend's fate.

    `slope` (per period, log scale) and the two-sided `trend_p` are those of the trend that was tested, whether
    it was kept or not; NaN where none was.
    """

    mean: Floats
    weight: Floats
    dispersion: float
    trend: Trend
    slope: float
    trend_p: float


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

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")  # a diverged fit is not `ok`, whatever it holds
    def baseline(self, problems: Problems, known: Weights, years: int) -> Baseline:
        """The baseline of each of the *problems*, whose *known* values have weight 1 (see `problems_of`).

        The trend stays where *years* ≥ 3, its two-sided p is below `trend_p` (1: any), and it does not
        extrapolate: the expected count, without offset, is at most the largest of the baseline. Otherwise
        the fit is without.
        """
        if not self.trend or years < 3:
            return self._fit_twice(problems, known, trend=False)[0]
        sloped, pvalue = self._fit_twice(problems, known, trend=True)
        likely = (pvalue < self.trend_p) | (self.trend_p == 1)
        without = np.flatnonzero(~(sloped.ok & likely & (sloped.mean <= problems.y.max(axis=1))))
        if not len(without):
            return sloped
        flat = self._fit_twice(problems[without], known[without], trend=False)[0]
        merged = {name: values.copy() for name, values in vars(sloped).items()}
        for name, values in merged.items():
            values[without] = getattr(flat, name)
        return Baseline(**merged)

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def traced(self, counts: Floats, layout: Layout, years: int) -> Traced:
        """The regression of one cell, *counts* (n,), as `baseline` makes it, with what became of each period."""
        problems, known = problems_of(counts[None, :], layout, None)
        tested: tuple[Baseline, Floats] | None = None
        if self.trend and years >= 3:
            tested = self._fit_twice(problems, known, trend=True)
        baseline = self.baseline(problems, known, years)
        kept = bool(baseline.trend[0])
        final = self._fits(problems, known, kept)[1]
        weight = final.weights.level.repeat(len(counts))
        weight[final.weights.columns] *= final.weights.factor
        return Traced(
            mean=final.mean[0],
            weight=weight,
            dispersion=float(baseline.dispersion[0]),
            trend=self._said(tested, kept),
            slope=float(tested[0].slope[0]) if tested else np.nan,
            trend_p=float(tested[1][0]) if tested else np.nan,
        )

    def _said(self, tested: tuple[Baseline, Floats] | None, kept: bool) -> Trend:
        if tested is None:
            return "too_few_years" if self.trend else "switched_off"
        if kept:
            return "kept"
        if not tested[0].ok[0]:
            return "did_not_converge"
        return "extrapolates" if self.trend_p == 1 or tested[1][0] < self.trend_p else "not_clear"

    def _fit(self, problems: Problems, weights: Weights, trend: bool, start: Floats | None = None) -> Fit:
        if self.as_r is not None:
            return irls(problems, weights, trend=trend)
        return newton(problems, weights, trend=trend, start=start)

    def _fits(self, problems: Problems, known: Weights, trend: bool) -> tuple[Fit, Fit]:
        """The fit, and the fit again with large residuals down-weighted; without `reweight` the first is both."""
        first = self._fit(problems, known, trend)
        if not self.reweight:
            return first, first
        square = _squares(problems.y, first)
        phi = np.maximum(_dispersion(square, first), self.min_dispersion)
        return first, self._fit(problems, self._weights(problems.y, square, known, first, phi), trend, first.slope)

    def _fit_twice(self, problems: Problems, known: Weights, *, trend: bool) -> tuple[Baseline, Floats]:
        """Fit, down-weight large residuals, fit again: the baseline, and the two-sided p of the trend."""
        y, layout = problems.y, problems.layout
        first, final = self._fits(problems, known, trend)
        square = _squares(y, final)
        free = _dispersion(square, final)
        phi = np.maximum(free, self.min_dispersion)
        of_mean, of_trend = phi, phi
        if self.as_r == "1996":  # the package tests the trend with the dispersion before it is floored
            of_trend = free
        if self.as_r == "flexible":  # the package forgets the floor, and after reweighting the mean as well
            of_mean = of_trend = final.weights.total(square / final.mean) / final.df if self.reweight else free
        eta, variance = final.judged(self._time(known, layout))
        se = np.sqrt(of_mean * variance)
        if self.as_r is not None:
            surprise = final.slope / np.sqrt(of_trend * final.slope_variance)
        elif trend and self.trend_p < 1:
            surprise = _score(final) / np.sqrt(np.maximum(_dispersion_of_cases(first), self.min_dispersion))
        else:
            surprise = np.full(len(y), np.nan)  # not asked for
        pvalue = 2 * stdtr(final.df, -np.abs(surprise))
        baseline = Baseline(
            mean=np.maximum(np.exp(np.minimum(eta, np.log(1e300))), SMALLEST_MEAN),
            dispersion=phi,
            se=se,
            trend=np.full(len(y), trend),
            slope=final.slope if trend else np.full(len(y), np.nan),
            ok=first.converged & final.converged & (final.df > 0),
        )
        return baseline, pvalue

    def _time(self, known: Weights, layout: Layout) -> Floats | float:
        """The judged period's time: 0, but in R with dates.

        There the fit counts time from the first reference date, the prediction from the first with a value.
        """
        if self.as_r is None or not self.dated:
            return 0.0
        present = np.ones((len(known.level), len(layout.times)), dtype=bool)
        present[known.rows, known.columns] = False
        return np.asarray(layout.times[0] - layout.times[np.argmax(present, axis=1)])

    def _weights(self, y: Floats, square: Floats, known: Weights, fitted: Fit, phi: Floats) -> Weights:
        """Weights that shrink with large positive Anscombe residuals and sum to the number of periods.

        s = 1.5 (y^⅔ μ^−⅙ − μ^½) / √(φ (1 − h)), and γ s⁻² where s exceeds the threshold, γ elsewhere.
        """
        least = self.residual_threshold**2 * phi
        near = square > (least * (1 - fitted.most_leverage()))[:, None]  # s is at most Pearson's residual
        rows, columns = _where(near)
        above = y[rows, columns] > fitted.mean[rows, columns]
        rows, columns = rows[above], columns[above]
        count, mean = y[rows, columns], fitted.mean[rows, columns]
        hat = mean * fitted.leverage(rows, columns) * fitted.lag(rows, columns)
        anscombe = 1.5 * (np.cbrt(count) ** 2 * mean ** (-1 / 6) - np.sqrt(mean))
        with np.errstate(divide="ignore", invalid="ignore"):
            large = anscombe**2 / (least[rows] * (1 - hat))
        found = large > 1
        weight = 1 / (large[found] * self.residual_threshold**2)
        rows, columns = rows[found], columns[found]
        present = known.present(fitted.problems.layout).sum(axis=1)
        level = present / (present - np.bincount(rows, 1 - weight, len(y)))
        return Weights(
            level,
            np.concatenate([known.rows, rows]),
            np.concatenate([known.columns, columns]),
            np.concatenate([known.factor, weight]),
        )


def problems_of(counts: Floats, layout: Layout, offset: Floats | None) -> tuple[Problems, Weights]:
    """*counts* with missing ones (NaN) as 0, and the weights that leave these out."""
    missing = np.isnan(counts)
    rows, columns = _where(missing)
    if len(rows):
        counts = np.where(missing, 0.0, counts)
        offset = None if offset is None else np.where(missing, 0.0, offset)
    return Problems(counts, layout, offset), Weights(np.ones(len(counts)), rows, columns, np.zeros(len(rows)))


def _where(flags: Flags) -> tuple[Rows, Rows]:
    """np.nonzero of a matrix that is nearly all False, in a third of its time."""
    place = np.flatnonzero(flags.ravel())
    return place // flags.shape[1], place % flags.shape[1]


def _squares(y: Floats, fitted: Fit) -> Floats:
    """Pearson's squared residuals, (y − μ)²/μ."""
    square = y - fitted.mean
    square *= square
    square /= fitted.mean
    return square


def _dispersion(square: Floats, fitted: Fit) -> Floats:
    """Σ w ((y − μ)/μ)² / (n − p) of each problem, w the working weights; NaN or ∞ where n = p."""
    if fitted.step is not None:
        square = square * fitted.lag()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(fitted.weights.total(square) / fitted.df)


def _score(fitted: Fit) -> Floats:
    """The score statistic of a slope against none, (N,), standard normal where the dispersion is 1.

    Σ ω (y − m) tau / √(Σ ω m (tau − mean tau)²) with m the weighted mean of the block: Wald's statistic says too
    little of rare counts. Rao CR (1948). Math Proc Camb Phil Soc 44, 50–57. doi:10.1017/S0305004100023987.
    """
    cases = fitted.weighted_cases()
    flat = newton(fitted.problems, fitted.weights, trend=False)
    return np.asarray((cases[:, 1].sum(axis=1) - (cases[:, 0] * flat.average).sum(axis=1)) / np.sqrt(flat.centred))


def _dispersion_of_cases(fitted: Fit) -> Floats:
    """The dispersion over the blocks of two cases or more: of one case or none, Pearson's sum is as given.

    Of the first fit: once large residuals are down-weighted, what is left varies too little for a test.
    """
    layout, weights = fitted.problems.layout, fitted.weights
    held = fitted.weighted_cases()[:, 0] > 1
    square = _squares(fitted.problems.y, fitted) * layout.spread(held.astype(float))
    free = (weights.present(layout) * held).sum(axis=1) - held.sum(axis=1) - fitted.trend
    return np.asarray(weights.total(square) / free)
