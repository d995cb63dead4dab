"""A lasting change of level: since when, by what factor, and how surely.

A moving baseline takes a lasting rise in and falls silent. This one asks of the newest periods whether a step
somewhere in the last years explains them better than season and trend alone, over all possible starts at once.

Andrews DWK (1993). Tests for parameter instability and structural change with unknown change point. Econometrica
61, 821–856. doi:10.2307/2951764 (the largest of many statistics). Cantoni E, Ronchetti E (2001). Robust inference
for generalized linear models. J Am Stat Assoc 96, 1022–1030. doi:10.1198/016214501753209004 (clipped residuals).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from surveillance.detectors import step_scan
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
from surveillance.detectors.step_scan import SCALES, Problems, Scan

LEAST_YEARS = 3  # of history, before the first judgement
CUT = 0.01  # an older change at this level starts the baseline anew
DOUBT, LINE = 20.0, 4.0  # a line goes before a step that is less than so much surer, if itself beyond 2 sd
CHUNK = 1024
DRAWS, SEED, AT = 8000, 20240229, 0.01
NULL, WARM = 0.3, 30  # the serial correlation of the simulated noise, and its periods left out
Places = NDArray[np.intp]


@dataclass(frozen=True)
class LevelShift:
    """The newest periods against a step in a seasonal regression, at the likeliest of all starts within `reach`.

    Baseline: level and `harmonics` of the year over the last `years`, the judged period included, and a line
    where it explains about as much as any step (`trend`); counts (`scale`) by quasi-Poisson on the log scale with
    φ ≥ 1, weights on log(1 + y), rates on √y. Residuals are clipped at `clip` robust standard deviations, so that
    one period is no change of level. A start leaves `least` periods after it and a year before it, and the newest
    `least` must still show half of the change. A change (p < .01) among the periods before `reach` starts the
    baseline anew. `pvalue` is that of the largest statistic over all starts, serial correlation taken off.
    `expected` is the level without the step, `upper` the one that the periods since the start must pass together:
    in an alarm at most the newest value, which may be small among them.
    """

    alpha: float = 0.005
    scale: Literal["count", "log1p", "sqrt"] = "count"
    years: int = 5
    reach: int = 2
    least: int = 3
    harmonics: int = 1
    trend: bool = True
    clip: float = 3.0

    kind: ClassVar[Kind] = "cumulative"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("years", self.years, LEAST_YEARS, 20)
        within("reach", self.reach, 1, self.years - 1)
        within("least", self.least, 2, 12)
        within("harmonics", self.harmonics, 0, 4)
        within("clip", self.clip, 1.5, 1000)
        if self.scale not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}, not {self.scale!r}")

    def min_history(self, frequency: Frequency) -> int:
        return LEAST_YEARS * PERIODS_A_YEAR[frequency]

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        y = values_of(observed)
        periods = PERIODS_A_YEAR[frequency_of(observed.index)]
        first = max(LEAST_YEARS * periods, 0 if last is None else len(y) - last)
        reason = np.where(np.isnan(y), Reason.missing, Reason.too_little_history).astype(np.int8)
        if judge is not None:
            reason[(reason != Reason.missing) & ~judge.to_numpy(dtype=bool)] = Reason.not_judged
        able = (reason == Reason.too_little_history) & (np.arange(len(y))[:, None] >= first)
        out = {name: np.full(y.shape, np.nan) for name in ("expected", "upper", "pvalue", "pvalue_low", "ratio")}
        for rows, columns, found in self._found(y, able, periods):
            reason[rows, columns] = found.reason
            fine = found.reason == Reason.ok
            where = rows[fine], columns[fine]
            for name in ("pvalue", "pvalue_low", "ratio"):
                out[name][where] = getattr(found, name)[fine]
            step = found.step(1)
            out["expected"][where], out["upper"][where] = step.expected[fine], step.upper[fine]
        judged = reason == Reason.ok
        alarm = judged & (out["pvalue"] < self.alpha)
        out["upper"] = np.where(alarm, np.minimum(out["upper"], y), out["upper"])  # together they passed it
        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=y,
            false_alarm_=np.where(judged, self.alpha, np.nan),
            alarm_=np.where(judged, alarm, -1).astype(np.int8),
            reason_=reason,
            **{f"{name}_": values for name, values in out.items()},
        ).tail(last)

    def _found(self, y: Floats, able: Flags, periods: int) -> Iterator[tuple[Places, Places, Found]]:
        """The scans of the *able* cells, in pieces: their rows, their columns and what was found."""
        count = self.years * periods
        padded = np.vstack([np.full((count - 1, y.shape[1]), np.nan), y])
        windows = sliding_window_view(padded, count, axis=0)
        columns, rows = np.nonzero(able.T)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            yield rows[part], columns[part], self._scan(windows[rows[part], columns[part]], periods)

    def _scan(self, values: Floats, periods: int) -> Found:
        """The scan of each window of *values* (N, n), the last of which is judged."""
        return Found(self, *self._statistics(values, periods), tests=_tests(self._shape(periods)))

    def _statistics(self, values: Floats, periods: int) -> tuple[Problems, Scan, NDArray[np.int8]]:
        newest, count = self.reach * periods, values.shape[1]
        end = count - max(newest, 2 * periods + self.least)  # what is left must be enough to judge
        _, past = self._step_or_line(values[:, : count - newest], periods)
        kept = _from_change(values, past, end)
        problems, scan = self._step_or_line(kept, periods)
        again = _from_change(kept, scan, end)
        if np.isnan(again).sum() > np.isnan(kept).sum():
            problems, scan = self._step_or_line(again, periods)
        reason = np.select(
            [
                (problems.known.sum(axis=1) < 2 * periods + self.least) | (scan.df < 4),
                problems.flat,
                ~problems.converged,
            ],
            [Reason.too_little_history, Reason.no_variation, Reason.did_not_converge],
            Reason.ok,
        )
        return problems, scan.within(newest), reason.astype(np.int8)

    def _step_or_line(self, values: Floats, periods: int) -> tuple[Problems, Scan]:
        """The scan without a line, or, where a line explains more than any step, with one."""
        columns = step_scan.design(values.shape[1], periods, self.harmonics)
        problems = Problems.of(values, columns, np.zeros(len(values), dtype=bool), self)
        scan = problems.scan(periods, self.least)
        if not self.trend:
            return problems, scan
        step = np.where(scan.able, scan.raw**2, 0.0).max(axis=1)
        line = problems.line_evidence() > np.maximum(step - DOUBT, LINE)
        if line.any():
            problems = Problems.of(values, columns, line, self)
            scan = problems.scan(periods, self.least)
        return problems, scan

    def _shape(self, periods: int) -> tuple[int, ...]:
        return periods, self.years, self.reach, self.least, self.harmonics, int(self.trend), int(10 * self.clip)


def _from_change(values: Floats, scan: Scan, end: int) -> Floats:
    """*values* (N, n) without what lies before the surest change, where that is sure and begins before *end*."""
    size = np.where(scan.able, np.abs(scan.statistic), 0.0)
    start = size.argmax(axis=1)
    sure = 2 * size.shape[1] * stdtr(np.maximum(scan.df, 1), -size.max(axis=1)) < CUT
    early = np.arange(values.shape[1]) < start[:, None]
    return np.where((sure & (start < end))[:, None] & early, np.nan, values)


# Of the default settings for months and weeks, as `simulated_tests` has them (a test asserts it).
TESTS = {
    (12, 5, 2, 3, 1, 1, 30): 6.061877955566775,
    (52, 5, 2, 3, 1, 1, 30): 9.238158314040614,
}


def _tests(shape: tuple[int, ...]) -> float:
    return TESTS[shape] if shape in TESTS else simulated_tests(shape)


@lru_cache(maxsize=32)
def simulated_tests(shape: tuple[int, ...]) -> float:
    """How many independent starts the largest statistic is worth: K in P(max > c) = 1 − F(c)^K, at P = 1 %.

    By simulation of the whole procedure on normal values with AR(1) correlation 0.3 (seeded), once per setting:
    some seconds.
    """
    from scipy.signal import lfilter  # not above: 26 MB that only other settings than the tabulated need

    periods, years, reach, least, harmonics, trend, clip = shape
    detector = LevelShift(
        scale="sqrt", years=years, reach=reach, least=least, harmonics=harmonics, trend=bool(trend), clip=clip / 10
    )
    random, count = np.random.default_rng(SEED), years * periods
    single = []
    for _ in range(DRAWS // CHUNK + 1):
        noise = lfilter([np.sqrt(1 - NULL**2)], [1, -NULL], random.standard_normal((CHUNK, WARM + count)), axis=1)
        values = (100 + noise[:, WARM:]) ** 2
        _, scan, _ = detector._statistics(values, periods)
        single.append(stdtr(scan.df, -scan.largest(1)))
    return max(float(np.log1p(-AT) / np.log1p(-np.quantile(np.concatenate(single), AT))), 1.0)


@dataclass(frozen=True, eq=False)
class Step:
    """One direction's likeliest step (N,): its start as a position in the window, and what it amounts to."""

    start: Places
    effect: Floats
    error: Floats
    expected: Floats  # of the judged period, without the step
    upper: Floats
    factor: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Found:
    """What a scan of N windows says in either direction."""

    detector: LevelShift
    problems: Problems
    scan: Scan
    reason: NDArray[np.int8]
    tests: float

    def _p(self, sign: int) -> Floats:
        single = stdtr(self.scan.df, -self.scan.largest(sign))
        with np.errstate(divide="ignore"):  # no start possible: p = 1
            return np.asarray(-np.expm1(self.tests * np.log1p(-single)))

    @property
    def pvalue(self) -> Floats:
        return self._p(1)

    @property
    def pvalue_low(self) -> Floats:
        return self._p(-1)

    @property
    def line(self) -> Floats:
        """The statistic at which alpha is reached."""
        single = -np.expm1(np.log1p(-self.detector.alpha) / self.tests)
        return np.asarray(stdtrit(self.scan.df, 1 - single))

    @property
    def ratio(self) -> Floats:
        return np.maximum(self.scan.largest(1), 0) / self.line

    def step(self, sign: int) -> Step:
        """The regression refitted with the likeliest step in this direction; a 95 % interval of its factor."""
        start = self.scan.start(sign)
        inflation = self.scan.inflation[np.arange(len(start)), start]
        level, newest, effect, error = self.problems.with_step(start, inflation)
        back = SCALES[self.detector.scale].back
        wide = stdtrit(self.scan.df, 0.975) * error
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            factor, low, high = (
                back(level + change) / back(level) for change in (effect, effect - wide, effect + wide)
            )
            upper = back(newest + self.line * error)
        return Step(start, effect, error, back(newest), upper, factor, low, high)


