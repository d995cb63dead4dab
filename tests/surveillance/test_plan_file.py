"""Plans as files: the panel's own, round trips, and every problem named."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveillance import draft, saved_plans
from surveillance.detectors import (
    DETECTORS,
    EarsC1,
    EarsC2,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.plan import DEFAULT_PLAN
from surveillance.plan_file import MOST_PROBLEMS, PlanError, read, read_bytes, write
from surveillance.watch import Plan, Watch

MINIMAL = """
name: Mine
version: 1
budget: 6
watches:
  - {indicator: us_overdose_ed_rate, detector: ears_c1, why: A trial}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PlanError) as refused:
        read(text, name="mine.yaml")
    assert str(refused.value).startswith("mine.yaml is not a plan")
    return [str(problem) for problem in refused.value.problems]


def test_the_panel_s_file_says_what_the_panel_decided() -> None:
    assert DEFAULT_PLAN.digest == "8465b20b"  # over every detector, parameter, reason and substance
    assert (DEFAULT_PLAN.name, DEFAULT_PLAN.version, DEFAULT_PLAN.budget) == ("Panel default", 1, 6.0)
    root = SeasonalRegression(transform="sqrt", years=3, trend=True, tail_df=30.0)
    counts = FarringtonFlexible(years=5, min_years=3, half_window=1, blocks=5, guard=6)
    assert [(watch.indicator, watch.detector, watch.short) for watch in DEFAULT_PLAN.watches] == [
        ("us_overdose_deaths_12m", TwelveMonthEnding(), None),
        ("us_overdose_deaths_monthly", root, None),
        ("us_overdose_ed_rate", root, None),
        ("us_cbp_seizure_weight", SeasonalRegression(), None),
        ("us_cbp_seizure_events", counts, EarsC2()),
        ("mx_federal_drug_case_files", root, EarsC2()),
        ("mx_retail_drug_case_files", root, EarsC2()),
        ("mx_retail_drug_case_files_rnid", counts, EarsC2()),
    ]


def test_the_panel_s_file_is_as_it_would_be_written() -> None:
    text = files("surveillance").joinpath("plans/panel_default.yaml").read_text("utf-8")
    assert text.endswith(write(DEFAULT_PLAN))
    assert read(write(DEFAULT_PLAN), name="x") == DEFAULT_PLAN


@given(
    name=st.sampled_from(sorted(DETECTORS)),
    budget=st.floats(0.001, 100),
    alpha=st.none() | st.floats(1e-9, 0.49),
    note=st.text(max_size=100).filter(lambda text: text.isprintable() and (not text or text.strip())),
)
def test_a_plan_survives_its_file_value_for_value(name: str, budget: float, alpha: float, note: str) -> None:
    watch = Watch(
        "us_overdose_ed_rate", DETECTORS[name](), "A reason: with a colon", ("opioids",), EarsC1(baseline=9)
    )
    plan = Plan((watch,), budget, "Ñame # 1", 3, {"population": "no"}, fixed_alpha=alpha, note=note,
                author="A. Nother", dated=date(2026, 1, 31))  # fmt: skip
    again = read(write(plan), name="x")
    assert again == plan
    assert again.digest == plan.digest


