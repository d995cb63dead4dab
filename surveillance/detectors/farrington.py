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
from numpy.typing import NDArray

from surveillance.detectors.contract import (
    PERIODS_A_YEAR,
    Floats,
    Frequency,
    Kind,
    Reason,
    Verdicts,
    frequency_of,
    within,
)
from surveillance.detectors.emerging import FEW, Emerging
from surveillance.detectors.reference import Reference, by_date, by_position
from surveillance.detectors.regression import Regression
from surveillance.detectors.thresholds import POWERS, Count, Power
from surveillance.glm import Flags, Rows

CHUNK = 256  # problems solved together; their arrays stay in cache


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
        return self.run(observed, judge=judge, population=population, last=last).verdicts(last)

    def run(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
        as_r: Literal["flexible", "1996"] = "flexible",
    ) -> Answers:
        """All that is known of each cell of *observed*, the dispersion `phi` and the `trend` included."""
        y = observed.to_numpy(dtype=float)
        people = None if population is None else population.to_numpy(dtype=float)
        if people is not None:
            people = np.where(people > 0, people, np.nan)
        out = Answers(observed.index, observed.columns, y)
        missing = np.isnan(y) if people is None else np.isnan(y) | np.isnan(people)
        wanted = np.ones(y.shape, dtype=bool) if judge is None else judge.to_numpy(dtype=bool)
        out.reason[missing], out.reason[~missing & ~wanted] = Reason.missing, Reason.not_judged
        able = wanted & (~missing | self._as_r)
        if last is not None:
            able[: max(len(y) - last, 0)] = False
        regression = Regression(
            self.trend,
            self.trend_p,
            self.reweight,
            self.residual_threshold,
            self.min_dispersion,
            as_r if self._as_r else None,
            self.index == "date",
        )
        if y.size:
            for reference, years, rows, columns in self._references(observed.index, ~missing, able):
                for start in range(0, len(rows), CHUNK):
                    part = slice(start, start + CHUNK)
                    self._judge(out, (rows[part], columns[part]), reference, years, people, regression)
        return out

    @property
    def _as_r(self) -> bool:
        return self.mode == "r_compatible"

    def _references(
        self, index: pd.Index, present: Flags, able: Flags
    ) -> Iterator[tuple[Reference, int, Rows, Rows]]:
        """The cells to judge, by shared design: as many years as lie within the series, min_years at least."""
        frequency = frequency_of(index)
        options = {"half_window": self.half_window, "blocks": self.blocks, "guard": self.guard}
        periods = PERIODS_A_YEAR[frequency]
        rows, columns = np.nonzero(able)
        began = np.zeros(present.shape[1], dtype=int) if self._as_r else np.argmax(present, axis=0)
        reach = np.clip((rows - began[columns] - self.half_window) // periods, 0, self.years)
        for years in range(self.min_years or self.years, self.years + 1):
            chosen = reach == years
            if not chosen.any():
                continue
            if self.index == "position":
                reference = by_position(rows[chosen], years=years, periods=periods, **options)
                yield reference, years, rows[chosen], columns[chosen]
                continue
            dates = pd.DatetimeIndex(index)
            for reference in by_date(
                dates, np.unique(rows[chosen]), years=years, weekly=frequency == "W", **options
            ):
                mine = chosen & np.isin(rows, reference.judged)
                yield reference, years, rows[mine], columns[mine]

    def _judge(
        self,
        out: Answers,
        cells: tuple[Rows, Rows],
        reference: Reference,
        years: int,
        people: Floats | None,
        regression: Regression,
    ) -> None:
        """Put the verdicts on *cells* into *out*."""
        rows, columns = cells
        layout = reference.layout
        if not (layout.blocks == layout.count - 1).any():  # the guard leaves nothing to compare with
            return
        where = (rows[:, None] + reference.offsets, columns[:, None])
        y, counts, offset = out.observed[cells], out.observed[where], None
        if people is not None:
            offset = np.log(people[where])
            counts = np.where(np.isnan(offset), np.nan, counts)
        baseline = regression.baseline(counts, layout, years, offset)
        if people is not None:
            baseline = replace(baseline, mean=baseline.mean * people[cells])
        before = self._before(out.observed, cells)
        model: Power | Count
        if self.threshold == "delta":
            model = Power(baseline, POWERS[self.power])
        else:
            model = Count(baseline, muan=self.threshold == "muan")
        floor = self.min_cases[0] - before
        answer = _answer(y, model, self.alpha, floor)
        failed = ~baseline.ok | ~np.isfinite(answer["upper"])
        little = np.zeros(len(y), dtype=bool)
        reason = np.full(len(y), Reason.ok)
        if not self._as_r:
            present = ~np.isnan(counts)
            in_block = layout.blocks == layout.count - 1
            little = (2 * present.sum(axis=1) < len(in_block)) | ~present[:, in_block].any(axis=1)
            if self.min_cases[0] > 0 or self.threshold != "delta":  # counts, not rates
                rare, few = self._emerging(counts, in_block)
                other = _answer(y[rare], few, self.alpha, Emerging.floor(before[rare]))
                for name, values in other.items():
                    answer[name][rare] = values
                reason[rare], failed = Reason.emerging, failed & ~rare
        held = ~answer["enough"] & ((y > answer["upper"]) | (reason == Reason.ok))
        reason[held] = Reason.too_few_cases
        reason[failed], reason[little] = Reason.did_not_converge, Reason.too_little_history
        failed |= little
        shown = ~failed & ~held
        out.put(
            cells,
            expected=np.where(shown, answer["mean"], np.nan),
            upper=np.where(shown, answer["upper"], np.nan),
            pvalue=np.where(failed, np.nan, answer["pvalue"]),
            pvalue_low=np.where(failed, np.nan, answer["pvalue_low"]),
            false_alarm=np.where(failed, np.nan, answer["false_alarm"]),
            alarm=np.where(failed, -1, (y > answer["upper"]) & ~held & (y > 0)),
            reason=reason,
            phi=baseline.dispersion,
            trend=baseline.trend,
            slope=baseline.slope,
        )

    def _before(self, observed: Floats, cells: tuple[Rows, Rows]) -> Floats:
        """Cases in the periods of min_cases' span before the judged one; a missing one adds none, but in R."""
        total = np.zeros(len(cells[0]))
        for back in range(1, self.min_cases[1]):
            row = cells[0] - back
            count = np.where(row >= 0, observed[np.maximum(row, 0), cells[1]], 0.0)
            total += count if self._as_r else np.nan_to_num(count)
        return total

    @staticmethod
    def _emerging(counts: Floats, in_block: Flags) -> tuple[Flags, Emerging]:
        """Where the baseline is nearly empty, or empty in the judged block, and what it then predicts."""
        cases, size = np.nansum(counts, axis=1), (~np.isnan(counts)).sum(axis=1).astype(float)
        block, block_size = np.nansum(counts[:, in_block], axis=1), (~np.isnan(counts[:, in_block])).sum(axis=1)
        few = cases <= FEW
        rare = few | (block == 0)
        cases, size = np.where(few, cases, block)[rare], np.where(few, size, block_size)[rare]
        return rare, Emerging(cases, np.where(size > 0, size, np.nan))


def _answer(y: Floats, model: Power | Count | Emerging, alpha: float, floor: Floats) -> dict[str, NDArray]:
    """The threshold, the p-values, whether *y* reaches *floor*, and P(an alarm) where the model is right."""
    upper = model.upper(alpha)
    return {
        "mean": model.mean.copy(),
        "upper": upper,
        "pvalue": model.at_least(y),
        "pvalue_low": model.at_most(y),
        "enough": y >= floor,
        "false_alarm": model.more_than(np.maximum(upper, np.ceil(floor) - 1)),
    }


class Answers:
    """The arrays of the verdicts while they are filled; cells not put in had too little history."""

    NUMBERS = ("expected", "upper", "pvalue", "pvalue_low", "false_alarm", "phi", "trend", "slope")

    def __init__(self, index: pd.Index, columns: pd.Index, observed: Floats) -> None:
        self.index, self.columns, self.observed = index, columns, observed
        self.numbers = {name: np.full(observed.shape, np.nan) for name in self.NUMBERS}
        self.alarm = np.full(observed.shape, -1, dtype=np.int8)
        self.reason = np.full(observed.shape, Reason.too_little_history, dtype=np.int8)

    def put(self, cells: tuple[Rows, Rows], *, alarm: NDArray, reason: NDArray, **numbers: NDArray) -> None:
        self.alarm[cells], self.reason[cells] = alarm, reason
        for name, values in numbers.items():
            self.numbers[name][cells] = values

    def verdicts(self, last: int | None) -> Verdicts:
        return Verdicts(
            index=self.index,
            columns=self.columns,
            observed_=self.observed,
            expected_=self.numbers["expected"],
            upper_=self.numbers["upper"],
            pvalue_=self.numbers["pvalue"],
            pvalue_low_=self.numbers["pvalue_low"],
            false_alarm_=self.numbers["false_alarm"],
            alarm_=self.alarm,
            reason_=self.reason,
        ).tail(last)
