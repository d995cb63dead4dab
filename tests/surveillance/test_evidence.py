"""The evidence for one verdict: reference periods, other settings, earlier vintages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from data_sources.ingest import open_store
from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store
from surveillance import pipeline
from surveillance.assessment import Assessment
from surveillance.detectors import (
    Cusum,
    Detector,
    EarsC1,
    EarsC2,
    EarsC3,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.detectors.reference import by_position
from surveillance.evidence import Evidence, alternatives, evidence
from surveillance.explain import years_between
from surveillance.judging import judge
from surveillance.plan import DEFAULT_PLAN, MONTHLY_COUNTS, ON_SQUARE_ROOT, Plan, Watch
from surveillance.reference_periods import Basis, basis
from surveillance.series import regular
from surveillance.series_log import SeriesLog

EVENTS, SUMS = "us_cbp_seizure_events", "us_overdose_deaths_12m"


def months(values: list[float] | np.ndarray) -> pd.Series:
    return pd.Series(np.asarray(values, dtype=float), pd.date_range("2015-01-01", periods=len(values), freq="MS"))


def seasonal_counts(seed: int, *, growth: float = 0.0, mean: float = 40.0, count: int = 84) -> pd.Series:
    """Six years and more of counts with a season, and a past outbreak of five times the mean."""
    rng = np.random.default_rng(seed)
    time = np.arange(count)
    level = mean * np.exp(0.3 * np.cos(2 * np.pi * time / 12) + growth * time / 12)
    values = rng.negative_binomial(level, 0.5).astype(float)
    values[count - 40] *= 5
    return months(values)


# Reference periods


def fitted_by_statsmodels(y: pd.Series, detector: FarringtonFlexible, *, trend: bool) -> dict[str, Any]:
    """The two fits step by step: each reference period's count, mean and weight; dispersion, slope and its p."""
    row = len(y) - 1
    shape = {name: getattr(detector, name) for name in ("years", "half_window", "blocks", "guard")}
    reference = by_position(np.array([row]), periods=12, **shape)
    counts = y.to_numpy()[row + reference.offsets]
    known = ~np.isnan(counts)
    design = pd.get_dummies(reference.layout.blocks).to_numpy(float)
    if trend:
        design = np.column_stack([design, reference.layout.times])
    design, used = design[known], counts[known]
    family = sm.families.Poisson()
    first = sm.GLM(used, design, family=family).fit(tol=1e-13, maxiter=200, scale="X2")
    hat = first.get_hat_matrix_diag(observed=False)
    phi = max(first.scale, 1.0)
    residual = 1.5 * (used ** (2 / 3) * first.mu ** (-1 / 6) - np.sqrt(first.mu)) / np.sqrt(phi * (1 - hat))
    weight = np.where(residual > detector.residual_threshold, np.maximum(residual, 1e-9) ** -2.0, 1.0)
    weight *= len(used) / weight.sum()
    last = sm.GLM(used, design, family=family, var_weights=weight).fit(tol=1e-13, maxiter=200, scale="X2")
    phi = max(last.scale, 1.0)
    se = np.sqrt(last.cov_params()[-1, -1] * phi / last.scale)
    return {
        "period": y.index[row + reference.offsets][known],
        "observed": used,
        "mean": last.mu,
        "weight": weight,
        "dispersion": phi,
        "slope": last.params[-1],
        "p": 2 * student.sf(abs(last.params[-1]) / se, len(used) - design.shape[1]),
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("trend", [False, True])
def test_means_weights_and_trend_are_those_of_statsmodels(seed: int, missing: bool, trend: bool) -> None:
    y = seasonal_counts(seed, growth=0.1)
    if missing:
        y.iloc[[30, 45, 50]] = np.nan
    detector = FarringtonFlexible(years=5, half_window=1, blocks=5, guard=6, trend=trend)
    found = basis(detector, y)
    plain = fitted_by_statsmodels(y, detector, trend=trend)
    assert found.trend == ("kept" if trend else "switched_off")
    assert found.years == 5
    known = found.periods[found.periods["observed"].notna()]
    assert known["period"].to_list() == list(plain["period"])
    np.testing.assert_array_equal(known["observed"], plain["observed"])
    np.testing.assert_allclose(known["fitted"], plain["mean"], rtol=1e-8)
    np.testing.assert_allclose(known["weight"], plain["weight"], rtol=1e-8)
    assert found.dispersion == pytest.approx(plain["dispersion"], rel=1e-8)
    assert (found.periods.loc[found.periods["observed"].isna(), "weight"] == 0).all()
    assert y.index[84 - 40] in found.lowered["period"].to_list()
    assert len(found.lowered) < 10
    if trend:
        assert found.growth == pytest.approx(np.expm1(12 * plain["slope"]), rel=1e-7)
        assert np.isnan(found.trend_p)  # at trend_p = 1 no test is asked for
    else:
        assert np.isnan([found.growth, found.trend_p]).all()


def test_a_past_outbreak_s_weight_is_the_one_worked_by_hand() -> None:
    # Six reference months around two anniversaries, five of 10 and one of 40: first mean 15, dispersion
    # (5 · 25 + 625)/15/5 = 10, leverage 1/6. Anscombe residual 1.5 (40^⅔ 15^−⅙ − √15)/√(10 · 5/6) = 1.8575 > 1, so
    # its weight is 1.8575⁻² = 0.28983 of the others': γ = 6/5.28983 = 1.13425, mean (5 · 10 γ + 40 · 0.28983 γ)/6.
    values = np.full(26, 99.0)
    for row in (0, 1, 2, 12, 13, 14):
        values[row] = 10
    values[13] = 40
    detector = FarringtonFlexible(
        years=2, half_window=1, blocks=1, guard=1, residual_threshold=1.0, min_dispersion=1.0
    )
    found = basis(detector, months(values))
    assert found.periods["observed"].to_list() == [10, 10, 10, 10, 40, 10]
    assert found.periods["weight"].to_list() == pytest.approx([1.13425] * 4 + [0.32874, 1.13425], abs=2e-5)
    assert found.periods["fitted"].to_list() == pytest.approx([11.6437] * 6, abs=2e-4)
    assert found.lowered["observed"].to_list() == [40]
    assert found.trend == "too_few_years"


@pytest.mark.parametrize(
    ("settings", "growth", "said"),
    [
        ({"trend": False}, 0.0, "switched_off"),
        ({"years": 2}, 0.0, "too_few_years"),
        ({"trend_p": 1e-9}, 0.0, "not_clear"),
        ({}, 0.05, "kept"),
        ({"guard": 24}, 1.2, "extrapolates"),
    ],
)
def test_why_a_trend_is_not_kept(settings: dict[str, object], growth: float, said: str) -> None:
    detector = FarringtonFlexible(**({"half_window": 1, "blocks": 5, "guard": 6} | settings))  # type: ignore[arg-type]
    y = seasonal_counts(3, growth=growth)
    y.iloc[44] /= 5
    found = basis(detector, y)
    assert found.trend == said
    assert np.isnan(found.growth) == (said in ("switched_off", "too_few_years"))
    kept = detector.run(y.to_frame()).number("trend")[-1, 0]
    assert bool(kept) == (said == "kept")


@pytest.mark.parametrize("mode", ["corrected", "r_compatible"])
def test_the_judged_season_s_mean_is_the_expected_value_where_there_is_no_trend(mode: str) -> None:
    y = seasonal_counts(5)
    detector = FarringtonFlexible(half_window=1, blocks=5, guard=6, trend=False, mode=mode)  # type: ignore[arg-type]
    found = basis(detector, y).periods
    expected = detector.assess(y.to_frame(), last=1).expected.iloc[0, 0]
    own = found[found["block"] == found["block"].max()]
    np.testing.assert_allclose(own["fitted"], expected, rtol=1e-9)
    assert {period.month for period in own["period"]} == {11, 12, 1}  # the judged month is December


def test_an_emerging_series_rests_on_its_nearly_empty_periods() -> None:
    y = months(np.zeros(84))
    y.iloc[40], y.iloc[-1] = 1, 4
    verdict = MONTHLY_COUNTS.assess(y.to_frame(), last=1)
    assert verdict.reason.iloc[0, 0] == "emerging"
    found = basis(MONTHLY_COUNTS, y, "emerging")
    assert found.periods["weight"].eq(1).all()
    assert found.periods["fitted"].to_list() == pytest.approx([1.5 / len(found.periods)] * len(found.periods))
    assert found.periods["fitted"].iloc[0] == pytest.approx(verdict.expected.iloc[0, 0])
    assert found.trend == "none"
    assert np.isnan(found.growth)


def test_where_the_judged_season_alone_is_empty_only_its_periods_count() -> None:
    y = months(np.full(84, 6.0))
    y.iloc[[10, 11, 12, 22, 23, 24, 34, 35, 36, 46, 47, 48, 58, 59, 60, 70, 71, 72]] = 0
    verdict = MONTHLY_COUNTS.assess(y.to_frame(), last=1)
    assert verdict.reason.iloc[0, 0] == "emerging"
    found = basis(MONTHLY_COUNTS, y, "emerging").periods
    used = found[found["weight"] == 1]
    assert used["block"].eq(4).all()
    assert used["observed"].eq(0).all()
    assert used["fitted"].iloc[0] == pytest.approx(verdict.expected.iloc[0, 0])
    assert found.loc[found["weight"] == 0, "fitted"].isna().all()


def test_too_short_a_history_has_no_reference_periods() -> None:
    for detector in (MONTHLY_COUNTS, ON_SQUARE_ROOT, TwelveMonthEnding(), EarsC2(), Cusum()):
        found = basis(detector, months([3.0, 4.0, 5.0]))
        assert found.periods.empty
        assert found.lowered.empty


def test_ears_rests_on_the_mean_and_spread_of_the_months_just_before() -> None:
    y = months([50, 1, 2, 3, 4, 5, 6, 7, 80, 90, 30])
    found = basis(EarsC2(), y)
    assert found.periods["observed"].to_list() == [1, 2, 3, 4, 5, 6, 7]  # two months between are left out
    assert found.periods["fitted"].to_list() == [4.0] * 7
    assert found.spread == pytest.approx(np.sqrt(28 / 6))
    assert basis(EarsC1(), y).periods["observed"].to_list() == [3, 4, 5, 6, 7, 80, 90]
    assert basis(EarsC2(min_sd=9), y).spread == 9
    assert len(basis(EarsC3(), months(np.arange(20.0))).periods) == 9


@pytest.mark.parametrize("trend", [False, True])
def test_a_seasonal_regression_s_values_and_weights_are_those_of_statsmodels(trend: bool) -> None:
    rng = np.random.default_rng(8)
    time = np.arange(72)
    y = months(np.exp(4 + 0.4 * np.sin(2 * np.pi * time / 12) + 0.01 * time + rng.normal(0, 0.3, 72)))
    y.iloc[50] *= 12
    y.iloc[55] = np.nan
    detector = SeasonalRegression(trend=trend, years=4, guard=1)
    found = basis(detector, y)
    table = found.periods
    assert table["period"].to_list() == list(y.index[72 - 50 : 70])
    known = table["observed"].notna()
    past = (np.arange(72 - 50, 70) - 71) / 12
    design = np.column_stack([np.ones(48), np.cos(2 * np.pi * past), np.sin(2 * np.pi * past)])
    if trend:
        design = np.column_stack([design, past])
    model = sm.RLM(np.log1p(table["observed"][known]), design[known], M=sm.robust.norms.HuberT(1.345))
    plain = model.fit(maxiter=500, tol=1e-10)
    np.testing.assert_allclose(table["fitted"][known], np.expm1(plain.fittedvalues), rtol=1e-4)
    np.testing.assert_allclose(table["weight"][known], plain.weights, rtol=1e-3)
    assert table["weight"][~known].eq(0).all()
    assert found.lowered["period"].iloc[0] == y.index[50]
    answer = detector.assess(y.to_frame(), last=1)
    reach = student(detector.tail_df).ppf(1 - detector.alpha)
    middle = np.log1p(answer.expected.iloc[0, 0])
    assert answer.upper.iloc[0, 0] == pytest.approx(np.expm1(middle + reach * found.spread), rel=1e-9)
    if trend:
        slope = plain.params.iloc[-1] if hasattr(plain.params, "iloc") else plain.params[-1]
        assert found.growth == pytest.approx(np.expm1(middle) / np.expm1(middle - slope) - 1, rel=1e-3)


def test_a_sum_rests_on_the_sums_of_its_window_and_their_spread() -> None:
    rng = np.random.default_rng(2)
    y = months(np.convolve(rng.poisson(90, 71), np.ones(12), "valid"))
    detector = TwelveMonthEnding(alpha=0.01)
    found, answer = basis(detector, y), detector.assess(y.to_frame(), last=1)
    assert found.periods["period"].to_list() == list(y.index[-37:-1])
    reach = student(detector.tail_df).ppf(0.99)
    assert answer.upper.iloc[0, 0] - answer.expected.iloc[0, 0] == pytest.approx(reach * found.spread)
    assert found.periods["fitted"].isna().all()  # the months within are not shown


# Other settings


@pytest.mark.parametrize("frequency", ["W", "MS"])
@pytest.mark.parametrize(
    "detector",
    sorted(
        {watch.detector for watch in DEFAULT_PLAN.watches} | {EarsC1(), EarsC2(), FarringtonFlexible()}, key=repr
    ),
    ids=repr,
)
def test_there_are_24_distinct_settings_at_the_same_alpha(detector: Detector, frequency: str) -> None:
    found = alternatives(detector, frequency)  # type: ignore[arg-type]
    assert len(found) == len(set(found)) == 24
    assert {one.alpha for one in found} == {detector.alpha}
    observed = pd.DataFrame(
        {"a": np.random.default_rng(1).poisson(20, 600)},
        pd.date_range("2012-01-01", periods=600, freq="W-SUN" if frequency == "W" else "MS"),
        dtype=float,
    )
    for one in found:  # each of them works on such a series
        assert one.assess(observed, last=1).alarm.notna().all(axis=None)


@pytest.mark.parametrize("frequency", ["W", "MS"])
def test_the_choices_of_farrington_meet_each_other_equally_often(frequency: str) -> None:
    found = alternatives(MONTHLY_COUNTS, frequency)  # type: ignore[arg-type]
    names = ("half_window", "guard", "trend", "threshold")
    table = pd.DataFrame([{name: getattr(one, name) for name in ("years", *names)} for one in found])
    for first, second in product(("years", *names), names):
        if first != second:
            assert table.groupby([first, second]).size().nunique() == 1
    assert {one.min_years for one in found if isinstance(one, FarringtonFlexible)} == {
        None
    }  # five years are five years


def test_a_detector_that_no_plan_uses_has_no_other_settings() -> None:
    assert alternatives(Cusum(), "MS") == []
    assert alternatives(EarsC3(), "MS") == []


# One verdict of a real panel


@pytest.fixture(scope="module")
def store(embedded: Path) -> Store:
    return open_store(embedded)


@pytest.fixture(scope="module")
def assessment(store: Store) -> Assessment:
    return pipeline.run(store, date(2026, 10, 2))


def test_the_evidence_is_of_the_very_verdict(store: Store, assessment: Assessment) -> None:
    judged = assessment.verdicts[assessment.verdicts["alarm"].notna()]
    for _, row in judged.groupby("indicator").tail(1).iterrows():
        found = evidence(store, assessment, row)
        for name in ("observed", "expected", "upper", "pvalue"):
            assert getattr(found, name) == pytest.approx(row[name], rel=1e-9, nan_ok=True)
        assert found.alarm == row["alarm"]
        assert type(found.detector).__name__ == row["detector"]
        assert found.years == years_between(found.pvalue, "MS")
        assert found.years_low == years_between(found.pvalue_low, "MS")
        assert found.pvalue + found.pvalue_low >= 1 - 1e-9
        assert len(found.settings) == 24
        assert found.vintages.empty or len(found.vintages) > 1
        assert not found.basis.periods.empty


def test_each_setting_s_verdict_is_what_its_detector_says(store: Store, assessment: Assessment) -> None:
    name, place = "us_overdose_deaths_monthly", ("US", "all")
    rows = assessment.of(name, *place)
    row = rows[rows["alarm"].notna()].iloc[-1]
    found = evidence(store, assessment, row)
    frame = regular(store, assessment.as_of, name, ())
    assert frame is not None
    inflation = getattr(assessment.plan, "inflation", {}).get(name, 1.0)
    for detector, (_, said) in zip(alternatives(found.detector, "MS"), found.settings.iterrows(), strict=True):
        plain = judge(Watch(name, detector, "why"), frame, inflation=inflation)
        plain = plain[(plain["substance"] == "all") & (plain["period"] == row["period"])].iloc[0]
        for column in ("expected", "upper", "pvalue"):
            assert said[column] == pytest.approx(plain[column], rel=1e-9, nan_ok=True)
        assert said["alarm"] is plain["alarm"] or said["alarm"] == plain["alarm"]
        assert said["reason"] == plain["reason"]
        for parameter in ("years", "guard", "trend"):
            assert said[parameter] == getattr(detector, parameter)
    alarms, able = found.robust
    assert 0 <= alarms <= able <= 24


def test_the_newest_period_is_found_by_its_row_among_the_series(store: Store, assessment: Assessment) -> None:
    quiet = assessment.series[assessment.series["state"] != "not_judgeable"].iloc[0]
    found = evidence(store, assessment, quiet)
    assert found.period == quiet["period"]
    assert found.alarm == (quiet["state"] != "quiet")


def test_what_is_not_watched_or_not_held_is_refused(store: Store, assessment: Assessment) -> None:
    row = assessment.series.iloc[0].copy()
    row["indicator"] = "population"
    with pytest.raises(KeyError):
        evidence(store, assessment, row)
    row = assessment.series.iloc[0].copy()
    for period in ("1980-01-01", pd.NaT):
        row["period"] = period
        with pytest.raises(ValueError, match="no value of"):
            evidence(store, assessment, row)


# Earlier vintages


def published(
    store: Store, source: str, indicator: str, day: str, values: dict[str, pd.Series], cover: str
) -> None:
    """One publication: series by place."""
    rows = pd.concat(
        [
            pd.DataFrame({"period": series.index, "value": series.to_numpy(), "geography": place})
            for place, series in values.items()
        ],
        ignore_index=True,
    )
    known = {"indicator": indicator, "substance": "all" if indicator == SUMS else "fentanyl", "source": source}
    rows = rows.assign(**known, as_of=pd.Timestamp(day), provisional=False)
    rows["status"] = np.where(rows["value"].isna(), "suppressed", "reported")
    when = datetime(2026, 1, 1, tzinfo=UTC)
    publication = Publication(source, f"{day}.csv", rows.to_csv().encode(), date.fromisoformat(day), when, "test")
    store.add(publication, check(rows), coverage=cover)  # type: ignore[arg-type]


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2025, 8, 31), date(2026, 10, 2)])
def test_a_series_log_knows_on_each_day_what_the_store_knows(store: Store, day: date) -> None:
    compared = 0
    for watch in DEFAULT_PLAN.watches:
        frame = regular(store, day, watch.indicator, watch.substances)
        for column in [] if frame is None else frame.observed:
            rows = SeriesLog(store, (watch.indicator, *column)).on(day).set_index("period")["value"].dropna()
            assert rows.to_dict() == frame.observed[column].dropna().to_dict()  # type: ignore[union-attr]
            compared += 1
    assert compared >= 3


