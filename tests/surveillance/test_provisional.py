"""Filling periods against their line: a burst seen early, quiet places left alone, sources that say nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store
from surveillance import pipeline
from surveillance.plan import DEFAULT_PLAN
from surveillance.provisional import COLUMNS, FILLS, provisional
from surveillance.series import regular

SOURCE, CASES = "mx_sesnsp_federal_drug_offences", "mx_federal_drug_case_files"
PLACES = ["MX-SON", "MX-NLE", "MX-JAL", "MX-BCN", "MX-CHH", "MX-SIN"]
SHARES = np.array([0.6, 0.8, 0.9, 0.96, 1.0])  # reported by lag


def filled(folder, *, vintages: int, burst: float = 1.0) -> Store:
    """A store of monthly publications of counts around 60, whose newest month in Sonora is a *burst*."""
    store, rng = Store(folder), np.random.default_rng(8)
    months = pd.date_range("2019-01-01", periods=84, freq="MS")
    final = rng.poisson(60, (84, len(PLACES))).astype(float)
    final[-1, 0] *= burst
    for back in range(vintages - 1, -1, -1):
        known = 84 - back
        lag = np.minimum(np.arange(known)[::-1], len(SHARES) - 1)
        values = np.round(final[:known] * SHARES[lag, None])
        rows = pd.DataFrame(values, months[:known].rename("period"), pd.Index(PLACES, name="geography"))
        day = (months[known - 1] + pd.offsets.MonthEnd(1) + pd.Timedelta(days=20)).date()
        tidy = rows.stack().rename("value").reset_index()
        tidy = tidy.assign(
            indicator=CASES, substance="all", source=SOURCE, as_of=day, status="reported", provisional=True
        )
        when = datetime(day.year, day.month, day.day, tzinfo=UTC)
        publication = Publication(SOURCE, f"{day}.csv", f"{day}".encode(), day, when, origin="file")
        assert store.add(publication, check(tidy))
    return store


def judged(store: Store, alpha: float = 0.005) -> pd.DataFrame:
    as_of = max(store.vintages(SOURCE, CASES))
    wide = regular(store, as_of, CASES)
    assert wide is not None
    return provisional(store, as_of, DEFAULT_PLAN, alpha, DEFAULT_PLAN[CASES], wide)


@pytest.fixture(scope="module")
def burst(tmp_path_factory) -> Store:
    return filled(tmp_path_factory.mktemp("burst"), vintages=16, burst=2.2)


def test_a_burst_is_confirmed_from_its_first_print(burst):
    rows = judged(burst)
    newest = rows[rows["period"] == rows["period"].max()].set_index("geography")
    sonora = newest.loc["MX-SON"]
    assert sonora["certainty"] == "confirmed"
    assert sonora["median"] == pytest.approx(sonora["observed"] / 0.6, rel=0.1)
    assert sonora["low95"] < sonora["median"] < sonora["high95"]
    assert sonora["probability"] >= 0.95
    assert (newest.drop("MX-SON")["certainty"] == "open").all()


def test_only_filling_periods_are_listed_against_lines_from_complete_ones(burst):
    rows = judged(burst)
    assert list(rows.columns) == list(COLUMNS)
    assert rows["period"].nunique() == FILLS["MS"] - 1  # first printed a month after its start
    assert set(rows["geography"]) == set(PLACES)
    assert rows["upper"].notna().all()
    assert not (rows["certainty"] == "not above").any()  # nothing is called low before it is complete


def test_eleven_vintages_say_nothing(tmp_path):
    assert judged(filled(tmp_path, vintages=11)).empty


def test_the_assessment_carries_them(burst):
    as_of = max(burst.vintages(SOURCE, CASES))
    filling = pipeline.run(burst, as_of).filling
    assert set(filling["indicator"]) == {CASES}
    assert (filling["vintages"] == 16).all()
