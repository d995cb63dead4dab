"""RKI, Bayes and historical limits against figures worked by hand and plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from surveillance.detectors import Bayes, HistoricalLimits, Rki
from surveillance.detectors.rki import CROW_GARDNER, offsets


def weeks(values) -> pd.DataFrame:
    return pd.DataFrame({"a": values}, pd.date_range("2018-01-07", periods=len(values), freq="W-SUN"), dtype=float)


def test_the_systems_refer_to_6_to_19_and_to_18_periods():
    assert offsets(1, 52).tolist() == [-6, -5, -4, -3, -2, -1]
    assert sorted(offsets(2, 52)) == [*range(-58, -45), *range(-6, 0)]
    assert sorted(offsets(3, 52)) == [*range(-108, -99), *range(-56, -47)]


def test_a_small_mean_is_looked_up_and_a_large_one_takes_two_sd():
    small = Rki(system=1).assess(weeks([2, 3, 2, 3, 2, 3, 7]))  # mean 2.5, whole part 2
    assert small.upper.iloc[-1, 0] == CROW_GARDNER[2] == 6.686
    assert small.alarm.iloc[-1, 0]
    large = Rki(system=1).assess(weeks([20, 30, 20, 30, 20, 30, 37]))
    assert large.upper.iloc[-1, 0] == pytest.approx(25 + 2 * np.sqrt(30))
    assert large.alarm.iloc[-1, 0]
    assert large.pvalue.iloc[-1, 0] == pytest.approx(stats.t.sf(12 / np.sqrt(30 * 7 / 6), 5))


def test_the_table_is_the_one_published(shared_oracle):
    table = pd.read_csv(shared_oracle / "rki_limits.csv")
    np.testing.assert_array_equal(CROW_GARDNER, table["O"])


def test_another_alpha_takes_the_exact_limit_of_a_poisson_mean():
    upper = Rki(system=1, alpha=0.05).assess(weeks([2, 3, 2, 3, 2, 3, 7])).upper.iloc[-1, 0]
    assert upper == pytest.approx(stats.chi2.isf(0.05, 6) / 2)


def test_bayes_takes_the_quantile_of_the_predictive_distribution():
    values = [1, 0, 2, 1, 0, 1, 4]
    verdicts = Bayes(system=1, alpha=0.05).assess(weeks(values))
    predictive = stats.nbinom(5.5, 6 / 7)
    assert verdicts.upper.iloc[-1, 0] == predictive.ppf(0.95) == 3
    assert verdicts.alarm.iloc[-1, 0]
    assert verdicts.pvalue.iloc[-1, 0] == pytest.approx(predictive.sf(3))
    assert verdicts.pvalue_low.iloc[-1, 0] == pytest.approx(predictive.cdf(4))
    assert verdicts.false_alarm.iloc[-1, 0] == pytest.approx(predictive.sf(3))


@pytest.mark.parametrize("detector", [Rki(), Bayes()])
def test_missing_references_are_left_out_down_to_half(detector):
    values = np.random.default_rng(1).poisson(5, 120).astype(float)
    expected = values[np.array(offsets(3, 52)) + 119]
    for gone in (9, 10):
        holes = values.copy()
        holes[np.array(offsets(3, 52))[:gone] + 119] = np.nan
        verdicts = detector.assess(weeks(holes), last=1)
        if gone == 9:
            assert verdicts.expected.iloc[0, 0] == pytest.approx(expected[9:].mean())
        else:
            assert verdicts.reason.iloc[0, 0] == "too_little_history"


def test_a_system_that_is_not_one_of_three_is_refused():
    with pytest.raises(ValueError, match=r"system must lie in \[1, 3\], not 4"):
        Rki(system=4)
    with pytest.raises(ValueError, match="system must be one of 1, 2, 3"):
        Bayes(system=1.5)


def test_historical_limits_compare_sums_of_four_weeks():
    values = np.random.default_rng(2).poisson(9, 300).astype(float)
    verdicts = HistoricalLimits(years=3).assess(weeks(values), last=1)
    sums = [values[299 - 52 * year + 4 * aside - 3 :][:4].sum() for year in (1, 2, 3) for aside in (-1, 0, 1)]
    limit = np.mean(sums) + stats.norm.isf(0.0125) * np.std(sums, ddof=1) * np.sqrt(1 + 1 / 9)
    now = values[296:].sum()
    assert verdicts.exceedance.iloc[0, 0] == pytest.approx(now / limit)
    assert verdicts.upper.iloc[0, 0] == pytest.approx(limit - values[296:299].sum())
    distance = (now - np.mean(sums)) / np.std(sums, ddof=1) / np.sqrt(1 + 1 / 9)
    assert verdicts.pvalue.iloc[0, 0] == pytest.approx(stats.t.sf(distance, 8))


def test_a_month_is_its_own_sum():
    values = np.random.default_rng(2).poisson(9, 80).astype(float)
    index = pd.date_range("2018-01-01", periods=80, freq="MS")
    upper = HistoricalLimits(years=4).assess(pd.DataFrame({"a": values}, index), last=1).upper.iloc[0, 0]
    past = [values[79 - 12 * year + aside] for year in (1, 2, 3, 4) for aside in (-1, 0, 1)]
    assert upper == pytest.approx(
        np.mean(past) + stats.norm.isf(0.0125) * np.std(past, ddof=1) * np.sqrt(1 + 1 / 12)
    )


def test_a_gap_in_a_historical_sum_is_too_little_history():
    values = np.full(300, 5.0)
    values[299 - 52] = np.nan
    assert HistoricalLimits(years=3).assess(weeks(values), last=1).reason.iloc[0, 0] == "too_little_history"


def test_three_sums_are_the_least():
    with pytest.raises(ValueError, match="years must be 3 or more"):
        HistoricalLimits(years=2, neighbours=0)
