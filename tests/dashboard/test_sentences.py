"""Whole sentences about a figure, its verdict and its rarity."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from dashboard import sentences, text
from surveillance.explain import Facts

FACTS = Facts(
    period=pd.Timestamp("2026-03-01"),
    observed=739.0,
    expected=430.0,
    low=283.2,
    high=652.7,
    years=12.6,
    alarms=2,
    judged=36,
    run=1,
)
SERIES = pd.Series(
    {
        "indicator": "mx_retail_drug_case_files",
        "geography": "MX-SON",
        "substance": "all",
        "period": FACTS.period,
        "observed": 739.0,
        "upper": 700.0,
        "state": "signal",
    }
)
EN, ES = text.of("en"), text.of("es")


def test_a_signal_is_one_sentence_with_what_was_expected() -> None:
    said = sentences.verdict(EN, SERIES, FACTS)
    assert said == "Sonora: 739 drug-dealing case files in Mar 2026; 283 to 653 were expected"
    assert sentences.verdict(ES, SERIES, FACTS).endswith("se esperaban de 283 a 653")


@pytest.mark.parametrize(
    ("observed", "words"),
    [(690.0, "more than expected but below its alarm line"), (100.0, "less than expected"), (400.0, "within what")],
)
def test_a_quiet_figure_says_where_it_lies(observed: float, words: str) -> None:
    series = SERIES.copy()
    series["observed"], series["state"] = observed, "quiet"
    assert words in sentences.verdict(EN, series, replace(FACTS, observed=observed))


def test_a_series_that_cannot_be_judged_is_never_called_quiet() -> None:
    series = SERIES.copy()
    series["state"] = "not_judgeable"
    assert sentences.verdict(EN, series, replace(FACTS, low=math.nan)).endswith("; it cannot be judged")


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (12.6, "about once in 13 years"),
        (0.5, "about once in 6 months"),
        (4000.0, "less than once in 100 years"),
        (math.inf, "less than once in 100 years"),
        (0.08, "in most months"),
    ],
)
def test_rarity_stands_beside_the_track_record(years: float, words: str) -> None:
    said = sentences.rarity(EN, replace(FACTS, years=years))
    assert words in said
    assert "over its line in 2 of" in said
    assert "36" in said


def test_without_a_p_value_only_the_track_record_is_told() -> None:
    assert sentences.rarity(EN, replace(FACTS, years=math.nan)).startswith("Over its line in 2 of")


@pytest.mark.parametrize(("run", "words"), [(1, "first month above the line"), (3, "3 months in a row")])
def test_persistence_counts_months(run: int, words: str) -> None:
    assert sentences.persistence(EN, replace(FACTS, run=run)) == words


@pytest.mark.parametrize(("days", "words"), [(1, "1 day old"), (59, "59 days old"), (120, "4 months old")])
def test_age_is_in_months_from_two_on(days: float, words: str) -> None:
    assert sentences.age(EN, days) == words
    assert sentences.age(EN, float("nan")) == "age unknown"


@pytest.mark.parametrize(("values", "warned"), [([0, 0, 0, 4], True), ([1, 2, 0, 4], False), ([], False)])
def test_a_nearly_empty_series_warns_that_one_event_decides(values: list[float], warned: bool) -> None:
    rows = pd.DataFrame({"observed": pd.Series(values, dtype=float)})
    assert bool(sentences.near_empty(EN, rows)) is warned


def test_a_range_has_no_more_decimals_than_its_figure() -> None:
    facts: Any = replace(FACTS, observed=24.7, low=16.234, high=23.456)
    assert sentences.expectation(EN, facts) == "16.2 to 23.5 were expected"
    assert sentences.expectation(EN, replace(facts, low=math.nan)).startswith("about ")
    assert "not be judged" in sentences.expectation(EN, replace(facts, expected=math.nan))