def test_a_vintage_of_a_moving_window_holds_nothing_older(tmp_path: Path) -> None:
    store, source = Store(tmp_path), "us_cdc_overdose_deaths"
    values = months(np.arange(900.0, 1000.0))
    published(store, source, SUMS, "2024-01-20", {"US": values[:90]}, "window")
    published(store, source, SUMS, "2024-02-20", {"US": values[12:91]}, "window")
    log = SeriesLog(store, (SUMS, "US", "all"))
    assert log.on(date(2024, 1, 31))["value"].to_list() == list(values[:90])
    assert log.on(date(2024, 3, 1))["value"].to_list() == list(values[12:91])


def revised(kind: str, root: Path) -> tuple[Store, list[str]]:
    """A store of five publications, each with one month more and the newest five months revised upwards."""
    store = Store(root)
    rng = np.random.default_rng(4)
    counts = {place: rng.poisson(mean, 110).astype(float) for place, mean in (("US", 400), ("US-AZ", 60))}
    if kind == SUMS:
        counts = {place: np.convolve(values, np.ones(12), "valid") for place, values in counts.items()}
    counts["US-AZ"][93 - (len(counts["US"]) < 110) * 11] *= 1.5 if kind == SUMS else 3
    days = [f"2024-{month:02d}-20" for month in range(1, 6)]
    source = "us_cdc_overdose_deaths" if kind == SUMS else "us_cbp_seizures"
    for step, day in enumerate(days):
        end = (93 if kind == EVENTS else 82) + 1 + step
        values = {}
        for place, truth in counts.items():
            series = months(np.round(truth[:end] * np.append(np.ones(end - 5), [0.99, 0.97, 0.95, 0.9, 0.8])))
            if kind == SUMS:
                series.index = pd.date_range("2015-12-01", periods=end, freq="MS")
            values[place] = series
        published(store, source, kind, day, values, "window")
    return store, days


