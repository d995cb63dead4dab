"""The seasonal regression for weights and rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from surveillance.detectors import SeasonalRegression
from surveillance.detectors.seasonal import robust

RANDOM = np.random.default_rng(7)


def monthly(values) -> pd.DataFrame:
    values = np.atleast_2d(np.asarray(values, dtype=float).T).T
    return pd.DataFrame(values, pd.date_range("2010-01-01", periods=len(values), freq="MS"))


def seasonal_weights(years: int, series: int = 1, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    t = np.arange(12 * years)[:, None]
    return np.expm1(3 + 0.4 * np.cos(2 * np.pi * t / 12) + 0.5 * random.standard_normal((12 * years, series)))


def test_huber_agrees_with_statsmodels():
    design, at = SeasonalRegression(years=4)._design(12)
    z = 3 + RANDOM.standard_normal((5, len(design)))
    z[:, 10] += 6
    prediction, spread = robust(z, np.ones_like(z, dtype=bool), design, at)
    for row in range(5):
        fitted = sm.RLM(z[row], design, M=sm.robust.norms.HuberT(1.345)).fit(
            scale_est="mad", tol=1e-10, maxiter=200
        )
        residual = z[row] - design @ fitted.params
        sd = np.sqrt((residual**2).sum() / (len(design) - 3))
        leverage = at @ np.linalg.inv(design.T @ design) @ at
        assert prediction[row] == pytest.approx(at @ fitted.params, abs=1e-6)
        assert spread[row] == pytest.approx(sd * np.sqrt(1 + leverage), rel=1e-6)


def test_the_limit_is_students_quantile_on_the_transformed_scale():
    detector = SeasonalRegression(alpha=0.01, tail_df=5)
    observed = monthly(seasonal_weights(6))
    verdicts = detector.assess(observed)
    row = 60
    design, at = detector._design(12)
    base = np.log1p(observed.to_numpy()[row - 1 - 48 : row - 1, 0])
    middle, spread = robust(base[None], np.ones((1, 48), dtype=bool), design, at)
    upper = np.expm1(middle[0] + stats.t.ppf(0.99, 5) * spread[0])
    assert verdicts.upper.iloc[row, 0] == pytest.approx(upper)
    assert verdicts.expected.iloc[row, 0] == pytest.approx(np.expm1(middle[0]))
    distance = (np.log1p(observed.iloc[row, 0]) - middle[0]) / spread[0]
    assert verdicts.pvalue.iloc[row, 0] == pytest.approx(stats.t.sf(distance, 5))


def test_a_rate_is_judged_whatever_its_scale():
    shape = 1 + 0.1 * np.random.default_rng(3).standard_normal(90)
    shape[-1] = 2
    small = SeasonalRegression(transform="sqrt").assess(monthly(2 * shape))
    large = SeasonalRegression(transform="sqrt").assess(monthly(200 * shape))
    assert small.alarm.iloc[-1, 0]
    pd.testing.assert_frame_equal(small.alarm, large.alarm)
    np.testing.assert_allclose(small.pvalue, large.pvalue, rtol=1e-6)


def test_a_baseline_of_zeros_is_not_judged():
    values = np.zeros(80)
    values[::7] = 5.0
    verdicts = SeasonalRegression().assess(monthly(values))
    assert (verdicts.reason.iloc[60:, 0] == "mostly_zero").all()
    assert verdicts.alarm.iloc[60:, 0].isna().all()


def test_missing_months_are_left_out_and_not_filled():
    values = seasonal_weights(7)[:, 0]
    values[30:36] = np.nan
    verdicts = SeasonalRegression().assess(monthly(values))
    assert verdicts.alarm.iloc[30:36, 0].isna().all()
    assert (verdicts.reason.iloc[30:36, 0] == "missing").all()
    assert verdicts.alarm.iloc[40:, 0].notna().all()


@pytest.mark.parametrize("field", ["alpha", "years", "guard", "tail_df", "transform"])
def test_parameters_out_of_range_are_named(field):
    with pytest.raises(ValueError, match=field):
        SeasonalRegression(**{field: -1})
