"""Robust seasonal regressions of many windows at once, and the evidence for a step at each of their periods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from surveillance.detectors.contract import Flags, Floats

CONSISTENT, STEPS = 0.6744897501960817, 100
FREE = 15  # steps in which the spread is estimated anew; then it stays, so that the rest converges
WITHOUT = 1e12  # the precision of a coefficient that is held at 0
BIAS = 2.0  # added to the correlation of residuals, times the share of degrees of freedom spent: for its noise too
STEP_PRIOR = 0.01  # of a step's effect on the log scale: a standard deviation of 10
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Scale:
    """Where a regression is linear. Counts keep their values and have a log link; others are transformed."""

    there: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]
    count: bool
    prior: float  # precision of season and trend: 1 is a standard deviation of 1 on the log scale


SCALES = {
    "count": Scale(lambda y: y, np.exp, True, 1.0),
    "log1p": Scale(np.log1p, lambda z: np.expm1(np.maximum(z, 0)), False, 1e-9),
    "sqrt": Scale(np.sqrt, lambda z: np.square(np.maximum(z, 0)), False, 1e-9),
}


class Settings(Protocol):
    @property
    def scale(self) -> str: ...
    @property
    def clip(self) -> float: ...


def design(count: int, periods: int, harmonics: int) -> Floats:
    """Columns (count, p) of a constant, the harmonics of the year, and time in years around the middle."""
    time = np.arange(1 - count, 1) / periods
    angle = 2 * np.pi * time[:, None] * np.arange(1, harmonics + 1)
    return np.hstack([np.ones((count, 1)), np.cos(angle), np.sin(angle), time[:, None] - time.mean()])


@dataclass(frozen=True, eq=False)
class Problems:
    """N fitted windows of n periods. Residuals are clipped Pearson ones, 0 where nothing is known."""

    values: Floats  # (N, n) on the scale, 0 where unknown
    known: Flags
    design: Floats  # (n, p)
    settings: Settings
    weight: Floats  # (N, n) working weights: the mean of a count, else 1
    residual: Floats  # (N, n)
    normal: Floats  # (N, p, p)
    coefficients: Floats  # (N, p)
    converged: Flags
    prior: Floats  # (N, p)

    @classmethod
    def of(cls, values: Floats, columns: Floats, line: Flags, settings: Settings) -> Problems:
        """The regressions of windows of *values* (N, n), NaN where unknown; negative values are unknown.

        The last of the *columns* is time, and is used in the windows of *line* (N,).
        """
        scale = SCALES[settings.scale]
        with np.errstate(invalid="ignore"):
            known = np.isfinite(values) & (values >= 0)
        z = scale.there(np.where(known, values, 0.0))
        prior = np.full((len(z), columns.shape[1]), scale.prior)
        prior[:, 0] = 0.0
        prior[~line, -1] = WITHOUT
        return cls(z, known, columns, settings, *_fit(z, known, columns[None], prior, settings), prior)

    @property
    def df(self) -> Floats:
        """Known values less what season, level, line and one step take."""
        used = (self.prior < WITHOUT).sum(axis=1) + 1
        return np.asarray((self.known.sum(axis=1) - used).astype(float))

    def line_evidence(self) -> Floats:
        """The squared statistic of a line in the windows that have none, as `scan` has it of a step, (N,)."""
        time = self.design[:, -1]
        root = np.sqrt(self.weight)
        size = (root * self.residual) @ time
        shared = ((self.weight * time) @ self.design)[:, :-1]
        without = self.normal[:, :-1, :-1]
        taken = (shared * np.linalg.solve(without, shared[:, :, None])[:, :, 0]).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            square = size**2 / (self.weight @ time**2 - taken)
            rest = np.maximum((self.residual**2).sum(axis=1) - square, 0.0) / np.maximum(self.df, 1.0)
            if SCALES[self.settings.scale].count:
                rest = np.maximum(rest, 1.0)
            return np.nan_to_num(square / rest)

    @property
    def flat(self) -> Flags:
        """Windows that do not vary: nothing can be said of their spread."""
        if SCALES[self.settings.scale].count:
            return np.asarray(~((self.values > 0) & self.known).any(axis=1))
        size = np.abs(self.coefficients[:, 0])
        return np.asarray(np.abs(self.residual).max(axis=1, initial=0.0) <= 1e-9 * np.maximum(size, 1e-9))

    def scan(self, before: int, least: int) -> Scan:
        """The standardised evidence for a step at each period, for starts with so many known periods about them.

        In the linear regression of the residuals e on √w · step, nuisance columns taken out: U = Σ √w e and
        V = Σ w − aᵀA⁻¹a over the periods since, a = Σ w x, A = XᵀWX. Statistic √(U²/V/φ); for counts U²/V is
        replaced by the likelihood ratio of the observed O and expected E before and since,
        2 Σ O log(O/E) · (1/E₁ + 1/E₂)⁻¹/V, as a normal value of few counts is none. φ = (Σ e² − U²/V)/df.
        """
        weight, columns, count = self.weight, self.design, len(self.design)
        since = _since(np.sqrt(weight) * self.residual)
        mass = _since(weight)
        moved = _since(weight[:, :, None] * columns)  # (N, n, p)
        adjust = np.linalg.solve(self.normal, moved.swapaxes(1, 2)).swapaxes(1, 2)
        information = mass - (moved * adjust).sum(axis=2)
        after = _since(self.known.astype(float))
        able = (after >= least) & (after[:, :1] - after >= before) & (information > 1e-9 * mass)
        df = self.df
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            effect = np.where(able, since / information, 0.0)
            square = np.where(able, since**2 / information, 0.0)
            rest = (self.residual**2).sum(axis=1, keepdims=True) - square
            variance = np.maximum(rest, 0.0) / np.maximum(df, 1.0)[:, None]
            if SCALES[self.settings.scale].count:
                variance = np.maximum(variance, 1.0)
                square = np.where(able, _likelihood_ratio(mass, since) / information, 0.0)
            statistic = np.sign(since) * np.sqrt(square / np.where(variance > 0, variance, np.nan))
            # The level of the newest periods against what the step leaves as the baseline.
            at = moved[:, count - least] / mass[:, count - least, None]
            newest = since[:, count - least] / mass[:, count - least]
            now = newest[:, None] + (adjust @ at[:, :, None])[:, :, 0] * effect
        lasting = now * np.sign(effect) >= 0.5 * np.abs(effect)
        statistic = np.where(able, np.nan_to_num(statistic), 0.0)
        best = np.abs(statistic).argmax(axis=1)
        inflation = _inflation(self._correlation(best, effect, adjust, df), count)
        return Scan(statistic / np.sqrt(inflation), statistic, able, lasting, df, inflation)

    def _correlation(self, start: Places, effect: NDArray, adjust: NDArray, df: Floats) -> Floats:
        """Of neighbouring residuals once the step at *start* is taken out, its bias made good."""
        cells = np.arange(len(start))
        step = (np.arange(len(self.design)) >= start[:, None]) - adjust[cells, start] @ self.design.T
        rest = np.where(self.known, self.residual - np.sqrt(self.weight) * step * effect[cells, start, None], 0.0)
        pairs = (self.known[:, 1:] & self.known[:, :-1]).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            raw = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / (rest**2).sum(axis=1)
            raw = raw * self.known.sum(axis=1) / np.maximum(pairs, 1)
        return np.nan_to_num(raw) + BIAS * (1 - df / np.maximum(self.known.sum(axis=1), 1))

    def with_step(self, start: Places, inflation: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Refitted with a step at *start*: mean predictor since then and at the newest period, both without the
        step; the step's effect and its standard error. Each (N,)."""
        count = len(self.design)
        step = (np.arange(count) >= start[:, None]).astype(float)
        whole = np.concatenate(
            [np.broadcast_to(self.design, (len(start), *self.design.shape)), step[:, :, None]], axis=2
        )
        scale = SCALES[self.settings.scale]
        of_step = np.full((len(start), 1), STEP_PRIOR if scale.count else scale.prior)
        prior = np.hstack([self.prior, of_step])
        _, residual, normal, coefficients, _ = _fit(self.values, self.known, whole, prior, self.settings)
        variance = (residual**2).sum(axis=1) / np.maximum(self.df, 1)
        if scale.count:
            variance = np.maximum(variance, 1.0)
        error = np.sqrt(np.linalg.inv(normal)[:, -1, -1] * variance * inflation)
        predictor = coefficients[:, :-1] @ self.design.T
        level = (predictor * step).sum(axis=1) / step.sum(axis=1)
        return level, predictor[:, -1], coefficients[:, -1], error