@pytest.mark.parametrize("kind", [EVENTS, SUMS])
def test_vintages_are_judged_as_the_series_was_known_on_each(kind: str, tmp_path: Path) -> None:
    store, days = revised(kind, tmp_path)
    plan = Plan((DEFAULT_PLAN[kind],), budget=2.0)
    judged = pipeline.run(store, date(2024, 6, 1), plan)
    rows = judged.of(kind, "US-AZ", "all" if kind == SUMS else "fentanyl")
    row = rows[rows["period"] == pd.Timestamp("2022-10-01")].iloc[0]
    found = evidence(store, judged, row)
    assert found.vintages["as_of"].dt.strftime("%Y-%m-%d").to_list() == days
    assert (found.vintages["source"] == ("us_cdc_overdose_deaths" if kind == SUMS else "us_cbp_seizures")).all()
    at_alpha = judged.plan.at(judged.alpha)[kind]
    for day, (_, said) in zip(days, found.vintages.iterrows(), strict=True):  # one by one, the slow way
        frame = regular(store, date.fromisoformat(day), kind, at_alpha.substances)
        assert frame is not None
        plain = judge(at_alpha, frame)
        plain = plain[(plain["geography"] == "US-AZ") & (plain["period"] == row["period"])].iloc[0]
        for column in ("observed", "expected", "upper", "pvalue"):
            assert said[column] == pytest.approx(plain[column], rel=1e-9, nan_ok=True)
        assert pd.isna(said["alarm"]) == pd.isna(plain["alarm"])
        assert pd.isna(said["alarm"]) or said["alarm"] == plain["alarm"]
        assert said["reason"] == plain["reason"]
    alarms, able = found.lasting
    assert able == len(days)
    assert alarms == found.vintages["alarm"].sum() > 0


