"""A seasonal regression with a curved trend and known interruptions, whose coefficients a person can read.

Serfling RE (1963). Methods for current statistical analysis of excess pneumonia-influenza deaths. Public Health Rep
78, 494–506. Hastie T, Tibshirani R, Friedman J (2009). The Elements of Statistical Learning, 2nd ed., 5.2.1 (the
natural cubic spline). McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed. (quasi-likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveillance.detectors import in_control
from surveillance.detectors.contract import (
    PERIODS_A_YEAR,
    Flags,
    Floats,
    Frequency,
    Kind,
    Reason,
    Verdicts,
    frequency_of,
    values_of,
    within,
)
from surveillance.detectors.emerging import FEW, Emerging
from surveillance.detectors.thresholds import cdf, quantile, survival

LEAST_YEARS = 3
SPAN = 4  # periods over which the rule for an almost empty baseline adds cases up
Interruption = tuple[str, str]  # its first and last day; "" = still going on
PANDEMIC: Interruption = ("2020-03-01", "2021-06-30")


@dataclass(frozen=True)
class SeasonalTrend:
    """A count against season, curved trend and interruptions, fitted to the `years` that end `guard` before it.

    log μ = level + `harmonics` of the year + natural cubic spline of time with `spline` degrees of freedom (1: a
    line, 0: none), straight beyond its end, + one effect of the `pandemic`, if asked for. Variance φμ, φ ≥ 1
    (`quasi_poisson`), or μ + aμ² (`negative_binomial`). Threshold: the (1 − α) quantile of the negative binomial
    with the mean μ₀ and the variance of the count and of its estimated mean together. A baseline of at most 4 cases
    is judged by the rule for emerging series.
    """

    alpha: float = 0.005
    years: int = 6
    harmonics: int = 2
    spline: int = 2
    guard: int = 3
    family: Literal["quasi_poisson", "negative_binomial"] = "quasi_poisson"
    pandemic: bool = False

    kind: ClassVar[Kind] = "pointwise"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("years", self.years, LEAST_YEARS, 30)
        within("harmonics", self.harmonics, 0, 4)
        within("spline", self.spline, 0, 8)
        within("guard", self.guard, 0, 104)
        if self.family not in ("quasi_poisson", "negative_binomial"):
            raise ValueError(f"family must be one of quasi_poisson, negative_binomial, not {self.family!r}")

    @property
    def interrupted(self) -> tuple[Interruption, ...]:
        """The interruptions that have an effect of their own."""
        return (PANDEMIC,) if self.pandemic else ()

    def min_history(self, frequency: Frequency) -> int:
        return LEAST_YEARS * PERIODS_A_YEAR[frequency] + self.guard

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        y = values_of(observed)
        frequency = frequency_of(observed.index)
        periods, index = PERIODS_A_YEAR[frequency], pd.DatetimeIndex(observed.index)
        counts = np.where(np.isfinite(y) & (y >= 0), y, np.nan)
        reason = np.where(np.isnan(counts), Reason.missing, Reason.too_little_history).astype(np.int8)
        if judge is not None:
            reason[(reason != Reason.missing) & ~judge.to_numpy(dtype=bool)] = Reason.not_judged
        mean, dispersion = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
        for row in range(max(self.min_history(frequency), 0 if last is None else len(y) - last), len(y)):
            end = row - self.guard
            begin = max(end - self.years * periods, 0)
            past = counts[begin:end]
            cells = np.flatnonzero(
                (reason[row] == Reason.too_little_history)
                & (4 * (~np.isnan(past)).sum(axis=0) >= 3 * LEAST_YEARS * periods)
            )
            if len(cells):
                columns = self.design(index[begin : row + 1], end - begin, periods)
                found = self._predicted(past[:, cells], columns[: end - begin], columns[-1])
                mean[row, cells], dispersion[row, cells], rare = found
                reason[row, cells] = np.select(
                    [rare, np.isnan(mean[row, cells])], [Reason.emerging, Reason.did_not_converge], Reason.ok
                )
        before = pd.DataFrame(np.nan_to_num(counts)).rolling(SPAN, min_periods=1).sum().to_numpy()
        before = before - np.nan_to_num(counts)
        able = (reason == Reason.ok) | (reason == Reason.emerging)
        floor = np.where(reason == Reason.emerging, Emerging.floor(before), 1.0)
        upper = quantile(1 - self.alpha, mean, dispersion)
        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=y,
            expected_=np.where(able, mean, np.nan),
            upper_=np.where(able, upper, np.nan),
            pvalue_=survival(np.ceil(counts) - 1, mean, dispersion),
            pvalue_low_=cdf(counts, mean, dispersion),
            false_alarm_=survival(np.maximum(upper, floor - 1), mean, dispersion),
            alarm_=np.where(able, (counts > upper) & (counts >= floor), -1).astype(np.int8),
            reason_=reason,
        ).tail(last)

    def _predicted(self, past: Floats, columns: Floats, at: Floats) -> tuple[Floats, Floats, Flags]:
        """The judged period's mean, its dispersion with that of the mean's error, and where a baseline is empty.

        *past* (n, S), its design *columns* (n, p), the judged row *at* (p,).
        """
        known = ~np.isnan(past)
        cases, size = np.where(known, past, 0.0).sum(axis=0), known.sum(axis=0)
        if self.family == "negative_binomial":
            beta, shape = in_control.fit_dispersion(past, columns)
        else:
            shape = np.full(past.shape[1], in_control.POISSON)
            beta = in_control.fit(past, columns, shape)
        fitted = in_control.mean_at(beta, columns)
        fitted = np.where(known & (fitted > 0), fitted, np.nan)
        spread = 1 + shape * fitted
        used = np.abs(columns).max(axis=0) > 0  # an interruption that lies outside has no effect to estimate
        with np.errstate(invalid="ignore", divide="ignore"):
            square = np.nansum((past - fitted) ** 2 / fitted / spread, axis=0)
        phi = np.maximum(square / np.maximum(size - used.sum(), 1), 1.0)
        if self.family == "negative_binomial":
            phi = np.ones_like(phi)
        weight = np.nan_to_num(fitted / spread)
        information = np.einsum("ns,np,nq->spq", weight, columns[:, used], columns[:, used])
        information += 1e-9 * (1 + np.trace(information, axis1=1, axis2=2))[:, None, None] * np.eye(used.sum())
        error = phi * np.einsum("p,spq,q->s", at[used], np.linalg.inv(information), at[used])
        mean = in_control.mean_at(beta, at[None])[0]
        dispersion = phi * (1 + shape * mean) + error * mean
        few = Emerging(cases, np.maximum(size, 1).astype(float))
        rare = cases <= FEW
        return np.where(rare, few.mean, mean), np.where(rare, few.dispersion, dispersion), rare

    def design(self, index: pd.DatetimeIndex, count: int, periods: int) -> Floats:
        """Columns (len(index), p), the spline's knots spread over the first *count* periods."""
        base = in_control.design(len(index), harmonics=self.harmonics, trend=False, periods=periods)
        time = np.arange(len(index)) / periods
        inside = [
            ((index >= pd.Timestamp(first)) & (index <= (pd.Timestamp(last) if last else index[-1]))).astype(float)
            for first, last in self.interrupted
        ]
        return np.column_stack([base, natural_spline(time, time[count - 1], self.spline), *inside])

    def terms(self) -> list[str]:
        """The names of the design's columns."""
        season = [f"{wave} {n}" for wave in ("sin", "cos") for n in range(1, self.harmonics + 1)]
        trend = [f"trend {n}" for n in range(1, self.spline + 1)]
        return ["level", *season, *trend, *(f"{first} to {last or 'now'}" for first, last in self.interrupted)]


