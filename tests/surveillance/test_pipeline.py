"""The main job on the embedded published figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.budget import expected_false, spend
from surveillance.judging import judge, newest
from surveillance.plan import DEFAULT_PLAN, Plan, Watch
from surveillance.series import regular, wide

AS_OF = date(2026, 10, 2)


@pytest.fixture(scope="module")
def store(embedded):
    return open_store(embedded)


@pytest.fixture(scope="module")
def assessment(store):
    return pipeline.run(store, AS_OF)


def test_at_least_forty_embedded_series_are_judged(assessment):
    assert assessment.counts["judged"] >= 40
    assert assessment.counts["watched"] == sum(
        assessment.counts[state] for state in ("signal", "last_known", "quiet", "not_judgeable")
    )


def test_every_series_that_cannot_be_judged_says_why(assessment):
    blind = assessment.series[assessment.series["state"] == "not_judgeable"]
    assert len(blind) > 0
    assert (blind["reason"] != "ok").all()


def test_january_2026_of_the_case_files_is_a_method_break(assessment):
    rows = assessment.of("mx_retail_drug_case_files_rnid", "MX-SON", "all").set_index("period")
    january = rows.loc["2026-01-01"]
    assert pd.isna(january["alarm"])
    assert january["reason"] == "method_break"


@pytest.mark.parametrize("factor", [1, 3])
def test_a_new_method_is_never_judged_against_the_old_one(store, factor):
    old = store.known_on(AS_OF, ["mx_retail_drug_case_files"])
    new = old[old["period"].dt.year == 2025].assign(indicator="mx_retail_drug_case_files_rnid")
    new = new.assign(period=new["period"] + pd.DateOffset(years=1), value=new["value"] * factor)
    frame = wide(new, INDICATORS["mx_retail_drug_case_files_rnid"])
    rows = judge(DEFAULT_PLAN["mx_retail_drug_case_files_rnid"], frame)
    january = rows[rows["period"] == "2026-01-01"]
    assert len(january) == old["geography"].nunique()
    assert january["alarm"].isna().all()
    assert (january["reason"] == "method_break").all()


def test_the_budget_is_what_the_panel_spends(store, assessment):
    panel = [
        newest(watch, frame)
        for watch in DEFAULT_PLAN.watches
        if (frame := regular(store, AS_OF, watch.indicator, watch.substances)) is not None
    ]
    inflation = assessment.plan.inflation
    alpha, spent = spend(DEFAULT_PLAN.budget, panel, inflation)
    assert spent == pytest.approx(expected_false(panel, alpha, inflation))
    assert spent <= DEFAULT_PLAN.budget
    assert expected_false(panel, alpha * 1.05, inflation) > DEFAULT_PLAN.budget * 0.97
    assert alpha == assessment.alpha


def test_a_larger_budget_never_loses_an_alarm(store, assessment):
    generous = pipeline.run(store, AS_OF, replace(DEFAULT_PLAN, budget=12.0))
    key = ["indicator", "geography", "substance", "period"]
    before = assessment.verdicts.set_index(key)["alarm"].fillna(False)
    after = generous.verdicts.set_index(key)["alarm"].fillna(False)
    assert generous.alpha > assessment.alpha
    assert not (before & ~after).any()


def test_an_earlier_day_knows_only_what_was_public(store):
    early = pipeline.run(store, date(2025, 9, 1))
    assert early.verdicts["period"].max() <= pd.Timestamp("2025-08-31")
    assert "us_cbp_seizure_weight" not in set(early.verdicts["indicator"])


def test_twelve_month_sums_come_from_one_publication_each(store):
    frame = regular(store, AS_OF, "us_overdose_deaths_12m", ("all", "synthetic_opioids"))
    assert frame is not None
    vintage = store.vintage("published_figures", "us_overdose_deaths_12m", date(2026, 9, 16))
    theirs = vintage.set_index("period")["value"]
    ours = frame.observed[("US", "synthetic_opioids")].dropna()
    np.testing.assert_array_equal(ours.to_numpy(), theirs.to_numpy())


def test_signals_are_ranked_new_first_then_by_rarity(assessment):
    signals = assessment.signals
    states = (signals["state"] == "last_known").to_numpy()
    assert (np.diff(states.astype(int)) >= 0).all()
    for _, group in signals.groupby("state"):
        assert group["pvalue"].is_monotonic_increasing
    assert signals["id"].is_unique


def test_the_plan_names_every_indicator_or_says_why_not():
    watched = {watch.indicator for watch in DEFAULT_PLAN.watches}
    assert watched | set(DEFAULT_PLAN.not_watched) == set(INDICATORS)
    assert not watched & set(DEFAULT_PLAN.not_watched)
    assert all(watch.why for watch in DEFAULT_PLAN.watches)


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="budget"):
        Plan(watches=(), budget=0)


def test_the_digest_changes_with_any_parameter():
    first = DEFAULT_PLAN.watches[0]
    other = replace(DEFAULT_PLAN, watches=(replace(first, substances=("all",)), *DEFAULT_PLAN.watches[1:]))
    assert len({DEFAULT_PLAN.digest, other.digest, replace(DEFAULT_PLAN, budget=2.0).digest}) == 3


def test_gaps_are_nan_and_never_zero(store):
    known = store.known_on(AS_OF, ["us_overdose_ed_rate"])
    frame = wide(known, INDICATORS["us_overdose_ed_rate"])
    spring = frame.observed.loc["2020-03-01":"2020-08-01"]
    assert spring.isna().all(axis=None)
    assert (frame.status.loc[spring.index, ("US", "all")] == "suppressed").all()
    assert not frame.judge.loc[spring.index].any(axis=None)
    assert frame.observed.index.freqstr == "MS"


def test_watches_know_their_indicator():
    with pytest.raises(KeyError):
        DEFAULT_PLAN["population"]
    assert isinstance(DEFAULT_PLAN["us_overdose_ed_rate"], Watch)


def test_months_before_a_series_present_definition_are_neither_judged_nor_a_baseline():
    record = INDICATORS["mx_federal_drug_case_files"]
    periods = pd.date_range("2012-01-01", "2019-12-01", freq="MS")
    values = np.random.default_rng(1).poisson(300, len(periods)).astype(float)

    def verdicts(before: float) -> pd.DataFrame:
        rows = pd.DataFrame(
            {
                "substance": "all",
                "period": periods,
                "value": np.where(periods.year < 2014, before, values),
                "status": "reported",
                "provisional": False,
            }
        )
        both = pd.concat([rows.assign(geography="MX"), rows.assign(geography="MX-SON")])
        judged = judge(DEFAULT_PLAN[record.id], wide(both, record)).set_index("period")
        return judged[judged["geography"] == "MX-SON"]

    low, high = verdicts(10.0), verdicts(9000.0)
    pd.testing.assert_frame_equal(low.loc["2014":], high.loc["2014":])
    assert (high.loc[:"2013-12", "reason"] == "method_break").all()
    assert (high.loc[:"2013-12", "observed"] == 9000).all()
    assert low.loc["2019-12-01", "reason"] == "ok"
