"""The measures are worked by hand, the simulation gives the known figures, and the plan follows the ranking."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from surveillance.detectors import EarsC2, FarringtonFlexible, SeasonalRegression
from surveillance.evaluation import (
    RATE,
    TOLERANCE,
    Measures,
    alarm_rate,
    at_rate,
    evaluated,
    find,
    measures,
    rank_detectors,
)
from surveillance.plan import DEFAULT_PLAN
from surveillance.simulate import SCENARIOS, inject, simulate, weekly

EQUAL = "finds as much, within two standard errors, as the one that comes first by hundredths of a month"
GUARDED = "the guard of C2 keeps a slow rise out of its own baseline; the outbreaks of these figures are abrupt"
EXCEPTIONS = {  # (indicator, role) of the plan's rows that do not use the detector of rank 1, and why
    ("us_overdose_deaths_monthly", "main"): EQUAL + ", and it is the model of the other monthly counts",
    ("us_overdose_ed_rate", "main"): EQUAL + ", and it has a season",
    ("mx_federal_drug_case_files", "short"): GUARDED,
    ("mx_retail_drug_case_files", "short"): GUARDED,
    ("us_cbp_seizure_events", "short"): GUARDED,
}


def test_the_measures_are_those_of_a_hand_worked_case():
    """Three outbreaks and a quiet series; rows are weeks. Found: the first at once, the second two weeks late."""
    cases = np.array([[2, 0, 1, 0], [0, 3, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    alarm = np.array([[1, 1, 0, 0], [1, 0, -1, 1], [0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], dtype=np.int8)
    assert measures(alarm, cases) == Measures(
        outbreaks=3, pod=2 / 3, pod_first=1 / 3, sensitivity=3 / 7, ppv=3 / 6, timeliness=1.0
    )


def test_without_outbreaks_or_alarms_there_is_nothing_to_divide_by():
    nothing = measures(np.zeros((5, 2), dtype=np.int8), np.zeros((5, 2), dtype=int))
    assert nothing.outbreaks == 0
    assert np.isnan([nothing.pod, nothing.sensitivity, nothing.ppv, nothing.timeliness]).all()


def test_a_week_that_could_not_be_judged_is_no_judgement_in_the_rate():
    observed = weekly(np.random.default_rng(1).poisson(5, (60, 20)).astype(float))
    observed.iloc[-5:, 0] = np.nan
    alarm = EarsC2().assess(observed, last=5).alarm_
    assert alarm_rate(EarsC2(), observed, last=5) == (alarm == 1).sum() / (alarm >= 0).sum()
    assert (alarm < 0).sum() == 5
    assert np.isnan(alarm_rate(EarsC2(), observed * np.nan))


def test_a_run_of_alarms_is_one_signal():
    observed = weekly(np.random.default_rng(5).normal(50, 1, (40, 2)))
    observed.iloc[-3:] = [[90.0, 90.0], [90.0, 50.0], [50.0, 90.0]]
    assert EarsC2().assess(observed, last=3).alarm_.tolist() == [[1, 1], [1, 0], [0, 1]]
    assert alarm_rate(EarsC2(), observed, last=3) == 4 / 6
    assert alarm_rate(EarsC2(), observed, last=3, runs=True) == 3 / 6


@pytest.mark.parametrize("detector", [EarsC2(), FarringtonFlexible(years=2)])
@pytest.mark.parametrize("rate", [0.005, 0.03])
def test_a_detector_at_a_rate_attains_it(detector, rate):
    observed = weekly(np.random.default_rng(2).poisson(40, (160, 300)).astype(float))
    equal = at_rate(detector, observed, rate, last=10)
    assert alarm_rate(equal, observed, last=10) == pytest.approx(rate, rel=0.1)
    assert type(equal) is type(detector)


def test_a_rate_out_of_reach_gives_the_nearest_alpha():
    observed = weekly(np.full((160, 30), 6.0))
    assert at_rate(EarsC2(), observed, last=10).alpha == pytest.approx(0.4)


def test_a_detector_that_can_judge_nothing_is_refused():
    with pytest.raises(ValueError, match="can judge nothing"):
        at_rate(FarringtonFlexible(), weekly(np.ones((60, 2))))


def test_large_outbreaks_are_found_and_those_without_cases_are_not():
    random = np.random.default_rng(3)
    observed = pd.DataFrame(
        random.poisson(30, (120, 5)).astype(float), pd.date_range("2012-01-01", periods=120, freq="MS")
    )
    judge = pd.DataFrame(np.arange(120)[:, None] >= np.full(5, 60), observed.index, observed.columns)
    injected = inject(observed, judge, sizes=(0.001, 40.0), starts=10, whole=False)
    detector = SeasonalRegression(transform="sqrt", tail_df=30.0)
    found = find(detector, observed, injected)
    assert found.by_size == {0.001: 0.0, 40.0: 1.0}
    assert found.outbreaks == 100
    assert found.sensitivity == 0.5
    assert found.timeliness == 0


def test_nothing_is_found_where_the_series_alarms_as_it_was_published():
    observed = pd.DataFrame(
        np.random.default_rng(4).normal(50, 1, (80, 1)), pd.date_range("2012-01-01", periods=80, freq="MS")
    )
    observed.iloc[70] = 500.0
    judge = pd.DataFrame(np.isin(np.arange(80), [68, 69, 70, 71, 72])[:, None], observed.index, observed.columns)
    injected = inject(observed, judge, sizes=(1.0,), starts=9, whole=False)
    found = find(SeasonalRegression(tail_df=30.0), observed, injected)
    assert (found.background, found.sensitivity) == (1.0, 0.0)
    assert np.isnan(found.timeliness)


@pytest.mark.parametrize(
    "name",
    ["Noufaily nbPlugin", "Noufaily delta", "Farrington 1996-like", "EARS C1, min_sd 0", "EARS C3, min_sd 0"],
)
def test_a_small_simulation_comes_near_the_figures_of_the_protocol(bench: Callable[[str], ModuleType], name: str):
    """42 scenarios × 8 replicates: POD to three standard errors of .027, false alarms to a third."""
    study = bench("evaluation")
    row = study._by_protocol(simulate(replicates=8), study.PROTOCOL[name])
    rate, pod = study.REFERENCE[name]
    assert row["fpr"] == pytest.approx(rate, rel=0.35)
    assert row["pod"] == pytest.approx(pod, abs=0.08)


def test_a_trend_that_is_not_there_is_kept_in_five_percent_of_fits(bench: Callable[[str], ModuleType]):
    row = bench("evaluation").trend_kept(2.5, 3.0, fits=1500)
    assert row["poisson_0.05"] == pytest.approx(0.05, abs=0.017)
    assert row["poisson_1"] > 0.99


def test_equal_rates_let_detectors_be_compared():
    """At 2 % a week the season of a series costs EARS what Farrington knows."""
    study = simulate(SCENARIOS[24:30], replicates=12)  # counts of 12, strong season
    quiet = weekly(study.background)
    found = {}
    for detector in (FarringtonFlexible(min_cases=(0, 4)), EarsC2()):
        equal = at_rate(detector, quiet, 0.02, last=49)
        assert alarm_rate(equal, quiet, last=49) == pytest.approx(0.02, rel=0.06)
        found[type(detector)] = measures(equal.assess(study.observed, last=49).alarm_, study.current[-49:]).pod
    assert found[FarringtonFlexible] > found[EarsC2]


def figures(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    columns = ["detector", "signals", "sensitivity", "timeliness"]
    return pd.DataFrame(rows, columns=columns).assign(indicator="deaths", role="main", outbreaks=2500, alpha=0.01)


def test_the_quickest_of_those_that_find_the_most_comes_first():
    """Two standard errors at .6 of 2,500 are .02."""
    ranked = rank_detectors(
        figures(
            ("blind", 0.01, 0.3, 0.0),
            ("slow", 0.01, 0.60, 0.9),
            ("second", 0.01, 0.579, 0.1),
            ("quick", 0.011, 0.581, 0.2),
        )
    )
    assert ranked["detector"].tolist() == ["quick", "slow", "second", "blind"]
    assert ranked["rank"].tolist() == [1, 2, 3, 4]


def test_a_detector_whose_p_values_mislead_comes_after_those_that_the_budget_can_govern():
    """At 1 %, z = 2.33: an inflation of 1.5 is an alpha of 2.4e-4."""
    rows = figures(("surer", 0.01, 0.9, 0.0), ("honest", 0.01, 0.5, 0.0), ("other", 0.01, 0.4, 0.0))
    ranked = rank_detectors(rows.assign(alpha=[2.3e-4, 2.6e-4, 0.04]))
    assert ranked["detector"].tolist() == ["honest", "other", "surer"]
    assert ranked["rank"].tolist() == [1, 2, 3]


def test_a_detector_that_cannot_keep_to_the_rate_or_is_for_comparison_has_no_rank():
    ranked = rank_detectors(
        figures(
            ("loud", RATE * (1.01 + TOLERANCE), 0.9, 0.0),
            ("Rki(system=1)", 0.01, 0.9, 0.0),
            ("fair", 0.012, 0.1, 2.0),
        )
    )
    assert ranked["detector"].iloc[0] == "fair"
    assert ranked["rank"].isna().tolist() == [False, True, True]


def test_every_indicator_is_ranked_by_itself():
    rows = figures(("one", 0.01, 0.5, 0.0), ("other", 0.01, 0.2, 0.0))
    swapped = rows.assign(indicator="seizures", sensitivity=[0.2, 0.5])
    ranked = rank_detectors(pd.concat([rows, swapped], ignore_index=True)).query("rank == 1")
    assert dict(zip(ranked["indicator"], ranked["detector"], strict=True)) == {"deaths": "one", "seizures": "other"}


def first_and_planned() -> dict[tuple[str, str], tuple[str, str]]:
    """Per indicator and role the detector of rank 1 and the plan's."""
    ranked = rank_detectors(evaluated()).query("rank == 1")
    pairs = {}
    for indicator, role, first in ranked[["indicator", "role", "detector"]].itertuples(index=False):
        watch = DEFAULT_PLAN[indicator]
        pairs[indicator, role] = first, repr(watch.detector if role == "main" else watch.short)
    return pairs


def test_the_plan_uses_the_detector_that_comes_first_but_for_named_exceptions():
    differ = {key for key, (first, planned) in first_and_planned().items() if first != planned}
    assert differ == set(EXCEPTIONS)


def test_every_row_of_the_plan_with_months_to_judge_was_evaluated():
    judged = set(first_and_planned())
    without = {"mx_retail_drug_case_files_rnid"}  # too young
    for watch in DEFAULT_PLAN.watches:
        assert (watch.indicator, "main") in judged or watch.indicator in without, watch.indicator
    results = evaluated()
    for key, (_, planned) in first_and_planned().items():
        mine = results[(results["indicator"] == key[0]) & (results["role"] == key[1])]
        assert planned in set(mine["detector"]), key
