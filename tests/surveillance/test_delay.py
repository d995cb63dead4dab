"""Reporting triangles and nowcasts: figures worked by hand, a slow plain loop, and what must never happen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom

from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store
from surveillance.chain_ladder import SIZES
from surveillance.delay import Certainty, Nowcast, certainty, nowcast
from surveillance.nowcast_evaluation import score_nowcasts, simulate_vintages, summary, weighted_interval_score
from surveillance.triangle import Triangle, validated_on

SOURCE, CASES = "mx_sesnsp_retail_drug_offences", "mx_retail_drug_case_files"


def months(count: int, start: str = "2020-01-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="MS", name="period")


def vintages(reported: np.ndarray) -> dict[date, pd.DataFrame]:
    """Monthly publications of x[t, ≤d], (periods, lags, series); the last lag stands for ever."""
    index, depth = months(len(reported)), reported.shape[1] - 1
    made = {}
    for step in range(len(reported)):
        period = np.arange(step + 1)
        values = reported[period, np.minimum(step - period, depth)]
        made[index[step].date()] = pd.DataFrame(values, index[: step + 1])
    return made


def random_triangle(seed: int = 3, periods: int = 30, places: int = 6, depth: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    first = random.poisson(np.geomspace(3, 200, places), (periods, places))
    moves = random.poisson(0.15 * first[:, None, :] * np.ones((1, depth, 1)))
    moves -= random.binomial(1, 0.1, moves.shape) * random.poisson(2, moves.shape)
    return np.maximum(np.cumsum(np.concatenate([first[:, None], moves], axis=1), axis=1), 0).astype(float)


HAND = np.array([[10, 15, 18], [20, 30, 36], [30, 45, 0], [40, 0, 0]], dtype=float)[:, :, None]


# The triangle


def test_a_cell_is_what_the_vintage_of_that_lag_said() -> None:
    triangle = Triangle.from_vintages(vintages(HAND), "MS", max_lag=2)
    expected = [[10, 15, 18], [20, 30, 36], [30, 45, np.nan], [40, np.nan, np.nan]]
    np.testing.assert_array_equal(triangle.series(0), expected)
    np.testing.assert_array_equal(triangle.increments_[:, :, 0], np.diff(expected, axis=1))
    assert triangle.lag_.tolist() == [3, 2, 1, 0]
    assert triangle.observed_[:, 0].tolist() == [18, 36, 45, 40]


def test_before_the_first_vintage_nothing_is_known_of_a_lag() -> None:
    held = dict(list(vintages(HAND).items())[2:])
    triangle = Triangle.from_vintages(held, "MS", max_lag=2)
    expected = [[np.nan, np.nan, 18], [np.nan, 30, 36], [30, 45, np.nan], [40, np.nan, np.nan]]
    np.testing.assert_array_equal(triangle.series(0), expected)


def test_a_missing_month_repeats_the_vintage_before_and_three_missing_months_say_nothing() -> None:
    every = vintages(random_triangle(periods=12, places=1))
    days = list(every)
    one_short = Triangle.from_vintages({day: every[day] for day in days if day != days[6]}, "MS", max_lag=4)
    assert one_short.reported_[5, 1, 0] == one_short.reported_[5, 0, 0] == every[days[5]].iloc[5, 0]
    assert np.isnan(one_short.reported_[6, 0, 0])
    assert one_short.reported_[6, 1, 0] == every[days[7]].iloc[6, 0]
    kept = {day: every[day] for day in days if day not in days[5:8]}
    gap = Triangle.from_vintages(kept, "MS", max_lag=4)
    assert gap.reported_[4, :3, 0].tolist() == [every[days[4]].iloc[4, 0]] * 3
    assert np.isnan(gap.reported_[4, 3, 0])
    assert gap.reported_[4, 4, 0] == every[days[8]].iloc[4, 0]


def test_of_two_vintages_in_one_month_the_newer_counts() -> None:
    early, late = (pd.DataFrame({0: [float(value)]}, months(1)) for value in (5, 7))
    triangle = Triangle.from_vintages({date(2020, 2, 21): late, date(2020, 2, 8): early}, "MS", max_lag=2)
    assert triangle.series(0).iloc[0, 1] == 7
    assert triangle.vintages == (date(2020, 2, 21),)


def test_weeks_count_from_sunday() -> None:
    frame = pd.DataFrame({0: [1.0, 2.0]}, pd.DatetimeIndex(["2024-01-07", "2024-01-14"], name="period"))
    triangle = Triangle.from_vintages({date(2024, 1, 27): frame}, "W", max_lag=3)
    assert triangle.lag_.tolist() == [2, 1]


def test_without_a_vintage_or_with_no_lag_there_is_no_triangle() -> None:
    with pytest.raises(ValueError, match="at least one vintage"):
        Triangle.from_vintages({}, "MS")
    with pytest.raises(ValueError, match="max_lag of 1 or more"):
        Triangle.from_vintages(vintages(HAND), "MS", max_lag=0)


# From the store


def stored(store: Store, day: date, values: dict[str, list[float]], source: str = SOURCE) -> None:
    rows = pd.DataFrame(
        [
            {"geography": place, "period": period, "value": value}
            for place, line in values.items()
            for period, value in zip(months(len(line)), line, strict=True)
        ]
    ).assign(indicator=CASES, substance="all", source=source, as_of=day, status="reported", provisional=True)
    when = datetime(day.year, day.month, day.day, tzinfo=UTC)
    publication = Publication(source, f"{day}.csv", f"{day}".encode(), day, when, origin="file")
    assert store.add(publication, check(rows))


@pytest.fixture
def store(tmp_path) -> Store:  # type: ignore[no-untyped-def]
    held = Store(tmp_path)
    for step, frame in enumerate(vintages(HAND).values()):
        if step:
            day = date(2020, step + 2, 20)  # a month's delay before the first print
            stored(held, day, {"MX-SON": frame[0].to_list(), "MX-NLE": (2 * frame[0]).to_list()})
    return held


def test_the_stored_vintages_of_a_source_make_its_triangle(store: Store) -> None:
    triangle = Triangle.of(store, SOURCE, CASES, date(2020, 12, 1), max_lag=3)
    assert triangle is not None
    assert list(triangle.columns) == [("MX-NLE", "all"), ("MX-SON", "all")]
    expected = [
        [np.nan, np.nan, 15, 18],
        [np.nan, 20, 30, 36],
        [np.nan, 30, 45, np.nan],
        [np.nan, 40, np.nan, np.nan],
    ]
    np.testing.assert_array_equal(triangle.series(("MX-SON", "all")), expected)


def test_a_later_vintage_changes_nothing_that_was_known_before(store: Store) -> None:
    then = date(2020, 4, 30)
    before = Triangle.of(store, SOURCE, CASES, then)
    stored(store, date(2020, 6, 20), {"MX-SON": [99.0] * 5, "MX-NLE": [99.0] * 5})
    after = Triangle.of(store, SOURCE, CASES, then)
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before.reported_, after.reported_)
    assert after.vintages == (date(2020, 3, 20), date(2020, 4, 20))


def test_what_was_never_published_has_no_triangle(store: Store) -> None:
    assert Triangle.of(store, SOURCE, CASES, date(2020, 1, 1)) is None
    assert Triangle.of(store, "us_cbp_seizures", "us_cbp_seizure_events", date(2025, 1, 1)) is None
    with pytest.raises(ValueError, match="weekly or monthly"):
        Triangle.of(store, SOURCE, "annual_seizure_weight", date(2025, 1, 1))


def test_a_nowcast_is_validated_from_twelve_monthly_vintages(store: Store) -> None:
    assert validated_on(store, SOURCE, CASES).vintages == 3
    assert validated_on(store, SOURCE, CASES, date(2020, 4, 30)).vintages == 2
    for step in range(9):
        month = 6 + step % 7
        stored(store, date(2020 + step // 7, month, 20), {"MX-SON": [float(step)] * 4})
        assert validated_on(store, SOURCE, CASES).enough == (step == 8)
    stored(store, date(2021, 7, 28), {"MX-SON": [50.0] * 4})
    assert validated_on(store, SOURCE, CASES).vintages == 12


def test_a_pack_of_single_figures_validates_nothing(store: Store) -> None:
    stored(store, date(2020, 8, 20), {"MX-SON": [5.0]}, source="published_figures")
    assert len(store.vintages("published_figures", CASES)) == 1
    assert validated_on(store, "published_figures", CASES).vintages == 0


# The nowcast


def test_the_mean_that_is_still_to_come_is_the_chain_ladders() -> None:
    made = nowcast(Triangle.from_vintages(vintages(HAND), "MS", max_lag=2))
    # rates 30/60 and 9/45; π = 1/1.8 and 1/1.2; (x + 1 − π)(1 − π)/π
    assert made.added_[:, 0] == pytest.approx([0, 0, (45 + 1 / 6) * 0.2, (40 + 4 / 9) * 0.8])
    assert not made.removed_.any()
    assert made.expected.iloc[:, 0].tolist() == pytest.approx([18, 36, 54.0333333, 72.3555556])


def test_a_small_place_is_drawn_to_the_pool() -> None:
    reported = np.zeros((4, 2, 2))
    reported[:, 0] = [[20, 4], [20, 3], [20, 3], [70, 70]]
    reported[:3, 1] = [[30, 8], [30, 6], [30, 6]]
    made = nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=1))
    pool = 40 / 70
    rate = np.array([(30 + 30 * pool) / 90, (10 + 30 * pool) / 40])
    remaining = 70 * rate + (1 - 1 / (1 + rate)) ** 2 * (1 + rate)
    assert made.added_[3] == pytest.approx(remaining)
    alone = nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=1), shrink=0)
    assert alone.added_[3] == pytest.approx([70 * 0.5 + 1.5 / 9, 70 * 1 + 2 / 4])


def test_falls_are_told_apart_from_rises() -> None:
    reported = np.zeros((5, 2, 1))
    reported[:, 0, 0] = [100, 100, 100, 100, 200]
    reported[:4, 1, 0] = [90, 110, 90, 110]
    made = nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=1))
    share = 1 / 1.05
    assert made.added_[4, 0] == pytest.approx(200 * 0.05 + (1 - share) ** 2 / share)
    assert made.removed_[4, 0] == pytest.approx(200 * 0.05)


def slow(reported: np.ndarray, recent: int, shrink: float) -> tuple[np.ndarray, ...]:
    """Means and dispersions of the newest vintage's periods, cell by cell."""
    periods, depth, places = reported.shape[0], reported.shape[1] - 1, reported.shape[2]

    @cache
    def rates(step: int) -> np.ndarray:
        result = np.full((2, depth + 1, places), np.nan)
        for lag in range(1, depth + 1):
            pairs = [
                (reported[t, lag - 1], reported[t, lag])
                for t in range(periods)
                if step - recent < t + lag <= step and not np.isnan(reported[t, lag]).any()
            ]
            if not pairs or sum(before.sum() for before, _ in pairs) == 0:
                continue
            base = sum(before for before, _ in pairs)
            for sign, part in ((1, 0), (-1, 1)):
                number = sum(np.maximum(sign * (after - before), 0) for before, after in pairs)
                result[part, lag] = (number + shrink * number.sum() / base.sum()) / (base + shrink)
        return result

    def means(step: int, period: int, lag: int, until: int, place: int) -> tuple[float, float]:
        a, r = rates(step)[:, :, place]
        level, added, removed, share = reported[period, lag, place], 0.0, 0.0, 1.0
        for later in range(lag + 1, until + 1):
            added, removed = added + level * a[later], removed + level * r[later]
            level, share = level * (1 + a[later] - r[later]), share / (1 + a[later])
        return added + (1 - share) ** 2 / share, removed

    newest = periods - 1
    log = np.zeros((2, depth, len(SIZES)))
    cells = np.zeros(depth, dtype=int)
    for step in range(max(newest - recent, 0), newest):
        for lag in range(depth):
            period = step - lag
            if period < 0:
                continue
            until = min(depth, newest - period)
            for place in range(places):
                line = reported[period, lag : until + 1, place]
                flows = [sum(max(sign * (b - a), 0) for a, b in pairwise(line)) for sign in (1, -1)]
                mean = means(step, period, lag, until, place)
                if np.isnan(mean[0]) or np.isnan(flows[0]):
                    continue
                cells[lag] += 1
                for part in range(2):
                    mu = max(mean[part], 0.01)
                    log[part, lag] += nbinom.logpmf(flows[part], SIZES, SIZES / (SIZES + mu))
    result = [np.zeros((periods, places)), np.zeros((periods, places))]
    spread = [np.ones((periods, places)), np.ones((periods, places))]
    for lag in range(depth):
        for place in range(places):
            mean = means(newest, newest - lag, lag, depth, place)
            for part in range(2):
                chosen = log[part, lag] if cells[lag] >= 20 else log[part].sum(axis=0)
                result[part][newest - lag, place] = mean[part]
                spread[part][newest - lag, place] = 1 + mean[part] / SIZES[chosen.argmax()]
    return (*result, *spread)


