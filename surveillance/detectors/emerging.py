"""The rule for a series whose baseline is nearly empty, where no regression can be fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surveillance.detectors.thresholds import cdf, quantile, survival
from surveillance.layout import Floats

FEW = 4  # cases in a whole baseline that count as nearly none
IN_PERIOD, IN_SPAN = 3, 5  # cases that an alarm needs in the period, or in the span of min_cases (four)


@dataclass(frozen=True)
class Emerging:
    """The predictive count after *cases* in *size* periods, with the Jeffreys prior on a Poisson rate.

    Negative binomial with size cases + ½ and prob n / (n + 1): mean (cases + ½)/n, variance to mean
    (n + 1)/n. Berger JO, Bernardo JM, Sun D (2009). Ann Stat 37, 905–938. doi:10.1214/07-AOS587 (the prior).
    """

    cases: Floats
    size: Floats  # periods; NaN where there are none

    @property
    def mean(self) -> Floats:
        return (self.cases + 0.5) / self.size

    @property
    def dispersion(self) -> Floats:
        return (self.size + 1) / self.size

    def upper(self, alpha: float) -> Floats:
        return quantile(1 - alpha, self.mean, self.dispersion)

    def at_least(self, count: Floats) -> Floats:
        return self.more_than(np.ceil(count) - 1)

    def more_than(self, count: Floats) -> Floats:
        return survival(count, self.mean, self.dispersion)

    def at_most(self, count: Floats) -> Floats:
        return cdf(count, self.mean, self.dispersion)

    @staticmethod
    def floor(before: Floats) -> Floats:
        """The smallest count that may alarm: 3, or what makes 5 with the *before* of the span's other periods."""
        return np.minimum(IN_PERIOD, np.maximum(IN_SPAN - before, 1))
