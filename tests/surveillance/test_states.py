"""From verdicts to states: hand-made verdicts with known answers."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN
from surveillance.states import states


def verdicts(indicator: str, alarms: list[bool | None], start: str, geography: str = "US", **more) -> pd.DataFrame:
    """Rows of one monthly series; None is a month that could not be judged."""
    count = len(alarms)
    return pd.DataFrame(
        {
            "indicator": indicator,
            "geography": geography,
            "substance": "fentanyl",
            "period": pd.date_range(start, periods=count, freq="MS"),
            "observed": 5.0,
            "expected": 3.0,
            "upper": 4.0,
            "pvalue": 0.01,
            "pvalue_low": 0.99,
            "exceedance": 2.0,
            "alarm": pd.array(alarms, dtype="boolean"),
            "reason": ["too_little_history" if alarm is None else "ok" for alarm in alarms],
            "detector": "EarsC2",
            "complete": True,
        }
        | more
    )


def one(rows: pd.DataFrame, as_of: date) -> pd.Series:
    table = states(rows, as_of, 0.005)
    assert len(table) == 1
    return table.iloc[0]


EVENTS = "us_cbp_seizure_events"


def test_an_alarm_on_the_newest_complete_period_is_a_signal():
    row = one(verdicts(EVENTS, [False] * 11 + [True], "2025-01-01"), date(2026, 1, 25))
    assert (row["state"], row["run"], row["since"]) == ("signal", 1, pd.Timestamp("2025-12-01"))
    assert (row["alarms"], row["judged"]) == (0, 11)
    assert not row["late"]
    assert row["age_days"] == 24


def test_a_run_of_alarms_is_one_signal_from_its_first_period():
    row = one(verdicts(EVENTS, [True, False, True, True, True], "2025-08-01"), date(2026, 1, 25))
    assert (row["run"], row["since"]) == (3, pd.Timestamp("2025-10-01"))
    assert (row["alarms"], row["judged"]) == (1, 2)


def test_every_alarm_has_the_id_of_its_run_and_the_newest_that_of_the_open_signal():
    rows = verdicts(EVENTS, [True, True, False, True, None, True, True], "2025-06-01")
    late = rows.assign(geography="US-AZ", complete=rows["period"] < "2025-12-01")
    table = states(rows, date(2026, 1, 25), 0.005)
    answer = Assessment(date(2026, 1, 25), DEFAULT_PLAN, 0.005, 6.0, pd.concat([late, rows]), table, {})
    ids = answer.signal_ids(EVENTS, "US", "fentanyl")
    first, second, third = (
        f"{EVENTS}.US.fentanyl.{day}.ears" for day in ("2025-06-01", "2025-09-01", "2025-11-01")
    )
    assert list(ids.values()) == [first, first, second, third, third]
    assert [f"{day:%Y-%m}" for day in ids] == ["2025-06", "2025-07", "2025-09", "2025-11", "2025-12"]
    assert answer.signals["id"].to_list() == [third]
    assert pd.Timestamp("2025-12-01") not in answer.signal_ids(EVENTS, "US-AZ", "fentanyl")
    assert answer.signal_ids(EVENTS, "US-TX", "fentanyl") == {}


def test_an_alarm_in_a_late_source_is_last_known_not_new():
    row = one(verdicts(EVENTS, [False, True], "2025-01-01"), date(2026, 1, 25))
    assert (row["state"], row["late"]) == ("last_known", True)


def test_what_could_not_be_judged_is_never_quiet():
    row = one(verdicts(EVENTS, [False, None], "2025-11-01"), date(2026, 1, 25))
    assert (row["state"], row["reason"]) == ("not_judgeable", "too_little_history")


def test_a_series_years_old_says_nothing_of_today():
    row = one(verdicts(EVENTS, [False, True], "2020-11-01"), date(2026, 1, 25))
    assert (row["state"], row["reason"]) == ("not_judgeable", "out_of_date")


def test_a_month_that_is_still_filling_is_not_the_newest_complete_one():
    rows = verdicts(EVENTS, [False, False, True], "2025-10-01", complete=[True, True, False])
    row = one(rows, date(2026, 1, 25))
    assert (row["state"], row["period"]) == ("quiet", pd.Timestamp("2025-11-01"))


def test_a_series_without_any_complete_period_cannot_be_judged():
    row = one(verdicts(EVENTS, [None, None], "2025-11-01", complete=False), date(2026, 1, 25))
    assert (row["state"], row["reason"]) == ("not_judgeable", "no_data")
    assert pd.isna(row["period"])


def test_a_series_that_another_continues_is_left_to_that_one():
    old = verdicts("mx_retail_drug_case_files", [False] * 12, "2025-01-01", "MX-SON")
    new = verdicts("mx_retail_drug_case_files_rnid", [None], "2026-01-01", "MX-SON")
    alone = verdicts("mx_retail_drug_case_files", [False] * 12, "2025-01-01", "MX-AGU")
    table = states(pd.concat([old, new, alone]), date(2026, 2, 25), 0.005)
    assert table[["indicator", "geography"]].to_numpy().tolist() == [
        ["mx_retail_drug_case_files", "MX-AGU"],
        ["mx_retail_drug_case_files_rnid", "MX-SON"],
    ]


def test_the_track_record_looks_back_on_36_judged_periods():
    row = one(verdicts(EVENTS, [True] * 10 + [False] * 40, "2021-11-01"), date(2026, 1, 25))
    assert (row["alarms"], row["judged"]) == (0, 36)


@pytest.mark.parametrize(("as_of", "late"), [(date(2026, 3, 18), False), (date(2026, 3, 19), True)])
def test_a_source_is_late_after_its_delay_its_cadence_and_a_grace(as_of, late):
    # December ends on 1 January; 25 days of delay + 31 of cadence + 20 of grace = 76 days: 18 March.
    assert one(verdicts(EVENTS, [False], "2025-12-01"), as_of)["late"] == late


def test_a_value_as_far_below_as_an_alarm_is_above_is_a_fall_and_no_signal():
    low = verdicts(EVENTS, [False] * 12, "2025-01-01", pvalue_low=0.001, pvalue=0.999)
    row = one(low, date(2026, 1, 25))
    assert row["fall"]
    assert row["state"] == "quiet"
    assert not one(verdicts(EVENTS, [False] * 12, "2025-01-01"), date(2026, 1, 25))["fall"]
    unknown = one(verdicts(EVENTS, [None] * 12, "2025-01-01", pvalue_low=0.001), date(2026, 1, 25))
    assert unknown["fall"] is pd.NA


def test_q_values_are_those_of_the_judged_newest_periods():
    rows = [
        verdicts(EVENTS, [False] * 12, "2025-01-01", geography=place, pvalue=p)
        for place, p in (("US", 0.001), ("US-AZ", 0.04), ("US-TX", 0.5))
    ]
    rows.append(verdicts(EVENTS, [None] * 12, "2025-01-01", geography="US-NM"))
    table = states(pd.concat(rows), date(2026, 1, 25), 0.005).set_index("geography")["qvalue"]
    scale = 3 * (1 + 1 / 2 + 1 / 3)  # of three p-values: p(i) · 3/i · Σ 1/j, then the running minimum
    assert table["US"] == pytest.approx(0.001 * scale)
    assert table["US-AZ"] == pytest.approx(0.04 * scale / 2)
    assert table["US-TX"] == pytest.approx(0.5 * scale / 3)
    assert pd.isna(table["US-NM"])
