"""Who drives a signal: observed − expected of its kin, and when they may be added."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from surveillance.assessment import VERDICT_COLUMNS, Assessment
from surveillance.contributions import contributions, kindred
from surveillance.plan import DEFAULT_PLAN

JUNE = pd.Timestamp("2024-06-01")


def assessment(indicator: str, *said: tuple[str, str, float, float]) -> Assessment:
    """Verdicts of June: geography, substance, observed, expected."""
    rows = pd.DataFrame(said, columns=["geography", "substance", "observed", "expected"])
    rows = rows.assign(indicator=indicator, period=JUNE, complete=True, alarm=False)
    rows = pd.concat([rows, rows.assign(period=JUNE - pd.DateOffset(months=1), observed=9e9)], ignore_index=True)
    rows = rows.reindex(columns=[*VERDICT_COLUMNS, "complete"]).astype({"alarm": "boolean"})
    return Assessment(date(2024, 8, 1), DEFAULT_PLAN, 0.01, 6.0, rows, pd.DataFrame(), {})


def test_places_are_sorted_by_their_excess_and_counts_are_added() -> None:
    answer = assessment(
        "mx_retail_drug_case_files",
        ("MX-SON", "all", 739.0, 430.0), ("MX-CHH", "all", 300.0, 190.0), ("MX-COA", "all", 100.0, 243.0),
        ("MX", "all", 9000.0, 8000.0), ("MX-TAM", "all", 50.0, np.nan),
    )  # fmt: skip
    found = contributions(answer, ("mx_retail_drug_case_files", "MX-SON", "all"), JUNE)
    assert found.places["geography"].to_list() == ["MX-SON", "MX-CHH", "MX-COA"]  # the nation holds them
    assert found.places["excess"].to_list() == [309.0, 110.0, -143.0]
    assert found.places["own"].to_list() == [True, False, False]
    assert found.total == 276.0
    assert found.expected == 863.0
    assert found.unjudged == 1


def test_rates_are_set_beside_each_other_and_never_added() -> None:
    answer = assessment("us_overdose_ed_rate", ("US-AZ", "all", 5.0, 4.0), ("US-NM", "all", 6.0, 3.0))
    found = contributions(answer, ("us_overdose_ed_rate", "US-AZ", "all"), JUNE)
    assert found.places["geography"].to_list() == ["US-NM", "US-AZ"]
    assert np.isnan(found.total)


def test_drug_classes_stand_beside_each_other_and_are_not_in_the_sum() -> None:
    answer = assessment(
        "us_overdose_deaths_12m",
        ("US-AZ", "all", 2700.0, 2600.0), ("US-AZ", "synthetic_opioids", 1802.0, 1748.0),
        ("US-NM", "synthetic_opioids", 465.0, 455.0),
    )  # fmt: skip
    found = contributions(answer, ("us_overdose_deaths_12m", "US-AZ", "synthetic_opioids"), JUNE)
    assert found.substances["excess"].to_list() == [100.0, 54.0]
    assert found.total == 64.0


def test_one_place_alone_has_no_sum() -> None:
    answer = assessment("us_cbp_seizure_events", ("US-CBP-swanton-sector", "cocaine", 5.0, 1.0))
    found = contributions(answer, ("us_cbp_seizure_events", "US-CBP-swanton-sector", "cocaine"), JUNE)
    assert len(found.places) == 1
    assert np.isnan(found.total)


@pytest.mark.parametrize(
    ("geography", "kin"),
    [
        ("US", ["US-AZ", "US-NYC"]),
        ("US-AZ", ["US-AZ"]),
        ("US-CBP-southwest-border", ["US-CBP-southwest-border-ofo", "US-CBP-southwest-border-usbp"]),
        ("MX-SON", ["MX-SON"]),
    ],
)
def test_kin_never_overlap(geography: str, kin: list[str]) -> None:
    held = [
        "US", "US-AZ", "US-NYC", "US-CBP-southwest-border", "US-CBP-southwest-border-ofo",
        "US-CBP-southwest-border-usbp", "MX", "MX-SON",
    ]  # fmt: skip
    assert kindred(held, geography) == kin