def test_all_problems_are_listed_at_once_with_place_and_expectation() -> None:
    found = problems(
        """
name: ""
version: one
budget: 1000
extra: 1
watches:
  - {indicator: us_overdose_ed_rate, detector: ears_c9, why: x}
  - {indicator: nothing, detector: ears_c1, parameters: {baseline: 1, colour: red}, why: x}
  - {indicator: us_cbp_seizure_events, detector: farrington_flexible, why: x, substances: [tea],
     parameters: {trend: 3, threshold: high, min_cases: 5, years: 2.5}}
not_watched: {atlantis: gone}
"""
    )
    for place, expected in (
        ("name", "a text"), ("version", "whole number from 1"), ("budget", "at most 100"), ("the file", "'extra'"),
        ("watches, us_overdose_ed_rate, detector", "farrington_flexible"),
        ("watches, entry 2, indicator", "'nothing'"),
        ("watches, entry 2, baseline", "from 3 to 365"), ("watches, entry 2, parameters", "'colour'"),
        ("watches, us_cbp_seizure_events, substances", "fentanyl"),
        ("watches, us_cbp_seizure_events, trend", "true or false"),
        ("watches, us_cbp_seizure_events, threshold", "nbPlugin"),
        ("watches, us_cbp_seizure_events, min_cases", "two whole numbers"),
        ("watches, us_cbp_seizure_events, years", "a whole number from 1 to 20"), ("not_watched", "'atlantis'"),
    ):  # fmt: skip
        assert any(line.startswith(place) and expected in line for line in found), (place, expected, found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "found None"),
        ("[1, 2]", "keys out of"),
        ("name: [", "expected YAML"),
        ("name: a\nname: b", "given twice"),
        ("!!python/object:os.system {}", "expected YAML"),
        (MINIMAL.replace("budget: 6", "budget: true"), "budget: found True"),
        (MINIMAL.replace("budget: 6", "budget: .nan"), "budget: found nan"),
        (MINIMAL.replace("why: A trial", "why: 7"), "why: found 7"),
        (MINIMAL + "  - {indicator: us_overdose_ed_rate, detector: ears_c2, why: x}\n", "each indicator once"),
        (MINIMAL + "alpha: 0.7\n", "below 0.5"),
        (MINIMAL + "#" * 100_001, "at most 100000"),
        ("a: &a [x]\nb: *a", "line 2, column 4: found an alias"),
        ("[" * 50_000, "expected YAML"),
        ("date: 2026-13-01", "expected YAML"),
        (MINIMAL.replace("version: 1", f"version: 0x{'f' * 5_000}"), "more than 20 digits"),
        (MINIMAL.replace("version: 1", "version: 4000000000"), "version: found 4000000000"),
        (MINIMAL.replace("us_overdose_ed_rate", "[x]"), "found ['x']"),
        ("".join(f"k{i}:\n" for i in range(12_000)), "the file: found 'k0', expected one of the keys"),
    ],
)
def test_what_is_no_plan_is_refused_in_words(text: str, says: str) -> None:
    assert any(says in line for line in problems(text))


def test_of_many_problems_the_first_are_listed() -> None:
    assert len(problems("".join(f"k{i}:\n" for i in range(200)))) == MOST_PROBLEMS


def test_a_file_is_read_from_its_bytes_and_refused_where_they_are_too_many_or_no_text() -> None:
    assert read_bytes(MINIMAL.encode("utf-8-sig"), name="x").name == "Mine"
    for raw, says in ((b"#" * 100_001, "at most 100000"), (b"name: \xff", "the byte 0xFF, expected text in UTF-8")):
        with pytest.raises(PlanError, match=says):
            read_bytes(raw, name="x")


def test_values_that_do_not_go_together_are_the_detector_s_word() -> None:
    text = MINIMAL.replace("ears_c1", "farrington_flexible, parameters: {years: 2, min_years: 3}")
    assert any("min_years must lie in" in line for line in problems(text))


def test_a_number_without_a_point_is_a_number_too() -> None:
    assert read(MINIMAL + "alpha: 1e-3\n", name="x").fixed_alpha == 0.001


# Drafts


