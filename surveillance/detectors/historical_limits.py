"""The historical limits of the CDC: a sum of four weeks against the same and neighbouring sums of earlier years.

Stroup DF, Williamson GD, Herndon JL, Karon JM (1989). Detection of aberrations in the occurrence of notifiable
diseases surveillance data. Stat Med 8, 323–329. doi:10.1002/sim.4780080312.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr

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
from surveillance.detectors.in_control import as_counts
from surveillance.detectors.rki import earlier

SPAN: dict[Frequency, int] = {"W": 4, "MS": 1}  # a month is about four weeks


@dataclass(frozen=True)
class HistoricalLimits:
    """x: the judged period and those that make four weeks with it; alarm where x > mean + z · sd · √(1 + 1/n).

    mean, sd of the n = years · (2 · neighbours + 1) such sums in each of the last `years`, `neighbours` sums on
    either side of the same one; z = Φ⁻¹(1 − alpha/2). A gap in any of them: too little history. `expected` is the
    mean per period, `upper` what the judged period may hold given those before it.
    """

    alpha: float = 0.025
    years: int = 5
    neighbours: int = 1

    kind: ClassVar[Kind] = "cumulative"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        within("years", self.years, 1, 20)
        within("neighbours", self.neighbours, 0, 3)
        if self.years * (2 * self.neighbours + 1) < 3:
            raise ValueError("years must be 3 or more where there are no neighbours: sd needs three sums")

    def min_history(self, frequency: Frequency) -> int:
        span = SPAN[frequency]
        return self.years * PERIODS_A_YEAR[frequency] + self.neighbours * span + span - 1

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
        span, year = SPAN[frequency], PERIODS_A_YEAR[frequency]
        counts = as_counts(y)
        before = earlier(counts, np.arange(1 - span, 0)).sum(axis=0)
        sums = before + counts
        aside = span * np.arange(-self.neighbours, self.neighbours + 1)
        base = earlier(sums, np.concatenate([aside - back * year for back in range(1, self.years + 1)]))
        size = len(base)
        mean, wide = base.mean(axis=0), base.std(axis=0, ddof=1) * np.sqrt(1 + 1 / size)
        z = float(ndtri(1 - self.alpha / 2))
        limit = mean + z * wide
        reason = np.select(
            [
                np.arange(len(y))[:, None] < self.min_history(frequency),
                np.isnan(counts),
                np.isnan(limit) | np.isnan(before),
            ],
            [Reason.too_little_history, Reason.missing, Reason.too_little_history],
            Reason.ok,
        )
        if judge is not None:
            reason = np.where((reason == Reason.ok) & ~judge.to_numpy(bool), Reason.not_judged, reason)
        able = reason == Reason.ok
        with np.errstate(divide="ignore", invalid="ignore"):
            tail = stdtr(size - 1, -np.where(sums == mean, 0.0, (sums - mean) / wide))
            ratio = np.where(limit > 0, sums / limit, np.nan)

        def shown(values: Floats) -> Floats:
            return np.where(able, values, np.nan)

        return Verdicts(
            index=observed.index,
            columns=observed.columns,
            observed_=y,
            expected_=shown(mean / span),
            upper_=shown(np.maximum(limit - before, 0.0)),
            pvalue_=shown(tail),
            pvalue_low_=shown(1 - tail),
            false_alarm_=shown(np.full(y.shape, stdtr(size - 1, -z))),
            alarm_=np.where(able, sums > limit, -1).astype(np.int8),
            reason_=reason.astype(np.int8),
            ratio_=shown(ratio),
        ).tail(last)
