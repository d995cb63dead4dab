"""The lanes and the corridors, on the embedded figures, with hand-worked sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.corridors import CORRIDORS, above, cells
from surveillance.lanes import FIRST, Lane, lanes, peaks
from surveillance.situation import BORDER_STATES

AS_OF = date(2026, 10, 2)


@pytest.fixture(scope="module")
def store(embedded):
    return open_store(embedded)


@pytest.fixture(scope="module")
def found(store):
    return lanes(store, AS_OF)


@pytest.fixture(scope="module")
def assessment(store):
    return pipeline.run(store, AS_OF)


def test_supply_stands_before_use_and_use_before_harm(found):
    assert [lane.stage for lane in found] == ["supply"] * 3 + ["use"] * 2 + ["harm"] * 2
    assert {lane.country for lane in found} == {"US", "MX"}


def test_a_country_without_a_measure_has_a_lane_all_the_same(found):
    absent = [(lane.country, lane.stage) for lane in found if lane.line is None]
    assert absent == [("MX", "use"), ("MX", "harm")]
    assert all(lane.state == "absent" for lane in found if lane.line is None)


def test_case_files_are_summed_only_where_all_border_states_have_a_value(store, found):
    lane = found[2]
    assert lane.indicator == "mx_retail_drug_case_files_rnid"
    assert lane.since == pd.Timestamp("2026-01-01")
    assert lane.newest == (pd.Timestamp("2026-07-01"), 3192)  # August is held for two states only
    known = store.known_on(AS_OF, ["mx_retail_drug_case_files"])
    month = known[(known["period"] == "2021-01-01") & known["geography"].isin(BORDER_STATES)]
    assert lane.line.loc["2021-01-01"] == month["value"].sum() == 3502


def test_the_axis_of_two_methods_has_no_missing_month_and_no_value_twice(found):
    index = found[2].line.index
    assert index.is_unique
    assert list(index) == list(pd.date_range(index[0], index[-1], freq="MS"))
    assert index[0] >= FIRST


def test_a_lane_whose_source_is_overdue_is_late(found):
    assert found[0].state == "late"  # seizures to December 2025, due a month after
    assert found[5].newest == (pd.Timestamp("2026-04-01"), 34523)


def test_the_peak_is_the_largest_sum_of_twelve_months_by_a_plain_loop(found):
    supply = found[0].line
    sums = {
        supply.index[i]: supply.iloc[i - 11 : i + 1].sum()
        for i in range(11, len(supply))
        if supply.iloc[i - 11 : i + 1].notna().all()
    }
    top = max(sums, key=sums.__getitem__)
    peak = peaks(found)[0]
    assert peak.period == top
    assert peak.share == pytest.approx(list(sums.values())[-1] / sums[top])


def test_a_sum_of_twelve_months_is_not_summed_again(found):
    peak = peaks(found)[1]
    assert peak.period == pd.Timestamp("2023-06-01")
    assert peak.share == pytest.approx(34523 / 77695)


def test_a_short_lane_has_no_peak():
    line = pd.Series(np.arange(12.0), pd.date_range("2020-01-01", periods=12, freq="MS"))
    lane = Lane("US", "supply", "us_cbp_seizure_weight", line=line, complete=line.notna(), state="current")
    assert peaks([lane]) == []


def test_a_corridor_says_what_each_of_its_series_says(assessment):
    corridor = CORRIDORS[0]
    for cell in cells(assessment, corridor):
        row = assessment.series.set_index(["indicator", "geography", "substance"]).reindex([cell.series]).iloc[0]
        if cell.stand == "not_held":
            assert pd.isna(row["state"])
        else:
            assert cell.value == row["observed"]
            assert (cell.stand == "not_judgeable") == (row["state"] == "not_judgeable")


def test_a_series_over_its_line_is_above_and_a_fall_is_below(assessment):
    series = assessment.series.copy()
    key = (series["indicator"] == "us_overdose_deaths_12m") & (series["geography"] == "US-TX")
    series.loc[key, "state"] = "last_known"
    raised = replace(assessment, series=series)
    assert above([cells(raised, corridor) for corridor in CORRIDORS]) == 2  # El Paso and Laredo share Texas
    series = assessment.series.copy()
    series["fall"] = series["fall"].mask(key, True)
    stands = {cell.series[1]: cell.stand for cell in cells(replace(assessment, series=series), CORRIDORS[2])}
    assert stands["US-TX"] == "below"


def test_before_the_new_register_the_old_one_stands_in_a_corridor(store):
    then = pipeline.run(store, date(2026, 9, 29))
    names = {cell.series[0] for corridor in CORRIDORS for cell in cells(then, corridor)}
    assert names & {"mx_retail_drug_case_files", "mx_retail_drug_case_files_rnid"}
