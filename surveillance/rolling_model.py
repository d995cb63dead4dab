"""Twelve-month sums as a state-space model: the months, their level and slope estimated together, across gaps.

Durbin J, Koopman SJ (2012). Time series analysis by state space methods, 2nd ed., ch. 3 and 5.
doi:10.1093/acprof:oso/9780199641178.001.0001. Harvey AC (1989). Forecasting, structural time series models and
the Kalman filter, ch. 6 (flows and temporal aggregation). doi:10.1017/CBO9781107049994.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.tsa.statespace.mlemodel import MLEModel

YEAR = 12
LEVEL, SLOPE = YEAR, YEAR + 1
SEASONS = slice(YEAR + 2, YEAR + 2 + YEAR - 1)
STATES = YEAR + 2 + YEAR - 1
_VAGUE = 25.0  # prior variance of what is not known, in units of the mean month squared


@dataclass(frozen=True)
class Smoothed:
    """By period: the month, its standard error, and the level without the season; all on the sums' own scale.

    Without a seed only `level` says anything: the months' errors then hold the pattern that no sum can tell.
    For places below the nation months are not for showing (see `disclosure`).
    """

    months: pd.Series
    error: pd.Series
    level: pd.Series


class _Sums(MLEModel):
    """x[t] = y[t] + … + y[t−11] exactly; y = level + season + ε, a level that drifts with a slope, a fixed season.

    States: twelve lagged months, level, slope, eleven season effects. Parameters: standard deviations of ε and of
    the level's and the slope's steps. Periods of the states begin with the first sum; the seed enters as the prior.
    """

    start_params = np.array([0.1, 0.02, 0.002])
    param_names = ("sd.month", "sd.level", "sd.slope")

    def __init__(self, sums: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
        super().__init__(sums, k_states=STATES, k_posdef=3)
        self["design", 0, :YEAR] = 1.0
        step = np.zeros((STATES, STATES))
        step[1:YEAR, : YEAR - 1] = np.eye(YEAR - 1)
        step[LEVEL, [LEVEL, SLOPE]] = step[SLOPE, SLOPE] = 1.0
        step[SEASONS.start, SEASONS] = -1.0
        step[SEASONS.start + 1 : STATES, SEASONS.start : STATES - 1] = np.eye(YEAR - 2)
        step[0] = step[LEVEL] + step[SEASONS.start]
        self["transition"] = step
        self["selection", 0, :2] = 1.0  # a new month holds its own ε and the level's step
        self["selection", LEVEL, 1] = self["selection", SLOPE, 2] = 1.0
        self.ssm.initialize_known(mean, np.diag(variance))

    def update(self, params: np.ndarray, **rest: bool) -> None:
        """The three variances from the standard deviations."""
        self["state_cov"] = np.diag(super().update(params, **rest) ** 2)


def smooth(sums: pd.Series, first: np.ndarray | None = None, *, error: float = 0.0) -> Smoothed:
    """Months, level and slope of one series of sums given all of it, by the Kalman smoother at maximum likelihood.

    *sums*: monthly, one vintage, NaN where missing (bridged, with wider errors); *first*: the twelve months that
    end with the first sum (the seed), *error* their standard error as a share of the mean month. Computed in units
    of the mean month. With an exact seed and no gap the months are those of the recursion, since the sums are
    exact. Without a seed the first year's months have a vague prior.

    ValueError: fewer than three years of sums, or a first sum that is missing or not above 0.
    """
    x = sums.to_numpy(dtype=float)
    if len(x) < 3 * YEAR or not x[0] > 0:
        raise ValueError(f"36 sums are needed, the first above 0; here {len(x)}, the first {x[:1].tolist()}")
    unit = x[0] / YEAR
    mean, variance = np.zeros(STATES), np.full(STATES, _VAGUE)
    variance[SLOPE] = 1.0
    if first is None:
        mean[:YEAR] = 1.0
    else:
        mean[:YEAR] = np.asarray(first)[::-1] / unit
        variance[:YEAR] = error**2
    mean[LEVEL] = 1.0
    model = _Sums(x / unit, mean, variance)
    fitted = model.smooth(model.fit(disp=False, method="nm", maxiter=400).params)
    state, spread = fitted.smoothed_state, fitted.smoothed_state_cov
    return Smoothed(
        months=pd.Series(state[0] * unit, sums.index),
        error=pd.Series(np.sqrt(np.maximum(spread[0, 0], 0)) * unit, sums.index),
        level=pd.Series(state[LEVEL] * unit, sums.index),
    )