@dataclass(frozen=True, eq=False)
class Scan:
    """Signed statistics (N, n) of a step at each period, positive for a rise; `lasting` where it still holds."""

    statistic: Floats
    raw: Floats  # before serial correlation is taken off
    able: Flags
    lasting: Flags
    df: Floats  # (N,)
    inflation: Floats  # (N, n) of the variance, by serial correlation

    def within(self, newest: int) -> Scan:
        """Only starts among the *newest* periods."""
        return replace(self, able=self.able & (np.arange(self.able.shape[1]) >= self.able.shape[1] - newest))

    def _signed(self, sign: int) -> Floats:
        return np.where(self.able & self.lasting, sign * self.statistic, -np.inf)

    def start(self, sign: int) -> Places:
        return self._signed(sign).argmax(axis=1)

    def largest(self, sign: int) -> Floats:
        """(N,) −∞ where no start is possible."""
        return np.asarray(self._signed(sign).max(axis=1))


def _since(values: Floats) -> Floats:
    """Sums from each period to the newest, along axis 1."""
    return np.flip(np.flip(values, axis=1).cumsum(axis=1), axis=1)


def _likelihood_ratio(expected: Floats, excess: Floats) -> Floats:
    """2 (O₁ log(O₁/E₁) + O₂ log(O₂/E₂)) / (1/E₁ + 1/E₂) for O₂ = E₂ + excess, O₁ + O₂ = E₁ + E₂; (N, n)."""
    before = np.maximum(expected[:, :1] - expected, 1e-12)
    total = np.zeros(expected.shape)
    for mean, more in ((expected, excess), (before, -excess)):
        count = np.maximum(mean + more, 0.0)
        total = total + np.where(count > 0, count * np.log(np.where(count > 0, count, 1.0) / mean), 0.0)
    return np.asarray(np.maximum(2 * total, 0.0) / (1 / expected + 1 / before))


