"""Facts of a signal: expected range, rarity, track record, and what is nearest to an alarm."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, norm, poisson
from scipy.stats import t as student

from data_sources.indicators import INDICATORS
from surveillance.assessment import SERIES_COLUMNS, VERDICT_COLUMNS, Assessment
from surveillance.detectors import (
    DETECTORS,
    Detector,
    EarsC2,
    Farrington1996,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.explain import closest, drawn, facts, growth_a_year, line_to_read, with_ranges, years_between
from surveillance.plan import DEFAULT_PLAN, Plan, Watch
from surveillance.series import wide
from surveillance.trend import Growth

MONTHS = pd.date_range("2024-01-01", periods=4, freq="MS")


def one(
    expected: float, upper: float, detector: Detector, *, indicator: str = "us_cbp_seizure_events"
) -> pd.Series:
    name = type(detector).__name__
    rows = pd.DataFrame({"indicator": [indicator], "detector": [name], "expected": [expected], "upper": [upper]})
    return with_ranges(rows, Plan((Watch(indicator, detector, "why"),))).iloc[0]


@pytest.mark.parametrize(("mean", "dispersion"), [(3.0, 1.5), (40.0, 2.0), (400.0, 6.0)])
def test_a_count_s_range_is_that_of_the_negative_binomial_behind_its_threshold(
    mean: float, dispersion: float
) -> None:
    model = nbinom(mean / (dispersion - 1), 1 / dispersion)
    row = one(mean, float(model.ppf(0.99)), FarringtonFlexible(alpha=0.01))
    for name, probability in (("low95", 0.025), ("low80", 0.1), ("high80", 0.9), ("high95", 0.975)):
        # The threshold is an integer, so the dispersion it implies is known only to within one count.
        assert row[name] == pytest.approx(float(model.ppf(probability)), abs=max(1.0, 0.02 * mean))


def test_a_poisson_threshold_gives_a_poisson_range() -> None:
    row = one(10.0, float(poisson.ppf(0.99, 10)), FarringtonFlexible(alpha=0.01))
    assert row["low95"] == poisson.ppf(0.025, 10)
    assert row["high95"] == pytest.approx(poisson.ppf(0.975, 10), abs=1)


def test_an_ears_range_is_the_normal_one_with_the_baseline_s_spread() -> None:
    mean, sd = 50.0, 4.0
    row = one(mean, mean + norm.ppf(0.99) * sd, EarsC2(alpha=0.01))
    assert row["low80"] == pytest.approx(mean - norm.ppf(0.9) * sd)
    assert row["high95"] == pytest.approx(mean + norm.ppf(0.975) * sd)


def test_a_weight_s_range_is_that_of_its_regression_on_the_logarithm() -> None:
    tail = student(5)
    row = one(np.expm1(4.0), np.expm1(4.0 + tail.ppf(0.99) * 0.5), SeasonalRegression(alpha=0.01))
    assert row["low95"] == pytest.approx(np.expm1(4.0 - tail.ppf(0.975) * 0.5))
    assert row["high80"] == pytest.approx(np.expm1(4.0 + tail.ppf(0.9) * 0.5))


def test_a_rate_s_range_is_symmetric_on_its_square_root_and_stops_at_zero() -> None:
    detector = SeasonalRegression(alpha=0.025, transform="sqrt", tail_df=1000.0)
    row = one(4.0, 25.0, detector)
    assert row["low95"] == 0.0  # 2 − 3 is below zero, and a rate is not
    assert row["high95"] == pytest.approx(25.0)


def test_a_twelve_month_sum_s_range_is_symmetric_with_its_own_tail() -> None:
    tail = student(6)
    row = one(1000.0, 1000.0 + tail.ppf(0.995) * 20, TwelveMonthEnding(alpha=0.005))
    assert row["low95"] == pytest.approx(1000 - tail.ppf(0.975) * 20)
    assert row["high95"] == pytest.approx(1000 + tail.ppf(0.975) * 20)


def test_a_two_sided_alpha_puts_the_line_at_its_half() -> None:
    row = one(8.0, 27.0, Farrington1996(alpha=0.05))
    assert row["high95"] == pytest.approx(27.0)


@pytest.mark.parametrize("kind", DETECTORS.values())
def test_ranges_are_nested_and_hold_what_is_expected(kind: type) -> None:
    row = one(30.0, 60.0, kind())
    assert 0 <= row["low95"] <= row["low80"] <= 30 <= row["high80"] <= row["high95"]


@pytest.mark.parametrize("detector", [FarringtonFlexible(), EarsC2(), SeasonalRegression()])
@pytest.mark.parametrize(("expected", "upper"), [(np.nan, np.nan), (5.0, 5.0), (5.0, np.nan)])
def test_without_a_threshold_above_what_is_expected_there_is_no_range(
    expected: float, upper: float, detector: Detector
) -> None:
    row = one(expected, upper, detector)
    assert row[["low80", "high80", "low95", "high95"]].isna().all()


def test_a_detector_that_the_plan_does_not_know_gives_no_range() -> None:
    rows = pd.DataFrame({"indicator": ["population"], "detector": ["EarsC2"], "expected": [1.0], "upper": [2.0]})
    assert with_ranges(rows, DEFAULT_PLAN)["high95"].isna().all()


def test_rows_keep_their_order_and_columns() -> None:
    rows = pd.DataFrame(
        {
            "indicator": ["us_overdose_ed_rate", "us_cbp_seizure_events"] * 2, "detector": "EarsC2",
            "expected": [1.0, 2, 3, 4], "upper": [2.0, 3, 4, 5],
        },
        index=[7, 3, 9, 1],
    )  # fmt: skip
    before = rows.copy(deep=True)
    plan = Plan(tuple(Watch(name, EarsC2(), "why") for name in rows["indicator"].unique()))
    out = with_ranges(rows, plan)
    pd.testing.assert_frame_equal(rows, before)
    pd.testing.assert_frame_equal(out[rows.columns], rows)
    assert (out["low95"] < out["expected"]).all()


def test_once_in_years_counts_the_periods_of_the_frequency() -> None:
    assert years_between(1 / 120, "MS") == pytest.approx(10)
    assert years_between(1 / 520, "W") == pytest.approx(10)
    assert years_between(0.0, "MS") == np.inf
    assert np.isnan(years_between(np.nan, "MS"))


def series(**values: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(SERIES_COLUMNS)
    row |= {
        "indicator": "us_cbp_seizure_events", "geography": "US", "substance": "heroin", "state": "quiet",
        "period": MONTHS[-1], "observed": 9.0, "expected": 8.0, "upper": 15.0, "pvalue": 0.4, "exceedance": 0.1,
        "detector": "FarringtonFlexible", "alarms": 2, "judged": 36, "run": 0, "late": False, "age_days": 30,
    }  # fmt: skip
    return row | values


def assessment(*rows: dict[str, object], verdicts: pd.DataFrame | None = None) -> Assessment:
    empty = pd.DataFrame({name: [] for name in (*VERDICT_COLUMNS, "complete")})
    return Assessment(
        as_of=date(2024, 6, 1),
        plan=DEFAULT_PLAN,
        alpha=0.01,
        expected_false=6.0,
        verdicts=empty if verdicts is None else verdicts,
        series=pd.DataFrame(rows, columns=list(SERIES_COLUMNS)).astype({"since": "datetime64[s]"}),
        failures={},
    )


def test_the_facts_of_a_signal_are_those_of_its_newest_period() -> None:
    answer = assessment(series(state="signal", observed=20.0, pvalue=1 / 240, run=3))
    found = facts(answer, answer.signals.iloc[0])
    assert (found.observed, found.expected, found.run, found.alarms, found.judged) == (20.0, 8.0, 3, 2, 36)
    assert found.years == pytest.approx(20)
    assert found.low < 8 < found.high < 20


def test_the_closest_are_quiet_series_in_the_order_of_their_p_values() -> None:
    answer = assessment(
        series(substance="cocaine", pvalue=0.2),
        series(substance="fentanyl", pvalue=0.001, state="signal"),
        series(substance="heroin", pvalue=0.05),
        series(substance="khat", pvalue=np.nan, state="not_judgeable"),
    )
    assert closest(answer)["substance"].to_list() == ["heroin", "cocaine"]
    assert len(closest(answer, 1)) == 1


def observations(values: list[float], status: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "indicator": "us_cbp_seizure_events", "geography": "US", "substance": "heroin", "period": MONTHS,
            "value": values, "status": status, "provisional": [False, False, True, True],
        }
    )  # fmt: skip


def test_what_is_drawn_joins_verdicts_with_the_status_of_every_period() -> None:
    record = INDICATORS["us_cbp_seizure_events"]
    table = wide(
        observations([np.nan, 3.0, np.nan, 9.0], ["not_reported", "reported", "suppressed", "reported"]), record
    )
    verdict = {name: [None] for name in VERDICT_COLUMNS} | {
        "indicator": [record.id], "geography": ["US"], "substance": ["heroin"], "period": [MONTHS[-1]],
        "expected": [5.0], "upper": [8.0], "alarm": [True], "detector": ["EarsC2"], "reason": ["ok"],
        "complete": [True],
    }  # fmt: skip
    rows = drawn(assessment(verdicts=pd.DataFrame(verdict)), table, "US", "heroin")
    assert rows["period"].to_list() == list(MONTHS[1:])  # nothing before the series begins
    assert rows["status"].to_list() == ["reported", "suppressed", "reported"]  # not cut at a hidden figure
    assert rows["provisional"].to_list() == [False, True, True]
    assert rows["alarm"].isna().to_list() == [True, True, False]
    assert rows["reason"].to_list() == ["not_watched", "not_watched", "ok"]
    assert rows["high95"].notna().to_list() == [False, False, True]


def test_a_series_is_not_drawn_beyond_the_last_that_was_published_of_it() -> None:
    heroin = observations([1.0, 2, 3, 4], ["reported"] * 4)
    cocaine = heroin.head(2).assign(substance="cocaine")
    table = wide(pd.concat([heroin, cocaine], ignore_index=True), INDICATORS["us_cbp_seizure_events"])
    assert drawn(assessment(), table, "US", "cocaine")["period"].to_list() == list(MONTHS[:2])


def test_drawing_a_series_that_is_not_held_is_a_key_error() -> None:
    table = wide(observations([1.0, 2, 3, 4], ["reported"] * 4), INDICATORS["us_cbp_seizure_events"])
    with pytest.raises(KeyError):
        drawn(assessment(), table, "MX", "heroin")


def test_growth_is_said_as_a_share_a_year() -> None:
    growth = Growth(np.log(1.21) / 12, np.log(0.9) / 12, np.log(1.5) / 12, -1.0, 1.0)
    assert growth_a_year(growth) == pytest.approx((0.21, -0.1, 0.5))


def test_what_still_fills_is_left_out_of_trend_and_forecast() -> None:
    rows = pd.DataFrame({"period": MONTHS, "observed": [1.0, 2, 3, 4], "complete": [True, True, True, False]})
    line = line_to_read(rows)
    assert line.index.to_list() == list(MONTHS)
    assert line.isna().to_list() == [False, False, False, True]
