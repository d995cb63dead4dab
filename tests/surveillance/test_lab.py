"""Draft settings against the panel's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from data_sources.ingest import default_as_of, open_store
from surveillance import draft, pipeline
from surveillance.detectors import DETECTORS, EarsC1, EarsC2, FarringtonFlexible
from surveillance.lab import compare, fits, judged, only, trial
from surveillance.parameters import built, parameters, read, written
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import regular, wide
from surveillance.watch import Watch

WATCH = Watch("us_cbp_seizure_events", EarsC2(), "draft")
MONTHS = pd.date_range("2023-01-01", periods=40, freq="MS")


def verdicts(alarms: dict[str, list[bool | None]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "indicator": "i", "geography": place, "substance": "all", "period": MONTHS[: len(values)],
                "alarm": pd.array(values, dtype="boolean"), "complete": True, "observed": 1.0,
            }
        )
        for place, values in alarms.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_alarms_are_gained_lost_and_kept_per_series_and_period() -> None:
    panel = verdicts({"US": [True, True, False, None], "MX": [False, False, False, False]})
    draft = verdicts({"MX": [False, True, False, False], "US": [False, True, None, True]})
    found = compare(panel, draft)
    assert found.gained[["geography", "period"]].values.tolist() == [["MX", MONTHS[1]], ["US", MONTHS[3]]]
    assert found.lost[["geography", "period"]].values.tolist() == [["US", MONTHS[0]]]
    assert found.kept[["geography", "period"]].values.tolist() == [["US", MONTHS[1]]]
    assert found.unjudged == 1


def test_only_the_recent_complete_periods_are_compared() -> None:
    panel, draft = verdicts({"US": [False] * 4}), verdicts({"US": [True] * 4})
    assert len(compare(panel, draft, recent=2).gained) == 2
    incomplete = draft.assign(complete=[True, True, True, False])
    assert compare(panel.assign(complete=incomplete["complete"]), incomplete).gained["period"].max() == MONTHS[2]


def test_settings_compared_with_themselves_gain_and_lose_nothing() -> None:
    panel = verdicts({"US": [True, False, None, True]})
    found = compare(panel, panel)
    assert (len(found.gained), len(found.lost), len(found.kept), found.unjudged) == (0, 0, 2, 0)


@pytest.fixture
def table() -> object:
    rng = np.random.default_rng(3)
    parts = [
        pd.DataFrame(
            {
                "indicator": "us_cbp_seizure_events", "geography": place, "substance": "heroin", "period": MONTHS,
                "value": rng.poisson(mean, 40).astype(float), "status": "reported", "provisional": False,
            }
        )
        for place, mean in (("US", 50), ("US-CBP-laredo-field-office", 5))
    ]  # fmt: skip
    return wide(pd.concat(parts, ignore_index=True), INDICATORS["us_cbp_seizure_events"])


def test_one_series_judged_alone_agrees_with_the_run_over_all(table) -> None:  # type: ignore[no-untyped-def]
    everything = judged(WATCH, table, alpha=0.02)
    alone = judged(WATCH, only(table, "US", "heroin"), alpha=0.02)
    same = everything[everything["geography"] == "US"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[same.columns], same)


def test_a_more_sensitive_draft_loses_no_alarm(table) -> None:  # type: ignore[no-untyped-def]
    strict, loose = (judged(WATCH, table, alpha=alpha) for alpha in (0.001, 0.2))
    found = compare(strict, loose)
    assert found.lost.empty
    assert len(found.gained)


def test_the_series_for_a_preview_must_be_held(table) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KeyError):
        only(table, "MX", "heroin")


def test_a_detector_is_built_from_values_and_ignores_those_of_others() -> None:
    assert built(EarsC1, {"alpha": 0.05, "baseline": 9, "years": 3}) == EarsC1(alpha=0.05, baseline=9)
    with pytest.raises(ValueError, match="baseline must lie in"):
        built(EarsC1, {"baseline": 1})


@pytest.mark.parametrize("detector", DETECTORS.values())
def test_every_parameter_has_a_kind_and_survives_a_link(detector: type) -> None:
    default = detector()
    found = parameters(detector)
    assert [parameter.name for parameter in found][0:1]
    for parameter in found:
        assert parameter.default == getattr(default, parameter.name)
        assert read(parameter, written(parameter.default)) == parameter.default
        if parameter.kind in ("whole", "number") and parameter.low is not None and parameter.default is not None:
            assert parameter.low <= parameter.default <= (parameter.high or np.inf)


def test_ranges_are_those_the_detector_enforces() -> None:
    found = {parameter.name: parameter for parameter in parameters(FarringtonFlexible)}
    assert (found["years"].low, found["years"].high) == (1, 20)
    assert (found["alpha"].low, found["alpha"].high) == (0, 0.5)
    assert (found["residual_threshold"].low, found["residual_threshold"].high) == (0, None)
    assert found["threshold"].choices == ("delta", "nbPlugin", "muan")
    assert found["min_years"].optional
    assert found["min_cases"].kind == "pair"
    assert found["trend"].kind == "switch"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("years", "many"),
        ("trend", "maybe"),
        ("threshold", "<b>"),
        ("min_cases", "5"),
        ("alpha", ""),
        ("years", "2.5"),
    ],
)
def test_a_link_s_nonsense_is_a_value_error(name: str, text: str) -> None:
    parameter = {parameter.name: parameter for parameter in parameters(FarringtonFlexible)}[name]
    with pytest.raises(ValueError):
        read(parameter, text)


def test_a_trial_says_what_the_whole_run_says(embedded: Path) -> None:
    store = open_store(embedded)
    day = default_as_of(store, date(2026, 11, 24))
    plan = draft.read(
        DEFAULT_PLAN, "budget=12;us_overdose_ed_rate.detector=ears_c1;us_overdose_ed_rate.baseline=12"
    )
    known = [(watch, regular(store, day, watch.indicator)) for watch in plan.watches]
    found = trial(plan, [fits(watch, wide) for watch, wide in known if wide is not None])
    whole = pipeline.run(store, day, plan)
    assert (found.alpha, found.expected_false) == (whole.alpha, whole.expected_false)
    assert dict(found.inflation) == dict(whole.plan.inflation)
    columns = ["indicator", "geography", "substance", "period", "upper", "pvalue", "alarm", "complete"]
    keys = columns[:4]
    ours, theirs = (
        rows[columns].dropna(subset="upper").sort_values(keys) for rows in (found.verdicts, whole.verdicts)
    )
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), theirs.reset_index(drop=True))


def test_a_fixed_alpha_is_asked_whatever_the_budget_says(embedded: Path) -> None:
    store = open_store(embedded)
    day = default_as_of(store, date(2026, 11, 24))
    whole = pipeline.run(store, day, replace(DEFAULT_PLAN, fixed_alpha=0.001))
    assert whole.alpha == 0.001
    assert whole.expected_false < pipeline.run(store, day).expected_false


def test_a_trial_of_nothing_is_an_error_not_an_empty_answer() -> None:
    with pytest.raises(ValueError, match="no series"):
        trial(DEFAULT_PLAN, [])
