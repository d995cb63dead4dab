"""What the other streams say: which places, which month, and when a cell agrees, disagrees, is silent, is blind."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES
from surveillance.assessment import VERDICT_COLUMNS, Assessment
from surveillance.corroboration import _ALIKE, AREAS, FACING, Cell, corroboration, neighbourhood, summary
from surveillance.plan import DEFAULT_PLAN

JUNE = pd.Timestamp("2024-06-01")
SIGNAL = ("us_overdose_ed_rate", "US-AZ", "fentanyl")
Said = tuple[str, str, str, str, float, float]


def assessment(*said: Said) -> Assessment:
    """Verdicts: indicator, geography, substance, period, pvalue, pvalue_low (NaN: could not be judged)."""
    columns = ["indicator", "geography", "substance", "period", "pvalue", "pvalue_low"]
    rows = pd.DataFrame(said, columns=columns)
    alarm = [pd.NA if np.isnan(p) else p < 0.01 for p in rows["pvalue"]]
    rows = rows.assign(
        period=pd.to_datetime(rows["period"]), complete=True, observed=10.0, expected=8.0,
        alarm=pd.array(alarm, dtype="boolean"),
    )  # fmt: skip
    rows = rows.reindex(columns=[*VERDICT_COLUMNS, "complete"])
    return Assessment(date(2024, 9, 1), DEFAULT_PLAN, 0.01, 6.0, rows, pd.DataFrame(), {})


def cells(*said: Said) -> dict[tuple[str, str], Cell]:
    return {(cell.stream, cell.side): cell for cell in corroboration(assessment(*said), SIGNAL, JUNE)}


def harm(p: float, low: float, month: str = "2024-06-01") -> Said:
    return ("us_overdose_deaths_12m", "US-AZ", "synthetic_opioids", month, p, low)


@pytest.mark.parametrize(
    ("p", "low", "stand"),
    [(0.05, 0.95, "agrees"), (0.95, 0.05, "disagrees"), (0.5, 0.5, "silent"), (np.nan, np.nan, "blind")],
)
def test_one_series_agrees_above_its_80_percent_range_and_disagrees_below_it(
    p: float, low: float, stand: str
) -> None:
    assert cells(harm(p, low))["harm", "US"].stand == stand


def test_the_signal_s_own_cell_is_the_signal_and_the_others_are_blind() -> None:
    found = cells()
    assert len(found) == 8
    assert found["use", "US"].stand == "signal"
    assert summary(list(found.values())) == {"agrees": 0, "disagrees": 0, "silent": 0, "blind": 7}


def test_lag_and_age_are_counted_from_the_signal_and_from_the_day() -> None:
    cell = cells(harm(0.05, 0.95, "2024-04-01"))["harm", "US"]
    assert cell.lag == -2
    assert cell.age_days == 123  # 1 May to 1 September


def test_the_nearest_month_counts_and_of_two_the_earlier() -> None:
    cell = cells(harm(0.05, 0.95, "2024-05-01"), harm(0.5, 0.5, "2024-07-01"), harm(0.5, 0.5, "2024-01-01"))
    assert (cell["harm", "US"].stand, cell["harm", "US"].lag) == ("agrees", -1)


def test_a_figure_over_a_year_away_says_nothing() -> None:
    assert cells(harm(0.05, 0.95, "2023-06-01"))["harm", "US"].stand == "agrees"
    assert cells(harm(0.05, 0.95, "2023-05-01"))["harm", "US"].stand == "blind"


def test_of_several_series_one_must_be_rarer_by_their_number() -> None:
    def seized(area: str, p: float) -> Said:
        return ("us_cbp_seizure_weight", f"US-CBP-{area}-sector", "fentanyl", "2024-06-01", p, 1 - p)

    two = cells(seized("yuma", 0.06), seized("tucson", 0.5))["supply", "US"]
    assert (two.stand, two.series) == ("silent", 2)  # 0.06 is above 0.1 / 2
    rare = cells(seized("yuma", 0.5), seized("tucson", 0.04))["supply", "US"]
    assert (rare.stand, rare.geography) == ("agrees", "US-CBP-tucson-sector")


def test_the_nearest_substance_speaks_for_a_measure_and_place() -> None:
    other = ("us_overdose_deaths_12m", "US-AZ", "all", "2024-06-01", 0.001, 0.999)
    cell = cells(other, harm(0.5, 0.5))["harm", "US"]
    assert (cell.stand, cell.substance) == ("silent", "synthetic_opioids")
    assert cells(other)["harm", "US"].substance == "all"


def test_across_the_border_the_facing_states_answer() -> None:
    there = ("mx_retail_drug_case_files", "MX-SON", "all", "2024-06-01", 0.01, 0.99)
    far = ("mx_retail_drug_case_files", "MX-OAX", "all", "2024-06-01", 0.001, 0.99)
    cell = cells(there, far)["enforcement", "MX"]
    assert (cell.stand, cell.geography, cell.series) == ("agrees", "MX-SON", 1)


@pytest.mark.parametrize(
    ("place", "us", "mx"),
    [
        ("US-NM", "US-NM", ("MX-CHH",)),
        ("MX-SON", "US-AZ", ("MX-SON",)),
        ("US-CBP-laredo-field-office", "US-CBP-laredo-field-office", ("MX-COA", "MX-NLE", "MX-TAM")),
        ("US-OH", "US-OH", ("MX",)),
        ("MX-OAX", "US", ("MX-OAX",)),
        ("US", "US", ("MX",)),
    ],
)
def test_neighbours_are_those_of_the_map(place: str, us: str, mx: tuple[str, ...]) -> None:
    near = neighbourhood(place)
    assert near["US"][0] == us
    assert near["MX"] == mx


def test_the_tables_name_known_places_on_the_right_side_and_agree_with_each_other() -> None:
    assert set(_ALIKE) <= set(SUBSTANCES)
    for area, (states, facing) in AREAS.items():
        assert GEOGRAPHIES[area].kind == "cbp_area"
        assert all(GEOGRAPHIES[state].border and GEOGRAPHIES[state].country == "US" for state in states)
        assert set(facing) <= {there for state in states for there in FACING[state]}
    border = [place.code for place in GEOGRAPHIES.values() if place.border and place.kind == "state"]
    assert {there for all_ in FACING.values() for there in all_} == {code for code in border if code[:2] == "MX"}
