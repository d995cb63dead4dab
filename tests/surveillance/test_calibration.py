"""The probability integral transform: right models pass, wrong ones are widened by what they lack."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, norm, poisson

from surveillance.calibration import calibrate, nominal, qvalues, widened


def of_poisson(y, mean):
    return calibrate(poisson.cdf(y - 1, mean), poisson.cdf(y, mean))


def of_scores(z):
    return calibrate(norm.cdf(z), norm.cdf(z))


@pytest.mark.parametrize("mean", [0.3, 3.0, 12.0, 150.0])
def test_counts_from_their_own_model_need_no_inflation(mean):
    found = of_poisson(np.random.default_rng(1).poisson(mean, 20_000), mean)
    assert found.spread == pytest.approx(1, abs=0.03)
    assert found.inflation <= 1.03
    np.testing.assert_allclose(found.shares, 0.1, atol=0.015)


def test_counts_more_dispersed_than_their_model_are_inflated_by_the_ratio_of_their_sd():
    mean, dispersion = 60.0, 2.25
    y = nbinom.rvs(mean / (dispersion - 1), 1 / dispersion, size=20_000, random_state=2)
    found = of_poisson(y, mean)
    assert found.inflation == pytest.approx(1.5, rel=0.04)
    p = widened(poisson.sf(y - 1, mean), found.inflation)
    assert (p < 0.01).mean() == pytest.approx(0.01, rel=0.5)  # 9 % without
    assert (poisson.sf(y - 1, mean) < 0.01).mean() > 0.05


def test_a_common_rise_of_all_series_is_no_inflation():
    assert of_scores(np.random.default_rng(3).normal(2.0, 1.0, 5000)).inflation == pytest.approx(1, abs=0.05)


def test_few_values_say_nothing():
    found = of_scores(np.array([5.0] * 199 + [np.nan] * 50))
    assert found.values == 199
    assert np.isnan(found.spread)
    assert found.inflation == 1.0
    assert of_scores(np.array([np.nan])).values == 0


def test_a_step_fills_the_classes_it_spans():
    found = calibrate(np.array([0.05, 0.6]), np.array([0.25, 0.6]))  # one step from .05 to .25, one value at .6
    np.testing.assert_allclose(found.shares, [0.125, 0.25, 0.125, 0, 0, 0, 0.5, 0, 0, 0], atol=1e-9)


@given(st.floats(1e-6, 0.2), st.floats(1.0, 3.0))
def test_the_alpha_asked_for_becomes_the_alpha_wanted_after_the_inflation(alpha, inflation):
    asked = nominal(alpha, inflation)
    assert asked <= alpha
    assert widened(np.array([asked]), inflation)[0] == pytest.approx(alpha, rel=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(1.0, 3.0))
def test_widening_keeps_the_order_and_moves_towards_a_half(values, inflation):
    p = np.sort(np.array(values))
    wide = widened(p, inflation)
    assert (np.diff(wide) >= 0).all()
    assert (np.abs(wide - 0.5) <= np.abs(p - 0.5) + 1e-12).all()


def test_widened_p_values_are_those_of_a_wider_normal():
    z = np.array([-1.0, 0.0, 2.5])
    np.testing.assert_allclose(widened(norm.sf(z), 1.4), norm.sf(z / 1.4))


def test_q_values_leave_out_what_was_not_judged():
    q = qvalues(pd.Series([0.01, np.nan, 0.2]))
    assert q.isna().tolist() == [False, True, False]
    assert q[0] == pytest.approx(0.01 * 2 * 1.5)
    assert qvalues(pd.Series([np.nan])).isna().all()