@pytest.mark.parametrize(("recent", "shrink", "periods"), [(12, 30.0, 30), (5, 0.0, 12), (40, 7.0, 9)])
def test_a_plain_loop_over_every_cell_finds_the_same(recent: int, shrink: float, periods: int) -> None:
    triangle = Triangle.from_vintages(vintages(random_triangle(periods=periods)), "MS", max_lag=4)
    made = nowcast(triangle, recent=recent, shrink=shrink)
    found = (made.added_, made.removed_, made.added_dispersion_, made.removed_dispersion_)
    for ours, theirs in zip(found, slow(triangle.reported_, recent, shrink), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_substances_have_delays_of_their_own() -> None:
    frames = vintages(random_triangle(places=4))
    names = [("MX-SON", "all"), ("MX-SON", "fentanyl"), ("MX-NLE", "all"), ("MX-NLE", "fentanyl")]
    columns = pd.MultiIndex.from_tuples(names, names=["geography", "substance"])
    both = {day: frame.set_axis(columns, axis=1) for day, frame in frames.items()}
    alone = {day: frame.xs("fentanyl", axis=1, level="substance", drop_level=False) for day, frame in both.items()}
    together = nowcast(Triangle.from_vintages(both, "MS", max_lag=4)).median.xs(
        "fentanyl", axis=1, level="substance"
    )
    single = nowcast(Triangle.from_vintages(alone, "MS", max_lag=4)).median.xs(
        "fentanyl", axis=1, level="substance"
    )
    pd.testing.assert_frame_equal(together, single)


def test_without_delay_the_nowcast_is_the_observed_figure() -> None:
    reported = np.repeat(random_triangle()[:, :1], 5, axis=1)
    made = nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=4))
    for frame in (made.median, made.expected, made.lower(0.99), made.upper(0.99)):
        pd.testing.assert_frame_equal(frame, made.observed)


