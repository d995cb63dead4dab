"""The track record of a detector."""

from __future__ import annotations

import pytest

from surveillance.detectors import DETECTORS
from surveillance.evaluation import evaluated
from surveillance.plan import DEFAULT_PLAN
from surveillance.track_records import COLUMNS, track_record, watched_by


def test_every_watch_of_the_plan_is_watched_by_its_detector() -> None:
    told = [pair for kind in DETECTORS.values() for pair in watched_by(kind.__name__, DEFAULT_PLAN)]
    expected = [(watch.indicator, "main") for watch in DEFAULT_PLAN.watches]
    expected += [(watch.indicator, "short") for watch in DEFAULT_PLAN.watches if watch.short]
    assert sorted(told) == sorted(expected)


def test_a_record_has_one_row_for_each_measure_and_use() -> None:
    table = track_record("SeasonalRegression", DEFAULT_PLAN)
    assert list(table) == list(COLUMNS)
    assert not table.duplicated(["indicator", "role"]).any()
    assert table["found"].between(0, 1).all()
    assert table.loc[table["planned"], "indicator"].isin([watch.indicator for watch in DEFAULT_PLAN.watches]).all()


def test_the_best_placed_setting_stands_for_the_detector() -> None:
    table = track_record("FarringtonFlexible", DEFAULT_PLAN).set_index(["indicator", "role"])
    rows = evaluated()
    rows = rows[
        (rows["indicator"] == "us_cbp_seizure_events") & rows["detector"].str.startswith("FarringtonFlexible")
    ]
    found = table.loc[("us_cbp_seizure_events", "main")]
    assert found["rank"] == 1
    assert found["found"] in rows["sensitivity"].to_list()
    assert found["planned"]


@pytest.mark.parametrize("kind", ["LevelShift", "SeasonalTrend", "NoDetector"])
def test_what_was_not_compared_has_no_rows(kind: str) -> None:
    assert track_record(kind, DEFAULT_PLAN).empty
