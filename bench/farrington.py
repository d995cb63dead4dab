"""How many judgements a second the Farrington engine makes, and how many a plain loop of statsmodels fits.

    python bench/farrington.py

Both judge the same simulated weekly series (520 weeks, Noufaily's settings); the loop judges fewer of them, and
the largest difference of its numbers from the engine's is printed beside the speeds.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import nbinom, norm, poisson
from scipy.stats import t as student

from surveillance.detectors import FarringtonFlexible
from surveillance.detectors.reference import by_position

SERIES, WEEKS, JUDGED, LOOP_SERIES, LOOP_JUDGED = 1000, 520, 52, 30, 4


def simulated(series: int, weeks: int, *, seed: int = 1) -> pd.DataFrame:
    """Seasonal negative binomial counts, means 5 to 150, columns 0 … *series* − 1."""
    rng = np.random.default_rng(seed)
    base = np.array([(1.5, 0.4, 1.2), (2.5, 0.8, 3.0), (3.75, 0.1, 1.1), (5.0, 0.05, 1.2)])[np.arange(series) % 4]
    season = np.cos(2 * np.pi * np.arange(weeks)[:, None] / 52)
    mean = np.exp(base[:, 0] + base[:, 1] * season)
    counts = rng.negative_binomial(mean / (base[:, 2] - 1), 1 / base[:, 2])
    return pd.DataFrame(counts.astype(float), pd.date_range("2010-01-03", periods=weeks, freq="W-SUN"))


def plain(y: np.ndarray, row: int, detector: FarringtonFlexible, periods: int = 52) -> dict[str, float]:
    """One judgement, step by step with statsmodels: expected, upper, p-value, dispersion, whether a trend stays."""
    reference = by_position(
        np.array([row]),
        years=detector.years,
        half_window=detector.half_window,
        blocks=detector.blocks,
        guard=detector.guard,
        periods=periods,
    )
    counts = y[row + reference.offsets]
    known = ~np.isnan(counts)
    blocks = np.eye(detector.blocks)[reference.layout.blocks[known]]
    times = reference.layout.times[known, None]
    at = np.zeros(detector.blocks)
    at[-1] = 1.0
    answer = _fit(counts[known], np.hstack([blocks, times]), np.append(at, 0.0), detector)
    stays = detector.trend and (answer["p_trend"] < detector.trend_p or detector.trend_p == 1)
    if not stays or answer["expected"] > np.nanmax(counts):
        answer = _fit(counts[known], blocks, at, detector)
        stays = False
    mean, phi, se = answer["expected"], answer["phi"], answer["se"]
    if detector.threshold == "delta":
        spread = np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + se**2 * mean))
        answer["upper"] = (mean ** (2 / 3) + norm.isf(detector.alpha) * spread) ** 1.5
        answer["pvalue"] = norm.sf((y[row] ** (2 / 3) - mean ** (2 / 3)) / spread)
    else:
        count = poisson(mean) if phi == 1 else nbinom(mean / (phi - 1), 1 / phi)
        answer["upper"], answer["pvalue"] = count.ppf(1 - detector.alpha), count.sf(y[row] - 1)
    return answer | {"trend": float(stays)}


def _fit(y: np.ndarray, design: np.ndarray, at: np.ndarray, detector: FarringtonFlexible) -> dict[str, float]:
    def model(weights: np.ndarray) -> object:
        family = sm.families.Poisson()
        return sm.GLM(y, design, family=family, var_weights=weights).fit(tol=1e-13, maxiter=100, scale="X2")

    first = model(np.ones(len(y)))
    mean, phi = first.mu, max(first.scale, 1.0)  # type: ignore[attr-defined]
    hat = first.get_hat_matrix_diag(observed=False)  # type: ignore[attr-defined]
    residual = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi * (1 - hat))
    large = residual > detector.residual_threshold
    weights = np.where(large, np.where(large, residual, 1.0) ** -2.0, 1.0)
    last = model(weights * len(y) / weights.sum())
    phi = max(last.scale, 1.0)  # type: ignore[attr-defined]
    covariance = last.cov_params() * phi / last.scale  # type: ignore[attr-defined]
    slope = last.params[-1] / np.sqrt(covariance[-1, -1])  # type: ignore[attr-defined]
    return {
        "expected": float(np.exp(at @ last.params)),  # type: ignore[attr-defined]
        "phi": phi,
        "se": float(np.sqrt(at @ covariance @ at)),
        "p_trend": float(2 * student.sf(abs(slope), len(y) - design.shape[1])),
    }


def main() -> None:
    observed = simulated(SERIES, WEEKS)
    print(f"{'setting':26}{'engine/s':>10}{'loop/s':>8}{'ratio':>8}{'largest difference':>20}")
    settings = {
        "Noufaily nbPlugin, P = 10": FarringtonFlexible(),
        "delta, P = 1": FarringtonFlexible(threshold="delta", blocks=1, guard=3, trend_p=0.05),
    }
    for name, detector in settings.items():
        clock = time.perf_counter()
        answers = detector.run(observed, last=JUDGED)
        engine = SERIES * JUDGED / (time.perf_counter() - clock)
        clock, worst = time.perf_counter(), 0.0
        for column in range(LOOP_SERIES):
            for row in range(WEEKS - LOOP_JUDGED, WEEKS):
                slow = plain(observed.to_numpy()[:, column], row, detector)
                for key in ("expected", "upper", "pvalue", "phi"):
                    ours = answers.numbers[key][row, column]
                    worst = max(worst, abs(ours / slow[key] - 1))
        loop = LOOP_SERIES * LOOP_JUDGED / (time.perf_counter() - clock)
        print(f"{name:26}{engine:10.0f}{loop:8.1f}{engine / loop:8.0f}{worst:20.1e}")


if __name__ == "__main__":
    main()
