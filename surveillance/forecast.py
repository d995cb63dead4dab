"""A short forecast with 80 and 95 % bands, for reading; the model per indicator is chosen by rolling origins.

Hyndman RJ, Athanasopoulos G (2021). Forecasting: principles and practice, 3rd ed. (seasonal naive, ETS).
Durbin J, Koopman SJ (2012). Time series analysis by state space methods, 2nd ed.
doi:10.1093/acprof:oso/9780199641178.001.0001.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.structural import UnobservedComponents

from data_sources.indicators import Indicator

log = logging.getLogger(__name__)

PERIODS = 6
LEAST = 48  # months of gap-free history
LEVELS = (0.80, 0.95)
Method = Literal["seasonal_naive", "ets", "state_space", "local_trend", "harmonic"]
Spread = tuple[np.ndarray, np.ndarray]  # mean and standard error, on the log scale

# The winner of bench/forecast.py on the real series (docs/methods_models.md has the table and the rule).
CHOSEN: dict[str, Method] = {
    "us_overdose_deaths_12m": "ets",
    "us_overdose_deaths_monthly": "state_space",
    "us_overdose_ed_rate": "state_space",
    "us_cbp_seizure_weight": "state_space",
    "us_cbp_seizure_events": "ets",
    "mx_federal_drug_case_files": "ets",
    "mx_retail_drug_case_files": "state_space",
    "mx_retail_drug_case_files_rnid": "state_space",
}


def forecast(
    line: pd.Series, record: Indicator, *, method: Method | None = None, periods: int = PERIODS
) -> pd.DataFrame | None:
    """The next *periods* of a monthly *line*: period, mean (the median), low80 … high95, and the `model` that
    made them; None where it cannot be.

    Fitted on log(y + ½) over the newest gap-free run, which must hold 48 months and lie on no method break (the
    caller gives one method's values). Bands are normal on the log scale and not below 0. A model that does not
    converge gives way to the seasonal naive one, whose bands come from its own errors: `model` then names that
    one, and the log says why.
    """
    run = _newest_run(line)
    if record.frequency != "MS" or len(run) < LEAST:
        return None
    z = np.log(run.to_numpy(dtype=float) + 0.5)
    name = method or CHOSEN.get(record.id, "state_space")
    used, (mean, error) = _fitted(name, z, periods)
    index = pd.date_range(run.index[-1] + pd.DateOffset(months=1), periods=periods, freq="MS")
    table = pd.DataFrame({"period": index, "mean": np.maximum(np.exp(mean) - 0.5, 0)})
    for level in LEVELS:
        reach = ndtri((1 + level) / 2) * error
        table[f"low{level:.0%}"[:-1]] = np.maximum(np.exp(mean - reach) - 0.5, 0)
        table[f"high{level:.0%}"[:-1]] = np.exp(mean + reach) - 0.5
    return table.assign(model=used)


def _newest_run(line: pd.Series) -> pd.Series:
    """The values after the last gap, up to the newest one."""
    known = line.loc[: line.last_valid_index()] if line.notna().any() else line[:0]
    gaps = np.flatnonzero(known.isna())
    return known.iloc[gaps[-1] + 1 :] if len(gaps) else known


def _fitted(name: Method, z: np.ndarray, periods: int) -> tuple[Method, Spread]:
    """The model that was used in the end, and its answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            mean, error = MODELS[name](z, periods)
        except (ConvergenceWarning, np.linalg.LinAlgError, ValueError) as failure:
            why = str(failure)
        else:
            if np.isfinite(mean).all() and np.isfinite(error).all():
                return name, (mean, error)
            why = "its forecast is not finite"
    log.info("%s gave way to the seasonal naive forecast: %s", name, why)
    return "seasonal_naive", seasonal_naive(z, periods)


def seasonal_naive(z: np.ndarray, periods: int) -> Spread:
    """The same months of the year before; the error is that of its yearly steps."""
    steps = z[12:] - z[:-12]
    return np.resize(z[-12:], periods), np.full(periods, float(np.sqrt(np.mean(steps**2))))


def ets(z: np.ndarray, periods: int) -> Spread:
    """Additive ETS with a damped trend and a yearly season."""
    model = ETSModel(pd.Series(z), trend="add", damped_trend=True, seasonal="add", seasonal_periods=12)
    fitted = model.fit(disp=False, maxiter=200)
    table = fitted.get_prediction(start=len(z), end=len(z) + periods - 1).summary_frame(alpha=0.05)
    error = (table["pi_upper"] - table["mean"]) / ndtri(0.975)
    return table["mean"].to_numpy(), error.to_numpy()


def state_space(z: np.ndarray, periods: int) -> Spread:
    """A level that wanders and a season of two harmonics, by the Kalman filter."""
    return _unobserved(z, periods, level="local level", freq_seasonal=[{"period": 12, "harmonics": 2}])


def local_trend(z: np.ndarray, periods: int) -> Spread:
    """A smooth trend without a season: for 12-month sums, which have none."""
    return _unobserved(z, periods, level="smooth trend")


def harmonic(z: np.ndarray, periods: int) -> Spread:
    """A level and two harmonics by least squares, and what is left as AR(1): its error fades into the season's.

    Variance s² ((1 − ρ²ʰ)/(1 − ρ²) + x₀ᵀ(XᵀX)⁻¹x₀ (1 − ρʰ)²/(1 − ρ)²), s² that of the AR(1) steps; ρ ≤ 0.98.
    """
    time = 2 * np.pi * np.arange(len(z) + periods)[:, None] / 12
    design = np.hstack([np.ones_like(time), np.cos(time), np.sin(time), np.cos(2 * time), np.sin(2 * time)])
    past, ahead = design[: len(z)], design[len(z) :]
    inverse = np.linalg.inv(past.T @ past)
    rest = z - past @ (inverse @ past.T @ z)
    energy = float(rest[:-1] @ rest[:-1])
    rho = float(np.clip(rest[1:] @ rest[:-1] / energy, 0.0, 0.98)) if energy > 0 else 0.0
    steps = float(np.sum((rest[1:] - rho * rest[:-1]) ** 2)) / (len(z) - past.shape[1] - 1)
    reach = np.arange(1, periods + 1)
    mean = ahead @ (inverse @ past.T @ z) + rho**reach * rest[-1]
    leverage = np.einsum("hp,pq,hq->h", ahead, inverse, ahead)
    variance = steps * ((1 - rho ** (2 * reach)) / (1 - rho**2) + leverage * (1 - rho**reach) ** 2 / (1 - rho) ** 2)
    return mean, np.sqrt(variance)


def _unobserved(z: np.ndarray, periods: int, **parts: object) -> Spread:
    fitted = UnobservedComponents(z, **parts).fit(disp=False, maxiter=200)
    ahead = fitted.get_forecast(periods)
    return np.asarray(ahead.predicted_mean), np.asarray(ahead.se_mean)


MODELS: dict[Method, Callable[[np.ndarray, int], Spread]] = {
    "seasonal_naive": seasonal_naive,
    "ets": ets,
    "state_space": state_space,
    "local_trend": local_trend,
    "harmonic": harmonic,
}
