"""The store: every vintage kept, whole or not at all, in whatever order they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_sources.changes import CATEGORIES
from data_sources.errors import SchemaError, StoreError
from data_sources.observations import COLUMNS, SERIES, check
from data_sources.source import Publication, Validators
from data_sources.store import Store

SOURCE, INDICATOR, WEIGHT = "us_cbp_seizures", "us_cbp_seizure_events", "us_cbp_seizure_weight"
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


@dataclass(frozen=True)
class Published:
    """A publication: cells are (indicator, geography, period) → (value, status, provisional)."""

    number: int  # also when it was retrieved
    as_of: date
    coverage: str
    cells: dict

    def windows(self) -> dict:
        periods: dict = {}
        for indicator, _, period in self.cells:
            periods.setdefault(indicator, []).append(period)
        return {indicator: (min(these), max(these)) for indicator, these in periods.items()}

    def put(self, store: Store) -> bool:
        rows = [
            dict(zip((*SERIES, "period", "source", "as_of", "value", "status", "provisional"), row, strict=True))
            for (indicator, geography, period), (value, status, provisional) in self.cells.items()
            for row in [
                (
                    indicator,
                    geography,
                    "fentanyl",
                    period,
                    SOURCE,
                    pd.Timestamp(self.as_of),
                    value,
                    status,
                    provisional,
                )
            ]
        ]
        when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.number)
        raw = repr(self).encode()
        return store.add(
            Publication(SOURCE, f"{self.number}.csv", raw, self.as_of, when, "test"),
            check(pd.DataFrame(rows)),
            coverage=self.coverage,
        )


def plain(value: float) -> float | None:
    return None if np.isnan(value) else value


def without_hidden(history: list[Published]) -> list[Published]:
    """The publications as they may be shown: no value of a key that was later, or in the end, suppressed."""
    last = {
        key: status
        for published in sorted(history, key=lambda one: (one.as_of, one.number))
        for key, (_, status, _) in published.cells.items()
        if status in ("reported", "suppressed")
    }

    def shown(key: tuple, cell: tuple) -> tuple:
        _, status, provisional = cell
        gone = status == "reported" and last[key] == "suppressed"
        return (np.nan, "suppressed", provisional) if gone else cell

    return [
        replace(published, cells={key: shown(key, cell) for key, cell in published.cells.items()})
        for published in history
    ]


def slow_known(history: list[Published], day: date) -> dict:
    """Key → (value, status, provisional, as_of, confirmed), by a plain loop over publications in their order."""
    state: dict = {}
    for published in sorted(history, key=lambda one: (one.as_of, one.number)):
        if published.as_of > day:
            continue
        said = {key: (plain(value), *rest) for key, (value, *rest) in published.cells.items()}
        if published.coverage == "window":
            for key in state:
                first, last = published.windows().get(key[0], (pd.Timestamp.max, pd.Timestamp.min))
                if key not in said and first <= key[2] <= last:
                    said[key] = (None, "withdrawn", False)
        for key, (value, status, provisional) in said.items():
            same = key in state and state[key][:2] == (value, status)
            first_said = state[key][3] if same else published.as_of
            state[key] = (value, status, provisional, first_said, published.as_of)
    return state


def slow_vintage(history: list[Published], indicator: str, day: date) -> dict:
    """Key → (value, status, provisional) of the newest publication that has the indicator."""
    having = [one for one in history if one.as_of <= day and indicator in one.windows()]
    if not having:
        return {}
    newest = max(having, key=lambda one: (one.as_of, one.number))
    return {key: (plain(value), *rest) for key, (value, *rest) in newest.cells.items() if key[0] == indicator}


def as_dict(rows: pd.DataFrame, *columns: str) -> dict:
    return {
        (row.indicator, row.geography, row.period): (
            plain(row.value),
            row.status,
            row.provisional,
            *(getattr(row, column).date() for column in columns),
        )
        for row in rows.itertuples()
    }


cells = st.dictionaries(
    st.tuples(
        st.sampled_from([INDICATOR, WEIGHT]), st.sampled_from(["US", "US-AZ"]), st.sampled_from(list(PERIODS))
    ),
    st.one_of(
        st.tuples(st.sampled_from([0.0, 1.0]), st.just("reported"), st.booleans()),
        st.tuples(st.just(np.nan), st.sampled_from(["suppressed", "not_reported"]), st.booleans()),
    ),
    min_size=1,
    max_size=9,
)
histories = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["window", "window", "keys"]), cells), min_size=1, max_size=5
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=histories, order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_history_of_a_plain_loop(drawn, order, tmp_path_factory):
    history = [
        Published(number, date(2024, 6, 1) + timedelta(days=30 * month), coverage, these)
        for number, (month, coverage, these) in enumerate(drawn)
    ]
    arrival = list(history)
    order.shuffle(arrival)
    store = Store(tmp_path_factory.mktemp("store"))
    assert all(published.put(store) for published in arrival)
    reopened = Store(store.root)
    shown = without_hidden(history)
    for day in [date(2024, 6, 1) + timedelta(days=30 * month) for month in range(-1, 5)]:
        known = slow_known(shown, day)
        assert as_dict(store.known_on(day), "as_of", "confirmed") == known
        assert as_dict(reopened.known_on(day), "as_of", "confirmed") == known
        for indicator in (INDICATOR, WEIGHT):
            vintage = reopened.vintage(SOURCE, indicator, day)
            assert as_dict(vintage) == slow_vintage(shown, indicator, day)
            some = reopened.known_on(day, [indicator])
            assert as_dict(some, "as_of", "confirmed") == {k: v for k, v in known.items() if k[0] == indicator}
    assert not any(published.put(store) for published in arrival)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(min_value=0, allow_infinity=False, allow_nan=False), min_size=4, max_size=4))
def test_a_vintage_comes_back_bit_for_bit(values, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    rows = frame({("US", period): value for period, value in zip(PERIODS, values, strict=True)}, date(2024, 6, 1))
    store.add(publication(date(2024, 6, 1), values), rows)
    back = Store(store.root).vintage(SOURCE, INDICATOR, date(2024, 6, 1))
    pd.testing.assert_frame_equal(back, rows, check_exact=True)
    pd.testing.assert_frame_equal(check(back), back)


def test_the_token_tells_every_attempt_and_nothing_half_written(tmp_path):
    store = Store(tmp_path)
    before = store.token()
    (tmp_path / "attempts").mkdir()
    (tmp_path / "attempts" / ".us.json").symlink_to(tmp_path / "renamed meanwhile")
    assert store.token() == before
    tokens = {before}
    for second in range(3):
        store.note_attempt("us", datetime(2026, 11, 24, 12, 0, second, tzinfo=UTC), None)
        tokens.add(store.token())
    assert len(tokens) == 4


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


def test_a_value_is_not_shown_again_as_of_any_day_once_its_publisher_suppressed_it(tmp_path):
    store = Store(tmp_path)
    for month, value in ((6, 7.0), (7, None), (8, None)):
        put(store, date(2024, month, 1), {("US", PERIODS[0]): value, ("US", PERIODS[1]): 40.0})
    for month in (6, 7, 8):
        shown = [store.known_on(date(2024, month, 1)), store.vintage(SOURCE, INDICATOR, date(2024, month, 1))]
        for rows in shown:
            assert rows["status"].to_list() == ["suppressed", "reported"]
            assert rows["value"].isna().to_list() == [True, False]
    log = store.revisions(INDICATOR, "US", "fentanyl")
    assert log["value"].dropna().to_list() == [40.0]
    assert log["as_of"].dt.month.to_list() == [6, 6]


def test_what_is_hidden_is_listed_once_and_no_longer_when_it_is_published_after_all(tmp_path):
    store = Store(tmp_path)
    assert store.suppressed().empty
    for month, values in enumerate(({0: 7.0, 1: 8.0, 2: 9.0}, {0: None, 1: None, 2: 9.0}, {1: 8.0, 2: 9.0}), 6):
        put(store, date(2024, month, 1), {("US", PERIODS[place]): value for place, value in values.items()})
    # The first cell was suppressed and is then left out: its last word is still that it is hidden.
    assert store.suppressed().to_dict("records") == [
        {"indicator": INDICATOR, "geography": "US", "substance": "fentanyl", "period": pd.Timestamp(PERIODS[0])}
    ]


def test_a_suppressed_value_is_public_from_the_day_it_is_published_after_all(tmp_path):
    store = Store(tmp_path)
    for month, value in ((6, None), (7, 7.0)):
        put(store, date(2024, month, 1), {("US", PERIODS[0]): value})
    assert store.known_on(date(2024, 6, 1))["status"].to_list() == ["suppressed"]
    assert store.known_on(date(2024, 7, 1))["value"].to_list() == [7.0]


def test_what_one_source_suppresses_no_other_gives(tmp_path):
    store = Store(tmp_path)
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 7.0}, source="published_figures")
    assert store.known_on(date(2024, 6, 1))["value"].to_list() == [7.0]
    put(store, date(2024, 7, 1), {("US", PERIODS[0]): None})
    for day in (date(2024, 6, 1), date(2024, 7, 1)):
        assert store.known_on(day)["value"].isna().all()
        assert store.known_on(day)["status"].to_list() == ["suppressed"]
    assert store.vintage("published_figures", INDICATOR, date(2024, 7, 1))["value"].isna().all()


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


def test_kill_9_during_writing_loses_nothing_and_shows_nothing_half_written(tmp_path, bench):
    kill = bench("kill")
    outcomes = [outcome for _, outcome in kill.trials(tmp_path, 4)]
    assert [(outcome.lost, outcome.half) for outcome in outcomes] == [(0, 0)] * 4
    held = outcomes[-1].held
    store = Store(tmp_path)
    assert store.add(*kill.publication(held))
    assert all(kill.whole(store, step) for step in range(held + 1))


def test_a_reader_beside_a_writer_sees_whole_vintages(tmp_path, bench):
    kill = bench("kill")
    publications = [kill.publication(step) for step in range(8)]

    def write() -> None:
        for one, rows in publications:
            Store(tmp_path).add(one, rows)

    seen = set()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            known = Store(tmp_path).known_on(date(2030, 1, 1))
            steps = set(known["value"] - np.arange(float(len(known))))
            assert len(known) in (0, 240)
            assert len(steps) == (1 if len(known) else 0)
            seen |= steps
        writing.result()
    assert len(seen) > 1
    assert len(Store(tmp_path).publications()) == 8


def test_a_series_that_is_gone_altogether_was_withdrawn_with_window_coverage_only(tmp_path):
    for coverage, status in (("window", "withdrawn"), ("keys", "reported")):
        store = Store(tmp_path / coverage)
        put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0, ("US-AZ", PERIODS[0]): 1.0}, coverage)
        put(store, date(2024, 7, 1), {("US", PERIODS[0]): 1.0}, coverage)
        known = store.known_on(date(2024, 7, 1)).set_index("geography")
        assert known["status"].to_dict() == {"US": "reported", "US-AZ": status}
        assert len(store.vintage(SOURCE, INDICATOR, date(2024, 7, 1))) == 1


def test_of_two_files_of_one_day_the_later_retrieved_wins_and_both_are_kept(tmp_path):
    store = Store(tmp_path)
    for hour, value in ((9, 2.0), (8, 1.0)):
        rows = frame({("US", PERIODS[0]): value}, date(2024, 6, 1))
        when = datetime(2024, 6, 1, hour, tzinfo=UTC)
        store.add(Publication(SOURCE, f"{hour}.csv", bytes([hour]), date(2024, 6, 1), when, "test"), rows)
    assert store.known_on(date(2024, 6, 1))["value"].to_list() == [2.0]
    assert store.publications()["name"].to_list() == ["8.csv", "9.csv"]
    assert store.vintages(SOURCE, INDICATOR) == [date(2024, 6, 1)]


def test_the_change_log_of_a_series_has_a_row_per_change(tmp_path):
    store = Store(tmp_path)
    for month, value in ((6, 1.0), (7, 1.0), (8, 3.0), (9, 2.0)):
        content = {("US", PERIODS[0]): value, ("US", PERIODS[1]): 5.0, ("US-AZ", PERIODS[0]): 7.0 + month}
        put(store, date(2024, month, 1), content)
    log = store.revisions(INDICATOR, "US", "fentanyl")
    assert list(log.columns) == list(COLUMNS)
    first = log[log["period"] == PERIODS[0]]
    assert first["as_of"].dt.month.to_list() == [6, 8, 9]
    assert first["value"].to_list() == [1.0, 3.0, 2.0]
    assert len(log) == 4
    assert store.revisions(INDICATOR, "US-CA", "fentanyl").empty


def test_publications_say_what_they_hold_and_how_much_of_it_is_new(tmp_path):
    store = Store(tmp_path)
    assert store.publications().empty
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0, ("US", PERIODS[1]): 2.0})
    put(store, date(2024, 7, 1), {("US", PERIODS[0]): 1.0, ("US", PERIODS[1]): 4.0, ("US", PERIODS[2]): 2.0})
    held = store.publications(SOURCE)
    assert held["rows"].to_list() == [2, 3]
    assert held["changed"].to_list() == [2, 2]
    assert held["last"].to_list() == [PERIODS[1], PERIODS[2]]
    assert held["as_of"].dt.month.to_list() == [6, 7]


def test_validators_are_those_of_the_newest_copy_of_each_url(tmp_path):
    store = Store(tmp_path)
    for url, day, etag in (("https://x/", 2, '"b"'), ("https://x/", 1, '"a"'), ("https://y/", 3, None)):
        when = datetime(2026, 1, day, tzinfo=UTC)
        rows = frame({("US", PERIODS[0]): float(day)}, date(2024, 6, day))
        store.add(Publication(SOURCE, "x", bytes([day]), date(2024, 6, day), when, url, etag), rows)
    assert store.validators(SOURCE) == {
        "https://x/": Validators('"b"', None),
        "https://y/": Validators(None, None),
    }
    assert store.validators("mx_sesnsp_federal_drug_offences") == {}


def test_words_of_another_version_are_named(tmp_path, monkeypatch):
    put(Store(tmp_path), date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
    monkeypatch.setitem(CATEGORIES, "geography", pd.CategoricalDtype(["US-AZ"]))
    with pytest.raises(StoreError, match="geography: not in the vocabulary: US"):
        Store(tmp_path).known_on(date(2025, 1, 1))


def test_a_writer_that_stopped_leaves_nothing_for_readers_and_is_tidied_up(tmp_path):
    store = Store(tmp_path)
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
    leftover = tmp_path / SOURCE / ".new-2024-07-01_0123456789abcdef"
    leftover.mkdir()
    (leftover / "publication.json").write_text("{")
    assert len(Store(tmp_path).publications()) == 1
    put(store, date(2024, 7, 1), {("US", PERIODS[0]): 2.0})
    assert not leftover.exists()


def test_asking_a_store_that_does_not_exist_creates_nothing(tmp_path):
    store = Store(tmp_path / "store")
    assert store.known_on(date(2024, 6, 1)).empty
    assert store.publications().empty
    assert store.attempts().empty
    assert store.vintage(SOURCE, INDICATOR, date(2024, 6, 1)).empty
    assert not store.root.exists()


def test_series_columns_are_the_key_of_what_is_known(tmp_path):
    store = Store(tmp_path)
    put(store, date(2024, 6, 1), {("US", PERIODS[0]): 1.0, ("US-AZ", PERIODS[0]): 1.0})
    assert not store.known_on(date(2024, 7, 1)).duplicated([*SERIES, "period"]).any()


def test_a_store_in_an_unreadable_place_says_so(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="file"):
        put(Store(tmp_path / "file" / "store"), date(2024, 6, 1), {("US", PERIODS[0]): 1.0})
