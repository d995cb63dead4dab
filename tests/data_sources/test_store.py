"""The store: every vintage kept, whole or not at all, in whatever order they come."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_sources.errors import SchemaError, StoreError
from data_sources.observations import COLUMNS, SERIES, check
from data_sources.source import Publication
from data_sources.store import Store

SOURCE, INDICATOR = "us_cbp_seizures", "us_cbp_seizure_events"
PERIODS = pd.date_range("2024-01-01", periods=4, freq="MS")


def frame(cells: dict, as_of: date, source: str = SOURCE, indicator: str = INDICATOR) -> pd.DataFrame:
    """Checked rows from {(geography, period): value}; None is suppressed."""
    rows = [
        {
            "indicator": indicator,
            "geography": geography,
            "substance": "fentanyl",
            "period": period,
            "source": source,
            "as_of": pd.Timestamp(as_of),
            "value": np.nan if value is None else value,
            "status": "suppressed" if value is None else "reported",
            "provisional": False,
        }
        for (geography, period), value in cells.items()
    ]
    return check(pd.DataFrame(rows))


def publication(as_of: date, content: object, source: str = SOURCE) -> Publication:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return Publication(source, f"{as_of}.csv", repr(content).encode(), as_of, when, "test")


def put(store: Store, as_of: date, cells: dict, coverage: str = "window", source: str = SOURCE) -> bool:
    rows = frame(cells, as_of, source)
    return store.add(publication(as_of, (as_of, cells), source), rows, coverage=coverage)


def keys(known: pd.DataFrame) -> dict:
    return {
        (row.geography, row.period): (None if np.isnan(row.value) else row.value, row.status, row.as_of.date())
        for row in known.itertuples()
    }


def slow_state(history: list[tuple[date, dict]], day: date) -> dict:
    """What was known on *day*, by a plain loop over the publications in the order of their dates."""
    state: dict = {}
    for as_of, cells in sorted(history, key=lambda item: item[0]):
        if as_of > day:
            continue
        periods = [period for _, period in cells]
        for key in list(state):
            inside = min(periods) <= key[1] <= max(periods)
            if inside and key not in cells and state[key][1] != "withdrawn":
                state[key] = (None, "withdrawn", as_of)
        for key, value in cells.items():
            status = "suppressed" if value is None else "reported"
            if key not in state or state[key][:2] != (value, status):
                state[key] = (value, status, as_of)
    return state


cells = st.dictionaries(
    st.tuples(st.sampled_from(["US", "US-AZ"]), st.sampled_from(list(PERIODS))),
    st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.5])),
    min_size=1,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(cells, min_size=1, max_size=5), order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_history(history, order, tmp_path_factory):
    dated = [(date(2024, 6, 1) + timedelta(days=30 * step), cells) for step, cells in enumerate(history)]
    arrival = list(dated)
    order.shuffle(arrival)
    store = Store(tmp_path_factory.mktemp("store"))
    for as_of, content in arrival:
        assert put(store, as_of, content)
    for as_of, content in dated:
        assert keys(store.known_on(as_of)) == slow_state(dated, as_of)
        vintage = store.vintage(SOURCE, INDICATOR, as_of)
        values = {(row.geography, row.period): row.value for row in vintage.itertuples()}
        assert values.keys() == content.keys()
        assert all(
            np.isnan(values[key]) if value is None else values[key] == value for key, value in content.items()
        )
    reopened = Store(store.root)
    pd.testing.assert_frame_equal(reopened.known_on(date(2026, 1, 1)), store.known_on(date(2026, 1, 1)))


def test_the_same_bytes_twice_change_nothing(tmp_path):
    store = Store(tmp_path)
    assert put(store, date(2024, 6, 1), {("US", PERIODS[0]): 3.0})
    token = store.token()
    assert not put(store, date(2024, 6, 1), {("US", PERIODS[0]): 3.0})
    assert store.token() == token
    assert len(store.publications()) == 1


def test_zero_suppressed_and_withdrawn_are_three_things(tmp_path):
    store = Store(tmp_path)
    first = {("US", PERIODS[0]): 0.0, ("US", PERIODS[1]): None, ("US", PERIODS[2]): 4.0, ("US", PERIODS[3]): 1.0}
    put(store, date(2024, 6, 1), first)
    put(store, date(2024, 7, 1), {key: value for key, value in first.items() if key[1] != PERIODS[2]})
    known = store.known_on(date(2024, 7, 1)).set_index("period")
    assert known["status"].to_list() == ["reported", "suppressed", "withdrawn", "reported"]
    assert known["value"].isna().to_list() == [False, True, True, False]


def test_a_rolling_window_leaves_older_periods_as_they_were_known(tmp_path):
    store = Store(tmp_path)
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0, ("US", PERIODS[1]): 2.0})
    put(store, date(2024, 7, 1), {("US", PERIODS[1]): 2.0, ("US", PERIODS[2]): 5.0})
    known = store.known_on(date(2024, 7, 1)).set_index("period")
    assert known["value"].to_list() == [1.0, 2.0, 5.0]
    assert known["as_of"].dt.month.to_list() == [6, 6, 7]
    assert known["confirmed"].dt.month.to_list() == [6, 7, 7]


def test_nothing_is_known_before_the_first_publication(tmp_path):
    store = Store(tmp_path)
    assert store.known_on(date(2024, 1, 1)).empty
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
    known = store.known_on(date(2024, 5, 31))
    assert known.empty
    assert list(known.columns) == [*COLUMNS, "confirmed"]


def test_an_agencys_file_comes_before_the_embedded_pack(tmp_path):
    store = Store(tmp_path)
    rows = frame({("US", PERIODS[0]): 9.0}, date(2024, 8, 1), "published_figures", "us_cbp_seizure_weight")
    store.add(publication(date(2024, 8, 1), 9, "published_figures"), rows, coverage="keys")
    rows = frame({("US", PERIODS[0]): 8.0}, date(2024, 6, 1), SOURCE, "us_cbp_seizure_weight")
    store.add(publication(date(2024, 6, 1), 8), rows)
    known = store.known_on(date(2025, 1, 1))
    assert known[["value", "source"]].to_numpy().tolist() == [[8.0, SOURCE]]


def test_a_second_writer_is_told_to_wait(tmp_path):
    with (
        Store(tmp_path).lock(SOURCE),
        pytest.raises(StoreError, match="another process is writing"),
    ):
        put(Store(tmp_path), date(2024, 6, 1), {("US", PERIODS[0]): 1.0})


def test_a_damaged_vintage_is_named_not_skipped(tmp_path):
    put(Store(tmp_path), date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
    (damaged,) = (tmp_path / SOURCE).glob("2024*/changes.parquet")
    damaged.write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="2024-06-01"):
        Store(tmp_path).known_on(date(2025, 1, 1))


def test_the_publishers_bytes_come_back(tmp_path):
    store = Store(tmp_path)
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
    sha = store.publications()["sha256"][0]
    assert (
        store.raw(SOURCE, sha) == publication(date(2024, 6, 1), (date(2024, 6, 1), {("US", PERIODS[0]): 1.0})).raw
    )


def test_refused_files_and_failed_fetches_are_remembered(tmp_path):
    store = Store(tmp_path)
    when = datetime(2026, 1, 2, tzinfo=UTC)
    store.refuse(SOURCE, "bad.csv", SchemaError("numbers", "'x'", place="line 3"), when)
    store.note_attempt(SOURCE, when, "the server was away")
    assert store.refusals()["error"].to_list() == ["line 3: expected numbers; found 'x'."]
    assert store.failures() == {SOURCE: "the server was away"}
    store.note_attempt(SOURCE, when + timedelta(hours=1), None)
    assert store.failures() == {}


WRITER = """
import sys
from datetime import date, datetime, UTC
from pathlib import Path
import numpy as np, pandas as pd
from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store
store = Store(Path(sys.argv[1]))
periods = pd.date_range("2000-01-01", periods=240, freq="MS")
for step in range(int(sys.argv[2]), 400):
    as_of = date(2021, 1, 1)
    rows = pd.DataFrame({"indicator": "us_cbp_seizure_events", "geography": "US", "substance": "fentanyl",
        "period": periods, "source": "us_cbp_seizures", "as_of": pd.Timestamp(as_of),
        "value": np.arange(240.0) + step, "status": "reported", "provisional": False})
    raw = np.random.default_rng(step).bytes(2_000_000)
    store.add(Publication("us_cbp_seizures", str(step), raw, as_of, datetime(2026, 1, 1, 0, 0, step // 60, step,
        tzinfo=UTC), "test"), check(rows))
    print(step, flush=True)
"""


def test_kill_9_during_writing_loses_nothing_and_shows_nothing_half_written(tmp_path):
    committed = 0
    for trial in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(committed)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        reported = int(writer.stdout.readline()) + 1
        time.sleep(0.02 * (trial + 1))
        os.kill(writer.pid, signal.SIGKILL)
        reported += len(writer.communicate()[0].splitlines())
        held = Store(tmp_path).publications()
        assert len(held) in (reported, reported + 1)  # the one that was killed is whole, or not there
        assert len(Store(tmp_path).known_on(date(2022, 1, 1))) == 240
        assert all(len(Store(tmp_path).raw(SOURCE, sha)) == 2_000_000 for sha in held["sha256"].tail(2))
        committed = len(held)


def test_series_columns_are_the_key_of_what_is_known(tmp_path):
    store = Store(tmp_path)
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0, ("US-AZ", PERIODS[0]): 1.0})
    assert not store.known_on(date(2024, 7, 1)).duplicated([*SERIES, "period"]).any()


def test_a_store_in_an_unreadable_place_says_so(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="file"):
        put(Store(tmp_path / "file" / "store"), date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
