"""What is published where."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data_sources.ingest import open_store
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import coverage

DEATHS = "us_overdose_deaths_12m"


class Known:
    """A store that knows the rows given."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        columns = ["geography", "substance", "period", "value", "status"]
        frame = pd.DataFrame(rows, columns=columns)
        self.rows = frame.assign(
            indicator=DEATHS, source="one", period=pd.to_datetime(frame["period"]).astype("datetime64[s]")
        )

    def known_on(self, day: date, indicators: object = None) -> pd.DataFrame:
        return self.rows


def state(rows: list[tuple[Any, ...]], place: str) -> pd.Series:
    nation = ("US", "all", "2026-03-01", 100.0, "reported")
    table = coverage.matrix(Known([nation, *rows]), date(2026, 9, 1), [DEATHS], [place])  # type: ignore[arg-type]
    return table.iloc[0]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["reported", "reported"], "published"),
        (["reported", "suppressed"], "partly"),
        (["suppressed", "not_reported"], "suppressed"),
        (["not_reported", "not_collected"], "not_reported"),
        (["withdrawn"], "not_reported"),
        (["not_collected"], "not_collected"),
    ],
)
def test_the_state_of_a_place_follows_from_its_statuses(statuses: list[str], expected: str) -> None:
    drugs = ["all", "heroin"]
    rows = [
        ("US-WY", drug, "2026-03-01", 20.0 if status == "reported" else float("nan"), status)
        for drug, status in zip(drugs, statuses, strict=False)
    ]
    found = state(rows, "US-WY")
    assert found["state"] == expected
    assert found["of"] == len(statuses)
    assert found["hidden"] == statuses.count("suppressed")


def test_a_place_without_rows_is_absent_and_one_with_old_rows_is_not_reported() -> None:
    assert state([], "US-WY")["state"] == "absent"
    newer = [("US", "all", f"2026-{month:02}-01", 100.0, "reported") for month in range(1, 13)]
    old = ("US-WY", "all", "2015-01-01", 30.0, "reported")
    found = state([*newer, old], "US-WY")
    assert found["state"] == "not_reported"
    assert found["last"] == pd.Timestamp("2015-01-01")


def test_nothing_known_gives_no_cell(tmp_path: Path) -> None:
    assert coverage.matrix(Store(tmp_path), date(2026, 9, 1), [DEATHS], ["US"]).empty
    assert coverage.spans(Store(tmp_path), date(2026, 9, 1)).empty
    assert coverage.completeness(Store(tmp_path), date(2026, 9, 1)).empty


def test_the_embedded_figures_are_told_with_their_spans_and_shares(embedded: Path) -> None:
    store, day = open_store(embedded), date(2026, 10, 2)
    spans = coverage.spans(store, day)
    assert spans["last"].is_monotonic_decreasing
    assert (spans["first"] <= spans["last"]).all()
    assert 0 < coverage.completeness(store, day)["published_figures"] <= 1


def test_groups_of_places_begin_with_the_nation() -> None:
    assert coverage.places("us")[0] == coverage.places("cbp")[0] == "US"
    assert coverage.places("mx")[0] == "MX"
    assert len(coverage.places("mx")) == 33
    assert {GEOGRAPHIES[code].kind for code in coverage.places("cbp")[1:]} == {"cbp_area"}