def test_a_thousandfold_of_every_count_is_a_thousandfold_of_the_nowcast() -> None:
    reported = random_triangle(places=3) + 20
    once = nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=4), shrink=0)
    often = nowcast(Triangle.from_vintages(vintages(reported * 1000), "MS", max_lag=4), shrink=0)
    ratio = (often.expected / once.expected).to_numpy()
    assert ratio == pytest.approx(np.full(ratio.shape, 1000.0), rel=0.01)


def test_the_order_of_the_series_does_not_matter() -> None:
    frames = vintages(random_triangle())
    turned = {day: frame.iloc[:, ::-1] for day, frame in frames.items()}
    made = nowcast(Triangle.from_vintages(frames, "MS", max_lag=4)).upper()
    pd.testing.assert_frame_equal(
        made, nowcast(Triangle.from_vintages(turned, "MS", max_lag=4)).upper()[made.columns]
    )


@pytest.mark.parametrize("held", [1, 2])
def test_where_a_lag_was_never_seen_there_is_no_nowcast(held: int) -> None:
    frames = vintages(random_triangle())
    newest = dict(list(frames.items())[-held:])
    made = nowcast(Triangle.from_vintages(newest, "MS", max_lag=4))
    assert made.median[-4:].isna().all(axis=None)  # of two vintages, no earlier nowcast can be checked
    pd.testing.assert_frame_equal(made.median[:-4], made.observed[:-4])
    assert made.probability_above(made.observed * 0)[-4:].isna().all(axis=None)


