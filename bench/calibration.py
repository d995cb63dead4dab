"""Does the alarm budget hold? False signals of a whole simulated panel, beside the number that was accepted.

    python bench/calibration.py [STORE] [--replicates N] [--picture FILE]

Every watched series of the STORE (without it: the embedded figures) is simulated anew without any outbreak: the
same length, gaps, level, season and spread, drawn from a model of its kind. The pipeline then calibrates, spends
the budget and judges the newest four months; a signal is an alarm in one of the last three whose predecessor was
none. A second table gives the calibration of the real series, which --picture draws.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from data_sources.ingest import default_as_of, open_store
from data_sources.store import Store
from surveillance import pipeline
from surveillance.budget import spend
from surveillance.calibration import CLASSES, Calibration
from surveillance.detectors import SeasonalRegression, TwelveMonthEnding
from surveillance.judging import Judgements, newest
from surveillance.plan import DEFAULT_PLAN, Watch
from surveillance.series import Wide, regular

QUARTER, HISTORY = 3, 40  # months judged for signals; months whose scores are pooled
BUDGETS = (2.0, 6.0, 12.0)


def simulated(watch: Watch, wide: Wide, rng: np.random.Generator) -> Wide:
    """The indicator's series drawn anew, without outbreaks; missing values and the mask stay where they are."""
    real = wide.observed.to_numpy()
    month = wide.observed.index.to_numpy().astype("datetime64[M]").astype(int) % 12
    draw = np.full(real.shape, np.nan)
    for column in range(real.shape[1]):
        known = ~np.isnan(real[:, column])
        if known.sum() >= 24:
            draw[:, column] = _one(watch, real[:, column], known, month, rng)
    return replace(
        wide,
        observed=pd.DataFrame(np.where(np.isnan(real), np.nan, draw), wide.observed.index, wide.observed.columns),
    )


def _one(
    watch: Watch, real: np.ndarray, known: np.ndarray, month: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    recent = np.flatnonzero(known)[-60:]
    level, count = real[recent].mean(), len(real)
    if isinstance(watch.detector, TwelveMonthEnding):
        season = 1 + 0.1 * np.cos(2 * np.pi * (np.arange(count + 11) - rng.integers(12)) / 12)
        mean = np.maximum(level / 12 * season, 1e-9)
        noise = rng.standard_t(6, count + 11) / np.sqrt(1.5)  # as heavy as those of the real sums were found to be
        return np.convolve(np.maximum(np.round(mean + np.sqrt(1.3 * mean) * noise), 0), np.ones(12), "valid")
    if isinstance(watch.detector, SeasonalRegression):
        if watch.detector.transform == "log1p":  # weights: their own last five years, shuffled
            return rng.choice(real[recent], count)
        scaled = np.sqrt(real[recent])
        steps = np.diff(scaled).std() / np.sqrt(2)
        return np.square(np.maximum(scaled.mean() + rng.normal(0, steps, count), 0))
    season = np.array(
        [real[recent][month[recent] == m].mean() if (month[recent] == m).any() else level for m in range(12)]
    )
    shape = (
        season + 3 * level
    ) / 4  # half way between the months' own means and none would be noise for small counts
    mean = np.maximum(shape[month], 1e-9)
    pearson = ((real[recent] - mean[recent]) ** 2 / mean[recent]).mean()
    return _counts(mean, float(np.clip(pearson, 1.0, 6.0)), rng)


def _counts(mean: np.ndarray, dispersion: float, rng: np.random.Generator) -> np.ndarray:
    if dispersion <= 1.001:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion).astype(float)


def false_signals(known: list[tuple[Watch, Wide]], budgets: tuple[float, ...]) -> np.ndarray:
    """Signals of the last quarter at each budget, and the number expected: (budgets, 2)."""
    fits = [Judgements(watch, wide, last=HISTORY).fit() for watch, wide in known]
    parts = [pipeline.Part(one.wide.indicator.id, one.past(), newest(one.watch, one.wide).fit()) for one in fits]
    inflation = {name: found.inflation for name, found in pipeline.pooled(parts).items()}
    out = []
    for budget in budgets:
        alpha, expected = spend(budget, [part.newest for part in parts], inflation)
        found = 0
        for one in fits:
            alarm = one.answers(alpha, inflation[one.wide.indicator.id])[0]["alarm_"] == 1
            able = one.wide.judge.to_numpy()[-len(alarm) :]
            last = np.cumsum(able[::-1], axis=0)[::-1]  # 1 at each series' newest judged month, 2 before it …
            opens = alarm & able & (last <= QUARTER)
            opens[1:] &= ~alarm[:-1]
            found += int(opens.sum())
        out.append((found, expected))
    return np.array(out, dtype=float)


def panel_of(store: Store) -> list[tuple[Watch, Wide]]:
    as_of = default_as_of(store, datetime.now(UTC).date())
    frames = [(watch, regular(store, as_of, watch.indicator, watch.substances)) for watch in DEFAULT_PLAN.watches]
    return [(watch, wide) for watch, wide in frames if wide is not None]


def picture(calibration: dict[str, Calibration], file: Path) -> None:
    """The classes of each indicator's probability integral transform, beside the even line."""
    rows = [
        {"indicator": name, "class": (place + 0.5) / CLASSES, "share": share}
        for name, found in calibration.items()
        for place, share in enumerate(found.shares)
        if found.values
    ]
    base = alt.Chart(pd.DataFrame(rows))
    bars = base.mark_bar(color="#4c78a8").encode(
        alt.X("class:Q", bin=alt.Bin(step=1 / CLASSES), title="P(Y ≤ y) under the baseline"),
        alt.Y("share:Q", title="share of months", axis=alt.Axis(format="%")),
    )
    even = base.mark_rule(color="#222", strokeDash=[4, 3]).encode(y=alt.datum(1 / CLASSES))
    whole = alt.layer(bars, even).properties(width=180, height=110).facet("indicator:N", columns=3)
    whole.save(str(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", nargs="?", type=Path)
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known = panel_of(open_store(options.store or Path(folder)))
    rng = np.random.default_rng(2026)
    results = np.array(
        [
            false_signals([(watch, simulated(watch, wide, rng)) for watch, wide in known], BUDGETS)
            for _ in range(options.replicates)
        ]
    )
    series = sum(wide.observed.shape[1] for _, wide in known)
    print(f"{series} series, {options.replicates} simulated quarters")
    print(f"{'budget':>8}{'expected':>10}{'found':>9}{'± se':>7}{'ratio':>8}")
    for place, budget in enumerate(BUDGETS):
        found, expected = results[:, place].T
        error, ratio = found.std(ddof=1) / np.sqrt(len(found)), found.mean() / expected.mean()
        print(f"{budget:8.0f}{expected.mean():10.2f}{found.mean():9.2f}{error:7.2f}{ratio:8.2f}")
    parts = [pipeline.reported(Judgements(watch, wide).fit()) for watch, wide in known]
    calibration = pipeline.pooled(parts)
    print(f"\n{'indicator (real series)':34}{'months':>8}{'spread':>8}{'inflation':>11}")
    for name, found in calibration.items():
        print(f"{name:34}{found.values:8}{found.spread:8.2f}{found.inflation:11.2f}")
    if options.picture:
        picture(calibration, options.picture)


if __name__ == "__main__":
    main()
