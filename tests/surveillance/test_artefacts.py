"""The artefact tests, each against figures worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store
from surveillance import pipeline
from surveillance.artefacts import (
    NAMES,
    Check,
    artefacts,
    delay_model,
    denominator,
    duplicate,
    first_failing,
    method_break,
    places,
    revision,
    single_event,
    together,
)
from surveillance.series import Wide, wide

EVENTS, WEIGHT, CASES = "us_cbp_seizure_events", "us_cbp_seizure_weight", "mx_retail_drug_case_files_rnid"
JUNE = pd.Timestamp("2024-06-01")


def frame(indicator: str, values: dict[tuple[str, str], list[float]], start: str = "2024-01-01") -> Wide:
    months = pd.date_range(start, periods=len(next(iter(values.values()))), freq="MS")
    rows = [
        pd.DataFrame(
            {
                "indicator": indicator, "geography": place, "substance": drug, "period": months, "value": row,
                "status": ["reported" if value == value else "not_reported" for value in row], "provisional": False,
            }
        )
        for (place, drug), row in values.items()
    ]  # fmt: skip
    return wide(pd.concat(rows, ignore_index=True), INDICATORS[indicator])


def prints(*said: tuple[str, str, float]) -> pd.DataFrame:
    """A change log: period, as_of, value."""
    rows = pd.DataFrame(said, columns=["period", "as_of", "value"])
    return rows.assign(
        period=pd.to_datetime(rows["period"]), as_of=pd.to_datetime(rows["as_of"]), source="a", status="reported"
    )


def test_a_figure_that_grew_by_more_than_a_tenth_is_a_revision_jump() -> None:
    log = prints(("2024-06-01", "2024-07-20", 100.0), ("2024-06-01", "2024-08-20", 112.0))
    found = revision(log, JUNE)
    assert (found.result, found.reason, found.period) == ("fail", "revised", JUNE)
    assert found.numbers["change"] == pytest.approx(0.12)


def test_exactly_a_tenth_is_no_jump_and_a_neighbouring_month_counts() -> None:
    log = prints(("2024-06-01", "2024-07-20", 100.0), ("2024-06-01", "2024-08-20", 110.0))
    assert revision(log, JUNE).result == "pass"
    beside = prints(("2024-05-01", "2024-06-20", 100.0), ("2024-05-01", "2024-07-20", 80.0))
    found = revision(pd.concat([log, beside]), JUNE)
    assert (found.result, found.numbers["change"]) == ("fail", pytest.approx(-0.2))
    far = prints(("2024-03-01", "2024-06-20", 100.0), ("2024-03-01", "2024-07-20", 10.0))
    assert revision(pd.concat([log, far]), JUNE).result == "pass"


def test_a_zero_that_became_a_figure_is_a_jump_without_bound() -> None:
    log = prints(("2024-06-01", "2024-07-20", 0.0), ("2024-06-01", "2024-08-20", 3.0))
    found = revision(log, JUNE)
    assert found.result == "fail"
    assert found.numbers["change"] == np.inf


def test_one_publication_cannot_be_tested_for_revisions() -> None:
    assert revision(prints(("2024-06-01", "2024-07-20", 5.0)), JUNE) == Check("revision", "untested", "one_vintage")


def test_a_method_without_a_month_under_both_cannot_be_tested() -> None:
    new = frame(CASES, {("MX-SON", "all"): [400.0, 500.0, 700.0]}, "2026-01-01")
    old = frame("mx_retail_drug_case_files", {("MX-SON", "all"): [390.0, 410.0]}, "2025-11-01")
    found = method_break(new, old, ("MX-SON", "all"), pd.Timestamp("2026-03-01"))
    assert (found.result, found.reason, found.period) == (
        "untested",
        "no_period_under_both",
        pd.Timestamp("2026-01-01"),
    )
    assert method_break(new, None, ("MX-SON", "all"), pd.Timestamp("2026-03-01")).result == "untested"


@pytest.mark.parametrize(("old", "result"), [([400.0, 500.0], "pass"), ([300.0, 400.0], "fail")])
def test_months_under_both_methods_decide(old: list[float], result: str) -> None:
    new = frame(CASES, {("MX-SON", "all"): [420.0, 520.0, 700.0]}, "2026-01-01")
    before = frame("mx_retail_drug_case_files", {("MX-SON", "all"): old}, "2026-01-01")
    found = method_break(new, before, ("MX-SON", "all"), pd.Timestamp("2026-03-01"))
    assert found.result == result
    assert found.numbers["change"] == pytest.approx(940 / sum(old) - 1)
    assert found.numbers["periods"] == 2


def test_an_old_break_and_no_break_pass() -> None:
    new = frame(CASES, {("MX-SON", "all"): [1.0] * 40}, "2026-01-01")
    assert method_break(new, None, ("MX-SON", "all"), pd.Timestamp("2029-01-01")).reason == "no_break"
    assert method_break(new, None, ("MX-SON", "all"), pd.Timestamp("2028-12-01")).result == "untested"
    events = frame(EVENTS, {("US-CBP-swanton-sector", "cocaine"): [1.0] * 6})
    assert method_break(events, None, ("US-CBP-swanton-sector", "cocaine"), JUNE).result == "pass"


def test_places_that_fall_silent_are_counted_against_their_median() -> None:
    states = ["US-AZ", "US-NM", "US-TX", "US-CA", "US-OH"]
    values = {(state, "all"): [5.0] * 6 for state in states}
    same = places(frame("us_overdose_ed_rate", values), ("US-AZ", "all"), JUNE)
    assert (same.result, dict(same.numbers)) == ("pass", {"now": 5.0, "usual": 5.0})
    one = values | {("US-OH", "all"): [5.0] * 5 + [np.nan]}
    assert places(frame("us_overdose_ed_rate", one), ("US-AZ", "all"), JUNE).result == "pass"
    two = one | {("US-CA", "all"): [5.0] * 5 + [np.nan]}
    lost = places(frame("us_overdose_ed_rate", two), ("US-AZ", "all"), JUNE)
    assert (lost.result, lost.numbers["now"]) == ("fail", 3.0)
    few = {("US-AZ", "all"): [5.0] * 6, ("US-NM", "all"): [5.0] * 6}
    assert places(frame("us_overdose_ed_rate", few), ("US-AZ", "all"), JUNE).result == "untested"


def test_a_month_whose_rows_repeat_its_neighbour_is_a_duplicate() -> None:
    areas = [f"US-CBP-{name}-sector" for name in ("yuma", "tucson", "el-paso", "del-rio", "laredo", "swanton")]
    values = {(area, "heroin"): [1.5, 2.5, 3.5, 4.5, 5.5 + i, 5.5 + i] for i, area in enumerate(areas)}
    found = duplicate(frame(WEIGHT, values), (areas[0], "heroin"), JUNE)
    assert (found.result, found.reason) == ("fail", "rows_repeated")
    assert dict(found.numbers) == {"alike": 6.0, "rows": 6.0}
    values |= {(area, "heroin"): [1.5, 2.5, 3.5, 4.5, 5.5, 6.5 + i] for i, area in enumerate(areas)}
    assert duplicate(frame(WEIGHT, values), (areas[0], "heroin"), JUNE).result == "pass"


def test_a_value_alone_counts_only_where_it_cannot_repeat_by_chance() -> None:
    place = ("MX-SON", "all")
    large = frame("mx_retail_drug_case_files", {place: [300.0, 310.0, 320.0, 330.0, 412.0, 412.0]})
    found = duplicate(large, place, JUNE)
    assert (found.result, found.reason, found.numbers["value"]) == ("fail", "value_repeated", 412.0)
    small = frame("mx_retail_drug_case_files", {place: [3.0, 4.0, 5.0, 6.0, 7.0, 7.0]})
    assert duplicate(small, place, JUNE).result == "untested"
    rate = frame("us_overdose_ed_rate", {("US-AZ", "all"): [65.1, 66.2, 65.3, 65.4, 69.5, 69.5]})
    assert duplicate(rate, ("US-AZ", "all"), JUNE).reason == "too_few_rows"


def test_zeros_do_not_count_as_repeated() -> None:
    areas = [f"US-CBP-{name}-sector" for name in ("yuma", "tucson", "el-paso", "del-rio", "laredo", "swanton")]
    values = {(area, "heroin"): [0.0] * 6 for area in areas}
    found = duplicate(frame(EVENTS, values), (areas[0], "heroin"), JUNE)
    assert (found.result, found.numbers["rows"]) == ("untested", 0.0)


@pytest.mark.parametrize(
    ("events", "weight", "count"),
    [
        (1, "fail", "fail"), (3, "fail", "fail"), (4, "untested", "pass"), (100, "untested", "pass"),
        (np.nan, "untested", "untested"), (0, "untested", "untested"),
    ],
)  # fmt: skip
def test_n_events_bound_the_largest_seizure_at_one_nth(events: float, weight: str, count: str) -> None:
    assert single_event(INDICATORS[WEIGHT], events).result == weight
    assert single_event(INDICATORS[EVENTS], events).result == count
    assert single_event(INDICATORS["us_overdose_ed_rate"], events).result == "not_applicable"


def test_only_rates_have_a_denominator_and_theirs_is_not_published() -> None:
    assert denominator(INDICATORS["us_overdose_ed_rate"]).result == "untested"
    assert denominator(INDICATORS[EVENTS]).result == "not_applicable"


def verdicts(*alarms: tuple[str, bool | None]) -> pd.DataFrame:
    rows = pd.DataFrame(alarms, columns=["geography", "alarm"])
    return rows.astype({"alarm": "boolean"})


def test_alarms_in_half_of_the_other_places_are_a_jump_in_all() -> None:
    rows = verdicts(
        ("US-AZ", True), ("US-NM", True), ("US-TX", False), ("US-CA", True), ("US-OH", False), ("US-FL", None)
    )
    found = together(rows, "US-AZ")
    assert (found.result, found.numbers["alarms"], found.numbers["judged"]) == ("fail", 2.0, 4.0)
    calm = verdicts(("US-AZ", True), ("US-NM", True), ("US-TX", False), ("US-CA", False))
    assert together(calm, "US-AZ").result == "pass"
    assert together(calm.head(3), "US-AZ").result == "untested"


def test_places_of_another_kind_or_country_do_not_count_together() -> None:
    rows = verdicts(
        ("US-AZ", True), ("US", True), ("MX-SON", True), ("US-NM", False), ("US-TX", False), ("US-CA", False)
    )
    found = together(rows, "US-AZ")
    assert (found.numbers["alarms"], found.numbers["judged"]) == (0.0, 3.0)


def stored(tmp_path: Path, vintages: int, last: float) -> Store:
    """A store with monthly publications of one CBP area's events; the last vintage's June figure is *last*."""
    store = Store(tmp_path)
    months = pd.date_range("2022-01-01", "2024-06-01", freq="MS")
    for n in range(vintages):
        day = (pd.Timestamp("2024-07-20") - pd.DateOffset(months=vintages - 2 - n)).date()
        own = months[months + pd.DateOffset(months=1) <= pd.Timestamp(day)]
        values = 20.0 + np.arange(len(own)) % 5
        if n == vintages - 1:
            values[-1] = last
        rows = pd.DataFrame(
            {
                "indicator": EVENTS, "geography": "US-CBP-swanton-sector", "substance": "cocaine", "period": own,
                "source": "us_cbp_seizures", "as_of": pd.Timestamp(day), "value": values, "status": "reported",
                "provisional": False,
            }
        )  # fmt: skip
        publication = Publication(
            source="us_cbp_seizures", name=f"{n}.csv", raw=str(n).encode(), origin="test", as_of=day,
            retrieved=datetime(2024, 9, 1, tzinfo=UTC),
        )  # fmt: skip
        store.add(publication, check(rows))
    return store


@pytest.mark.parametrize(
    ("vintages", "last", "result"), [(20, 24.0, "pass"), (20, 400.0, "fail"), (5, 24.0, "untested")]
)
def test_the_delay_model_is_tested_on_the_first_print(
    tmp_path: Path, vintages: int, last: float, result: str
) -> None:
    store = stored(tmp_path, vintages, last)
    day = date(2024, 9, 1)
    answer = pipeline.run(store, day)
    log = store.revisions(EVENTS, "US-CBP-swanton-sector", "cocaine")
    found = delay_model(store, answer, INDICATORS[EVENTS], ("US-CBP-swanton-sector", "cocaine"), JUNE, log)
    assert found.result == result, found
    if result != "untested":
        assert found.numbers["value"] == last
        assert (found.numbers["low"] <= last <= found.numbers["high"]) == (result == "pass")
    checks = artefacts(store, answer, (EVENTS, "US-CBP-swanton-sector", "cocaine"), JUNE)
    assert tuple(each.name for each in checks) == NAMES


def test_a_weight_has_no_delay_model(tmp_path: Path) -> None:
    store = stored(tmp_path, 3, 24.0)
    answer = pipeline.run(store, date(2024, 9, 1))
    column = ("US-CBP-swanton-sector", "cocaine")
    assert delay_model(store, answer, INDICATORS[WEIGHT], column, JUNE, prints()).reason == "no_delay_model"


def test_the_first_failing_test_is_named() -> None:
    checks = [Check("a", "pass", ""), Check("b", "untested", ""), Check("c", "fail", "x"), Check("d", "fail", "y")]
    assert first_failing(checks) is checks[2]
    assert first_failing(checks[:2]) is None
