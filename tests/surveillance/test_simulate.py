"""Simulated counts have the moments they should, and outbreaks lie where they are said to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from surveillance.simulate import (
    BASELINE,
    JUDGED,
    SCENARIOS,
    WEEKS,
    Scenario,
    inject,
    negative_binomial,
    simulate,
    weekly,
)


def months(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, pd.date_range("2015-01-01", periods=len(values), freq="MS"))


def everything(observed: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(True, observed.index, observed.columns)


def test_there_are_forty_two_scenarios_half_of_them_without_a_trend():
    assert len(set(SCENARIOS)) == 42
    assert sum(scenario.beta == 0 for scenario in SCENARIOS) == 21


def test_a_mean_is_the_formula_worked_by_hand():
    """Week 13 is a quarter of a year: cos 0, sin 1, then cos −1, sin 0 for the second harmonic."""
    scenario = Scenario(theta=0.1, beta=0.0025, gamma1=0.6, gamma2=0.6, phi=1.5, harmonics=2)
    assert scenario.mean(np.array([13]))[0] == pytest.approx(np.exp(0.1 + 0.0025 * 13 + 0.6 - 0.6))
    assert Scenario(1.5, 0, 0.2, -0.4, 1, 0).mean(np.array([1, 600])) == pytest.approx(np.exp([1.5, 1.5]))


@pytest.mark.parametrize("phi", [1.0, 1.1, 3.0])
def test_counts_have_the_mean_and_the_variance_asked_for(phi):
    counts = negative_binomial(np.random.default_rng(1), np.full((200_000, 1), 12.0), np.array([phi]))
    assert counts.mean() == pytest.approx(12, rel=0.01)
    assert counts.var() == pytest.approx(12 * phi, rel=0.02)


def test_the_same_seed_gives_the_same_series_and_another_one_others():
    one, same, other = (simulate(SCENARIOS[:2], replicates=3, seed=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one.observed, same.observed)
    assert not one.observed.equals(other.observed)


def test_past_outbreaks_begin_in_the_baseline_and_the_current_one_in_the_judged_weeks():
    study = simulate(SCENARIOS[-6:], replicates=50)
    weeks = np.arange(1, WEEKS + 1)[:, None]
    assert (weeks[study.past.any(axis=1)] >= 313).all()
    assert (weeks[study.current.any(axis=1)] >= 576).all()
    assert (BASELINE.start + 1, BASELINE.stop, WEEKS - JUDGED + 1) == (313, 575, 576)
    assert study.observed.shape == (624, 300)
    np.testing.assert_array_equal(study.observed, study.background + study.past + study.current)


def test_outbreaks_have_k_standard_deviations_of_cases_and_half_of_them_in_the_first_week():
    """φ = 1.2, μ = e⁵: sd 13.3; what would fall behind the last week is lost, so only early ones are counted."""
    study = simulate([Scenario(5.0, 0.0, 0.0, 0.0, 1.2, 0)], replicates=4000)
    early = study.current[-JUDGED:-10].any(axis=0) & ~study.current[-10:].any(axis=0)
    cases, k = study.current[:, early], study.size[early]
    sd = np.sqrt(1.2 * np.exp(5))
    for size in (1, 5, 10):
        assert cases[:, k == size].sum(axis=0).mean() == pytest.approx(size * sd, rel=0.03)
    first = np.take_along_axis(cases, cases.argmax(axis=0)[None], axis=0)
    begins = (cases > 0).argmax(axis=0)
    in_first = cases[begins, np.arange(cases.shape[1])].sum() / cases.sum()
    assert in_first == pytest.approx(0.5, abs=0.01)
    assert (first > 0).all()


def test_an_injected_outbreak_adds_k_sd_over_three_periods_and_nothing_elsewhere():
    random = np.random.default_rng(2)
    observed = months(50 + 10 * random.standard_normal((120, 4)))
    found = inject(observed, everything(observed), sizes=(2.0, 8.0), starts=5, whole=False)
    assert found.observed.shape == (120, 40)
    extra = found.observed.to_numpy() - observed.to_numpy()[:, found.column]
    assert (extra[~found.window] == 0).all()
    assert (found.window.sum(axis=0) == 3).all()
    sd = (observed - observed.rolling(13, center=True, min_periods=7).mean()).std().to_numpy()
    assert extra.sum(axis=0) == pytest.approx(0.986 * found.size * sd[found.column], rel=1e-3)
    shares = extra.sum(axis=1) / extra.sum()
    row = int(found.start[0])
    assert extra[row, 0] / extra[:, 0].sum() == pytest.approx(0.5 / 0.986, rel=1e-3)
    assert shares.sum() == pytest.approx(1)


def test_outbreaks_of_counts_are_whole_and_have_a_case():
    observed = months(np.zeros((60, 2)))
    found = inject(observed, everything(observed), sizes=(0.01,), starts=20, whole=True)
    values = found.observed.to_numpy()
    np.testing.assert_array_equal(values, np.round(values))
    assert (values.sum(axis=0) >= 1).all()
    assert (values[found.start, np.arange(20 * 2)] >= 1).mean() > 0.8


def test_outbreaks_lie_only_where_all_their_periods_may_be_judged():
    observed = months(np.random.default_rng(3).normal(10, 2, (60, 3)))
    judge = everything(observed)
    judge.iloc[:40] = False
    judge.iloc[50] = False
    judge.iloc[:, 2] = False
    found = inject(observed, judge, sizes=(4.0,), starts=100, whole=False)
    assert set(found.column) == {0, 1}
    assert set(found.start) == {*range(40, 48), *range(51, 58)}
    assert len(found.start) == 30


def test_a_series_that_does_not_vary_gets_none_unless_it_counts():
    observed = months(np.full((60, 2), 7.0))
    assert inject(observed, everything(observed), sizes=(4.0,), starts=3, whole=False).observed.shape == (60, 0)
    assert inject(observed, everything(observed), sizes=(4.0,), starts=3, whole=True).observed.shape == (60, 6)


def test_twelve_month_sums_are_raised_by_the_months_and_stay_raised():
    random = np.random.default_rng(4)
    monthly = months(random.poisson(100, (96, 3)).astype(float))
    sums = monthly.rolling(12).sum().dropna()
    found = inject(sums, everything(sums), sizes=(8.0,), starts=4, whole=False, sums=True)
    extra = found.observed.to_numpy() - sums.to_numpy()[:, found.column]
    assert (np.diff(extra, axis=0) >= 0).all()
    assert extra[-1] == pytest.approx(8 * 10 * 0.986, rel=0.25)  # the sd of Poisson(100) is 10
    assert extra[found.start - 1, np.arange(12)] == pytest.approx(0)


def test_weeks_begin_on_sundays():
    assert set(weekly(np.zeros((60, 1))).index.day_name()) == {"Sunday"}