def test_a_gap_of_one_series_leaves_the_others_alone() -> None:
    reported = random_triangle()
    hidden = reported.copy()
    hidden[-1, 0, 0] = np.nan
    made = nowcast(Triangle.from_vintages(vintages(hidden), "MS", max_lag=4))
    assert np.isnan(made.median.iloc[-1, 0])
    whole = nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=4))
    pd.testing.assert_frame_equal(made.median.iloc[:, 1:], whole.median.iloc[:, 1:])


@pytest.mark.parametrize("wrong", [-1.0, 2.5])
def test_only_counts_are_nowcast(wrong: float) -> None:
    reported = random_triangle()
    reported[3, 2, 1] = wrong
    with pytest.raises(ValueError, match="whole numbers from 0 up"):
        nowcast(Triangle.from_vintages(vintages(reported), "MS", max_lag=4))


def test_parameters_out_of_range_are_named() -> None:
    triangle = Triangle.from_vintages(vintages(HAND), "MS", max_lag=2)
    with pytest.raises(ValueError, match="shrink must lie in"):
        nowcast(triangle, shrink=-1)
    with pytest.raises(ValueError, match="recent must lie in"):
        nowcast(triangle, recent=0)
    with pytest.raises(ValueError, match="probability must lie in"):
        nowcast(triangle).quantile(1.0)


