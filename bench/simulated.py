"""False alarms, power and coverage where the truth is known.

    python bench/simulated.py

First the detector for twelve-month sums at a nominal 1 % on simulated months (Poisson or negative binomial with
variance φ · mean): the share of false alarms, and of months raised by four standard deviations that alarm, both
with the plan's tail and with Student's t on the regression's own 23 degrees of freedom. Then how often the
intervals of growth hold the growth that the simulated level has had.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from surveillance.detectors import TwelveMonthEnding
from surveillance.trend import SeasonalTrend, seasonal_trend

MONTHS, SERIES, ALPHA, RAISED = 144, 300, 0.01, 4.0
SHAPES = {  # season, slope a year
    "steady": (0.0, 0.0),
    "season": (0.3, 0.0),
    "rise": (0.0, 0.15),
    "fall": (0.0, -0.15),
    "both": (0.3, 0.15),
}
LEVELS = {"steady slope": (0.0, 0.0), "the same, noise with AR(1) 0.5": (0.5, 0.0), "wandering slope": (0.0, 0.02)}
YEARS_OF_TREND, LINES, SLOPE, NOISE = 8, 100, 0.005, 0.1


def sums(mean: float, phi: float, season: float, slope: float, *, seed: int = 1) -> tuple[np.ndarray, pd.DataFrame]:
    """Means of the months (n, 1) and the twelve-month sums of their counts; *slope* a year, on the log scale."""
    random = np.random.default_rng(seed)
    t = np.arange(MONTHS)[:, None]
    level = mean * np.exp(season * np.cos(2 * np.pi * t / 12) + slope * t / 12)
    size = (MONTHS, SERIES)
    counts = random.poisson(level, size) if phi == 1 else random.negative_binomial(level / (phi - 1), 1 / phi, size)
    rolling = pd.DataFrame(counts.astype(float)).rolling(12).sum().dropna()
    return level, rolling.set_index(pd.date_range("2010-01-01", periods=len(rolling), freq="MS"))


def alarms() -> Iterator[list[object]]:
    """Rows of mean, φ, shape, and per tail the false alarms and the hits, %."""
    for mean, phi, (shape, parts) in product((5.0, 30.0, 300.0), (1.0, 2.0, 5.0), SHAPES.items()):
        level, observed = sums(mean, phi, *parts)
        raised = observed.copy()
        raised.iloc[-1] += RAISED * np.sqrt(phi * level[-1, 0])
        row: list[object] = [mean, phi, shape]
        for detector in (TwelveMonthEnding(alpha=ALPHA), TwelveMonthEnding(alpha=ALPHA, tail_df=23.0)):
            quiet, hit = detector.assess(observed).alarm_, detector.assess(raised, last=1).alarm_
            row += [100 * float((quiet[quiet >= 0] == 1).mean()), 100 * float((hit == 1).mean())]
        yield row


def coverage() -> Iterator[list[object]]:
    """Rows of kind of level, and the share of 80 and 95 % intervals of growth that hold the truth, %."""
    for kind, (again, step) in LEVELS.items():
        held = [_held(seed, again, step) for seed in range(LINES)]
        yield [kind, *(100 * np.mean(held, axis=0))]


def _held(seed: int, again: float, step: float) -> list[bool]:
    count = 12 * YEARS_OF_TREND
    random = np.random.default_rng(seed)
    noise = NOISE * random.standard_normal(count)
    for t in range(1, count):
        noise[t] += again * noise[t - 1]
    level = SLOPE * np.arange(count) + step * np.cumsum(random.standard_normal(count))
    z = 6 + level + 0.2 * np.cos(2 * np.pi * np.arange(count) / 12) + noise
    line = pd.Series(np.exp(z), pd.date_range("2015-01-01", periods=count, freq="MS"))
    found = seasonal_trend(line, INDICATORS["us_overdose_deaths_monthly"])
    assert isinstance(found, SeasonalTrend)
    held = []
    for growth, over in ((found.growth_3, 3), (found.growth_12, 12)):
        true = (level[-1] - level[-1 - over]) / over
        held += [growth.low80 <= true <= growth.high80, growth.low95 <= true <= growth.high95]
    return held


def main() -> None:
    table = pd.DataFrame(alarms(), columns=["mean", "phi", "shape", "false", "hit", "false df 23", "hit df 23"])
    print(table.to_string(index=False, float_format="%.2f"))
    numbers = table.columns[3:]
    print(table.groupby("shape", sort=False)[list(numbers)].mean().to_string(float_format="%.2f"))
    print("all", table[numbers].mean().round(2).to_dict())
    columns = ["level", "3 in 80 %", "3 in 95 %", "12 in 80 %", "12 in 95 %"]
    print(pd.DataFrame(coverage(), columns=columns).to_string(index=False, float_format="%.0f"))


if __name__ == "__main__":
    main()
