"""A count against the predictive distribution of a Poisson rate, from a few weeks before or a year before.

Riebler A (2004). Empirischer Vergleich von statistischen Methoden zur Ausbruchserkennung bei Surveillance Daten.
Thesis, University of Munich. Salmon M, Schumacher D, Höhle M (2016). J Stat Softw 70(10).
doi:10.18637/jss.v070.i10 (the systems). Berger JO, Bernardo JM, Sun D (2009). Ann Stat 37, 905–938.
doi:10.1214/07-AOS587 (the prior).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surveillance.detectors.contract import Floats
from surveillance.detectors.rki import FewReferences, predicted_above
from surveillance.detectors.thresholds import quantile


@dataclass(frozen=True)
class Bayes(FewReferences):
    """U: the (1 − alpha) quantile of NB(size Σ + ½, prob n/(n + 1)), Σ cases in n references, Jeffreys' prior."""

    def _judge(self, base: Floats, known: np.ndarray, y: Floats) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
        size, cases = np.maximum(known.sum(axis=0), 1).astype(float), base.sum(axis=0)
        upper = quantile(1 - self.alpha, (cases + 0.5) / size, 1 + 1 / size)
        more = predicted_above(np.ceil(y) - 1, cases, size)
        return upper, (more, 1 - predicted_above(np.floor(y), cases, size), predicted_above(upper, cases, size))
