"""A forecast says which model made it, and the study scores it as the papers do."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from data_sources.indicators import INDICATORS
from surveillance import forecast as module
from surveillance.forecast import MODELS, Method, forecast

COUNTS = INDICATORS["us_overdose_deaths_monthly"]


def line(months: int = 72) -> pd.Series:
    t = np.arange(months)
    noise = 0.05 * np.random.default_rng(1).standard_normal(months)
    z = 6 + 0.2 * np.cos(2 * np.pi * t / 12) + noise
    return pd.Series(np.exp(z), pd.date_range("2018-01-01", periods=months, freq="MS"))


def warned(z: np.ndarray, periods: int) -> module.Spread:
    warnings.warn("Maximum Likelihood optimization failed to converge", ConvergenceWarning, stacklevel=1)
    return np.zeros(periods), np.ones(periods)


def endless(z: np.ndarray, periods: int) -> module.Spread:
    return np.zeros(periods), np.full(periods, np.inf)


def singular(z: np.ndarray, periods: int) -> module.Spread:
    raise np.linalg.LinAlgError("Singular matrix")


@pytest.mark.parametrize("method", list(MODELS))
def test_a_forecast_names_the_model_that_made_it(method: Method) -> None:
    made = forecast(line(), COUNTS, method=method)
    assert made is not None
    assert set(made["model"]) == {method}


@pytest.mark.parametrize(
    ("broken", "why"),
    [(warned, "failed to converge"), (endless, "not finite"), (singular, "Singular matrix")],
)
def test_a_model_that_fails_gives_way_and_says_why(
    broken: Callable[[np.ndarray, int], module.Spread],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(MODELS, "ets", broken)
    with caplog.at_level(logging.INFO, logger=module.__name__):
        made = forecast(line(), COUNTS, method="ets")
    plain = forecast(line(), COUNTS, method="seasonal_naive")
    assert made is not None
    pd.testing.assert_frame_equal(made, plain)
    assert set(made["model"]) == {"seasonal_naive"}
    assert why in caplog.text


def test_the_harmonic_forecast_is_a_regression_whose_last_error_fades() -> None:
    """By a plain least-squares fit: season ahead + ρ^h times the last residual, its error growing with h."""
    z = np.log(line(96).to_numpy())
    z += 0.3 * np.convolve(np.random.default_rng(3).standard_normal(96), 0.7 ** np.arange(20))[:96]
    time = 2 * np.pi * np.arange(108) / 12
    design = np.column_stack([np.ones(108), np.cos(time), np.sin(time), np.cos(2 * time), np.sin(2 * time)])
    beta = np.linalg.lstsq(design[:96], z, rcond=None)[0]
    rest = z - design[:96] @ beta
    rho = (rest[1:] @ rest[:-1]) / (rest[:-1] @ rest[:-1])
    mean, error = module.harmonic(z, 12)
    np.testing.assert_allclose(mean, design[96:] @ beta + rho ** np.arange(1, 13) * rest[-1])
    assert (np.diff(error) > 0).all()
    s = np.sqrt(((rest[1:] - rho * rest[:-1]) ** 2).sum() / 90)
    assert s < error[0] < 1.1 * s


@pytest.mark.parametrize("periods", [6, 12])
def test_a_forecast_reaches_as_far_as_asked(periods: int) -> None:
    made = forecast(line(), COUNTS, periods=periods)
    assert made is not None
    assert len(made) == periods
    assert (np.diff(made["high95"] - made["low95"]) != 0).any()


def test_the_interval_score_by_hand(bench: Callable[[str], ModuleType]) -> None:
    """m = 10, 80 % 8–12, 95 % 6–14. At 13: ½·3 + .1·4 + 1 + .025·8 = 3.1; at 10: .4 + .2 = .6; each / 2.5."""
    made = pd.DataFrame({"mean": [10.0] * 2, "low80": 8.0, "high80": 12.0, "low95": 6.0, "high95": 14.0})
    assert bench("forecast").interval_score(made, np.array([13.0, 10.0])) == pytest.approx((3.1 + 0.6) / 2 / 2.5)


def test_a_perfect_forecast_with_honest_bands_is_scored_as_such(bench: Callable[[str], ModuleType]) -> None:
    """A log-normal truth: bands of the right width hold 50, 80 and 95 % of it, and narrower ones score worse."""
    study = bench("forecast")
    true = np.exp(5 + 0.2 * np.random.default_rng(6).standard_normal(4000)) - 0.5
    origin = study.Origin("x", 0, true, true, 10.0)
    right = study.scores(np.full(4000, 5.0), np.full(4000, 0.2), origin)
    narrow = study.scores(np.full(4000, 5.0), np.full(4000, 0.05), origin)
    assert right[2:] == pytest.approx([0.5, 0.8, 0.95], abs=0.03)
    assert right[0] == narrow[0]
    assert right[1] < narrow[1]
