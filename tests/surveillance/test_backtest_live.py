"""Settings tried on one series' own past."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from surveillance.backtest_live import LEAST, Setting, backtest, replay
from surveillance.detectors import EarsC1, FarringtonFlexible
from surveillance.judging import judge
from surveillance.series import Wide, wide
from surveillance.watch import Watch

EVENTS = "us_cbp_seizure_events"
WATCH = Watch(EVENTS, EarsC1(baseline=12), "")


def series(values: object) -> Wide:
    values = np.asarray(values, dtype=float)
    rows = pd.DataFrame(
        {
            "indicator": EVENTS, "geography": "US", "substance": "heroin", "value": values, "status": "reported",
            "provisional": False, "period": pd.date_range("2019-01-01", periods=len(values), freq="MS"),
        }
    )  # fmt: skip
    return wide(rows, replace(INDICATORS[EVENTS], filling=0))


@pytest.fixture
def quiet() -> Wide:
    return series(np.random.default_rng(4).poisson(30, 84))


def test_a_more_sensitive_setting_never_finds_less(quiet: Wide) -> None:
    found = backtest([Setting(WATCH, alpha) for alpha in (1e-6, 0.001, 0.01, 0.1)], quiet)
    shares = [each.sensitivity for each in found]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    assert [each.signals_a_year for each in found] == sorted(each.signals_a_year for each in found)


def test_it_says_the_same_twice_and_does_not_change_the_series(quiet: Wide) -> None:
    before = quiet.observed.copy()
    once, twice = (backtest([Setting(WATCH, 0.01)], quiet, seed=3) for _ in range(2))
    assert once == twice
    pd.testing.assert_frame_equal(quiet.observed, before)


def test_signals_a_year_are_runs_of_alarms_counted_by_hand(quiet: Wide) -> None:
    values = quiet.observed.iloc[:, 0].to_numpy().copy()
    values[[60, 61, 75]] = 200  # a run of two, and one alone
    noisy = series(values)
    alarms = (
        judge(replace(WATCH, detector=EarsC1(baseline=12, alpha=1e-6)), noisy)["alarm"].fillna(False).to_numpy()
    )
    newest = alarms[-60:]
    starts = sum(now and not (i and newest[i - 1]) for i, now in enumerate(newest))
    (found,) = backtest([Setting(WATCH, 1e-6)], noisy)
    assert found.periods == 60
    assert found.signals_a_year == pytest.approx(starts / 5)


def test_a_short_or_flat_series_has_no_figures_and_says_why() -> None:
    (short,) = backtest([Setting(WATCH, 0.01)], series(np.arange(12 + LEAST - 1) % 5))
    assert (short.reason, short.outbreaks) == ("too_few_periods", 0)
    assert np.isnan([short.sensitivity, short.timeliness, short.signals_a_year]).all()


def test_settings_are_compared_where_all_can_judge(quiet: Wide) -> None:
    farrington = Watch(EVENTS, FarringtonFlexible(years=5, half_window=1, blocks=5, guard=6), "")
    found = backtest([Setting(WATCH, 0.01), Setting(farrington, 0.01)], quiet)
    assert found[0].periods == found[1].periods < 60
    assert found[0].outbreaks == found[1].outbreaks > 0


def test_one_series_takes_under_a_second(quiet: Wide) -> None:
    farrington = Watch(EVENTS, FarringtonFlexible(years=3, half_window=1, blocks=5, guard=6), "")
    backtest([Setting(farrington, 0.01)], quiet)
    clock = time.process_time()
    backtest([Setting(farrington, 0.01), Setting(farrington, 0.02)], quiet)
    assert time.process_time() - clock < 2  # of processor time; 0.4 s measured


def test_vintages_tell_which_alarms_stand(quiet: Wide) -> None:
    values = quiet.observed.iloc[:, 0].to_numpy().copy()
    settled = values.copy()
    values[40] = 200  # first printed high, then corrected
    settled[60] = 200  # first printed low, then corrected upwards
    values[83] = settled[83] = 200  # high and stays high
    vintages = [series(values[:upto]) for upto in (41, 61, 84)]
    found = replay(Setting(WATCH, 1e-6), vintages, series(settled))
    assert (found.judged, found.alarms, found.stand, found.fell, found.late) == (3, 2, 1, 1, 1)


def test_without_vintages_nothing_was_judged(quiet: Wide) -> None:
    assert replay(Setting(WATCH, 0.01), [], quiet).judged == 0
