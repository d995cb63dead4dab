"""The Farrington detectors against a plain loop of statsmodels fits, hand-worked figures and their own promises."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, norm, poisson

from surveillance.detectors import Farrington1996, FarringtonFlexible
from surveillance.detectors.reference import by_date, by_position
from surveillance.detectors.thresholds import cdf, quantile, survival

MONTHLY = FarringtonFlexible(years=5, half_window=1, blocks=5, guard=6)
RATES = replace(MONTHLY, threshold="delta", min_cases=(0, 4), min_dispersion=1e-9, trend=False)


def months(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, pd.date_range("2014-01-01", periods=len(values), freq="MS"), dtype=float)


def weeks(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, pd.date_range("2012-01-01", periods=len(values), freq="W-SUN"), dtype=float)


@pytest.mark.parametrize("threshold", ["nbPlugin", "delta"])
@pytest.mark.parametrize("trend_p", [1.0, 0.05])
def test_the_engine_gives_the_numbers_of_a_plain_loop(bench, threshold, trend_p):
    study = bench("farrington")
    detector = FarringtonFlexible(threshold=threshold, trend_p=trend_p)
    observed = study.simulated(6, 330)
    observed.iloc[40:43, 1] = np.nan
    observed.iloc[200, 2] *= 8  # a past outbreak, to be down-weighted
    answers = study.numbers(detector.run(observed, last=3))
    for column in range(6):
        for row in range(327, 330):
            slow = study.plain(observed.to_numpy()[:, column], row, detector)
            for name in ("expected", "upper", "pvalue", "phi", "trend"):
                assert answers[name][row - 327, column] == pytest.approx(slow[name], rel=1e-8), name


def test_a_trend_that_is_not_there_is_kept_in_one_fit_of_twenty():
    rng = np.random.default_rng(20)
    level = np.repeat([1.1, 4.5, 12.0, 43.0], 600)
    season = 0.4 * np.cos(2 * np.pi * np.arange(264)[:, None] / 52)
    observed = weeks(rng.negative_binomial(level * np.exp(season) / 0.5, 1 / 1.5))
    kept = FarringtonFlexible(trend_p=0.05).run(observed, last=1).number("trend")[-1]
    for mean in np.unique(level):
        assert 0.02 < kept[level == mean].mean() < 0.08
    assert 0.03 < kept.mean() < 0.07


def test_a_trend_of_the_baseline_is_carried_on_to_the_judged_period():
    time = np.arange(90)[:, None]
    observed = months(np.round(400 * np.exp(-0.012 * time)))
    with_trend, without = (replace(MONTHLY, trend=trend).assess(observed, last=1) for trend in (True, False))
    assert with_trend.expected.iloc[0, 0] == pytest.approx(400 * np.exp(-0.012 * 89), rel=0.02)
    assert without.expected.iloc[0, 0] > 1.2 * with_trend.expected.iloc[0, 0]


def test_a_rising_trend_that_would_exceed_the_whole_baseline_is_left_out():
    observed = months(np.round(20 * np.exp(0.03 * np.arange(90)[:, None])))
    assert MONTHLY.run(observed, last=1).number("trend")[-1, 0] == 0


def test_a_past_outbreak_raises_the_threshold_less_when_it_is_down_weighted():
    rng = np.random.default_rng(5)
    observed = months(rng.poisson(20, (90, 1)))
    observed.iloc[89 - 24, 0] = 200
    weighted, plain = (
        replace(MONTHLY, reweight=on).assess(observed, last=1).upper.iloc[0, 0] for on in (True, False)
    )
    assert weighted < 0.6 * plain


def burst(*newest: float, before: int = 90) -> pd.DataFrame:
    return months(np.concatenate([np.zeros(before), newest])[:, None])


@pytest.mark.parametrize(
    ("newest", "alarm"),
    [
        ((1,), False),
        ((2,), False),
        ((3,), True),
        ((7, 7, 7), True),
        ((2, 1, 2), True),  # five in four periods
        ((1, 1, 2), False),
        ((5, 0, 0, 0), False),
    ],
)
def test_a_burst_on_an_empty_baseline_alarms_and_single_cases_do_not(newest, alarm):
    verdicts = MONTHLY.assess(burst(*newest), last=1)
    assert bool(verdicts.alarm.iloc[0, 0]) is alarm
    if alarm:
        assert verdicts.reason.iloc[0, 0] == "emerging"


def test_the_limit_on_an_empty_baseline_is_that_of_the_jeffreys_prior():
    observed = weeks(np.concatenate([np.zeros(299), [3]])[:, None])
    verdicts = FarringtonFlexible(alpha=0.001).assess(observed, last=1)
    judged = nbinom(0.5, 237 / 238)  # 237 reference weeks without a case
    assert verdicts.upper.iloc[0, 0] == judged.ppf(0.999) == 1
    assert verdicts.expected.iloc[0, 0] == pytest.approx(0.5 / 237)
    assert verdicts.pvalue.iloc[0, 0] == pytest.approx(judged.sf(2))
    assert verdicts.false_alarm.iloc[0, 0] == pytest.approx(judged.sf(2))  # three are needed, whatever the limit


def test_a_quiet_period_on_an_empty_baseline_shows_what_is_expected_and_the_limit():
    verdicts = MONTHLY.assess(burst(0), last=1)
    assert verdicts.reason.iloc[0, 0] == "emerging"
    assert not verdicts.alarm.iloc[0, 0]
    assert 0 < verdicts.expected.iloc[0, 0] < 0.1
    assert verdicts.upper.iloc[0, 0] >= 0


def test_r_compatible_does_not_see_a_burst_on_an_empty_baseline():
    observed = weeks(np.concatenate([np.zeros(300), [7, 7, 7]])[:, None])
    seen, unseen = (
        FarringtonFlexible(mode=mode).assess(observed, last=1) for mode in ("corrected", "r_compatible")
    )
    assert seen.alarm.iloc[0, 0]
    assert unseen.alarm.isna().iloc[0, 0]


def test_a_season_without_cases_is_judged_by_itself():
    """Where only other seasons had cases the regression would expect next to nothing and alarm at a single one."""
    summer = np.isin(np.arange(96) % 12, [4, 5, 6])
    observed = months(np.where(summer, 20, 0)[:, None])
    observed.iloc[-1] = 1
    single = MONTHLY.assess(observed, last=1)
    observed.iloc[-1] = 4
    several = MONTHLY.assess(observed, last=1)
    assert not single.alarm.iloc[0, 0]
    assert several.alarm.iloc[0, 0]
    assert several.reason.iloc[0, 0] == "emerging"


def test_too_few_cases_hold_an_alarm_back_and_the_reason_says_so():
    rng = np.random.default_rng(4)
    observed = months(rng.binomial(1, 0.2, (90, 1)))
    observed.iloc[-4:] = [[0], [0], [0], [3]]
    held = MONTHLY.assess(observed, last=1)
    free = replace(MONTHLY, min_cases=(0, 4)).assess(observed, last=1)
    assert held.reason.iloc[0, 0] == "too_few_cases"
    assert not held.alarm.iloc[0, 0]
    assert free.alarm.iloc[0, 0]


def test_a_shorter_history_serves_where_it_is_allowed_to():
    rng = np.random.default_rng(8)
    observed = months(rng.poisson(30, (45, 2)))
    observed.iloc[:4, 1] = np.nan
    strict, ready = MONTHLY.assess(observed), replace(MONTHLY, min_years=3).assess(observed)
    assert strict.alarm.isna().all(axis=None)
    assert ready.alarm[0].notna().tolist() == [row >= 37 for row in range(45)]
    assert ready.alarm[1].notna().tolist() == [row >= 41 for row in range(45)]


def test_a_longer_history_uses_as_many_years_as_it_has():
    rng = np.random.default_rng(9)
    observed = months(rng.poisson(30, (64, 1)))
    flexible = replace(MONTHLY, min_years=3)
    four = replace(MONTHLY, years=4).assess(observed)
    for number in ("expected", "upper", "pvalue"):
        pd.testing.assert_series_equal(
            getattr(flexible.assess(observed), number)[0][49:61], getattr(four, number)[0][49:61]
        )


def test_a_baseline_of_which_half_is_missing_is_too_little_history():
    rng = np.random.default_rng(10)
    observed = months(rng.poisson(30, (90, 1)))
    observed.iloc[20:60] = np.nan
    verdicts = MONTHLY.assess(observed, last=1)
    assert verdicts.reason.iloc[0, 0] == "too_little_history"


def test_a_larger_population_is_expected_to_have_more_cases():
    rng = np.random.default_rng(11)
    observed = months(rng.poisson(30, (90, 1)))
    people = pd.DataFrame(1000.0, observed.index, observed.columns)
    same = MONTHLY.assess(observed, population=people, last=1)
    people.iloc[-1] = 2000.0
    doubled = MONTHLY.assess(observed, population=people, last=1)
    plain = MONTHLY.assess(observed, last=1)
    assert same.expected.iloc[0, 0] == pytest.approx(plain.expected.iloc[0, 0])
    assert doubled.expected.iloc[0, 0] == pytest.approx(2 * plain.expected.iloc[0, 0])
    people.iloc[-1] = np.nan
    assert MONTHLY.assess(observed, population=people, last=1).reason.iloc[0, 0] == "missing"


def test_rates_may_be_in_any_unit():
    rng = np.random.default_rng(12)
    rates = months(rng.gamma(40, 0.3 / 40, (90, 3)))
    rates.iloc[-1, 0] = 0.6
    one, thousand = RATES.assess(rates, last=6), RATES.assess(rates * 1000, last=6)
    pd.testing.assert_frame_equal(one.alarm, thousand.alarm)
    pd.testing.assert_frame_equal(one.upper * 1000, thousand.upper)
    pd.testing.assert_frame_equal(one.pvalue, thousand.pvalue)
    assert one.alarm.iloc[-1].tolist() == [True, False, False]


def test_few_cases_in_a_unit_of_thousands_are_not_an_empty_baseline():
    rng = np.random.default_rng(13)
    rates = months(rng.gamma(40, 0.02 / 40, (90, 1)))
    assert RATES.assess(rates, last=1).reason.iloc[0, 0] == "ok"


def test_the_attained_false_alarm_rate_is_that_of_the_count_above_the_threshold():
    observed = months(np.full((90, 1), 20.0))
    verdicts = MONTHLY.assess(observed, last=1)
    limit = poisson(20).ppf(0.995)
    assert verdicts.upper.iloc[0, 0] == limit
    assert verdicts.false_alarm.iloc[0, 0] == pytest.approx(poisson(20).sf(limit))
    assert verdicts.pvalue.iloc[0, 0] == pytest.approx(poisson(20).sf(19))
    assert verdicts.pvalue_low.iloc[0, 0] == pytest.approx(poisson(20).cdf(20))


def test_a_smaller_alpha_never_lowers_the_threshold():
    rng = np.random.default_rng(14)
    observed = months(rng.negative_binomial(4, 0.2, (90, 5)))
    for threshold in ("nbPlugin", "muan", "delta"):
        uppers = [
            replace(MONTHLY, threshold=threshold, alpha=alpha).assess(observed, last=1).upper.to_numpy()
            for alpha in (0.1, 0.01, 0.001, 1e-6)
        ]
        assert all((later >= earlier).all() for earlier, later in itertools.pairwise(uppers))


def test_months_by_date_and_by_position_are_the_same_months():
    rng = np.random.default_rng(15)
    observed = months(rng.poisson(30, (80, 2)))
    by_day = replace(MONTHLY, index="date", trend=False).assess(observed, last=5)
    by_row = replace(MONTHLY, trend=False).assess(observed, last=5)
    pd.testing.assert_frame_equal(by_day.upper, by_row.upper)
    pd.testing.assert_frame_equal(by_day.alarm, by_row.alarm)


def test_the_preset_of_1996_is_the_flexible_one_with_its_settings():
    rng = np.random.default_rng(16)
    observed = weeks(rng.poisson(6, (300, 3)))
    preset = Farrington1996(alpha=0.05).assess(observed, last=9)
    spelt_out = FarringtonFlexible(
        blocks=1, guard=3, alpha=0.025, threshold="delta", residual_threshold=1, trend_p=0.05
    ).assess(observed, last=9)
    pd.testing.assert_frame_equal(preset.upper, spelt_out.upper)
    pd.testing.assert_frame_equal(preset.alarm, spelt_out.alarm)


@pytest.mark.parametrize(
    ("years", "blocks", "guard", "count"), [(5, 1, 3, 35), (5, 10, 26, 237)], ids=["P = 1", "P = 10"]
)
def test_the_number_of_reference_weeks_is_that_of_the_published_settings(years, blocks, guard, count):
    found = by_position(np.array([300]), years=years, half_window=3, blocks=blocks, guard=guard, periods=52)
    assert len(found.offsets) == count
    assert (found.offsets < -guard).all()
    last = found.offsets[found.layout.blocks == blocks - 1]
    assert set(last) == {-52 * year + day for year in range(1, years + 1) for day in range(-3, 4)}


def test_a_leap_day_is_compared_with_the_first_of_march():
    index = pd.date_range("2014-03-02", periods=320, freq="W-SUN")
    row = index.get_loc(pd.Timestamp("2020-03-01"))
    (found,) = by_date(index, np.array([row]), years=4, half_window=0, blocks=1, guard=0, weekly=True)
    days = index[row + found.offsets].strftime("%Y-%m-%d").tolist()
    assert days == ["2016-02-28", "2017-02-26", "2018-03-04", "2019-03-03"]


@pytest.mark.parametrize("dispersion", [1.0, 1.001, 1.5, 20.0])
def test_quantiles_are_the_smallest_counts_that_reach_the_probability(dispersion):
    mean = np.array([1e-12, 0.004, 0.3, 1, 4.2, 60, 1e4, 3e6])
    spread = np.full(len(mean), dispersion)
    for probability in (0.5, 0.95, 0.995, 1 - 1e-9):
        found = quantile(probability, mean, spread)
        counts = poisson(mean) if dispersion == 1 else nbinom(mean / (dispersion - 1), 1 / dispersion)
        np.testing.assert_array_equal(found, np.maximum(counts.ppf(probability), 0))


def test_probabilities_are_those_of_the_distributions_far_into_the_tail():
    count, mean, spread = np.array([-1.0, 0, 3, 400]), np.full(4, 9.0), np.full(4, 2.5)
    counts = nbinom(9 / 1.5, 1 / 2.5)
    np.testing.assert_allclose(cdf(count, mean, spread), counts.cdf(count), rtol=1e-12)
    np.testing.assert_allclose(survival(count, mean, spread), counts.sf(count), rtol=1e-10)
    np.testing.assert_allclose(survival(count, mean, np.ones(4)), poisson(9).sf(count), rtol=1e-10)
    assert 0 < survival(np.array([400.0]), np.array([9.0]), np.array([2.5]))[0] < 1e-60


@pytest.mark.parametrize("mean", [0.0, 1e50, 1e300, np.inf, np.nan])
def test_extreme_means_neither_hang_nor_stop_the_search(mean):
    found = quantile(0.995, np.array([mean, 5.0]), np.array([1.7, 1.0]))
    assert found[1] == poisson(5).ppf(0.995)
    assert np.isnan(found[0]) == np.isnan(mean)
    assert not found[0] > 1.001e9


def test_the_delta_threshold_is_the_normal_limit_on_the_power_scale():
    observed = months(np.full((90, 1), 27.0))
    baseline = replace(MONTHLY, threshold="delta", trend=False)
    upper = baseline.assess(observed, last=1).upper.iloc[0, 0]
    variance = 4 / 9 * 27 ** (1 / 3) * (1 + 27 / (27 * 15))  # se² = 1 / Σ of the block's 5 · 3 means
    assert upper == pytest.approx((9 + norm.isf(0.005) * np.sqrt(variance)) ** 1.5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"years": 0}, "years must lie in"),
        ({"alpha": 0.6}, "alpha must lie in"),
        ({"min_years": 6}, "min_years must lie in"),
        ({"threshold": "gamma"}, "threshold must be one of delta, nbPlugin, muan, not 'gamma'"),
        ({"mode": "exact"}, "mode must be one of"),
        ({"min_cases": (-1, 4)}, "min_cases"),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(wrong, message):
    with pytest.raises(ValueError, match=message):
        FarringtonFlexible(**wrong)
