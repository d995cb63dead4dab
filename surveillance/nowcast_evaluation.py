"""How good nowcasts are: triangles whose end is known, and scores against the first print and a fixed factor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveillance.delay import nowcast
from surveillance.detectors.contract import Floats, Frequency
from surveillance.simulate import negative_binomial
from surveillance.triangle import Triangle

LEVELS = (0.5, 0.9, 0.95)


def simulate_vintages(
    *,
    places: int = 50,
    months: int = 60,
    first: int = 24,
    correction: float = 0.01,
    drift: float = 0.0,
    seed: int = 1,
) -> dict[date, pd.DataFrame]:
    """Monthly vintages (periods × places) of counts whose delay is known, from the month *first* on.

    Mean counts from 2 to 1,500 a month, evenly on the log scale, with a season, a slow trend of the place's own and
    variance 1.5 μ. Shares reported at lags 0 … 12 are geometric and Dirichlet distributed for each place and period
    around a place's own mean (0.35 to 0.65 at once; *drift* is added to it over the whole time), with
    concentration 40. At each lag from 1 a place withdraws a tenth of what it has reported with probability
    *correction*.
    """
    random = np.random.default_rng(seed)
    depth = 12
    period = np.arange(months)
    size = np.geomspace(2, 1500, places)
    trend = random.normal(0, 0.004, places)
    mean = size * np.exp(0.15 * np.sin(2 * np.pi * period[:, None] / 12) + trend * period[:, None])
    count = negative_binomial(random, mean, np.full(places, 1.5))
    at_once = random.uniform(0.35, 0.65, places) + drift * period[:, None] / months
    share = at_once[:, :, None] * (1 - at_once[:, :, None]) ** np.arange(depth + 1)
    share /= share.sum(axis=2, keepdims=True)
    share = random.standard_gamma(40 * share)
    increments = random.multinomial(count, share / share.sum(axis=2, keepdims=True))
    reported = np.cumsum(increments, axis=2).astype(float)
    withdrawn = random.random(reported.shape) < correction
    withdrawn[:, :, 0] = False
    reported -= np.cumsum(np.where(withdrawn, np.floor(reported * 0.1), 0.0), axis=2)
    index = pd.date_range("2018-01-01", periods=months, freq="MS", name="period")
    columns = pd.Index([f"place {number:02d}" for number in range(places)], name="geography")
    vintages = {}
    for step in range(first, months):
        lag = np.minimum(step - period[: step + 1], depth)
        vintages[index[step].date()] = pd.DataFrame(
            np.maximum(reported[period[: step + 1], :, lag], 0), index[: step + 1], columns
        )
    return vintages


def score_nowcasts(
    vintages: Mapping[date, pd.DataFrame], frequency: Frequency, *, max_lag: int, skip: int, shrink: float = 30.0
) -> pd.DataFrame:
    """One row per series, vintage after the first *skip* and incomplete period that is complete by now.

    Nowcasts are made from the vintages up to then alone; `final` is what stood at lag max_lag. Columns: series,
    period, lag, observed, final, median, `factor` (observed · Σ final / Σ first over all places and the complete
    periods known then, one per lag), lower and upper at LEVELS as `lower 0.5` …, `limit` (the series' mean over the
    complete periods known then) and `above`, P(final > limit). Rows without a nowcast are left out.
    """
    days = sorted(vintages)
    whole = Triangle.from_vintages(vintages, frequency, max_lag=max_lag)
    final = pd.DataFrame(whole.reported_[:, -1], whole.index, whole.columns)
    rows = []
    for end in range(skip, len(days)):
        then = Triangle.from_vintages({day: vintages[day] for day in days[: end + 1]}, frequency, max_lag=max_lag)
        made = nowcast(then, shrink=shrink)
        ended = made.complete.to_numpy()
        usual = made.observed[ended].mean().to_numpy()
        limit = pd.DataFrame(np.tile(usual, (len(then.index), 1)), then.index, then.columns)
        table = {
            "limit": limit,
            "above": made.probability_above(limit),
            "observed": made.observed,
            "final": final.reindex(then.index, columns=then.columns),
            "median": made.median,
            "factor": made.observed.mul(_fixed_factor(then), axis=0),
        }
        for level in LEVELS:
            table |= {f"lower {level}": made.lower(level), f"upper {level}": made.upper(level)}
        filling = ~ended
        shape = (int(filling.sum()), len(then.columns))
        rows.append(
            pd.DataFrame(
                {
                    "series": np.tile(np.arange(shape[1]), shape[0]),
                    "period": np.repeat(then.index[filling], shape[1]),
                    "lag": np.repeat(then.lag_[filling], shape[1]),
                }
                | {name: frame.to_numpy()[filling].ravel() for name, frame in table.items()}
            )
        )
    return pd.concat(rows, ignore_index=True).dropna(subset=["observed", "final", "median"])


def _fixed_factor(triangle: Triangle) -> NDArray[np.float64]:
    """Per period, Σ final / Σ reported at its lag, over the complete periods of the triangle; 1 where complete."""
    reported = triangle.reported_
    ends = reported[:, -1:]
    pairs = ~np.isnan(reported) & ~np.isnan(ends)
    base = np.where(pairs, reported, 0).sum(axis=(0, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(pairs, ends, 0).sum(axis=(0, 2)) / np.where(base > 0, base, np.nan)
    lag = np.clip(triangle.lag_, 0, triangle.max_lag)
    return np.where(triangle.lag_ >= triangle.max_lag, 1.0, factor[lag])


def weighted_interval_score(rows: pd.DataFrame) -> Floats:
    """WIS of the median and the LEVELS: (½ |y − m| + Σ α/2 · IS_α) / (K + ½), K intervals, α = 1 − level.

    IS_α = width + 2/α · (distance by which y lies outside). It is |y − m| where all quantiles agree. Bracher J, Ray
    EL, Gneiting T, Reich NG (2021), doi:10.1371/journal.pcbi.1008618.
    """
    y = rows["final"].to_numpy(float)
    total = 0.5 * np.abs(y - rows["median"].to_numpy(float))
    for level in LEVELS:
        low, high = (rows[f"{end} {level}"].to_numpy(float) for end in ("lower", "upper"))
        alpha = 1 - level
        outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
        total += alpha / 2 * (high - low) + outside
    return np.asarray(total / (len(LEVELS) + 0.5))


def summary(rows: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """The scores of nowcasts, in all or for each value of *by*.

    WIS relative to the absolute error of the figure as it stands (naive) and of the fixed factor's, coverage at
    LEVELS, and bias, 100 · Σ (median − final) / Σ final, beside naive's and the factor's. The factor is scored
    where there is one; NaN where a divisor is 0.
    """
    scored = rows.assign(
        wis=weighted_interval_score(rows),
        naive=(rows["observed"] - rows["final"]).abs(),
        fixed=(rows["factor"] - rows["final"]).abs(),
    )
    for level in LEVELS:
        scored[f"in {level}"] = rows["final"].between(rows[f"lower {level}"], rows[f"upper {level}"])
    groups = scored.groupby(scored[by]) if by else scored.groupby(np.full(len(scored), "all"))
    return groups.apply(_summarised, include_groups=False)


def _summarised(rows: pd.DataFrame) -> pd.Series:
    with_factor = rows.dropna(subset=["factor"])
    return pd.Series(
        {
            "nowcasts": len(rows),
            "WIS / naive": _ratio(rows["wis"], rows["naive"]),
            "WIS / factor": _ratio(with_factor["wis"], with_factor["fixed"]),
            **{f"in {level:.0%}": rows[f"in {level}"].mean() for level in LEVELS},
            "bias %": 100 * _ratio(rows["median"] - rows["final"], rows["final"]),
            "naive bias %": 100 * _ratio(rows["observed"] - rows["final"], rows["final"]),
            "factor bias %": 100 * _ratio(with_factor["factor"] - with_factor["final"], with_factor["final"]),
        }
    )


def _ratio(over: pd.Series, under: pd.Series) -> float:
    divisor = float(under.sum())
    return float(over.sum()) / divisor if divisor else float("nan")
