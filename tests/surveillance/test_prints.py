"""What each publication printed by lag, and how far it was from the newest figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from data_sources.registry import SOURCES
from data_sources.source import Publication
from data_sources.store import Store
from surveillance import prints

FIGURES = SOURCES["published_figures"]
HEADING = "indicator,geography,substance,as_of,unit,dataset_id,freq,start,values"
INDICATOR = "us_overdose_ed_rate"


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[date, str, str], Store]:
    """A store to which one publication of Wyoming's rates after another is added."""
    store = Store(tmp_path)

    def add(day: date, start: str, values: str) -> Store:
        line = f"nonfatal_overdose_ed_rate,US-WY,all,{day},per_10000_ed_visits,d17,M,{start},{values}"
        raw = f"{HEADING}\n{line}\n".encode()
        publication = Publication(FIGURES.id, f"{day}.csv", raw, day, datetime(2026, 9, 3, tzinfo=UTC), "test")
        store.add(publication, FIGURES.parse(raw, day), coverage="keys")
        return store

    return add


def test_each_figure_has_the_months_passed_when_it_was_printed(publish: Callable[..., Store]) -> None:
    store = publish(date(2026, 4, 2), "2026-01-01", "100 50")
    found = prints.prints(store, INDICATOR, date(2026, 9, 1))
    assert found[["lag", "value"]].to_numpy().tolist() == [[3, 100], [2, 50]]


def test_what_was_published_after_the_day_is_not_known(publish: Callable[..., Store]) -> None:
    publish(date(2026, 4, 2), "2026-01-01", "100 50")
    store = publish(date(2026, 6, 2), "2026-01-01", "110 50")
    assert prints.prints(store, INDICATOR, date(2026, 5, 1))["value"].to_list() == [100, 50]
    assert prints.prints(store, INDICATOR, date(2026, 6, 2))["lag"].to_list() == [3, 2, 5, 4]


def test_of_two_publications_in_one_month_the_newest_counts(publish: Callable[..., Store]) -> None:
    publish(date(2026, 4, 2), "2026-01-01", "100")
    store = publish(date(2026, 4, 20), "2026-01-01", "104")
    assert prints.prints(store, INDICATOR, date(2026, 9, 1))["value"].to_list() == [104]


def test_a_yearly_indicator_and_an_empty_store_have_no_prints(tmp_path: Path) -> None:
    for indicator in ("annual_seizure_weight", INDICATOR):
        found = prints.prints(Store(tmp_path), indicator, date(2026, 9, 1))
        assert found.empty
        assert list(found) == list(prints.COLUMNS)
        assert prints.best_documented(found) is None
        assert prints.triangle(found, date(2026, 9, 1)).empty
        assert prints.changes_by_lag(found).empty


def _rows(*cells: tuple[str, int, str, float], place: str = "US", source: str = "one") -> pd.DataFrame:
    return pd.DataFrame(
        [
            (source, place, "all", pd.Timestamp(period), lag, pd.Timestamp(day), value)
            for period, lag, day, value in cells
        ],
        columns=list(prints.COLUMNS),
    ).astype({"period": "datetime64[s]", "as_of": "datetime64[s]"})  # fmt: skip


def test_the_triangle_gives_shares_of_the_newest_figure_and_says_what_is_not_held() -> None:
    found = _rows(
        ("2026-01-01", 1, "2026-02-10", 80.0),
        ("2026-01-01", 3, "2026-04-10", 100.0),
        ("2026-02-01", 2, "2026-04-10", 50.0),
    )
    table = prints.triangle(found, date(2026, 4, 30), periods=2, max_lag=4).set_index(["period", "lag"])
    january, february = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")
    assert table["share"].dropna().to_dict() == {(january, 1): 0.8, (january, 3): 1.0, (february, 2): 1.0}
    assert table.loc[january].index.to_list() == [0, 1, 2, 3]  # lag 4 of January is still to come
    assert table.loc[february].index.to_list() == [0, 1, 2]
    assert table["held"].sum() == 3
    assert table.loc[(january, 3), "published"] == pd.Timestamp("2026-04-01")


def test_two_series_or_sources_are_never_one_triangle() -> None:
    cell = ("2026-01-01", 1, "2026-02-10", 80.0)
    for other in (_rows(cell, place="US-AZ"), _rows(cell, source="two")):
        with pytest.raises(ValueError, match="one series of one source"):
            prints.triangle(pd.concat([_rows(cell), other]), date(2026, 4, 30))


def test_a_newest_figure_of_zero_has_no_shares() -> None:
    found = _rows(("2026-01-01", 1, "2026-02-10", 3.0), ("2026-01-01", 2, "2026-03-10", 0.0))
    table = prints.triangle(found, date(2026, 4, 30), periods=1)
    assert table["share"].isna().all()
    assert table["held"].sum() == 2


def test_changes_are_pooled_by_lag_against_the_newest_figure() -> None:
    found = pd.concat(
        [
            _rows(("2026-01-01", 1, "2026-02-10", 100.0), ("2026-01-01", 2, "2026-03-10", 110.0)),
            _rows(("2026-01-01", 1, "2026-02-10", 200.0), ("2026-01-01", 2, "2026-03-10", 200.0), place="US-AZ"),
            _rows(("2026-01-01", 1, "2026-02-10", 5.0), ("2026-01-01", 2, "2026-03-10", 9.0), place="US-WY"),
        ]
    )
    table = prints.changes_by_lag(found)
    assert table["lag"].to_list() == [1]  # what no later publication holds has no change
    row = table.iloc[0]
    assert (row["figures"], row["least"], row["most"], row["changed"]) == (2, 0.0, pytest.approx(10.0), 0.5)
    assert row["median"] == pytest.approx(5.0)
    assert row["high90"] == pytest.approx(9.0)


def test_the_best_documented_source_has_most_publications() -> None:
    found = pd.concat(
        [
            _rows(("2026-01-01", 1, "2026-02-10", 1.0), ("2026-01-01", 2, "2026-03-10", 1.0), source="two"),
            _rows(("2026-01-01", 1, "2026-02-10", 1.0), ("2025-12-01", 2, "2026-02-10", 1.0), source="one"),
        ]
    )
    assert prints.best_documented(found) == "two"