def _median(values: Floats, known: Flags) -> Floats:
    """Of the known values of each row; 0 where there is none."""
    ordered, count = np.sort(np.where(known, values, np.inf), axis=1), known.sum(axis=1)
    cells = np.arange(len(values))
    middle = (ordered[cells, np.maximum(count - 1, 0) // 2] + ordered[cells, count // 2]) / 2
    return np.where(count > 0, middle, 0.0)


def _inflation(correlation: Floats, count: int) -> Floats:
    """(N, n) of the variance of a mean of the m newest values, m = n … 1, with AR(1) correlation; at least 1.

    1 + 2 Σ_{k<m} (1 − k/m) ρᵏ = (1 + ρ)/(1 − ρ) − 2ρ (1 − ρᵐ)/(m (1 − ρ)²).
    """
    rho = np.clip(correlation, 0.0, 0.9)[:, None]
    length = np.arange(count, 0, -1)
    return np.asarray((1 + rho) / (1 - rho) - 2 * rho * (1 - rho**length) / (length * (1 - rho) ** 2))


def _fit(
    z: Floats, known: Flags, columns: Floats, prior: Floats, settings: Settings
) -> tuple[Floats, Floats, Floats, Floats, Flags]:
    """Σ √w ψ(e) x = prior · β by Newton's method: weights, clipped residuals, XᵀWX + prior, β, converged.

    e = (y − μ)/√w, ψ clips at `clip` times median |e| / 0.6745, for counts at `clip` at least. *columns* (1 or N,
    n, p). Each row stops by itself, so that its answer does not depend on the others.
    """
    scale = SCALES[settings.scale]
    count, size = z.shape[0], columns.shape[2]
    mean = np.where(known, z, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    beta = np.zeros((count, size))
    beta[:, 0] = np.log(np.maximum(mean, 1e-9)) if scale.count else mean
    weight, residual = np.zeros(z.shape), np.zeros(z.shape)
    normal = np.broadcast_to(np.eye(size), (count, size, size)).copy()
    spread, converged = np.zeros(count), np.zeros(count, dtype=bool)
    active = np.flatnonzero(mean > 0) if scale.count else np.arange(count)
    for round_ in range(STEPS):
        here = columns if len(columns) == 1 else columns[active]
        there, y = known[active], z[active]
        eta = (here @ beta[active][:, :, None])[:, :, 0]
        w = np.where(there, np.exp(np.clip(eta, -30, 30)) if scale.count else 1.0, 0.0)
        root = np.sqrt(w)
        e = np.where(there, (y - (w if scale.count else eta)) / np.where(there, root, 1.0), 0.0)
        wide = _median(np.abs(e), there) / CONSISTENT
        wide = np.maximum(wide, 1.0 if scale.count else 0.0)
        wide = spread[active] = wide if round_ < FREE else spread[active]
        line = np.where(wide > 0, settings.clip * wide, np.inf)[:, None]
        e = np.clip(e, -line, line)
        square = (w[:, :, None] * here).swapaxes(1, 2) @ here + np.eye(size) * np.maximum(prior[active], 1e-12)[
            :, None, :
        ]
        weight[active], residual[active], normal[active] = w, e, square
        score = ((root * e)[:, None, :] @ here)[:, 0] - prior[active] * beta[active]
        step = np.linalg.solve(square, score[:, :, None])[:, :, 0]
        far = np.abs((here @ step[:, :, None])[:, :, 0]).max(axis=1)
        if scale.count:
            step *= np.minimum(1.0, 2 / np.maximum(far, 2.0))[:, None]
        unit = 1.0 if scale.count else np.maximum(wide, 1e-12)
        done = far < 1e-6 * unit
        converged[active[done]] = True
        beta[active] += step
        active = active[~done]
        if not len(active):
            break
    return weight, residual, normal, beta, converged