@dataclass(frozen=True)
class InterruptedTrend(SeasonalTrend):
    """SeasonalTrend with any `interruptions` besides, pairs of first and last day: method breaks, campaigns."""

    interruptions: tuple[Interruption, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for first, last in self.interruptions:
            if not first or (last and pd.Timestamp(first) > pd.Timestamp(last)):
                raise ValueError(f"interruptions must be pairs of first and last day, not {(first, last)!r}")

    @property
    def interrupted(self) -> tuple[Interruption, ...]:
        return super().interrupted + self.interruptions


def natural_spline(time: Floats, end: float, df: int) -> Floats:
    """A basis (n, df) of natural cubic splines without constant, df + 1 equal knots from 0 to *end*, mean near 0.

    The first column is the line; beyond the knots all are straight.
    """
    if df == 0:
        return np.empty((len(time), 0))
    knots = np.linspace(0, end, df + 1)

    def bend(knot: float) -> NDArray:
        cubes = np.maximum(time - knot, 0) ** 3 - np.maximum(time - end, 0) ** 3
        return np.asarray(cubes / (end - knot) / end)

    curves = [bend(knot) - bend(knots[-2]) for knot in knots[:-2]]
    return np.column_stack([time - end / 2, *(curve - curve.mean() for curve in curves)])


def coefficients(series: pd.Series, detector: SeasonalTrend | None = None) -> pd.DataFrame:
    """The regression on the whole *series*, for a person to read: one row a term, by statsmodels.

    Columns estimate, se, 95 % interval low and high, p (two-sided; Student's t for quasi-Poisson, normal for
    negative binomial), and ratio, ratio_low, ratio_high = exp of them: the factor on the count. `growth a year` is
    the trend's slope at its end. Sines and cosines are of the time since the first value. `attrs` holds periods,
    the dispersion (φ, or a) and the deviance explained. ValueError where fewer than three years are known or no
    case is.
    """
    import statsmodels.api as sm  # not above: the detectors, this one included, do without its 50 MB

    detector = detector or SeasonalTrend()
    series = series.loc[series.first_valid_index() : series.last_valid_index()].astype(float)
    periods = PERIODS_A_YEAR[frequency_of(series.index)]
    known = series.notna().to_numpy()
    if known.sum() < LEAST_YEARS * periods or not series.sum() > 0:
        raise ValueError(f"series must hold {LEAST_YEARS} years of counts that are not all 0")
    columns = detector.design(pd.DatetimeIndex(series.index), len(series), periods)
    table = pd.DataFrame(columns, columns=detector.terms())[known]
    table = table.loc[:, table.abs().max() > 0]
    y = series.to_numpy()[known]
    negative_binomial = detector.family == "negative_binomial"
    if negative_binomial:
        shape = float(in_control.fit_dispersion(y[:, None], table.to_numpy())[1][0])
        fitted = sm.GLM(y, table, family=sm.families.NegativeBinomial(alpha=shape)).fit()
    else:
        fitted = sm.GLM(y, table, family=sm.families.Poisson()).fit()
        scale = max(fitted.pearson_chi2 / fitted.df_resid, 1.0)
        fitted = sm.GLM(y, table, family=sm.families.Poisson()).fit(scale=scale)
    contrasts, names = np.eye(table.shape[1]), list(table.columns)
    if detector.spline:
        contrasts = _with_growth(contrasts, names, detector.spline, (len(series) - 1) / periods)
        names.append("growth a year")
    tests = fitted.t_test(contrasts, use_t=not negative_binomial)
    low, high = tests.conf_int(0.05).T
    answer = pd.DataFrame(
        {"estimate": tests.effect, "se": np.ravel(tests.sd), "low": low, "high": high, "p": np.ravel(tests.pvalue)},
        index=pd.Index(names, name="term"),
    )
    answer[["ratio", "ratio_low", "ratio_high"]] = np.exp(answer[["estimate", "low", "high"]])
    answer.attrs = {
        "periods": int(known.sum()),
        "dispersion": shape if negative_binomial else float(fitted.scale),
        "explained": float(1 - fitted.deviance / fitted.null_deviance),
    }
    return answer


def _with_growth(contrasts: Floats, names: list[str], df: int, end: float) -> Floats:
    """One more contrast: the trend's change over the year after its *end*, where it is straight."""
    change = np.diff(natural_spline(np.array([end, end + 1]), end, df), axis=0)[0]
    row = np.zeros(contrasts.shape[1])
    row[[names.index(f"trend {n}") for n in range(1, df + 1)]] = change
    return np.vstack([contrasts, row])