# The predictive distribution


def predictive(observed: float, added: float, removed: float, sizes: tuple[float, float] = (3.0, 0.5)) -> Nowcast:
    cell = np.array([[observed], [observed]])
    incomplete = np.array([[0.0], [1.0]])
    return Nowcast(
        index=months(2),
        columns=pd.Index(["here"]),
        max_lag=2,
        lag_=np.array([2, 1]),
        observed_=cell,
        added_=incomplete * added,
        removed_=incomplete * removed,
        added_dispersion_=np.full((2, 1), 1 + added / sizes[0]),
        removed_dispersion_=np.full((2, 1), 1 + removed / sizes[1]),
    )


def convolved(observed: int, added: float, removed: float, sizes: tuple[float, float] = (3.0, 0.5)) -> np.ndarray:
    """P(final = k) for k = 0 …, by summing over all that may be removed."""
    up = nbinom.pmf(np.arange(8000), sizes[0], sizes[0] / (sizes[0] + added))
    down = nbinom.pmf(np.arange(8000), sizes[1], sizes[1] / (sizes[1] + removed)) if removed else np.array([1.0])
    difference = np.convolve(up, down[::-1])  # position len(down) − 1 is no change
    shifted = np.zeros(len(difference) + observed)
    shifted[observed:] = difference
    nothing = len(down) - 1
    result = shifted[nothing:]
    result[0] += shifted[:nothing].sum()
    return result


@pytest.mark.parametrize(("added", "removed"), [(6.0, 0.0), (6.0, 1.5), (0.5, 0.3), (0.0, 4.0), (3.0, 40.0)])
def test_quantiles_and_probabilities_are_those_of_the_summed_distribution(added: float, removed: float) -> None:
    made = predictive(20, added, removed)
    cumulative = convolved(20, max(added, 1e-12), removed).cumsum()
    for probability in (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975):
        found = made.quantile(probability).iloc[1, 0]
        nearest = int(np.searchsorted(cumulative, probability))
        assert abs(found - nearest) <= (0 if removed < 2 else 1), probability
    for limit in (0, 10, 19, 20, 25, 40):
        upper = pd.DataFrame({"here": [limit, limit]}, months(2))
        assert made.probability_above(upper).iloc[1, 0] == pytest.approx(1 - cumulative[limit], abs=0.01)


def test_the_bins_of_large_removals_hardly_move_a_quantile() -> None:
    made = predictive(3000, 200.0, 300.0, (20.0, 4.0))
    cumulative = convolved(3000, 200.0, 300.0, (20.0, 4.0)).cumsum()
    spread = np.sqrt(200 * 11 + 300 * 76)
    for probability in (0.025, 0.25, 0.5, 0.75, 0.975):
        exact = np.searchsorted(cumulative, probability)
        assert abs(made.quantile(probability).iloc[1, 0] - exact) <= 0.03 * spread


def test_a_figure_never_falls_below_zero() -> None:
    made = predictive(3, 0.1, 30.0)
    assert made.lower(0.99).iloc[1, 0] == 0
    assert made.quantile(0.5).iloc[1, 0] >= 0
    below = made.probability_above(pd.DataFrame({"here": [-1, -1]}, months(2)))
    assert below.iloc[1, 0] == 1


# Alarms on incomplete periods


def test_an_alarm_is_confirmed_probable_or_open_by_its_probability() -> None:
    made = predictive(20, 6.0, 1.5)
    tail = 1 - convolved(20, 6.0, 1.5).cumsum()

    def said(limit: float) -> list[str]:
        return certainty(made, pd.DataFrame({"here": [limit, limit]}, months(2)))["here"].to_list()

    seen = set()
    for limit in range(5, 45):
        word = "confirmed" if tail[limit] >= 0.95 else "probable" if tail[limit] >= 0.8 else "open"
        assert said(limit) == ["confirmed" if limit < 20 else "not above", word], limit
        seen.add(word)
    assert seen == {"confirmed", "probable", "open"}
    assert said(np.nan) == ["unknown", "unknown"]