def test_a_value_is_shown_as_it_stood_then(tmp_path: Path) -> None:
    store, _ = revised(EVENTS, tmp_path)
    judged = pipeline.run(store, date(2024, 6, 1), Plan((DEFAULT_PLAN[EVENTS],)))
    rows = judged.of(EVENTS, "US", "fentanyl")
    row = rows[rows["period"] == pd.Timestamp("2022-10-01")].iloc[0]
    shown = evidence(store, judged, row).vintages["observed"].to_numpy()
    final = row["observed"]
    # The month was the newest on the first day, 80 % of what it is on the last.
    np.testing.assert_allclose(shown, final / 0.99 * np.array([0.8, 0.9, 0.95, 0.97, 0.99]), atol=1)
    assert shown[-1] == final
    assert (np.diff(shown) >= 0).all()


def test_a_period_that_one_publication_alone_had_has_no_vintages(tmp_path: Path) -> None:
    store, _ = revised(EVENTS, tmp_path)
    judged = pipeline.run(store, date(2024, 6, 1), Plan((DEFAULT_PLAN[EVENTS],)))
    row = judged.of(EVENTS, "US", "fentanyl").iloc[-1]
    found = evidence(store, judged, row)
    assert found.vintages.empty
    assert found.lasting == (0, 0)


def test_what_was_published_after_the_assessed_day_is_not_evidence(tmp_path: Path) -> None:
    store, days = revised(EVENTS, tmp_path)
    judged = pipeline.run(store, date(2024, 3, 1), Plan((DEFAULT_PLAN[EVENTS],)))
    rows = judged.of(EVENTS, "US", "fentanyl")
    row = rows[rows["period"] == pd.Timestamp("2022-10-01")].iloc[0]
    found = evidence(store, judged, row)
    assert found.vintages["as_of"].max() == pd.Timestamp(days[1])


def test_the_record_cannot_be_changed(store: Store, assessment: Assessment) -> None:
    found = evidence(store, assessment, assessment.newest.iloc[0])
    with pytest.raises(AttributeError):
        found.alarm = False  # type: ignore[misc]
    assert isinstance(found, Evidence)
    assert isinstance(found.basis, Basis)
