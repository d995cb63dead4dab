"""The rules of the observations frame: each is kept, and each breach is named in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_sources.errors import SchemaError
from data_sources.indicators import INDICATORS
from data_sources.observations import COLUMNS, check, empty, frame, period_end
from data_sources.vocabulary import STATUSES

GOOD = {
    "indicator": "us_cbp_seizure_events",
    "geography": "US",
    "substance": "fentanyl",
    "period": pd.Timestamp("2024-01-01"),
    "source": "us_cbp_seizures",
    "as_of": pd.Timestamp("2024-06-01"),
    "value": 3.0,
    "status": "reported",
    "provisional": False,
}


def rows(*changes: dict) -> pd.DataFrame:
    """One good row per change, with that change."""
    return pd.DataFrame([{**GOOD, **change} for change in changes])


def refusal(*changes: dict) -> str:
    with pytest.raises(SchemaError) as refused:
        check(rows(*changes))
    return str(refused.value)


def test_good_rows_come_back_with_the_columns_and_types_of_the_frame():
    checked = check(rows({}).iloc[:, ::-1].assign(value=[3], note="left out"))
    assert list(checked.columns) == list(COLUMNS)
    assert checked.dtypes.astype(str).to_dict() == {
        "indicator": "str",
        "geography": "str",
        "substance": "str",
        "period": "datetime64[s]",
        "source": "str",
        "as_of": "datetime64[s]",
        "value": "float64",
        "status": "str",
        "provisional": "bool",
    }


def test_checking_changes_neither_the_input_nor_rows_already_checked():
    given = rows({}, {"geography": "US-AZ"})
    before = given.copy(deep=True)
    checked = check(given)
    pd.testing.assert_frame_equal(given, before)
    pd.testing.assert_frame_equal(check(checked), checked)


def test_an_empty_frame_keeps_the_rules_and_the_types():
    assert check(empty()).dtypes.equals(check(rows({})).dtypes)


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="found no as_of, value"):
        frame(rows({}).drop(columns=["as_of", "value"]))


@pytest.mark.parametrize("column", ["indicator", "geography", "substance", "status"])
def test_a_word_outside_the_vocabulary_is_named(column):
    assert f"unknown {column} Atlantis" in refusal({}, {column: "Atlantis", "value": np.nan})


@pytest.mark.parametrize("column", ["period", "source", "as_of"])
def test_a_row_without_a_part_of_its_key_is_refused(column):
    assert f"1 rows without {column}" in refusal({}, {column: None})


def test_many_unknown_words_are_counted_not_listed():
    message = refusal(*({"geography": f"X{number}"} for number in range(8)))
    assert "unknown geography X0, X1, X2, X3, X4 and 3 more" in message


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "reported"])
def test_only_a_reported_row_has_a_value(status):
    assert check(rows({"status": status, "value": np.nan}))["value"].isna().all()
    assert "1 values although the status is not reported" in refusal({"status": status, "value": 0.0})


def test_a_reported_row_has_a_value():
    assert "1 rows reported without a value" in refusal({"value": np.nan})


def test_a_reported_zero_is_a_value():
    assert check(rows({"value": 0.0}))["value"].to_list() == [0.0]


def test_infinite_and_negative_values_are_refused():
    assert "an infinite value" in refusal({"value": np.inf})
    message = refusal({"value": -1.0})
    assert "1 negative values, first us_cbp_seizure_events US fentanyl" in message


def test_a_key_given_twice_is_named_even_if_the_values_agree():
    message = refusal({}, {}, {"geography": "US-AZ"})
    assert "1 keys given twice, first us_cbp_seizure_events US fentanyl 2024-01-01" in message


def test_two_vintages_and_two_sources_of_one_cell_are_two_keys():
    assert len(check(rows({}, {"as_of": pd.Timestamp("2024-07-01")}, {"source": "published_figures"}))) == 3


FIRST_DAYS = {"W": "2023-12-31", "MS": "2024-02-01", "YS": "2023-01-01", "YS-OCT": "2022-10-01"}
NOT_FIRST_DAYS = {"W": "2024-01-01", "MS": "2024-02-02", "YS": "2023-02-01", "YS-OCT": "2023-01-01"}
BY_FREQUENCY = {record.frequency: record.id for record in reversed(INDICATORS.values()) if record.window != "stock"}


@pytest.mark.parametrize("frequency", FIRST_DAYS)
def test_a_period_is_named_by_its_first_day(frequency):
    indicator = BY_FREQUENCY[frequency]
    check(rows({"indicator": indicator, "period": pd.Timestamp(FIRST_DAYS[frequency])}))
    wrong = NOT_FIRST_DAYS[frequency]
    message = refusal({"indicator": indicator, "period": pd.Timestamp(wrong)})
    assert f"{indicator}: {wrong} is not the first day of a period" in message


@pytest.mark.parametrize(
    ("frequency", "end"),
    [("W", "2024-01-07"), ("MS", "2024-03-01"), ("YS", "2024-01-01"), ("YS-OCT", "2023-10-01")],
)
def test_a_period_is_over_before_it_is_public(frequency, end):
    period, over = pd.Timestamp(FIRST_DAYS[frequency]), pd.Timestamp(end)
    assert period_end(period, frequency) == over
    cell = {"indicator": BY_FREQUENCY[frequency], "period": period}
    check(rows({**cell, "as_of": over}))
    message = refusal({**cell, "as_of": over - pd.Timedelta(days=1)})
    assert f"period {period:%Y-%m-%d} is not over on {over - pd.Timedelta(days=1):%Y-%m-%d}, its as-of" in message


def test_a_projected_stock_may_be_public_before_its_period():
    future = {"indicator": "population", "substance": "all", "period": pd.Timestamp("2030-01-01"), "value": 1.0}
    assert len(check(rows({**future, "source": "published_figures"}))) == 1


def test_every_broken_rule_is_listed_at_once():
    message = refusal({"geography": "Atlantis", "value": -1.0}, {"value": np.nan})
    for part in ("unknown geography Atlantis", "negative values", "reported without a value"):
        assert part in message
