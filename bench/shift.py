"""Compare ways to find a lasting change of level, where the truth is known.

    python bench/shift.py

Monthly counts, mean 30, variance twice the mean, a season of ±30 %, 60 months, judged at the newest. Ways: the scan
over all starts (LevelShift) with and without its line; PELT on √y less its month means (ruptures, an optional
package), a rise where its last segment began within two years and lies higher, its penalty calibrated to the same
rate of false alarms; and Farrington Flexible. Rows: what the series did. Columns: % of series that alarm at 0.5 %.
Then, for a doubling a year ago: how far the start is off, and how often the interval of its factor holds the truth.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.special import ndtr
from scipy.stats import nbinom

from surveillance.detectors import FarringtonFlexible, LevelShift
from surveillance.detectors.shift import changes

MONTHS, SERIES, ALPHA, REACH = 84, 200, 0.005, 24
INDEX = pd.date_range("2015-01-01", periods=MONTHS, freq="MS")
Way = Callable[[pd.DataFrame], np.ndarray]


def counts(
    factor: np.ndarray | float = 1.0, *, slope: float = 0.0, rho: float = 0.0, seed: int = 1
) -> pd.DataFrame:
    """Counts of variance 2μ by a normal copula with AR(1) correlation *rho*; *slope* a year on the log scale."""
    random = np.random.default_rng(seed)
    t = np.arange(MONTHS)
    mean = 30 * np.exp(0.3 * np.cos(2 * np.pi * t / 12) + slope * (t - MONTHS / 2) / 12) * factor
    noise = random.standard_normal((MONTHS + 50, SERIES))
    noise = lfilter([np.sqrt(1 - rho**2)], [1, -rho], noise, axis=0)[50:]
    return pd.DataFrame(nbinom.ppf(ndtr(noise), mean[:, None], 0.5), INDEX)


def since(months: int, factor: float) -> np.ndarray:
    return np.where(np.arange(MONTHS) >= MONTHS - months, factor, 1.0)


def pelt(observed: pd.DataFrame, penalty: float) -> np.ndarray:
    """Whether PELT's last segment of the newest five years began within REACH and lies above the one before."""
    import ruptures

    rise = np.zeros(observed.shape[1], dtype=bool)
    z = 2 * np.sqrt(observed.to_numpy()[-60:] + 0.375)
    z = z - z.reshape(-1, 12, z.shape[1]).mean(axis=0)[np.arange(len(z)) % 12]
    for column, line in enumerate(z.T):
        line = line / (np.median(np.abs(np.diff(line))) / 0.6745 / np.sqrt(2))
        ends = ruptures.Pelt(model="l2", min_size=3, jump=1).fit(line[:, None]).predict(pen=penalty)
        if len(ends) > 1 and len(line) - ends[-2] <= REACH:
            begin = ends[-3] if len(ends) > 2 else 0
            rise[column] = line[ends[-2] :].mean() > line[begin : ends[-2]].mean()
    return rise


def alarms(detector: LevelShift | FarringtonFlexible) -> Way:
    return lambda observed: detector.assess(observed, last=1).alarm_[0] == 1


def main() -> None:
    quiet = counts(seed=2)
    low, penalty = 4.0, 36.0
    while penalty - low > 1.0:
        middle = (low + penalty) / 2
        low, penalty = (low, middle) if pelt(quiet, middle).mean() <= ALPHA else (middle, penalty)
    ways: dict[str, Way] = {
        "scan": alarms(LevelShift(alpha=ALPHA)),
        "scan, never a line": alarms(LevelShift(alpha=ALPHA, trend=False)),
        f"PELT, penalty {penalty:g}": lambda observed: pelt(observed, penalty),
        "Farrington Flexible": alarms(
            FarringtonFlexible(years=5, min_years=3, half_window=1, blocks=5, guard=6, alpha=ALPHA)
        ),
    }
    spike = since(1, 15.0)
    cases = {
        "nothing": counts(),
        "noise with correlation 0.3": counts(rho=0.3),
        "noise with correlation 0.5": counts(rho=0.5),
        "rise of 5 % a year": counts(slope=0.05),
        "rise of 10 % a year": counts(slope=0.1),
        "rise of 20 % a year": counts(slope=0.2),
        "one month × 15": counts(spike),
        **{f"× {f:g} for {m} months": counts(since(m, f)) for f in (1.5, 2.0) for m in (3, 6, 12, 24, 36)},
    }
    rows, spent = [], dict.fromkeys(ways, 0.0)
    for case, observed in cases.items():
        row: list[object] = [case]
        for name, way in ways.items():
            began = time.perf_counter()
            row.append(100 * float(way(observed).mean()))
            spent[name] += time.perf_counter() - began
        rows.append(row)
    rows.append(["seconds per 1,000 series", *(spent[name] / len(cases) / SERIES * 1000 for name in ways)])
    print(pd.DataFrame(rows, columns=["case", *ways]).to_string(index=False, float_format="%.2f"))
    found = changes(counts(since(12, 2.0)))
    off = (found["since"].dt.year * 12 + found["since"].dt.month) - (INDEX[-12].year * 12 + INDEX[-12].month)
    print(f"\ndoubling a year ago: found {len(found)}, start exact {100 * (off == 0).mean():.0f} %,")
    print(f"within 2 months {100 * (off.abs() <= 2).mean():.0f} %, factor {found['factor'].median():.2f},")
    print(f"interval holds 2 in {100 * ((found['low'] < 2) & (found['high'] > 2)).mean():.0f} %")


if __name__ == "__main__":
    main()
