"""Sums, rates, shares and base = 100, against figures worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from surveillance.measures import (
    aggregate,
    aggregations,
    base_period,
    low_counts,
    normalised,
    per_100k,
    share,
)

CASES = INDICATORS["mx_federal_drug_case_files"]
SUMS = INDICATORS["us_overdose_deaths_12m"]
RATE = INDICATORS["us_overdose_ed_rate"]
WEIGHT = INDICATORS["us_cbp_seizure_weight"]


def months(values: list[float], start: str = "2020-01-01") -> pd.Series:
    return pd.Series(values, pd.date_range(start, periods=len(values), freq="MS"), dtype=float)


def test_quarters_are_sums_of_three_months_and_a_missing_month_leaves_none() -> None:
    found = aggregate(months([1, 2, 3, 4, np.nan, 6, 7, 8]), CASES, "quarter")
    assert found.values.iloc[0] == 6
    assert found.values.isna().tolist() == [False, True, True]
    assert found.reason.tolist() == ["", "missing", "part_of_a_period"]


def test_a_year_needs_all_twelve_months() -> None:
    found = aggregate(months([*range(1, 13), 5]), WEIGHT, "year")
    assert found.values.iloc[0] == 78
    assert found.reason.tolist() == ["", "part_of_a_period"]


def test_a_reported_zero_is_summed_as_zero() -> None:
    assert aggregate(months([0, 0, 0]), CASES, "quarter").values.tolist() == [0]


@pytest.mark.parametrize("record", [SUMS, RATE, INDICATORS["us_overdose_pending_pct"], INDICATORS["population"]])
def test_sums_of_twelve_months_rates_percentages_and_stocks_are_never_summed(record) -> None:  # type: ignore[no-untyped-def]
    assert aggregations(record) == ("month",)
    with pytest.raises(ValueError, match="cannot be summed"):
        aggregate(months([1, 2, 3]), record, "quarter")


def test_a_rate_divides_by_the_population_of_the_month_s_own_year() -> None:
    line = months([30, 30, 40, np.nan], "2020-11-01")
    people = pd.Series([1_500_000.0, 2_000_000.0], pd.to_datetime(["2020-01-01", "2021-01-01"]))
    found = per_100k(line, CASES, people)
    assert found.values.iloc[:3].tolist() == [2.0, 2.0, 2.0]
    assert found.reason.tolist() == ["", "", "", "missing"]


def test_without_a_population_of_the_year_there_is_no_rate_and_the_reason_says_so() -> None:
    found = per_100k(months([30, 30], "2021-12-01"), CASES, pd.Series([1e6], pd.to_datetime(["2021-01-01"])))
    assert found.values.iloc[0] == 3.0
    assert found.reason.tolist() == ["", "no_population"]
    assert found.values.isna().tolist() == [False, True]


def test_only_counts_have_a_rate_and_only_counts_and_weights_a_share() -> None:
    people = pd.Series([1e6], pd.to_datetime(["2020-01-01"]))
    with pytest.raises(ValueError, match="only counts"):
        per_100k(months([1]), WEIGHT, people)
    with pytest.raises(ValueError, match="has no share"):
        share(months([1]), RATE, months([2]))


def test_a_share_is_missing_where_the_total_is_missing_or_zero() -> None:
    found = share(months([1, 0, 1, 1, np.nan]), WEIGHT, months([4, 5, 0, np.nan, 3]))
    assert found.values.iloc[:2].tolist() == [0.25, 0.0]
    assert found.reason.tolist() == ["", "", "no_total", "no_total", "missing"]


def test_base_100_is_the_mean_month_of_2019_where_all_of_it_is_held() -> None:
    line = months([10.0] * 12 + [20.0] * 12 + [30.0], "2018-01-01")
    assert base_period(line) == 2019
    found = normalised(line)
    assert found.values.iloc[0] == 50
    assert found.values.iloc[-1] == 150
    assert normalised(line, 2018).values.iloc[-1] == 300


def test_without_2019_the_first_whole_year_is_the_base_and_without_any_there_is_none() -> None:
    assert base_period(months([5.0] * 24, "2021-06-01")) == 2022
    short = normalised(months([5.0] * 8))
    assert short.values.isna().all()
    assert set(short.reason) == {"no_base"}
    assert set(normalised(months([0.0] * 12)).reason) == {"no_base"}


def test_low_counts_give_their_twelve_months_and_a_missing_month_no_total() -> None:
    low = low_counts(months([9] * 12 + [1, 2, 3, 4] * 3), CASES)
    assert low is not None
    assert (low.mean, low.total) == (2.5, 30)
    gap = low_counts(months([1, np.nan, *[1] * 11]), CASES)
    assert gap is not None
    assert np.isnan(gap.total)


def test_a_series_of_five_a_month_a_weight_or_an_empty_series_is_drawn() -> None:
    assert low_counts(months([5] * 12), CASES) is None
    assert low_counts(months([1] * 12), WEIGHT) is None
    assert low_counts(months([0] * 12), CASES) is None
    assert low_counts(months([1] * 11), CASES) is None
    assert low_counts(months([1] * 12), replace(CASES, window="12 months ending")) is None


def test_nothing_changes_its_input() -> None:
    line = months([1, 2, np.nan, 4] * 6, "2019-01-01")
    before = line.copy()
    aggregate(line, CASES, "year")
    normalised(line)
    share(line, CASES, line)
    per_100k(line, CASES, pd.Series([1e6], pd.to_datetime(["2019-01-01"])))
    pd.testing.assert_series_equal(line, before)
