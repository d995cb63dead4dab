"""Farrington Flexible: a count against a quasi-Poisson regression on the same season of earlier years.

Farrington CP, Andrews NJ, Beale AD, Catchpole MA (1996). A statistical algorithm for the early detection of
outbreaks of infectious disease. J R Stat Soc A 159, 547–563. doi:10.2307/2983331.
Noufaily A, Enki DG, Farrington P, Garthwaite P, Andrews N, Charlett A (2013). An improved algorithm for
outbreak detection in multiple surveillance systems. Stat Med 32, 1206–1222. doi:10.1002/sim.5595.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr

from surveillance.detectors.contract import (
    PERIODS_A_YEAR,
    Frequency,
    Kind,
    Reason,
    Verdicts,
    frequency_of,
    within,
)
from surveillance.detectors.reference import Reference, by_date, by_position
from surveillance.detectors.thresholds import LARGEST_MEAN, cdf, quantile
from surveillance.glm import Fit, Flags, Floats, Layout, fit

CHUNK = 512  # problems solved together; their arrays stay in cache
FEW = 4  # a baseline of no more cases than this is judged by the rule for emerging series
Rows = NDArray[np.int64]
_POWERS = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}


@dataclass(frozen=True)
class Baseline:
    """What the regression says of each judged cell; arrays of one length."""

    mean: Floats
    dispersion: Floats
    se: Floats  # of the linear predictor
    trend: Flags
    slope: Floats
    ok: Flags  # converged


@dataclass(frozen=True)
class FarringtonFlexible:
    """The detector of Noufaily et al. (2013) with every option of the usual implementation.

    `mode="r_compatible"` reproduces R surveillance 1.19–1.26, where after reweighting the standard error and
    the test of the trend lack a factor of the mean; `corrected`, the default, uses the proper one, judges a
    nearly empty baseline by the rule for emerging series, and counts a series' history from its first value.
    `min_years` lets a shorter history serve, down to that many years (default: all of `years`).
    """

    years: int = 5
    half_window: int = 3
    blocks: int = 10
    guard: int = 26
    alpha: float = 0.005
    threshold: Literal["delta", "nbPlugin", "muan"] = "nbPlugin"
    power: Literal["2/3", "1/2", "none"] = "2/3"
    residual_threshold: float = 2.58
    trend: bool = True
    trend_p: float = 1.0
    reweight: bool = True
    min_cases: tuple[int, int] = (5, 4)
    mode: Literal["corrected", "r_compatible"] = "corrected"
    index: Literal["position", "date"] = "position"
    min_years: int | None = None

    kind: ClassVar[Kind] = "pointwise"

    def __post_init__(self) -> None:
        within("years", self.years, 1, 20)
        within("half_window", self.half_window, 0, 26)
        within("blocks", self.blocks, 1, 26)
        within("guard", self.guard, 0, 104)
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("residual_threshold", self.residual_threshold, 0, np.inf, open_low=True)
        within("trend_p", self.trend_p, 0, 1)
        within("min_cases[0]", self.min_cases[0], 0, np.inf)
        within("min_cases[1]", self.min_cases[1], 1, 52)
        if self.min_years is not None:
            within("min_years", self.min_years, 1, self.years)
        for name, allowed in (
            ("threshold", ("delta", "nbPlugin", "muan")),
            ("power", tuple(_POWERS)),
            ("mode", ("corrected", "r_compatible")),
            ("index", ("position", "date")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")

    def min_history(self, frequency: Frequency) -> int:
        return (self.min_years or self.years) * PERIODS_A_YEAR[frequency] + self.half_window

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        y = observed.to_numpy(dtype=float)
        out = _Out(observed, y, len(y) - last if last is not None else 0)
        missing = np.isnan(y)
        wanted = np.ones(y.shape, dtype=bool) if judge is None else judge.to_numpy(dtype=bool)
        out.reason[missing], out.reason[~missing & ~wanted] = Reason.missing, Reason.not_judged
        able = wanted & (~missing | (self.mode == "r_compatible"))
        able[: out.first] = False
        people = None if population is None else population.to_numpy(dtype=float)
        if y.size and able.any():
            self._run(out, able, people)
        return out.verdicts(last)

    def diagnostics(
        self, observed: pd.DataFrame, population: pd.DataFrame | None = None
    ) -> dict[str, pd.DataFrame]:
        """Of each judged cell the dispersion `phi` and whether a `trend` was kept (1, 0; NaN not judged)."""
        y = observed.to_numpy(dtype=float)
        out = _Out(observed, y, 0)
        self._run(
            out,
            ~np.isnan(y) | (self.mode == "r_compatible"),
            None if population is None else population.to_numpy(dtype=float),
        )
        return {name: pd.DataFrame(out.values[name], observed.index, observed.columns) for name in ("phi", "trend")}

    def _run(self, out: _Out, able: Flags, people: Floats | None) -> None:
        """Judge the cells that are *able*, in chunks that share a design."""
        y = out.y
        for reference, years, cells in self._references(out.frame.index, y, able):
            layout = reference.layout
            for start in range(0, len(cells[0]), CHUNK):
                rows, columns = cells[0][start : start + CHUNK], cells[1][start : start + CHUNK]
                where = (rows[:, None] + reference.offsets, columns[:, None])
                counts = y[where]
                offset = None if people is None else np.log(people[where])
                baseline = self.regress(counts, layout, years, offset)
                if people is not None:
                    baseline = replace(baseline, mean=baseline.mean * people[rows, columns])
                size = (~np.isnan(counts)).sum(axis=1).astype(float)
                self._judge(out, (rows, columns), baseline, np.nansum(counts, axis=1), size)

    def _references(
        self, index: pd.Index, y: Floats, able: Flags
    ) -> Iterator[tuple[Reference, int, tuple[Rows, Rows]]]:
        frequency = frequency_of(index)
        options = {"half_window": self.half_window, "blocks": self.blocks, "guard": self.guard}
        periods = PERIODS_A_YEAR[frequency]
        rows, columns = np.nonzero(able)
        began = np.zeros(y.shape[1], dtype=int)
        if self.mode == "corrected":
            began = np.argmax(~np.isnan(y), axis=0)
        reach = np.clip((rows - began[columns] - self.half_window) // periods, 0, self.years)
        least = self.min_years or self.years
        for years in range(least, self.years + 1):
            chosen = reach == years
            if not chosen.any():
                continue
            if self.index == "position":
                reference = by_position(rows[chosen], years=years, periods=periods, **options)
                yield reference, years, (rows[chosen], columns[chosen])
            else:
                dates = pd.DatetimeIndex(index)
                for reference in by_date(
                    dates, np.unique(rows[chosen]), years=years, weekly=frequency == "W", **options
                ):
                    mine = chosen & (rows == reference.judged[0])
                    yield reference, years, (rows[mine], columns[mine])

    def regress(self, counts: Floats, layout: Layout, years: int, offset: Floats | None = None) -> Baseline:
        """The baseline of each row of *counts* (N, n; NaN is left out): fitted, reweighted, its trend tested.

        The trend stays where *years* ≥ 3, its two-sided p is below `trend_p`, and it does not extrapolate:
        the expected count is at most the largest of the baseline. Otherwise the fit is without.
        """
        present = ~np.isnan(counts)
        y = np.where(present, counts, 0.0)
        if offset is not None:
            offset = np.where(present, offset, 0.0)
        if not self.trend or years < 3:
            return self._fit_twice(y, present, layout, offset, trend=False)[0]
        sloped, pvalue = self._fit_twice(y, present, layout, offset, trend=True)
        largest = np.where(present, counts, -np.inf).max(axis=1)
        keep = sloped.ok & (pvalue < self.trend_p) & (sloped.mean <= largest)
        if self.trend_p == 1:
            keep = sloped.ok & (sloped.mean <= largest)
        if keep.all():
            return sloped
        rest = ~keep
        part = None if offset is None else offset[rest]
        flat = self._fit_twice(y[rest], present[rest], layout, part, trend=False)[0]
        merged = {name: values.copy() for name, values in vars(sloped).items()}
        for name, values in merged.items():
            values[rest] = getattr(flat, name)
        return Baseline(**merged)

    def _fit_twice(
        self, y: Floats, present: Flags, layout: Layout, offset: Floats | None, *, trend: bool
    ) -> tuple[Baseline, Floats]:
        """Fit, down-weight large residuals, fit again: the baseline, and the two-sided p of the trend."""
        ones = present.astype(float)
        first = fit(y, ones, layout, trend=trend, offset=offset)
        final, phi = first, _dispersion(y, first)
        spread = phi
        if self.mode == "r_compatible":  # the package floors the dispersion of counts, not that of the fit
            spread = _dispersion(y, first, least=0.0)
        if self.reweight:
            weights = self._weights(y, present, first, phi)
            final = fit(y, weights, layout, trend=trend, offset=offset)
            spread = phi = _dispersion(y, final)
            if self.mode == "r_compatible":  # the package leaves out the mean here
                spread = (weights * ((y - final.mean) / final.mean) ** 2).sum(axis=1) / final.df
        with np.errstate(divide="ignore", invalid="ignore"):
            se = np.sqrt(spread * final.variance0)
            t = final.slope / np.sqrt(spread * final.slope_variance)
            pvalue = 2 * stdtr(final.df, -np.abs(t))
        baseline = Baseline(
            mean=np.exp(np.minimum(final.eta0, np.log(1e300))),
            dispersion=phi,
            se=se,
            trend=np.full(len(y), trend),
            slope=final.slope,
            ok=first.converged & final.converged & (final.df > 0),
        )
        return baseline, pvalue

    def _weights(self, y: Floats, present: Flags, fitted: Fit, phi: Floats) -> Floats:
        """Weights that shrink with large positive Anscombe residuals and sum to the number of periods."""
        with np.errstate(divide="ignore", invalid="ignore"):
            raw = y ** (2 / 3) * fitted.mean ** (-1 / 6) - np.sqrt(fitted.mean)
            residual = 1.5 * raw / np.sqrt(phi[:, None] * (1 - fitted.hat))
            weight = np.where(residual > self.residual_threshold, residual**-2.0, 1.0) * present
        return np.asarray(weight * (present.sum(axis=1) / weight.sum(axis=1))[:, None])

    def _judge(self, out: _Out, cells: tuple[Rows, Rows], baseline: Baseline, cases: Floats, size: Floats) -> None:
        """Put the verdicts on *cells* into *out*."""
        y = out.y[cells]
        before = np.zeros(len(y))
        for back in range(1, self.min_cases[1]):
            row = cells[0] - back
            count = np.where(row >= 0, out.y[np.maximum(row, 0), cells[1]], 0.0)
            before += np.nan_to_num(count) if self.mode == "corrected" else count
        mean, phi = baseline.mean, baseline.dispersion
        upper, tail, exceeds = self._limit(y, baseline)
        floor = self.min_cases[0] - before  # the smallest count with enough cases
        few = ~(y >= floor)  # unknown, where the package finds a value missing, is too few
        reason = np.where(few, Reason.too_few_cases, Reason.ok)
        attained = exceeds(np.maximum(upper, np.ceil(floor) - 1))
        failed = ~baseline.ok | ~np.isfinite(upper)
        if self.mode == "corrected":
            rare = (cases <= FEW) | failed & (cases <= FEW)
            mean0, phi0 = (cases + 0.5) / size, (size + 1) / size
            limit = quantile(1 - self.alpha, mean0, phi0)
            least = np.maximum(limit, np.minimum(2, 4 - before))  # 3 in the period, or 5 in four
            mean, upper = np.where(rare, mean0, mean), np.where(rare, limit, upper)
            tail = np.where(rare, 1 - cdf(y - 1, mean0, phi0), tail)
            attained = np.where(rare, 1 - cdf(least, mean0, phi0), attained)
            held_back = rare & (y > limit) & (y <= least)
            few = np.where(rare, held_back, few)
            reason = np.select([held_back, rare], [Reason.too_few_cases, Reason.emerging], reason)
            failed &= ~rare
        alarm = np.where(failed, -1, (y > upper) & ~few & (y > 0))
        shown = ~failed & ~few
        out.put(
            cells,
            expected=np.where(shown, mean, np.nan),
            upper=np.where(shown, upper, np.nan),
            pvalue=np.where(failed, np.nan, tail),
            false_alarm=np.where(failed, np.nan, attained),
            alarm=alarm,
            reason=np.where(failed, Reason.did_not_converge, reason),
            phi=phi,
            trend=baseline.trend,
        )

    def _limit(self, y: Floats, baseline: Baseline) -> tuple[Floats, Floats, Callable[[Floats], Floats]]:
        """The threshold U, P(Y ≥ y), and a function for P(Y > u)."""
        mean, phi, se = baseline.mean, baseline.dispersion, baseline.se
        z = float(ndtri(1 - self.alpha))
        if self.threshold == "delta":
            power = _POWERS[self.power]
            variance = power**2 * mean ** (2 * power - 1) * (phi + se**2 * mean)

            def beyond(count: Floats) -> Floats:
                with np.errstate(divide="ignore", invalid="ignore"):
                    return np.asarray(ndtr(-(np.maximum(count, 0) ** power - mean**power) / np.sqrt(variance)))

            upper = np.maximum(mean**power + z * np.sqrt(variance), 0) ** (1 / power)
            return upper, beyond(y), beyond
        if self.threshold == "muan":
            with np.errstate(over="ignore"):
                mean = mean * np.exp(z * se)

        def above(count: Floats) -> Floats:
            return 1 - cdf(count, np.minimum(mean, LARGEST_MEAN), phi)

        return quantile(1 - self.alpha, mean, phi), above(y - 1), above


def _dispersion(y: Floats, fitted: Fit, least: float = 1.0) -> Floats:
    residual = (y - fitted.mean) / fitted.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum((fitted.weight * residual**2).sum(axis=1) / fitted.df, least)


class _Out:
    """The arrays of the verdicts while they are filled; cells not put in had too little history."""

    def __init__(self, observed: pd.DataFrame, y: Floats, first: int) -> None:
        self.frame, self.y, self.first = observed, y, max(first, 0)
        names = ("expected", "upper", "pvalue", "false_alarm", "phi", "trend")
        self.values = {name: np.full(y.shape, np.nan) for name in names}
        self.alarm = np.full(y.shape, -1, dtype=np.int8)
        self.reason = np.full(y.shape, Reason.too_little_history, dtype=np.int8)

    def put(self, cells: tuple[Rows, Rows], **answers: NDArray) -> None:
        self.alarm[cells], self.reason[cells] = answers.pop("alarm"), answers.pop("reason")
        for name, values in answers.items():
            self.values[name][cells] = values

    def verdicts(self, last: int | None) -> Verdicts:
        return Verdicts(
            index=self.frame.index,
            columns=self.frame.columns,
            observed_=self.y,
            expected_=self.values["expected"],
            upper_=self.values["upper"],
            pvalue_=self.values["pvalue"],
            false_alarm_=self.values["false_alarm"],
            alarm_=self.alarm,
            reason_=self.reason,
        ).tail(last)
