"""The study of false alarms on real series counts what it says it counts."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from surveillance.detectors import SeasonalRegression


def test_one_month_above_the_line_among_those_that_could_be_judged(bench: Callable[[str], ModuleType]) -> None:
    """Two series of 60 months, 24 + 1 before the first: 35 each, one masked; one spike among 69."""
    values = 10 + np.random.default_rng(1).uniform(-1, 1, (60, 2))
    values[-1, 0] = 500.0
    observed = pd.DataFrame(values, pd.date_range("2018-01-01", periods=60, freq="MS"))
    judge = pd.DataFrame(True, observed.index, observed.columns)
    judge.iloc[40, 1] = False
    study = bench("backtest")
    judged, shares = study.above(SeasonalRegression(), observed, judge)
    assert judged == 69
    assert shares[study.ALPHAS.index(0.001)] == pytest.approx(100 / 69)
