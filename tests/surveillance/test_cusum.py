"""CUSUM against figures worked by hand, an integral, and simulated false alarms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from surveillance.detectors import Cusum
from surveillance.detectors.contract import Reason
from surveillance.detectors.cusum import SCALES
from surveillance.detectors.run_length import cusum_rate, glr_rate, threshold_for

PLAIN = {"training": 8, "harmonics": 0, "update": "never", "reference": 0.5, "threshold": 2.0}


def weeks(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"a": values}, pd.date_range("2024-01-07", periods=len(values), freq="W-SUN"), dtype=float)


def test_the_sum_grows_by_what_exceeds_the_reference_and_starts_again_after_an_alarm():
    observed = weeks(*[4] * 8, 7, 8, 4, 6)  # mean 4, sd 2: z = 1.5, 2, 0, 1
    verdicts = Cusum(scale="standard", **PLAIN).assess(observed)
    assert verdicts.exceedance["a"].tolist()[8:] == pytest.approx([0.5, 1.25, 0, 0.25])
    assert verdicts.alarm["a"].tolist()[8:] == [False, True, False, False]
    assert verdicts.expected["a"].tolist()[8:] == pytest.approx([4] * 4)
    assert verdicts.upper["a"].tolist()[8:] == pytest.approx([9, 7, 9, 9])  # 4 + 2(2 + 0.5 − S)


def test_without_reset_the_sum_goes_on_after_an_alarm():
    observed = weeks(*[4] * 8, 7, 8, 4, 6)
    verdicts = Cusum(scale="standard", reset=False, **PLAIN).assess(observed)
    assert verdicts.exceedance["a"].tolist()[8:] == pytest.approx([0.5, 1.25, 1, 1.25])
    assert verdicts.alarm["a"].tolist()[8:] == [False, True, True, True]


@pytest.mark.parametrize(
    ("transform", "z"),
    [
        ("none", 9),
        ("standard", 2.5),
        ("rossi", (9 - 12 + 12) / 4),
        ("anscombe", 1.5 * (9 ** (2 / 3) - 4 ** (2 / 3)) / 4 ** (1 / 6)),
        ("anscombe2nd", 1.5 * (9 ** (2 / 3) - 4 ** (2 / 3) + 4 ** (-1 / 3) / 9) / 4 ** (1 / 6)),
        ("pearsonNegBin", 5 / np.sqrt(4 + 0.3 * 16)),
        ("anscombeNegBin", quad(lambda t: (t + 0.3 * t**2) ** (-1 / 3), 4, 9)[0] / (4 + 0.3 * 16) ** (1 / 6)),
    ],
)
def test_each_scale_is_its_formula_and_leads_back_to_the_count(transform, z):
    count, mean, dispersion = np.array([9.0]), np.array([4.0]), np.array([0.3])
    found = SCALES[transform].there(count, mean, dispersion)
    assert found == pytest.approx(z)
    assert SCALES[transform].back(found, mean, dispersion) == pytest.approx(9)


@pytest.mark.parametrize("transform", SCALES)
def test_an_alarm_is_a_count_of_at_least_upper(transform):
    rng = np.random.default_rng(3)
    index = pd.date_range("2018-01-07", periods=300, freq="W-SUN")
    observed = pd.DataFrame(rng.negative_binomial(6, 0.3, (300, 40)).astype(float), index)
    raw = {"threshold": 20.0, "reference": 16.0} if transform == "none" else {}
    verdicts = Cusum(scale=transform, training=100, alpha=0.02, **raw).assess(observed)
    judged = verdicts.alarm_ >= 0
    assert (verdicts.alarm_ == 1).sum() > 50
    np.testing.assert_array_equal(verdicts.alarm_[judged] == 1, (verdicts.observed_ >= verdicts.upper_)[judged])


def test_a_baseline_without_a_case_has_no_scale():
    verdicts = Cusum(**PLAIN).assess(weeks(*[0] * 8, 0, 5))
    assert verdicts.reason["a"].tolist()[8:] == ["no_variation"] * 2
    raw = Cusum(scale="none", **PLAIN).assess(weeks(*[0] * 8, 0, 5))
    assert raw.alarm["a"].tolist()[8:] == [False, True]


def test_a_missing_count_leaves_the_sum_as_it_was():
    verdicts = Cusum(scale="standard", **PLAIN).assess(weeks(*[4] * 8, 6, np.nan, 6))
    assert verdicts.exceedance["a"].tolist()[8] == pytest.approx(0.25)
    assert verdicts.reason["a"].tolist()[9] == "missing"
    assert verdicts.exceedance["a"].tolist()[10] == pytest.approx(0.5)


def test_history_counts_from_the_first_value_of_a_series():
    verdicts = Cusum(**PLAIN).assess(weeks(*[np.nan] * 5, *[4] * 8, 4))
    assert verdicts.reason["a"].tolist() == ["too_little_history"] * 13 + ["ok"]


def test_a_training_of_gaps_is_too_little():
    verdicts = Cusum(**PLAIN).assess(weeks(4, *[np.nan] * 6, 4, 4))
    assert verdicts.reason["a"].tolist()[-1] == "too_little_history"


def test_a_yearly_update_takes_up_a_lasting_rise_and_never_does_not():
    index = pd.date_range("2015-01-04", periods=52 * 6, freq="W-SUN")
    counts = np.random.default_rng(1).poisson(np.where(np.arange(52 * 6) < 156, 10, 20)).astype(float)
    observed = pd.DataFrame({"a": counts}, index)
    expected = {how: Cusum(update=how).assess(observed).expected["a"].iloc[-1] for how in ("never", "yearly")}
    assert expected["never"] < 12 < 13 < expected["yearly"]


def test_a_period_judged_after_the_training_does_not_move_its_own_baseline():
    observed = weeks(*[4] * 8, 4, 4)
    spiked = weeks(*[4] * 8, 4, 400)
    detector = Cusum(scale="standard", **PLAIN)
    pd.testing.assert_frame_equal(detector.assess(observed).expected, detector.assess(spiked).expected)


def test_the_run_length_is_that_of_a_simulated_chart():
    rng, k, h = np.random.default_rng(2), 0.5, 3.0
    total, alarms, runs = np.zeros(2000), 0, 1500
    for _ in range(runs):
        total = np.maximum(0, total + rng.normal(size=2000) - k)
        alarms += int((total >= h).sum())
        total[total >= h] = 0
    assert float(cusum_rate(2 * k * h, 2 * k)) == pytest.approx(alarms / (2000 * runs), rel=0.05)


def test_the_threshold_has_the_rate_that_was_asked_for():
    for alpha in (1e-6, 0.005, 0.05):
        assert glr_rate(threshold_for(alpha, glr_rate)) == pytest.approx(alpha, rel=1e-6)


@pytest.mark.parametrize(("mean", "phi"), [(5, 1.0), (20, 2.0)])
def test_false_alarms_are_near_alpha_on_counts_with_and_without_overdispersion(mean, phi):
    rng = np.random.default_rng(4)
    level = mean * np.exp(0.3 * np.cos(2 * np.pi * np.arange(260)[:, None] / 52)) * np.ones((1, 400))
    counts = rng.poisson(level) if phi == 1 else rng.negative_binomial(level / (phi - 1), 1 / phi)
    observed = pd.DataFrame(counts.astype(float), pd.date_range("2015-01-04", periods=260, freq="W-SUN"))
    verdicts = Cusum(alpha=0.01).assess(observed)
    assert 0.006 < (verdicts.alarm_[156:] == 1).mean() < 0.015
    np.testing.assert_allclose(verdicts.false_alarm_[156:], 0.01, rtol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scale": "log"}, "scale must be one of none, standard"),
        ({"scale": "none"}, "threshold must be given"),
        ({"update": "weekly"}, "update must be one of"),
        ({"training": 3}, "training must lie in"),
        ({"threshold": 0.0}, "threshold must lie in"),
        ({"dispersion": -1.0}, "dispersion must lie in"),
        ({"harmonics": 9}, "harmonics must lie in"),
    ],
)
def test_parameters_that_cannot_work_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Cusum(**wrong)


def test_a_value_too_large_to_be_a_count_is_missing():
    verdicts = Cusum(**PLAIN).assess(weeks(*[4] * 8, 1e300, 4))
    assert verdicts.reason_[8, 0] == Reason.missing
    assert verdicts.reason_[9, 0] == Reason.ok


@pytest.mark.parametrize("bad", [-1.0, np.inf])
def test_what_is_no_count_is_refused(bad):
    with pytest.raises(ValueError, match="a, 2024-03-03"):
        Cusum(**PLAIN).assess(weeks(*[4] * 8, bad, 4))
