"""A dossier collects its parts, survives the day and the settings, and knows what would change the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from data_sources.ingest import open_store
from data_sources.store import Store
from surveillance import pipeline
from surveillance.assessment import Assessment
from surveillance.dossier import UnknownSignal, _shown, dossier, read
from surveillance.plan import DEFAULT_PLAN

OPIOIDS = "us_overdose_ed_rate.US-NM.opioids.2025-05-01.regression"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def answer(store: Store) -> Assessment:
    return pipeline.run(store, date(2026, 10, 2), replace(DEFAULT_PLAN, budget=12.0))


@pytest.mark.parametrize(
    "name",
    [
        "", "nonsense", "a.b.c.d.e", "population.US.all.2020-01-01.ears",
        "us_overdose_ed_rate.US-NM.opioids.2025-05.regression", "us_overdose_ed_rate.US-XX.all.2025-05-01.ears",
        "us_overdose_ed_rate.US-NM.opioids.2025-05-01.magic", f"{OPIOIDS}.more",
    ],
)  # fmt: skip
def test_a_text_that_is_no_id_is_refused(answer: Assessment, name: str) -> None:
    with pytest.raises(UnknownSignal):
        read(name, answer)


def test_every_alarm_s_id_is_that_of_an_open_or_a_past_signal(store: Store, answer: Assessment) -> None:
    ids = answer.signal_ids("us_overdose_ed_rate", "US-NM", "opioids")
    assert OPIOIDS in ids.values()
    assert {dossier(store, answer, name).status for name in set(ids.values())} == {"last_known", "passed"}


def test_every_open_signal_has_a_whole_dossier(store: Store, answer: Assessment) -> None:
    assert len(answer.signals) > 3
    for _, row in answer.signals.iterrows():
        found = dossier(store, answer, row["id"])
        assert found.open
        assert found.facts is not None
        assert found.evidence is not None
        assert found.evidence.alarm
        assert found.evidence.pvalue == pytest.approx(row["pvalue"], rel=1e-6)
        assert len(found.cells) == 8
        assert len(found.checks) == 8
        assert found.unknowns[0].code == "closes"
        # Read aloud, the limit holds: the number shown is below the line, and no more than its last digit.
        shown = found.unknowns[0].numbers["upper"]
        assert shown <= row["upper"] < found.facts.observed
        assert found.provenance is not None
        assert found.provenance.first_published <= found.provenance.confirmed


def test_a_signal_of_an_earlier_month_says_what_became_of_it(store: Store, answer: Assessment) -> None:
    name = "us_overdose_ed_rate.US-NM.all.2024-05-01.regression"
    found = dossier(store, answer, name)
    assert found.status == "inside"
    assert found.step == "none"
    assert found.newest is not None
    late = next(each for each in found.unknowns if each.code == "late")
    assert late.period == found.newest.period == pd.Timestamp("2025-06-01")  # not the month that is explained
    assert late.numbers["age_days"] == (pd.Timestamp(answer.as_of) - pd.Timestamp("2025-07-01")).days
    rows = answer.of("us_overdose_ed_rate", "US-NM", "all")
    alarms = rows[rows["complete"] & rows["alarm"].fillna(False).astype(bool)]
    first = alarms["period"].iloc[0]
    passed = dossier(store, answer, f"us_overdose_ed_rate.US-NM.all.{first:%Y-%m-%d}.regression")
    assert passed.status == "passed"
    assert passed.facts is not None
    assert passed.facts.run == passed.row["run"] >= 1


def test_before_its_month_was_published_a_signal_is_not_held(store: Store) -> None:
    early = pipeline.run(store, date(2025, 1, 15))
    found = dossier(store, early, OPIOIDS)
    assert (found.status, found.judged, found.open) == ("not_held", False, False)


def test_a_month_after_a_method_break_cannot_be_judged(store: Store, answer: Assessment) -> None:
    found = dossier(store, answer, "mx_retail_drug_case_files_rnid.MX-SON.all.2026-03-01.farrington")
    assert (found.status, found.row["reason"]) == ("unjudged", "method_break")


def test_settings_are_placed_between_what_they_expect_and_their_line(store: Store, answer: Assessment) -> None:
    found = dossier(store, answer, OPIOIDS)
    assert found.evidence is not None
    assert (found.settings["alarm"] == (found.settings["exceedance"] > 1)).all()
    row = found.evidence.settings.iloc[0]
    by_hand = (found.evidence.observed - row["expected"]) / (row["upper"] - row["expected"])
    assert found.settings["exceedance"].iloc[0] == pytest.approx(by_hand)


def test_a_silent_stream_says_from_which_value_it_would_agree(store: Store, answer: Assessment) -> None:
    found = dossier(store, answer, OPIOIDS)
    agrees = next(each for each in found.unknowns if each.code == "agrees")
    assert agrees.cell is not None
    assert agrees.cell.stand == "silent"
    assert agrees.numbers["above"] > agrees.numbers["observed"]


def test_an_open_signal_of_a_late_source_waits_for_its_release(store: Store, answer: Assessment) -> None:
    found = dossier(store, answer, OPIOIDS)
    assert found.step == "wait"
    assert found.due is not None
    assert found.overdue_days == (pd.Timestamp(answer.as_of) - found.due).days


@pytest.mark.parametrize(
    ("value", "whole", "up", "shown"),
    [
        (24.17, False, False, 24.1), (24.17, False, True, 24.2), (0.3138, False, False, 0.31),
        (653.9, True, False, 653.0),
        (653.9, True, True, 654.0), (1798.35, False, False, 1798.0), (24.1, False, False, 24.1),
    ],
)  # fmt: skip
def test_limits_are_cut_to_the_safe_side(value: float, whole: bool, up: bool, shown: float) -> None:
    assert _shown(value, whole=whole, up=up) == shown
