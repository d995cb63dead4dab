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
