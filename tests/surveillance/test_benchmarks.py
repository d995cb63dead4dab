"""The board of benchmarks against hand-worked figures, and how soon periods become visible."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from data_sources.store import Store
from surveillance.benchmarks import GROUPS, Benchmark, Row, benchmarks, board, statement, yearly_means
from surveillance.events import events, events_of
from surveillance.process import bulletins_in_both, panel_at_work
from surveillance.timeliness import completeness, first_days, timeliness

AS_OF = date(2026, 10, 2)
ORDER = ["B1", "B14", "B13", "B4", "B2", "B3", "B6", "B16", "B5", "B7", "B12", "B15", "B8", "B9", "B10", "B11"]
CASES = INDICATORS["mx_retail_drug_case_files_rnid"]


@pytest.fixture(scope="module")
def store(embedded: Path) -> Store:
    return open_store(embedded)


@pytest.fixture(scope="module")
def rows(store) -> dict[str, Row]:  # type: ignore[no-untyped-def]
    return {row.benchmark.id: row for row in board(store, AS_OF)}


def test_all_twenty_rows_stand_in_the_order_of_the_board(rows: dict[str, Row]) -> None:
    assert list(rows) == [*ORDER, "B17", "B18", "B19", "B20"]
    groups = [GROUPS.index(row.benchmark.group) for row in rows.values()]
    assert groups == sorted(groups)
    assert statement()[0] == date(2022, 10, 13)


def test_every_row_has_its_words_in_both_languages() -> None:
    for record in benchmarks():
        for said in (record.title, record.unit, record.reading):
            assert said.en
            assert said.es
        assert record.next_words or record.next_indicator
        if record.quoted and record.quoted.words:
            assert record.quoted.words.en != record.quoted.words.es


def test_deaths_are_reported_and_predicted_and_compared_like_with_like(rows: dict[str, Row]) -> None:
    row = rows["B1"]
    assert {value.label: value.value for value in row.revised} == {"reported": 107573, "predicted": 109099}
    assert {value.label: value.value for value in row.latest} == {"reported": 73690, "predicted": 76516}
    assert row.ratio == pytest.approx(76516 / 109099)
    assert row.low < row.ratio < row.high < 1
    assert row.direction == "better"
    assert [value.value for value in row.also] == [114000, 87000, 80391, 73000]


def test_seized_fentanyl_is_given_by_calendar_and_by_fiscal_year(rows: dict[str, Row]) -> None:
    then = {value.label: value.value for value in rows["B4"].revised}
    assert then["calendar"] == pytest.approx(892.4, abs=0.05)
    assert then["fiscal"] == pytest.approx(933.4, abs=0.05)
    assert {value.start.year for value in rows["B4"].latest if not value.fiscal} == {2025}


def test_a_mean_month_needs_the_whole_year_and_a_fiscal_year_begins_in_october() -> None:
    line = pd.Series(range(1, 25), pd.date_range("2020-01-01", periods=24, freq="MS"), dtype=float)
    assert yearly_means(line, fiscal=False).tolist() == [6.5, 18.5]
    fiscal = yearly_means(line, fiscal=True)
    assert fiscal.tolist() == [15.5]  # months 10 to 21
    assert fiscal.index[0] == pd.Timestamp("2020-10-01")


def test_only_an_outcome_is_ever_better_or_worse(rows: dict[str, Row]) -> None:
    assert {name for name, row in rows.items() if row.direction != "not_interpretable"} == {"B1"}


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.7, 0.9, "better"), (1.1, 1.2, "worse"), (0.9, 1.1, "unclear"), (np.nan, np.nan, "not_interpretable")],
)
def test_a_direction_needs_an_interval_that_excludes_no_change(
    rows: dict[str, Row], low: float, high: float, word: str
) -> None:
    record = rows["B1"].benchmark
    assert Row(record, ratio=0.8, low=low, high=high).direction == word
    supply: Benchmark = rows["B4"].benchmark
    assert Row(supply, ratio=0.8, low=0.7, high=0.9).direction == "not_interpretable"


def test_yearly_weights_come_from_the_store_and_doubled_is_not_found_in_them(rows: dict[str, Row]) -> None:
    assert [round(value.value) for value in rows["B6"].history] == [362, 213, 284, 1284, 1457]
    assert rows["B16"].parts == pytest.approx({"largest_factor": 21151.66 / 12430})


def test_values_published_after_the_replayed_day_are_left_out(store) -> None:  # type: ignore[no-untyped-def]
    then = {row.benchmark.id: row for row in board(store, date(2022, 12, 31))}
    assert [value.value for value in then["B2"].history] == [50_600_000]
    assert then["B14"].history == ()
    assert then["B1"].direction == "not_interpretable"
    assert all(value.as_of <= pd.Timestamp("2022-12-31") for row in then.values() for value in row.latest)


def test_the_panel_s_work_is_counted_up_to_the_day() -> None:
    decisions = pd.DataFrame(
        {
            "signal": ["a", "b", "c", "d"],
            "first_seen": ["2026-09-01", "2026-09-02", "2026-09-10", "2026-12-01"],
            "decided": ["2026-09-04", "2026-09-12", "2026-11-30", None],
            "state": ["confirmed", "closed", "watch", "new"],
        }
    )
    bulletins = pd.DataFrame(
        {
            "week": ["2026-W38", "2026-W39", "2026-W40"],
            "published": ["2026-09-22", "2026-10-05", "2026-10-30"],
            "languages": [("en", "es"), "en", "en es"],
        }
    )
    found = panel_at_work(decisions, bulletins, date(2026, 10, 6))
    assert found == {"signals": 3, "decided": 2, "median_days": 6.5, "bulletins": 2, "on_time": 1}
    assert bulletins_in_both(bulletins, date(2026, 12, 1)) == {"bulletins": 3, "in_both": 2, "on_time": 1}


def test_an_empty_log_is_no_work_and_no_median() -> None:
    found = panel_at_work(pd.DataFrame(), None, AS_OF)
    assert found["signals"] == found["bulletins"] == 0
    assert np.isnan(found["median_days"])


def vintage(**months: float) -> pd.Series:
    index = pd.MultiIndex.from_tuples(
        [(pd.Timestamp(f"{name[1:5]}-{name[5:]}-01"), "MX-SON") for name in months], names=["period", "geography"]
    )
    return pd.Series(list(months.values()), index)


def test_days_to_visible_count_from_the_period_s_end_and_only_where_a_newer_one_came() -> None:
    held = {
        date(2024, 2, 20): vintage(m202401=90),
        date(2024, 3, 1): vintage(m202401=95),
        date(2024, 3, 25): vintage(m202401=96, m202402=50),
    }
    assert first_days(held, CASES) == [19, 24]


def test_completeness_is_what_stood_at_an_age_over_what_it_came_to() -> None:
    held = {
        date(2024, 2, 20): vintage(m202401=90),
        date(2024, 3, 25): vintage(m202401=96, m202402=50),
        date(2025, 6, 1): vintage(m202401=100, m202402=80),
    }
    assert completeness(held, CASES, 30) == (pytest.approx((90 + 50) / 180), 2)
    assert completeness(held, CASES, 60) == (pytest.approx(96 / 100), 1)
    assert np.isnan(completeness(held, CASES, 180)[0])


def test_a_period_that_was_not_out_yet_counts_as_nothing() -> None:
    held = {date(2024, 3, 25): vintage(m202401=90), date(2025, 6, 1): vintage(m202401=90, m202402=80)}
    assert completeness(held, CASES, 30) == (0.0, 1)


def test_single_published_figures_say_nothing_of_delays(store) -> None:  # type: ignore[no-untyped-def]
    table = timeliness(store, AS_OF)
    assert table["days"].isna().all()
    assert set(table["reason"]) == {"embedded", "not_measured", "no_figure"}


def test_events_are_dated_in_both_languages_and_never_shown_before_they_happened() -> None:
    assert all(event.words.en and event.words.es for event in events())
    days = [event.day for event in events()]
    assert days == sorted(days)
    texas = events_of("us_overdose_deaths_12m", "US-TX", date(2020, 12, 31))
    assert [f"{event.day:%Y-%m-%d}" for event in texas] == ["2018-02-06", "2020-03-11"]
    assert "MX" not in {event.country for event in events_of("us_cbp_seizure_weight", "US", AS_OF)}
