"""The first screen's arithmetic, with hand-worked figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from data_sources.observations import SERIES
from surveillance import pipeline, situation

AS_OF = date(2026, 10, 2)


@pytest.fixture(scope="module")
def store(embedded):
    return open_store(embedded)


@pytest.fixture(scope="module")
def tiles(store):
    return {(tile.country, tile.row): tile for tile in situation.tiles(store, AS_OF)}


def test_deaths_are_compared_at_the_same_age(tiles):
    """34,523 to April 2026 as first printed, against 42,233 as first printed a year before: −18 %."""
    tile = tiles["US", "deaths"]
    assert tile.value == 34523
    assert tile.ratio == pytest.approx(34523 / 42233)
    assert tile.direction == "lower"


def test_a_first_print_is_not_compared_with_a_settled_figure(store):
    period = pd.Timestamp("2025-04-01")
    name = "us_overdose_deaths_12m"
    assert np.isnan(situation.same_age_before(store, name, "US", "heroin", period, AS_OF))


def test_seizures_are_shown_in_kilograms(tiles):
    tile = tiles["US", "supply"]
    assert tile.unit == "kg"
    assert tile.value == pytest.approx(849.95 * 0.45359237)


def test_a_country_without_a_measure_says_so(tiles):
    assert not tiles["MX", "deaths"].measured
    assert not tiles["US", "enforcement"].measured


def test_case_files_are_summed_over_the_border_states_only_when_all_have_a_value(tiles):
    tile = tiles["MX", "enforcement"]
    assert tile.period == pd.Timestamp("2026-07-01")
    assert tile.value == 3192
    assert tile.direction == "unknown"  # seven months under the new register: no year before


def test_the_interval_of_a_change_by_a_plain_loop():
    record = INDICATORS["us_cbp_seizure_events"]
    random = np.random.default_rng(2)
    values = 100 * np.exp(0.1 * random.standard_normal(90))
    line = pd.Series(values, pd.date_range("2018-01-01", periods=90, freq="MS"))
    ratio, low, high = situation.change(line, record)
    assert ratio == pytest.approx(values[-3:].sum() / values[-15:-12].sum())
    yearly = [np.log(values[t]) - np.log(values[t - 12]) for t in range(12, 90)]
    steps = np.diff(yearly)[-60:]
    reach = 1.2815515655446004 * np.std(steps, ddof=1) / np.sqrt(6)
    assert (low, high) == pytest.approx((ratio * np.exp(-reach), ratio * np.exp(reach)))


def test_the_interval_of_a_change_covers_no_change_four_times_in_five():
    record = INDICATORS["us_cbp_seizure_events"]
    random = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        values = 100 * np.exp(0.1 * random.standard_normal(90))
        line = pd.Series(values, pd.date_range("2018-01-01", periods=90, freq="MS"))
        _, low, high = situation.change(line, record)
        inside += low <= 1 <= high
    assert 0.74 < inside / 400 < 0.86


def test_changes_between_two_days_are_found(store):
    before, after = pipeline.run(store, date(2026, 9, 10)), pipeline.run(store, AS_OF)
    found = situation.changes(before, after)
    assert ("us_overdose_deaths_12m", "US", "synthetic_opioids") in found.newer
    assert situation.changes(after, after).nothing


def test_a_revision_over_five_per_cent_and_a_lost_figure_are_named(store):
    before = pipeline.run(store, AS_OF)
    verdicts = before.verdicts.copy()
    held = verdicts[verdicts["observed"] > 0].groupby(SERIES, sort=False)
    first, second, third = (group.index[-1] for _, group in list(held)[:3])
    verdicts.loc[first, "observed"] *= 1.06
    verdicts.loc[second, "observed"] *= 1.04
    verdicts.loc[third, "observed"] = np.nan
    found = situation.changes(before, replace(before, verdicts=verdicts))
    assert found.revised == [tuple(verdicts.loc[first, SERIES])]
    assert found.lost == [tuple(verdicts.loc[third, SERIES])]
    assert not found.nothing


def test_the_calendar_counts_from_the_next_period(store):
    table = situation.calendar(pipeline.run(store, AS_OF)).set_index("indicator")
    row = table.loc["us_cbp_seizure_weight"]  # December held; January ends on 1 February, 25 days of delay
    assert row["expected"] == pd.Timestamp("2026-02-26")
    assert row["overdue_days"] == (pd.Timestamp(AS_OF) - pd.Timestamp("2026-02-26")).days
    assert table["expected"].is_monotonic_increasing