def test_a_source_that_revises_down_confirms_no_alarm_just_above_the_limit() -> None:
    random = np.random.default_rng(5)
    first = random.poisson(100, (30, 8)).astype(float)
    first[-1] = 110
    final = np.floor(first * random.uniform(0.7, 0.95, first.shape))
    triangle = Triangle.from_vintages(vintages(np.stack([first, final], axis=1)), "MS", max_lag=1)
    made = nowcast(triangle)
    limit = made.observed * 0 + 105
    assert (made.observed.iloc[-1] > 105).all()
    assert (made.probability_above(limit).iloc[-1] < 0.5).all()
    assert (certainty(made, limit).iloc[-1] == Certainty.open).all()


def test_a_period_may_be_called_low_only_from_the_last_lag() -> None:
    made = nowcast(Triangle.from_vintages(vintages(HAND), "MS", max_lag=2))
    assert made.complete.tolist() == [True, True, False, False]
    assert made.lag.tolist() == [3, 2, 1, 0]


# The evaluation


def test_the_weighted_interval_score_worked_by_hand() -> None:
    quantiles = {
        "lower 0.5": 8,
        "upper 0.5": 12,
        "lower 0.9": 5,
        "upper 0.9": 16,
        "lower 0.95": 4,
        "upper 0.95": 20,
    }
    rows = pd.DataFrame([{"final": 18.0, "median": 10.0, **quantiles}])
    by_hand = (0.5 * 8 + (0.25 * 4 + 6) + (0.05 * 11 + 2) + 0.025 * 16) / 3.5
    assert weighted_interval_score(rows) == pytest.approx([by_hand])


def test_a_sure_nowcast_scores_its_absolute_error() -> None:
    ends = {f"{end} {level}": 10.0 for end in ("lower", "upper") for level in (0.5, 0.9, 0.95)}
    rows = pd.DataFrame([{"final": 17.0, "median": 10.0, **ends}])
    assert weighted_interval_score(rows) == pytest.approx([7.0])


def test_nowcasts_of_simulated_delay_are_nearer_than_the_first_print_and_cover_as_they_say() -> None:
    rows = score_nowcasts(simulate_vintages(places=20, months=52, seed=11), "MS", max_lag=12, skip=14)
    table = summary(rows).iloc[0]
    assert table["WIS / naive"] < 0.35
    assert table["WIS / factor"] < 0.6
    assert 0.88 <= table["in 90%"] <= 0.97
    assert 0.92 <= table["in 95%"] <= 0.99
    assert abs(table["bias %"]) < 2 < abs(table["naive bias %"])


def test_the_simulation_is_seeded_and_corrects_downwards_now_and_then() -> None:
    once, twice, other = (simulate_vintages(places=12, months=40, seed=seed) for seed in (4, 4, 5))
    day = max(once)
    pd.testing.assert_frame_equal(once[day], twice[day])
    assert not once[day].equals(other[day])
    falls = Triangle.from_vintages(once, "MS").increments_
    assert 0.001 < (falls < 0).mean() < 0.05


def test_a_score_is_of_what_the_vintages_then_held() -> None:
    frames = simulate_vintages(places=8, months=48, seed=2)
    days = sorted(frames)
    rows = score_nowcasts(frames, "MS", max_lag=12, skip=10)
    spoilt = {day: frame if day <= days[10] else frame * 0 + 1 for day, frame in frames.items()}
    again = score_nowcasts(spoilt, "MS", max_lag=12, skip=10)
    known = ["series", "period", "lag", "observed", "median", "factor", "lower 0.95", "upper 0.95"]
    at_first = [table[: 12 * 8][known] for table in (rows, again)]
    assert (at_first[0]["period"].max(), at_first[0]["lag"].min()) == (pd.Timestamp(days[10]), 0)
    pd.testing.assert_frame_equal(*at_first)


def test_real_monthly_vintages_are_barely_revised_and_the_nowcast_does_not_disturb_them(shared_data) -> None:  # type: ignore[no-untyped-def]
    table = pd.read_csv(
        shared_data / "mx/sesnsp/narcomenudeo_state_month_vintages_2023-08_2024-12.csv", parse_dates=["month"]
    )
    held = {
        date.fromisoformat(day): table.pivot(index="month", columns="Clave_Ent", values=day).dropna(how="all")
        for day in table.columns[2:]
    }
    scores = summary(score_nowcasts(held, "MS", max_lag=6, skip=2)).iloc[0]
    assert scores["WIS / naive"] < 1
    assert scores["in 90%"] > 0.95
    assert abs(scores["bias %"]) < 0.05
