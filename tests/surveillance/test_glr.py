"""Likelihood ratio charts against plain loops over every start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from surveillance.detectors import GlrNegBin, GlrPoisson, LrNegBin
from surveillance.detectors.likelihood_ratio import Supremum, WarmStarted

TRAINING = 60


def observed(seed: int = 6, series: int = 12) -> pd.DataFrame:
    """Counts whose mean rises by half in the second half of the year after the training."""
    rng = np.random.default_rng(seed)
    rows = TRAINING + 52
    mean = np.geomspace(0.5, 80, series) * np.exp(0.4 * np.sin(2 * np.pi * np.arange(rows)[:, None] / 52))
    mean[TRAINING + 26 :] *= 1.5
    counts = rng.negative_binomial(5.0, 5 / (5 + mean)).astype(float)
    return pd.DataFrame(counts, pd.date_range("2015-01-04", periods=rows, freq="W-SUN"))


def negative_binomial(theta, y, mean, a, before):
    ratio = np.log((1 + a * mean * np.exp(theta)) / (1 + a * mean))
    return (y * theta - (y + 1 / a) * ratio).sum()


def poisson(theta, y, mean, a, before):
    return (y * theta - (np.exp(theta) - 1) * mean).sum()


def epidemic(rate, y, mean, a, before):
    return (y * np.log1p(rate * before / mean) - rate * before).sum()


def plain(y, mean, a, before, likelihood, threshold, most):
    """The statistic of each period: every start since the last alarm, and for each the best rise by search."""
    out, began = [], 0
    for now in range(len(y)):
        best = 0.0
        for start in range(began, now + 1):
            part = slice(start, now + 1)
            window = (y[part], mean[part], a, before[part])
            found = minimize_scalar(
                lambda theta, window=window: -likelihood(theta, *window),
                bounds=(0, most),
                method="bounded",
                options={"xatol": 1e-9},
            )
            best = max(best, -found.fun)
        out.append(best)
        if best >= threshold:
            began = now + 1
    return np.array(out)


@pytest.mark.parametrize(
    ("detector", "likelihood", "most", "tolerance"),
    [
        (GlrPoisson(threshold=4.0), poisson, 6, 1e-7),
        (GlrPoisson(threshold=4.0, change="epidemic"), epidemic, 12, 3e-3),
        (GlrNegBin(threshold=4.0, dispersion=0.2), negative_binomial, 8, 3e-3),
    ],
)
def test_the_statistic_is_the_largest_over_all_starts_and_rises(detector, likelihood, most, tolerance):
    frame = observed(series=5)
    verdicts = replace(detector, training=TRAINING, update="never").assess(frame)
    ratio = verdicts.exceedance.to_numpy()[TRAINING:] * 4.0
    for series in range(frame.shape[1]):
        y = frame.to_numpy()[TRAINING:, series]
        mean = verdicts.expected_[TRAINING:, series]
        before = np.append(0.0, y[:-1])
        slow = plain(y, mean, 0.2, before, likelihood, 4.0, most)
        np.testing.assert_allclose(ratio[:, series], slow, rtol=tolerance, atol=1e-6)
        np.testing.assert_array_equal(ratio[:, series] >= 4, slow >= 4)
    assert (verdicts.alarm_ == 1).any()


def test_the_ratio_chart_of_one_rise_is_its_recursion():
    frame = observed(series=3)
    detector = LrNegBin(threshold=3.0, dispersion=0.2, rise=1.5, training=TRAINING, update="never")
    verdicts = detector.assess(frame)
    for series in range(3):
        total = 0.0
        for row in range(TRAINING, len(frame)):
            y, mean = frame.to_numpy()[row, series], verdicts.expected_[row, series]
            ratio = np.log((1 + 0.2 * mean * 1.5) / (1 + 0.2 * mean))
            total = max(0.0, total + y * np.log(1.5) - (y + 5) * ratio)
            assert verdicts.exceedance.iloc[row, series] == pytest.approx(total / 3, abs=1e-10)
            assert verdicts.alarm_[row, series] == (total >= 3)
            total = 0.0 if total >= 3 else total


@pytest.mark.parametrize("detector", [GlrPoisson(), GlrNegBin(), LrNegBin(), GlrPoisson(change="epidemic")])
def test_an_alarm_is_a_count_of_at_least_upper(detector):
    verdicts = replace(detector, training=TRAINING, alpha=0.02).assess(observed(series=60))
    known = (verdicts.alarm_ >= 0) & ~np.isnan(verdicts.upper_)
    assert (verdicts.alarm_ == 1).sum() > 50
    # The bound of a chart over a grid of rises is a little too large, by a fraction of a case.
    inside = known & (np.abs(verdicts.observed_ - verdicts.upper_) > 0.01 * (1 + verdicts.upper_))
    np.testing.assert_array_equal(verdicts.alarm_[inside] == 1, (verdicts.observed_ >= verdicts.upper_)[inside])


def test_only_after_an_alarm_is_the_baseline_estimated_anew():
    frame = observed(series=8)
    never = GlrNegBin(threshold=4.0, training=TRAINING, update="never", dispersion=0.2).assess(frame)
    again = GlrNegBin(threshold=4.0, training=TRAINING, update="alarm", dispersion=0.2).assess(frame)
    for series in range(8):
        first = int(np.argmax(never.alarm_[:, series] == 1)) if (never.alarm_[:, series] == 1).any() else len(frame)
        same = slice(TRAINING, first + 1)
        np.testing.assert_array_equal(again.expected_[same, series], never.expected_[same, series])
        if first + 1 < len(frame):
            past = GlrNegBin(training=first + 1, update="never", dispersion=0.2).assess(frame[[series]])
            assert again.expected_[first + 1, series] == pytest.approx(past.expected_[first + 1, 0], rel=1e-9)


def test_a_gap_adds_nothing_to_the_evidence():
    frame = observed(series=4)
    frame.iloc[100] = np.nan
    for detector in (GlrPoisson(), GlrNegBin(), LrNegBin()):
        chart = replace(detector, training=TRAINING, update="never", threshold=1e6)
        verdicts = chart.assess(frame)
        assert (verdicts.reason.iloc[100] == "missing").all()
        assert verdicts.alarm.iloc[101].notna().all()


@pytest.mark.parametrize(("mean", "phi"), [(5, 1.0), (20, 2.0)])
def test_false_alarms_of_the_negative_binomial_chart_are_near_alpha(mean, phi):
    rng = np.random.default_rng(4)
    level = mean * np.exp(0.3 * np.cos(2 * np.pi * np.arange(260)[:, None] / 52)) * np.ones((1, 400))
    counts = rng.poisson(level) if phi == 1 else rng.negative_binomial(level / (phi - 1), 1 / phi)
    frame = pd.DataFrame(counts.astype(float), pd.date_range("2015-01-04", periods=260, freq="W-SUN"))
    verdicts = GlrNegBin(alpha=0.01).assess(frame)
    assert 0.006 < (verdicts.alarm_[156:] == 1).mean() < 0.015
    np.testing.assert_allclose(verdicts.false_alarm_[156:], 0.01, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GlrPoisson(change="both"), "change must be one of"),
        (lambda: GlrNegBin(dispersion=0.0), "dispersion must lie in"),
        (lambda: LrNegBin(rise=1.0), "rise must lie in"),
        (lambda: LrNegBin(dispersion=-1.0), "dispersion must lie in"),
    ],
)
def test_parameters_that_cannot_work_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_search_of_r_misses_one_case_above_a_mean_near_zero():
    one, mean, dispersion, line = (np.array([value]) for value in (1.0, 0.0027, 0.0012, 5.0))
    by_hand = np.log(1 / 0.0027) - (1 + 1 / 0.0012) * np.log((1 + 0.0012) / (1 + 0.0012 * 0.0027))
    best, _ = Supremum.intercept(1).step(one, mean, dispersion, line)
    missed, _ = WarmStarted.intercept(1).step(one, mean, dispersion, line)
    assert best[0] == pytest.approx(by_hand, rel=3e-3)
    assert missed[0] == 0


def test_the_search_of_r_finds_the_same_where_means_are_not_near_zero():
    counts = observed(series=4).iloc[:, 1:] + 3
    default = GlrNegBin(training=TRAINING, update="never", threshold=5.0)
    ours, like_r = (detector.assess(counts).ratio_ for detector in (default, replace(default, mode="r_compatible")))
    np.testing.assert_allclose(ours, like_r, rtol=5e-3, atol=1e-3)
