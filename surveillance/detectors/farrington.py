"""Farrington Flexible: a count against a quasi-Poisson regression on the same season of earlier years.

Farrington CP, Andrews NJ, Beale AD, Catchpole MA (1996). A statistical algorithm for the early detection of
outbreaks of infectious disease. J R Stat Soc A 159, 547–563. doi:10.2307/2983331.
Noufaily A, Enki DG, Farrington P, Garthwaite P, Andrews N, Charlett A (2013). An improved algorithm for
outbreak detection in multiple surveillance systems. Stat Med 32, 1206–1222. doi:10.1002/sim.5595.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from surveillance.chunks import over, slices
from surveillance.detectors.contract import (
    PERIODS_A_YEAR,
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
from surveillance.detectors.reference import Reference, by_date, by_position
from surveillance.detectors.regression import Baseline, Regression, Traced, problems_of
from surveillance.detectors.thresholds import POWERS, Count, Power
from surveillance.layout import Flags, Rows

CHUNK = 2**18  # reference periods of the problems solved together


@dataclass(frozen=True)
class FarringtonFlexible:
    """The detector of Noufaily et al. (2013) with every option of the usual implementation.

    `mode="r_compatible"` reproduces R surveillance 1.19–1.26, where after reweighting the standard error and
    the test of the trend lack a factor of the mean. `corrected`, the default, uses the proper one, converges
    fully, judges a nearly empty baseline by the rule for emerging series, counts a series' history from its
    first value, and wants half of the reference periods reported. `min_years` lets a shorter history serve,
    down to that many years (default: all of `years`). `min_dispersion` is the least variance to mean: 1 for
    counts; for rates, whose unit is arbitrary, a small number. Rates: `threshold="delta"`, `min_cases=(0, 4)`.
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
    min_dispersion: float = 1.0

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
        within("min_dispersion", self.min_dispersion, 0, 1, open_low=True)
        if self.min_years is not None:
            within("min_years", self.min_years, 1, self.years)
        for name, allowed in (
            ("threshold", ("delta", "nbPlugin", "muan")),
            ("power", tuple(POWERS)),
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
        return self.run(observed, judge=judge, population=population, last=last).at()

    def run(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
        as_r: Literal["flexible", "1996"] = "flexible",
    ) -> Fitted:
        """The regressions behind the verdicts on *observed*, from which a threshold at any alpha follows.

        *population* must be above 0: a value of 0 or NaN leaves its period out as missing.
        """
        y = values_of(observed, whole=self.threshold != "delta")
        people = None if population is None else population.to_numpy(dtype=float)
        if people is not None:
            people = np.where((people > 0) & np.isfinite(people), people, np.nan)
        first = 0 if last is None else max(len(y) - last, 0)
        present = ~np.isnan(y) if people is None else ~(np.isnan(y) | np.isnan(people))
        wanted = np.ones(y.shape, dtype=bool) if judge is None else judge.to_numpy(dtype=bool)
        able = wanted & (present | self._as_r)
        able[:first] = False
        jobs = list(self._jobs(observed.index, present, able)) if y.size else []
        cells = Cells.empty(sum(len(job.rows) for job in jobs))
        regression = self._regression(as_r)
        by_series = _Series(np.ascontiguousarray(y.T), None if people is None else np.ascontiguousarray(people.T))
        pieces, start = [], 0
        for job in jobs:
            size = max(CHUNK // len(job.reference.offsets), 1)
            pieces += [(job, start, part) for part in slices(0, len(job.rows), size)]
            start += len(job.rows)

        def work(piece: tuple[Job, int, slice]) -> None:
            job, begins, part = piece
            here = slice(begins + part.start, begins + part.stop)
            self._fit(cells, here, job, part, by_series, regression)

        over(work, pieces)
        reason = np.where(present, Reason.too_little_history, Reason.missing).astype(np.int8)
        reason[present & ~wanted] = Reason.not_judged
        return Fitted(self, observed.index, observed.columns, y, first, reason[first:], cells)

    def traced(self, observed: pd.Series, row: int) -> tuple[Reference, int, Traced] | None:
        """The regression behind the verdict on one *row*: reference periods, years back, and what became of each.

        None where the history is too short for one.
        """
        y = observed.to_numpy(dtype=float)
        able = np.arange(len(y))[:, None] == row
        for job in self._jobs(observed.index, ~np.isnan(y)[:, None], able):
            if len(job.rows):
                counts = y[row + job.reference.offsets]
                return job.reference, job.years, self._regression().traced(counts, job.reference.layout, job.years)
        return None

    def _regression(self, as_r: Literal["flexible", "1996"] = "flexible") -> Regression:
        return Regression(
            self.trend,
            self.trend_p,
            self.reweight,
            self.residual_threshold,
            self.min_dispersion,
            as_r if self._as_r else None,
            self.index == "date",
        )

    @property
    def _as_r(self) -> bool:
        return self.mode == "r_compatible"

    def _jobs(self, index: pd.Index, present: Flags, able: Flags) -> Iterator[Job]:
        """The cells to judge, by shared design: as many years as lie within the series, min_years at least."""
        frequency = frequency_of(index)
        periods = PERIODS_A_YEAR[frequency]
        self._check_year(periods)
        options = {"half_window": self.half_window, "blocks": self.blocks, "guard": self.guard}
        columns, rows = np.nonzero(able.T)  # a series' periods together: they share their reference periods
        began = np.zeros(present.shape[1], dtype=int) if self._as_r else np.argmax(present, axis=0)
        reach = np.clip((rows - began[columns] - self.half_window) // periods, 0, self.years)
        for years in range(self.min_years or self.years, self.years + 1):
            chosen = reach == years
            if not chosen.any():
                continue
            if self.index == "position":
                reference = by_position(rows[chosen], years=years, periods=periods, **options)
                yield Job(reference, years, rows[chosen], columns[chosen])
                continue
            dates = pd.DatetimeIndex(index)
            for reference in by_date(
                dates, np.unique(rows[chosen]), years=years, weekly=frequency == "W", **options
            ):
                mine = chosen & np.isin(rows, reference.judged)
                yield Job(reference, years, rows[mine], columns[mine])

    def _check_year(self, periods: int) -> None:
        """ValueError where the windows do not fit into a year of so many *periods*."""
        width = 2 * self.half_window + 1
        if width > periods:
            raise ValueError(
                f"half_window={self.half_window} makes windows of {width} periods, more than the {periods} of a "
                f"year: take at most {(periods - 1) // 2}"
            )
        if self.guard >= (self.min_years or self.years) * periods + self.half_window:
            raise ValueError(
                f"guard={self.guard} leaves no reference period of {self.min_years or self.years} years of "
                f"{periods} periods: take a smaller guard or more years"
            )

    def _fit(
        self, cells: Cells, here: slice, job: Job, part: slice, series: _Series, regression: Regression
    ) -> None:
        """The regressions of a *part* of the job's cells, written into *cells* at *here*."""
        rows, columns, layout = job.rows[part], job.columns[part], job.reference.layout
        counts, offset = series.windows(rows, columns, job.reference.offsets), None
        if series.people is not None:
            with np.errstate(invalid="ignore"):
                offset = np.log(_windows(series.people, rows, columns, job.reference.offsets))
            counts = np.where(np.isnan(offset), np.nan, counts)
        problems, known = problems_of(counts, layout, offset)
        baseline = regression.baseline(problems, known, job.years)
        if series.people is not None:
            baseline = replace(baseline, mean=baseline.mean * series.people[columns, rows])
        cells.rows[here], cells.columns[here] = rows, columns
        cells.count[here] = series.counts[columns, rows]
        cells.before[here] = self._before(series.counts, rows, columns)
        for name, values in vars(baseline).items():
            getattr(cells.baseline, name)[here] = values
        if self._as_r:
            return
        present = known.present(layout)
        size, block_size = present.sum(axis=1), present[:, -1]
        cells.little[here] = (2 * size < counts.shape[1]) | (block_size == 0)
        if self.min_cases[0] == 0 and self.threshold == "delta":  # rates, not counts
            return
        by_block = problems.cases[:, 0]
        cases, block = by_block.sum(axis=1), by_block[:, -1]
        few = cases <= FEW
        cells.rare[here] = few | (block == 0)
        cells.cases[here] = np.where(few, cases, block)
        cells.size[here] = np.maximum(np.where(few, size, block_size), 1)

    def _before(self, counts: Floats, rows: Rows, columns: Rows) -> Floats:
        """Cases in the periods of min_cases' span before the judged one; a missing one adds none, but in R."""
        total = np.zeros(len(rows))
        for back in range(1, self.min_cases[1]):
            count = np.where(rows >= back, counts[columns, np.maximum(rows - back, 0)], 0.0)
            total += count if self._as_r else np.nan_to_num(count)
        return total


@dataclass(frozen=True)
class Job:
    """Cells that share their design."""

    reference: Reference
    years: int
    rows: Rows
    columns: Rows


@dataclass(frozen=True)
class _Series:
    """The counts, and the population if any, with the series in rows: (S, T)."""

    counts: Floats
    people: Floats | None

    def windows(self, rows: Rows, columns: Rows, offsets: Rows) -> Floats:
        return _windows(self.counts, rows, columns, offsets)


def _windows(values: Floats, rows: Rows, columns: Rows, offsets: Rows) -> Floats:
    """*values* (S, T) at the *offsets* from each cell, (N, n)."""
    first, last = int(offsets[0]), int(offsets[-1])
    whole = sliding_window_view(values, last - first + 1, axis=1)[columns, rows + first]
    return whole if len(offsets) == last - first + 1 else whole[:, offsets - first]


@dataclass(frozen=True)
class Cells:
    """What the regressions say of each judged cell, flat arrays of one length."""

    rows: Rows
    columns: Rows
    count: Floats  # the judged value
    before: Floats  # cases in the periods before that min_cases adds up
    baseline: Baseline
    little: Flags  # too few reference periods with a value
    rare: Flags  # a baseline nearly empty, or empty in the judged block
    cases: Floats  # of that baseline
    size: Floats  # its periods

    @classmethod
    def empty(cls, count: int) -> Cells:
        def numbers() -> Floats:
            return np.full(count, np.nan)

        def flags() -> Flags:
            return np.zeros(count, dtype=bool)

        def places() -> Rows:
            return np.zeros(count, dtype=np.int64)

        baseline = Baseline(numbers(), numbers(), numbers(), flags(), numbers(), flags())
        return cls(places(), places(), numbers(), numbers(), baseline, flags(), flags(), numbers(), numbers())

    def __getitem__(self, part: slice | Flags) -> Cells:
        values = {name: array[part] for name, array in vars(self).items() if name != "baseline"}
        fit = Baseline(**{name: array[part] for name, array in vars(self.baseline).items()})
        return Cells(**values, baseline=fit)


@dataclass(frozen=True)
class Fitted:
    """The regressions on a frame's cells, before any threshold; rows before `first` were not asked for."""

    detector: FarringtonFlexible
    index: pd.Index
    columns: pd.Index
    observed: Floats  # (T, S)
    first: int
    reason: NDArray[np.int8]  # (T − first, S), of the cells without a regression
    cells: Cells
    share: float = 1.0  # of an alpha that lies in the upper tail

    def at(self, alpha: float | None = None) -> Verdicts:
        """The verdicts at an *alpha*, the detector's own by default."""
        alpha = self.detector.alpha if alpha is None else alpha * self.share
        out = {name: np.full(self.reason.shape, np.nan) for name in _NUMBERS}
        alarm, reason = np.full(self.reason.shape, -1, dtype=np.int8), self.reason.copy()

        def work(part: slice) -> None:
            cells = self.cells[part]
            answer = self._answers(cells, alpha)
            where = (cells.rows - self.first, cells.columns)
            alarm[where], reason[where] = answer.pop("alarm"), answer.pop("reason")
            for name, values in answer.items():
                out[name][where] = values

        over(work, slices(0, len(self.cells.rows), CHUNK // 32))
        return Verdicts(
            index=self.index[self.first :],
            columns=self.columns,
            observed_=self.observed[self.first :],
            alarm_=alarm,
            reason_=reason,
            **{f"{name}_": values for name, values in out.items()},
        )

    def number(self, name: str) -> Floats:
        """An array of Baseline (`dispersion`, `trend`, …) for each cell, (T − first, S); NaN where not fitted."""
        out = np.full(self.reason.shape, np.nan)
        out[self.cells.rows - self.first, self.cells.columns] = getattr(self.cells.baseline, name)
        return out

    def _answers(self, cells: Cells, alpha: float) -> dict[str, NDArray]:
        detector, y = self.detector, cells.count
        model: Power | Count
        if detector.threshold == "delta":
            model = Power(cells.baseline, POWERS[detector.power])
        else:
            model = Count(cells.baseline, muan=detector.threshold == "muan")
        answer = _answer(y, model, alpha, detector.min_cases[0] - cells.before)
        failed = ~cells.baseline.ok | ~np.isfinite(answer["upper"])
        if (rare := cells.rare).any():
            few = Emerging(cells.cases[rare], cells.size[rare])
            for name, values in _answer(y[rare], few, alpha, Emerging.floor(cells.before[rare])).items():
                answer[name][rare] = values
            failed &= ~rare
        reason = np.where(rare, Reason.emerging, Reason.ok)
        held = ~answer.pop("enough") & ((y > answer["upper"]) | ~rare)
        reason[held] = Reason.too_few_cases
        reason[failed], reason[cells.little] = Reason.did_not_converge, Reason.too_little_history
        failed |= cells.little
        for name in ("expected", "upper"):
            answer[name] = np.where(failed | held, np.nan, answer[name])
        for name in ("pvalue", "pvalue_low", "false_alarm"):
            answer[name] = np.where(failed, np.nan, answer[name])
        alarm = np.where(failed, -1, (y > answer["upper"]) & ~held & (y > 0))
        return answer | {"alarm": alarm, "reason": reason}


_NUMBERS = ("expected", "upper", "pvalue", "pvalue_low", "false_alarm")


def _answer(y: Floats, model: Power | Count | Emerging, alpha: float, floor: Floats) -> dict[str, NDArray]:
    """The threshold, the p-values, whether *y* reaches *floor*, and P(an alarm) where the model is right."""
    upper = model.upper(alpha)
    return {
        "expected": model.mean.copy(),
        "upper": upper,
        "pvalue": model.at_least(y),
        "pvalue_low": model.at_most(y),
        "enough": y >= floor,
        "false_alarm": model.more_than(np.maximum(upper, np.ceil(floor) - 1)),
    }