def test_a_draft_s_changes_are_said_and_survive_a_link() -> None:
    changed = draft.with_value(DEFAULT_PLAN, ["us_cbp_seizure_events"], "guard", 3)
    changed = draft.with_detector(changed, "us_overdose_ed_rate", "ears_c1", DEFAULT_PLAN)
    changed = draft.with_value(replace(changed, budget=12.0), ["us_overdose_ed_rate"], "baseline", 9)
    said = [
        (each.indicator, each.parameter, each.before, each.after) for each in draft.changes(DEFAULT_PLAN, changed)
    ]
    assert said == [
        ("", "budget", 6.0, 12.0),
        ("us_overdose_ed_rate", "detector", "seasonal_regression", "ears_c1"),
        ("us_overdose_ed_rate", "baseline", 7, 9),
        ("us_cbp_seizure_events", "guard", 6, 3),
    ]
    assert draft.read(DEFAULT_PLAN, draft.written(DEFAULT_PLAN, changed)) == changed
    assert draft.changes(DEFAULT_PLAN, DEFAULT_PLAN) == []
    assert draft.written(DEFAULT_PLAN, DEFAULT_PLAN) == ""


def test_a_parameter_goes_to_every_measure_that_has_it() -> None:
    changed = draft.with_value(DEFAULT_PLAN, [watch.indicator for watch in DEFAULT_PLAN.watches], "guard", 2)
    assert {each.parameter for each in draft.changes(DEFAULT_PLAN, changed)} == {"guard"}
    assert len(draft.changes(DEFAULT_PLAN, changed)) == 7  # all but the twelve-month sums


@pytest.mark.parametrize(
    "text", ["x", "budget=many", "budget=-1", "nothing.guard=3", "us_overdose_ed_rate.colour=1", "a" * 5000,
             "us_overdose_ed_rate.detector=x", "us_overdose_ed_rate.years=99", "speed=3"],
)  # fmt: skip
def test_a_link_s_nonsense_is_an_error_that_a_page_catches(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        draft.read(DEFAULT_PLAN, text)


# Saved alternatives


def test_saved_settings_come_back_by_their_digest_and_are_never_overwritten(tmp_path: Path) -> None:
    mine = replace(DEFAULT_PLAN, budget=12.0, name="Wide", author="A", note="why", dated=date(2026, 11, 1))
    digest = saved_plans.save(tmp_path, mine)
    assert saved_plans.saved(tmp_path, digest) == mine
    assert saved_plans.save(tmp_path, replace(mine, name="Other")) == digest
    assert saved_plans.saved(tmp_path, digest).name == "Wide"
    assert list(saved_plans.listing(tmp_path)) == [digest]
    assert [path.name for path in (tmp_path / "settings").iterdir()] == [f"{digest}.yaml"]


@pytest.mark.parametrize("digest", ["00000000", "../../etc", "", "8465B20B", "abc"])
def test_an_unknown_digest_is_a_key_error(tmp_path: Path, digest: str) -> None:
    with pytest.raises(KeyError):
        saved_plans.saved(tmp_path, digest)


def test_a_file_that_is_not_what_its_name_says_is_refused_and_not_listed(tmp_path: Path) -> None:
    digest = saved_plans.save(tmp_path, replace(DEFAULT_PLAN, budget=12.0))
    path = tmp_path / "settings" / f"{digest}.yaml"
    path.write_text(path.read_text("utf-8").replace("budget: 12", "budget: 99"), "utf-8")
    with pytest.raises(PlanError, match="whose digest is"):
        saved_plans.saved(tmp_path, digest)
    assert saved_plans.listing(tmp_path) == {}


def test_two_who_save_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    plans = [replace(DEFAULT_PLAN, budget=3.0, name=f"n{i}") for i in range(8)]
    threads = [threading.Thread(target=saved_plans.save, args=(tmp_path, plan)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (only,) = saved_plans.listing(tmp_path).values()
    assert only.name in {plan.name for plan in plans}


def test_a_full_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_plans, "MOST", 1)
    saved_plans.save(tmp_path, replace(DEFAULT_PLAN, budget=2.0))
    with pytest.raises(saved_plans.SaveError, match="holds 1 settings"):
        saved_plans.save(tmp_path, replace(DEFAULT_PLAN, budget=3.0))