def changes(observed: pd.DataFrame, detector: LevelShift | None = None, *, level: float = 0.01) -> pd.DataFrame:
    """The change of level that still holds at each series' newest known period, the surest first.

    Columns: series (the column's label), `newest` period judged, `since`, `factor` (level now / level without the
    step), its 95 % interval `low`, `high` (for this start; that the start was searched for is not in it), and `p`,
    of both directions. Only changes with p < *level*; one row a series at most, none where it cannot be judged.
    """
    detector = detector or LevelShift()
    y = values_of(observed)
    known = ~np.isnan(y)
    periods = PERIODS_A_YEAR[frequency_of(observed.index)]
    newest = len(y) - 1 - known[::-1].argmax(axis=0)
    able = known & (np.arange(len(y))[:, None] == newest) & (newest >= LEAST_YEARS * periods)
    tables = []
    for rows, columns, found in detector._found(y, able, periods):
        up = found.pvalue <= found.pvalue_low
        rise, fall = found.step(1), found.step(-1)
        start = rows - (detector.years * periods - 1) + np.where(up, rise.start, fall.start)
        sizes = ("factor", "low", "high")
        values = {name: np.where(up, getattr(rise, name), getattr(fall, name)) for name in sizes}
        p = np.minimum(2 * np.minimum(found.pvalue, found.pvalue_low), 1.0)
        index = pd.Index(observed.index)
        table = pd.DataFrame({"newest": index[rows], "since": index[np.maximum(start, 0)], **values, "p": p})
        table.insert(0, "series", pd.Series(list(observed.columns[columns]), dtype=object))
        tables.append(table[(found.reason == Reason.ok) & (p < level)])
    names = ["series", "newest", "since", "factor", "low", "high", "p"]
    return pd.concat(tables).sort_values("p", ignore_index=True) if tables else pd.DataFrame(columns=names)
