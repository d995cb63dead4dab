"""Farrington 1996, the detector before its revision: a preset of FarringtonFlexible.

Farrington CP, Andrews NJ, Beale AD, Catchpole MA (1996). A statistical algorithm for the early detection of
outbreaks of infectious disease. J R Stat Soc A 159, 547–563. doi:10.2307/2983331.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar, Literal

import pandas as pd

from surveillance.detectors.contract import Frequency, Kind, Verdicts, within
from surveillance.detectors.farrington import FarringtonFlexible, Fitted


@dataclass(frozen=True)
class Farrington1996:
    """The detector of Farrington et al. (1996): no blocks of the year, the trend only where p < .05.

    Its `alpha` is two-sided, as in the paper: the threshold is the 1 − alpha/2 limit. Otherwise as
    FarringtonFlexible; where R gives a threshold of 0 for too few cases, this gives NaN and the reason.
    """

    years: int = 5
    half_window: int = 3
    alpha: float = 0.05
    power: Literal["2/3", "1/2", "none"] = "2/3"
    trend: bool = True
    reweight: bool = True
    min_cases: tuple[int, int] = (5, 4)
    mode: Literal["corrected", "r_compatible"] = "corrected"
    min_years: int | None = None

    kind: ClassVar[Kind] = "pointwise"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 0.5, open_low=True)
        self._flexible()

    def _flexible(self) -> FarringtonFlexible:
        shared = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "alpha"}
        return FarringtonFlexible(
            **shared,
            blocks=1,
            guard=self.half_window,
            alpha=self.alpha / 2,
            threshold="delta",
            residual_threshold=1.0,
            trend_p=0.05,
        )

    def min_history(self, frequency: Frequency) -> int:
        return self._flexible().min_history(frequency)

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
    ) -> Fitted:
        """As FarringtonFlexible.run."""
        fitted = self._flexible().run(observed, judge=judge, population=population, last=last, as_r="1996")
        return replace(fitted, share=0.5)
