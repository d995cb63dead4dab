"""Each series against its own past, by hand-worked figures."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from surveillance.deviation import (
    classed,
    deviations,
    direction,
    rate_classes,
    rates,
    year_total,
)
from surveillance.series import Wide

AS_OF = pd.Timestamp("2026-03-01")
FILES, SUMS = "mx_federal_drug_case_files", "us_overdose_deaths_12m_predicted"


def wide(values: dict[str, np.ndarray], indicator: str = FILES, *, filling: int = 0) -> Wide:
    """Series that end with January 2026, by place."""
    n = len(next(iter(values.values())))
    axis = pd.date_range(end="2026-01-01", periods=n, freq="MS", name="period")
    columns = pd.MultiIndex.from_tuples([(place, "all") for place in values], names=["geography", "substance"])
    observed = pd.DataFrame(np.column_stack(list(values.values())), axis, columns, dtype=float)
    judge = observed.notna()
    if filling:
        judge.iloc[-filling:] = False
    flat = pd.DataFrame(False, axis, columns)
    return Wide(replace(INDICATORS[indicator], filling=filling), observed, observed.astype(str), flat, judge)


def noisy(seed: int, n: int = 96, level: float = 100.0, sd: float = 0.1) -> np.ndarray:
    random = np.random.default_rng(seed)
    season = 0.3 * np.sin(2 * np.pi * np.arange(n) / 12)
    return level * np.exp(season + random.normal(0, sd, n))


def test_monthly_figures_are_averaged_over_three_months_and_set_against_the_same_months() -> None:
    y = np.full(60, 50.0)
    y[-3:] = [60, 75, 90]  # mean 75
    for year, level in ((1, 40.0), (2, 50.0), (3, 60.0)):
        y[-3 - 12 * year : len(y) - 12 * year] = level
    row = deviations(wide({"MX-SON": y}), AS_OF).iloc[0]
    assert (row["value"], row["reference"], row["deviation"]) == (75, 50, 0.5)
    assert row["period"] == pd.Timestamp("2026-01-01")
    assert row["reason"] == "ok"


def test_twelve_month_sums_stand_for_themselves() -> None:
    x = np.linspace(1000, 1000, 60)
    x[-1], x[-13], x[-25], x[-37] = 900, 1100, 1200, 700
    row = deviations(wide({"US-AZ": x}, SUMS), AS_OF).iloc[0]
    assert row["value"] == 900
    assert row["reference"] == 1000
    assert row["deviation"] == pytest.approx(-0.1)


def test_the_interval_agrees_with_a_plain_loop() -> None:
    y = noisy(1)
    row = deviations(wide({"MX-SON": y}), AS_OF).iloc[0]
    yearly = [math.log(y[t] / y[t - 12]) for t in range(12, len(y))]
    steps = [after - before for before, after in pairwise(yearly)][-60:]
    mean = sum(steps) / 60
    sd = math.sqrt(sum((step - mean) ** 2 for step in steps) / 59)
    reach = 1.2815515655446004 * sd / 2 * math.sqrt(4 / 9)
    assert row["low"] == pytest.approx((1 + row["deviation"]) * math.exp(-reach) - 1)
    assert row["high"] == pytest.approx((1 + row["deviation"]) * math.exp(reach) - 1)


def test_the_interval_holds_no_change_about_as_often_as_it_says() -> None:
    series = {f"MX-{i}": noisy(i) for i in range(300)}
    table = deviations(wide(series), AS_OF)
    held = ((table["low"] <= 0) & (table["high"] >= 0)).mean()
    assert 0.72 <= held <= 0.88


def test_the_season_is_no_deviation() -> None:
    n = np.arange(96)
    row = deviations(wide({"MX-SON": 100 * np.exp(0.5 * np.sin(2 * np.pi * n / 12))}), AS_OF).iloc[0]
    assert row["deviation"] == pytest.approx(0, abs=1e-12)


def test_what_still_fills_is_left_out() -> None:
    y = np.full(60, 50.0)
    y[-1] = 1.0
    row = deviations(wide({"MX-SON": y}, filling=1), AS_OF).iloc[0]
    assert row["deviation"] == 0
    assert row["period"] == pd.Timestamp("2025-12-01")


@pytest.mark.parametrize("month", [-1 - 12, -2 - 24, -3 - 36])
def test_a_missing_month_of_any_year_leaves_it_unjudged_and_not_filled(month: int) -> None:
    y = noisy(2)
    y[month] = np.nan
    row = deviations(wide({"MX-SON": y}), AS_OF).iloc[0]
    assert row["reason"] == "missing"
    assert row[["deviation", "reference", "low", "high", "class"]].isna().all()


def test_why_a_series_cannot_be_judged() -> None:
    young = noisy(3)
    young[:70] = np.nan
    empty, zero = np.full(96, np.nan), np.zeros(96)
    old = noisy(4)
    old[-30:] = np.nan
    few = np.full(96, 3.0)
    table = deviations(wide({"a": young, "b": empty, "c": zero, "d": old, "e": few}), AS_OF)
    reasons = dict(zip(table["geography"], table["reason"], strict=True))
    assert reasons == {
        "a": "too_little_history", "b": "no_data", "c": "too_few_cases", "d": "out_of_date", "e": "too_few_cases",
    }  # fmt: skip
    assert table["deviation"].isna().all()


def test_a_new_method_has_no_past() -> None:
    table = deviations(wide({"MX-SON": noisy(5)[:8]}, "mx_retail_drug_case_files_rnid"), AS_OF)
    assert table["reason"].to_list() == ["method_break"]
    assert table["value"].notna().all()


def test_too_short_a_history_for_an_interval_gives_no_word() -> None:
    row = deviations(wide({"MX-SON": noisy(6)[-39:]}), AS_OF).iloc[0]
    assert not math.isnan(row["deviation"])
    found = deviations(wide({"MX-SON": noisy(6)[-38:]}), AS_OF).iloc[0]
    assert found["reason"] == "too_little_history"
    assert direction(0.5, float("nan"), float("nan")) == "unclear"
    assert classed(0.5, float("nan"), float("nan")) == 0


def test_scaling_changes_nothing_but_the_values() -> None:
    one, ten = (deviations(wide({"MX-SON": noisy(7) * factor}), AS_OF).iloc[0] for factor in (1, 10))
    for name in ("deviation", "low", "high"):
        assert one[name] == pytest.approx(ten[name])


@pytest.mark.parametrize(
    ("deviation", "low", "high", "expected"),
    [
        (0.30, 0.1, 0.5, 2), (0.20, 0.1, 0.3, 2), (0.10, 0.01, 0.2, 1), (0.04, 0.01, 0.08, 0),
        (0.30, -0.1, 0.9, 0), (-0.10, -0.2, -0.01, -1), (-0.40, -0.5, -0.3, -2), (-0.40, -0.7, 0.1, 0),
    ],
)  # fmt: skip
def test_a_class_needs_an_interval_without_no_change(
    deviation: float, low: float, high: float, expected: float
) -> None:
    assert classed(deviation, low, high) == expected


def test_yearly_series_are_refused() -> None:
    with pytest.raises(ValueError, match="monthly"):
        deviations(replace(wide({"US": np.ones(9)}), indicator=INDICATORS["population"]), AS_OF)


def test_rates_take_the_population_of_the_year_or_the_one_before_and_no_older() -> None:
    people = pd.DataFrame(
        {"US-AZ": [1_000_000.0, 2_000_000.0], "US-NM": [500_000.0, np.nan]}, pd.to_datetime(["2023", "2025"])
    )
    table = pd.DataFrame(
        {
            "geography": ["US-AZ", "US-NM", "US-TX", "US-AZ"],
            "period": pd.to_datetime(["2025-04-01", "2025-04-01", "2025-04-01", "2026-01-01"]),
            "value": [100.0, 100.0, 100.0, 100.0],
        }
    )
    found = rates(table, people, months=12)
    assert found[0] == 5.0
    assert found[[1, 2]].isna().all()
    assert found[3] == 5.0
    assert rates(table, people, months=1)[0] == pytest.approx(60.0)  # a month's mean, at a year's pace


def test_a_year_is_twelve_months_without_a_gap() -> None:
    whole, gap = np.arange(24.0), np.arange(24.0)
    gap[-5] = np.nan
    table = year_total(wide({"a": whole, "b": gap, "c": np.full(24, np.nan)})).set_index("geography")
    assert table.loc["a", "total"] == sum(range(12, 24))
    assert math.isnan(table.loc["b", "total"])
    assert "c" not in table.index


def test_rate_classes_are_five_of_equal_width() -> None:
    shades, limits = rate_classes(pd.Series([10.0, 20.0, 30.0, 60.0, np.nan]))
    assert limits == (20.0, 30.0, 40.0, 50.0)
    assert shades[:4].to_list() == [0, 1, 2, 4]
    assert math.isnan(shades[4])
    assert rate_classes(pd.Series([5.0, 5.0]))[0].to_list() == [2, 2]
    assert all(math.isnan(limit) for limit in rate_classes(pd.Series([np.nan]))[1])
