"""Twelve-month sums where the months are known: the residual test, a year's change, recovered months, the model.

    python bench/rolling.py

Months are Poisson or negative binomial with variance φ · mean; one month is raised by four standard deviations. The
test of month effects and a line is made on the sums, on the true months, and against it a count detector is given
the sums themselves. Then the coverage of the change's interval; the recursion beside the state-space model; and the
nation's recovered months beside the figures that the publisher gives by month. About two minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from data_sources.ingest import EMBEDDED, open_store
from surveillance.detectors import FarringtonFlexible
from surveillance.recovered import MONTHS_OF, recovered
from surveillance.rolling import YEAR, change, recover, surprise
from surveillance.rolling_model import smooth

ALPHA, RAISED, SERIES = 0.01, 4.0, 200
MONTHS, AT = 144, 132  # months simulated; the one that is raised, with all of its echo before the end
MEANS, PHIS = (20.0, 100.0, 400.0), (1.0, 2.0)
SHAPES = {"steady": (0.0, 0.0), "season": (0.2, 0.0), "rise": (0.0, 0.05), "fall": (0.0, -0.05)}
COUNTS = FarringtonFlexible(alpha=ALPHA, years=5, min_years=3, half_window=1, blocks=5, guard=6)
OWN = float(stdtrit(23, 1 - ALPHA))  # Student's t on the regression's own degrees of freedom


def months(
    mean: float, phi: float, season: float, slope: float, *, seed: int = 1, series: int = SERIES
) -> tuple[np.ndarray, np.ndarray]:
    """Means (n, 1) and counts (n, series); *slope* a year, on the log scale."""
    random = np.random.default_rng(seed)
    t = np.arange(MONTHS)[:, None]
    level = mean * np.exp(season * np.cos(2 * np.pi * t / YEAR) + slope * t / YEAR)
    size = (MONTHS, series)
    counts = random.poisson(level, size) if phi == 1 else random.negative_binomial(level / (phi - 1), 1 / phi, size)
    return level, counts.astype(float)


def rolling(counts: np.ndarray) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(counts, YEAR, axis=0).sum(axis=-1)


def from_sums(counts: np.ndarray, tail: float = OWN) -> np.ndarray:
    """Alarms (n, S) of the test on the sums alone."""
    x = rolling(counts)
    ahead = surprise(x)
    alarm = np.full(counts.shape, np.nan)
    alarm[YEAR - 1 :] = np.where(np.isnan(ahead.spread), np.nan, x > ahead.expected + tail * ahead.spread)
    return alarm


def from_months(counts: np.ndarray) -> np.ndarray:
    """Alarms (n, S) of the same regression on the true months, by plain least squares."""
    alarm = np.full(counts.shape, np.nan)
    time = np.arange(37)
    design = np.column_stack([np.eye(YEAR)[time % YEAR], time])
    leverage = design[-1] @ np.linalg.inv(design[:-1].T @ design[:-1]) @ design[-1]
    for row in range(47, len(counts)):
        effects, square, *_ = np.linalg.lstsq(design[:-1], counts[row - 36 : row])
        alarm[row] = counts[row] > design[-1] @ effects + OWN * np.sqrt(square / 23 * (1 + leverage))
    return alarm


def from_counts(counts: np.ndarray) -> np.ndarray:
    """Alarms (n, S) of a count detector that takes the sums for counts."""
    x = rolling(counts)
    found = COUNTS.assess(pd.DataFrame(x, pd.date_range("2010-12-01", periods=len(x), freq="MS")), last=60).alarm_
    alarm = np.full(counts.shape, np.nan)
    alarm[-60:] = np.where(found < 0, np.nan, found)
    return alarm


TESTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "true months, t 23": from_months,
    "sums, t 23": from_sums,
    "sums, normal": partial(from_sums, tail=float(ndtri(1 - ALPHA))),
    "sums, t 6 (the plan)": partial(from_sums, tail=float(stdtrit(6, 1 - ALPHA))),
    "count detector on the sums": from_counts,
}


def residual_test() -> Iterator[list[object]]:
    """Rows of shape, test, and in %: false alarms, hits at once, alarms in the eleven months after.

    AssertionError where a verdict on the sums differs from that on the true months.
    """
    for shape, parts in SHAPES.items():
        found: dict[str, list[list[float]]] = {name: [] for name in TESTS}
        for mean, phi in product(MEANS, PHIS):
            level, counts = months(mean, phi, *parts)
            raised = counts.copy()
            raised[AT] += np.round(RAISED * np.sqrt(phi * level[AT]))
            for name, test in TESTS.items():
                quiet, loud = test(counts), test(raised)
                rates = [quiet[-60:], loud[AT], loud[AT + 1 : AT + YEAR]]
                found[name].append([100 * float(np.nanmean(part)) for part in rates])
            np.testing.assert_array_equal(from_sums(raised)[47:], from_months(raised)[47:])
        for name, each in found.items():
            yield [shape, name, *np.mean(each, axis=0)]


def changes() -> Iterator[list[object]]:
    """Rows of noise, mean, φ, and the share of 80 and 95 % intervals of the change that hold the truth, %."""
    for again, mean, phi in [*product((0.0,), (2.0, 20.0, 300.0), (1.0, 3.0)), (0.5, 300.0, 3.0)]:
        level, counts = months(mean, phi, 0.2, -0.15, series=2000)
        if again:
            random = np.random.default_rng(2)
            noise = np.zeros(counts.shape)
            for t in range(1, MONTHS):
                noise[t] = again * noise[t - 1] + random.standard_normal(counts.shape[1])
            counts = np.maximum(level + noise * np.sqrt(phi * level * (1 - again**2)), 0)
        truth = np.log(level[-YEAR:].sum() / level[-2 * YEAR : -YEAR].sum())
        sums = pd.DataFrame(rolling(counts))
        row: list[object] = [again, mean, phi]
        for share in (0.8, 0.95):
            newest = change(sums, level=share)
            low, high = np.log1p(newest.low.iloc[-1]), np.log1p(newest.high.iloc[-1])
            known = low.notna()
            row.append(100 * float(((low <= truth) & (truth <= high))[known].mean()))
        yield row


def model(draws: int = 20) -> Iterator[list[object]]:
    """Rows of situation: root mean square errors in % of the mean month, of the recursion and of the model."""
    situations: dict[str, tuple[float | None, tuple[int, ...]]] = {
        "true seed": (0.0, ()),
        "seed wrong by 3 % a month": (0.03, ()),
        "true seed, one sum missing": (0.0, (60,)),
        "no seed": (None, ()),
    }
    for name, (wrong, gap) in situations.items():
        errors = []
        for draw in range(draws):
            _, counts = months(300.0, 2.0, 0.2, 0.05, seed=draw, series=1)
            line = pd.Series(rolling(counts)[:, 0], pd.date_range("2010-12-01", periods=MONTHS - 11, freq="MS"))
            line.iloc[list(gap)] = np.nan
            first = counts[:YEAR, 0].copy()
            if wrong:
                first *= 1 + wrong * np.random.default_rng(draw).standard_normal(YEAR)
                first *= line.iloc[0] / first.sum()
            given = np.full(YEAR, first.mean()) if wrong is None else first
            plain = recover(line.to_numpy()[:, None], given[:, None])[YEAR - 1 :, 0]
            state = smooth(line, None if wrong is None else first, error=wrong or 0.0)
            truth, even = counts[YEAR - 1 :, 0], 300.0 * np.exp(0.05 * np.arange(YEAR - 1, MONTHS) / YEAR)
            held = np.abs(state.months - truth) <= 1.96 * state.error + 1e-4
            errors.append(
                [
                    *(100 * np.sqrt(np.nanmean(gone**2)) / 300 for gone in (plain - truth, state.months - truth)),
                    100 * np.isnan(plain).mean(),
                    100 * np.sqrt(np.mean((state.level - even) ** 2)) / 300,
                    100 * held.mean(),
                ]
            )
        yield [name, *np.mean(errors, axis=0)]


def nation() -> pd.DataFrame:
    """By class and year: how far the recovered months lie from those published by month, in %."""
    with tempfile.TemporaryDirectory() as folder:
        store, indicator = open_store(Path(folder)), "us_overdose_deaths_12m"
        newest = date(2025, 9, 17)
        table = recovered(
            store.vintage(EMBEDDED, indicator, newest), store.known_on(date.max, [MONTHS_OF[indicator]])
        )
        published = store.known_on(date.max, [MONTHS_OF[indicator]])
    keys = ["geography", "substance", "period"]
    both = table.merge(published[[*keys, "value"]], on=keys, suffixes=("", "_published"))
    both["error"] = 100 * (both["value"] / both["value_published"] - 1)
    return both.groupby(["substance", both["period"].dt.year])["error"].agg(["size", "mean", "min", "max"])


def main() -> None:
    columns = ["shape", "test", "false", "hit", "echo"]
    table = pd.DataFrame(residual_test(), columns=columns)
    print(
        table.pivot(index="test", columns="shape", values=columns[2:])
        .loc[list(TESTS)]
        .to_string(float_format="%.1f")
    )
    print(table.groupby("test", sort=False)[columns[2:]].mean().to_string(float_format="%.2f"))
    columns = ["AR(1)", "mean", "phi", "in 80 %", "in 95 %"]
    print(pd.DataFrame(changes(), columns=columns).to_string(index=False, float_format="%.1f"))
    columns = ["situation", "recursion", "model", "not given by recursion", "model's level", "in 95 %"]
    print(pd.DataFrame(model(), columns=columns).to_string(index=False, float_format="%.2f"))
    print(nation().to_string(float_format="%.2f"))


if __name__ == "__main__":
    main()
