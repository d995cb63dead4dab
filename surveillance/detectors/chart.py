"""What the control charts share: a baseline that is not moved by what it judges, and a state carried through time.

Only the past enters: the mean is estimated from a first stretch of the series and, if asked, again each year or
after each alarm, from all periods up to then.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
import pandas as pd

from surveillance.detectors import in_control
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

YEARS = 3  # of training, where nothing else is said


class State(Protocol):
    """The statistics of all series (S,) while time runs."""

    def step(self, y: Floats, mean: Floats, dispersion: Floats, threshold: Floats) -> tuple[Floats, Floats]:
        """The statistic with these counts, and what would have reached *threshold*, as `_count` takes it.

        Where the count or its mean is NaN the statistic is NaN and the state stays as it was.
        """
        ...

    def restart(self, where: np.ndarray) -> None:
        """Forget the past of these series."""
        ...


@dataclass(frozen=True)
class Chart:
    """A count against its own seasonal mean, period after period, until a sum of evidence reaches a threshold.

    Baseline: log μ = level + `harmonics` of the year (0: one mean) + a line (`trend`), fitted to the first
    `training` periods of a series (default: three years), at least half of them known, and anew as `update` says:
    never; yearly; or after each alarm; always to everything before. A mean of 0: `no_variation`. `threshold`
    overrides what follows from `alpha`, the nominal number of false alarms a period with the baseline known.
    `pvalue` is that number for a threshold at the statistic itself: it ranks, and is no P(Y ≥ y); there is no
    `pvalue_low`, as a chart looks upwards only.
    """

    alpha: float = 0.005
    threshold: float | None = None
    training: int | None = None
    update: Literal["never", "yearly", "alarm"] = "yearly"
    harmonics: int = 1
    trend: bool = False

    kind: ClassVar[Kind] = "cumulative"
    restarts: ClassVar[bool] = True

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 1e-9, 0.2)
        if self.threshold is not None:
            within("threshold", self.threshold, 0, np.inf, open_low=True, open_high=True)
        if self.training is not None:
            within("training", self.training, 8, 5000)
        within("harmonics", self.harmonics, 0, 4)
        if self.update not in ("never", "yearly", "alarm"):
            raise ValueError(f"update must be one of never, yearly, alarm, not {self.update!r}")

    def min_history(self, frequency: Frequency) -> int:
        return self.training or YEARS * PERIODS_A_YEAR[frequency]

    @property
    def _fixed_dispersion(self) -> float | None:
        """The dispersion of the baseline; None where it is to be estimated."""
        return 0.0

    @abstractmethod
    def _state(self, series: int) -> State: ...

    @abstractmethod
    def _threshold(self, level: Floats, dispersion: Floats) -> Floats:
        """The threshold of each cell, given the mean of its baseline."""

    def _count(self, needed: Floats, mean: Floats, dispersion: Floats) -> Floats:
        """The smallest count that would have reached the threshold, from what the state says of it."""
        return needed

    @abstractmethod
    def _rate(self, statistic: Floats, level: Floats, dispersion: Floats) -> Floats:
        """False alarms a period of a chart with this threshold; NaN where that cannot be said."""

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
        baseline = _Baseline(self, y, self.min_history(frequency), PERIODS_A_YEAR[frequency])
        counts = baseline.counts
        statistic, needed = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
        state = self._state(y.shape[1])
        for row in range(baseline.first, len(y)):
            now = baseline.mean[row], baseline.dispersion[row], baseline.threshold[row]
            statistic[row], needed[row] = state.step(counts[row], *now)
            reached = statistic[row] >= now[2]
            if self.restarts and reached.any():
                state.restart(reached)
                if self.update == "alarm":
                    baseline.renew(row, reached)
        upper, threshold = self._count(needed, baseline.mean, baseline.dispersion), baseline.threshold
        reason = baseline.reason(statistic)
        if judge is not None:
            reason = np.where((reason == Reason.ok) & ~judge.to_numpy(bool), Reason.not_judged, reason)
        able = reason == Reason.ok

        def shown(values: Floats) -> Floats:
            return np.where(able, values, np.nan)

        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=y,
            expected_=shown(baseline.mean),
            upper_=shown(upper),
            pvalue_=shown(self._rate(statistic, baseline.level, baseline.dispersion)),
            pvalue_low_=np.full(y.shape, np.nan),
            false_alarm_=shown(self._rate(threshold, baseline.level, baseline.dispersion)),
            alarm_=np.where(able, statistic >= threshold, -1).astype(np.int8),
            reason_=reason.astype(np.int8),
            ratio_=shown(statistic / threshold),
        ).tail(last)


class _Baseline:
    """Mean, dispersion and level (the mean over the periods fitted) of every cell; NaN before the training ends."""

    def __init__(self, chart: Chart, y: Floats, training: int, periods: int) -> None:
        self.chart, self.training, self.periods = chart, training, periods
        self.counts = in_control.as_counts(y)
        self.columns = in_control.design(len(y), harmonics=chart.harmonics, trend=chart.trend, periods=periods)
        self.mean, self.dispersion, self.level, self.threshold = (np.full(y.shape, np.nan) for _ in range(4))
        known = ~np.isnan(self.counts)
        self.began = in_control.first_known(known)
        self.first = min(int(self.began.min(initial=len(y))) + training, len(y))
        for began in np.unique(self.began[self.began < len(y)]):
            series = np.flatnonzero(self.began == began)
            self._fit(int(began), int(began) + training, series)
            if chart.update == "yearly":
                for row in range(int(began) + training + periods, len(y), periods):
                    self._fit(int(began), row, series)

    def _fit(self, began: int, end: int, series: np.ndarray, *, keep_dispersion: bool = False) -> None:
        """Estimate *series* on the rows before *end*, and set what is expected from *end* on."""
        if end >= len(self.counts):
            return
        past, columns = self.counts[began:end, series], self.columns[began:end]
        fixed = self.chart._fixed_dispersion
        if keep_dispersion:
            dispersion = self.dispersion[end - 1, series]
            coefficients = in_control.fit(past, columns, np.maximum(dispersion, in_control.POISSON))
        elif fixed is None:
            coefficients, dispersion = in_control.fit_dispersion(past, columns)
        else:
            dispersion = np.full(len(series), fixed)
            coefficients = in_control.fit(past, columns, dispersion)
        known = ~np.isnan(past)
        coefficients[2 * known[: self.training].sum(axis=0) < self.training] = np.nan
        fitted = in_control.mean_at(coefficients, columns)
        self.level[end:, series] = np.where(known, fitted, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        self.mean[end:, series] = in_control.mean_at(coefficients, self.columns[end:])
        self.dispersion[end:, series] = dispersion
        self.threshold[end:, series] = self.chart._threshold(self.level[end, series], dispersion)

    def renew(self, row: int, where: np.ndarray) -> None:
        """Estimate these series again on everything up to *row*, the alarm included; their dispersion stays."""
        for began in np.unique(self.began[where]):
            self._fit(int(began), row + 1, np.flatnonzero(where & (self.began == began)), keep_dispersion=True)

    def reason(self, statistic: Floats) -> np.ndarray:
        """Why a cell cannot be judged, before any mask."""
        rows = np.arange(len(self.counts))[:, None]
        sparse = np.zeros(self.counts.shape, dtype=bool)
        for began in np.unique(self.began):
            series = self.began == began
            known = ~np.isnan(self.counts[began : began + self.training, series])
            sparse[:, series] = 2 * known.sum(axis=0) < self.training
        return np.select(
            [
                (rows < self.began + self.training) | sparse,
                np.isnan(self.counts),
                np.isnan(self.mean),
                np.isnan(statistic),
            ],
            [Reason.too_little_history, Reason.missing, Reason.did_not_converge, Reason.no_variation],
            Reason.ok,
        )
