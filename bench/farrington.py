"""How fast the Farrington and EARS engines judge, beside R surveillance and a plain loop of statsmodels.

    python bench/farrington.py [--scaling] [--r-series N]

Judges the newest 52 weeks of 1,000 simulated weekly series of 520 weeks. Where Rscript and R's package are
installed, R judges a sample of the same series in the same run, on one core; what counts is the ratio. A loop of
statsmodels fits judges fewer still, and the largest difference of its numbers from the engine's is printed.
--scaling adds time and peak memory for panels of 1,000 to 50,000 series, streamed 1,000 at a time, each panel in
a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from surveillance import chunks
from surveillance.detectors import EarsC1, EarsC2, EarsC3, FarringtonFlexible
from surveillance.detectors.contract import Detector
from surveillance.detectors.farrington import Fitted
from surveillance.detectors.reference import by_position

SERIES, WEEKS, JUDGED, LOOP_SERIES, LOOP_JUDGED, REPEATS = 1000, 520, 52, 10, 4, 5
NOUFAILY = """b = 5, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, thresholdMethod = "nbPlugin", alpha = 0.005,
    weightsThreshold = 2.58, pThresholdTrend = 1, trend = TRUE, reweight = TRUE, limit54 = c(5, 4)"""
DELTA = """b = 5, w = 3, noPeriods = 1, pastWeeksNotIncluded = 3, thresholdMethod = "delta", alpha = 0.005,
    weightsThreshold = 2.58, pThresholdTrend = 0.05, trend = TRUE, reweight = TRUE, limit54 = c(5, 4)"""
SETTINGS: dict[str, tuple[Detector, str]] = {
    "Noufaily nbPlugin, P = 10, converged": (FarringtonFlexible(), f"farringtonFlexible({NOUFAILY})"),
    "Noufaily nbPlugin, P = 10, R-exact": (
        FarringtonFlexible(mode="r_compatible"), f"farringtonFlexible({NOUFAILY})",
    ),
    "delta, P = 1, converged": (
        FarringtonFlexible(threshold="delta", blocks=1, guard=3, trend_p=0.05), f"farringtonFlexible({DELTA})",
    ),
    "EARS C1": (EarsC1(), 'earsC(method = "C1")'),
    "EARS C2": (EarsC2(), 'earsC(method = "C2")'),
    "EARS C3": (EarsC3(), 'earsC(method = "C3")'),
}  # fmt: skip
R_SCRIPT = """
suppressMessages(library(surveillance))
y <- as.matrix(read.csv("{counts}", header = FALSE))
judged <- {first}:{last}
{function_name} <- surveillance::{function_name}
clock <- proc.time()[["elapsed"]]
for (column in seq_len(ncol(y))) {{
  series <- sts(y[, column], start = c(2010, 1), frequency = 52)
  suppressWarnings({function_name}(series, control = list(range = judged, {controls})))
}}
cat(proc.time()[["elapsed"]] - clock)
"""


def simulated(series: int, weeks: int, *, seed: int = 1) -> pd.DataFrame:
    """Seasonal negative binomial counts, means 5 to 150, columns 0 … *series* − 1."""
    rng = np.random.default_rng(seed)
    base = np.array([(1.5, 0.4, 1.2), (2.5, 0.8, 3.0), (3.75, 0.1, 1.1), (5.0, 0.05, 1.2)])[np.arange(series) % 4]
    season = np.cos(2 * np.pi * np.arange(weeks)[:, None] / 52)
    mean = np.exp(base[:, 0] + base[:, 1] * season)
    counts = rng.negative_binomial(mean / (base[:, 2] - 1), 1 / base[:, 2])
    return pd.DataFrame(counts.astype(float), pd.date_range("2010-01-03", periods=weeks, freq="W-SUN"))


def numbers(fitted: Fitted) -> dict[str, np.ndarray]:
    """The engine's numbers under the names that `plain` gives."""
    verdicts = fitted.at()
    return {
        "expected": verdicts.expected_,
        "upper": verdicts.upper_,
        "pvalue": verdicts.pvalue_,
        "phi": fitted.number("dispersion"),
        "trend": fitted.number("trend"),
    }


def plain(y: np.ndarray, row: int, detector: FarringtonFlexible, periods: int = 52) -> dict[str, float]:
    """One judgement, step by step with statsmodels: expected, upper, p-value, dispersion, whether a trend stays."""
    from scipy.stats import nbinom, norm, poisson

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
    import statsmodels.api as sm  # not above: the memory that is measured is the engine's
    from scipy.stats import t as student

    def model(weights: np.ndarray) -> object:
        family = sm.families.Poisson()
        return sm.GLM(y, design, family=family, var_weights=weights).fit(tol=1e-13, maxiter=100, scale="X2")

    first = model(np.ones(len(y)))
    mean, phi = first.mu, max(first.scale, 1.0)  # type: ignore[attr-defined]
    hat = first.get_hat_matrix_diag(observed=False)  # type: ignore[attr-defined]
    residual = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi * (1 - hat))
    large = residual > detector.residual_threshold
    weights = np.where(large, np.where(large, residual, 1.0) ** -2.0, 1.0)
    weights = weights * len(y) / weights.sum()
    last = model(weights)
    phi = max(last.scale, 1.0)  # type: ignore[attr-defined]
    covariance = last.cov_params() * phi / last.scale  # type: ignore[attr-defined]
    blocks, time = design[:, :-1], design[:, -1]
    if design.shape[1] > len(np.unique(blocks, axis=0)):  # with a trend: its score test, the first fit's dispersion
        null = sm.GLM(y, blocks, family=sm.families.Poisson(), var_weights=weights).fit(tol=1e-13, maxiter=100)
        working = weights * null.mu
        spread = working @ (time - blocks @ ((working * time) @ blocks / (working @ blocks))) ** 2
        score = (weights * (y - null.mu)) @ time / np.sqrt(spread * max(first.scale, 1.0))  # type: ignore[attr-defined]
    else:
        score = np.nan
    return {
        "expected": float(np.exp(at @ last.params)),  # type: ignore[attr-defined]
        "phi": phi,
        "se": float(np.sqrt(at @ covariance @ at)),
        "p_trend": float(2 * student.sf(abs(score), len(y) - design.shape[1])),
    }


def loop_ratio(observed: pd.DataFrame) -> tuple[float, float]:
    """Judgements a second of the plain loop (Noufaily nbPlugin), and its largest relative difference."""
    detector = FarringtonFlexible()
    engine = numbers(detector.run(observed, last=LOOP_JUDGED))
    clock, worst = time.perf_counter(), 0.0
    for column in range(LOOP_SERIES):
        for back in range(LOOP_JUDGED):
            slow = plain(observed.to_numpy()[:, column], len(observed) - LOOP_JUDGED + back, detector)
            for key in ("expected", "upper", "pvalue", "phi"):
                worst = max(worst, abs(engine[key][back, column] / slow[key] - 1))
    return LOOP_SERIES * LOOP_JUDGED / (time.perf_counter() - clock), worst


def seconds_of_r(observed: pd.DataFrame, series: int, call: str) -> float:
    """What R takes for the task on one core, from *series* of the columns; NaN where R or its package lacks."""
    name, controls = call[:-1].split("(", 1)
    if shutil.which("Rscript") is None:
        return float("nan")
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.csv"
        pd.DataFrame(observed.to_numpy(int)[:, :series]).to_csv(counts, header=False, index=False)
        first = WEEKS - JUDGED + 1
        script = R_SCRIPT.format(counts=counts, first=first, last=WEEKS, function_name=name, controls=controls)
        done = subprocess.run(
            ["Rscript", "--vanilla", "-e", script], capture_output=True, text=True, timeout=1800, check=False
        )
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1] if done.stderr else "R failed", file=sys.stderr)
        return float("nan")
    return float(done.stdout) * SERIES / series


def best_of(work: Callable[[], object], cores: int) -> float:
    """The fastest of REPEATS runs on so many cores, in seconds."""
    chunks.CORES, before = cores, chunks.CORES
    times = []
    for _ in range(REPEATS):
        clock = time.perf_counter()
        work()
        times.append(time.perf_counter() - clock)
    chunks.CORES = before
    return min(times)


def peak() -> float:
    """The largest memory that this process has held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scaling() -> None:
    """Time and peak memory of one panel after the other, each in a process of its own."""
    print(f"\n{'series':>8}{'seconds':>10}{'per 1,000':>11}{'peak MB':>9}")
    for count in (1000, 5000, 20000, 50000):
        answer = subprocess.run(
            [sys.executable, __file__, "--panel", str(count)], capture_output=True, text=True, check=True
        )
        seconds, memory = map(float, answer.stdout.split())
        print(f"{count:8}{seconds:10.2f}{seconds / count * 1000:11.3f}{memory:9.0f}")


def panel(count: int) -> None:
    """A panel of *count* series, made and judged 1,000 at a time: seconds of judging, and peak memory."""
    spent, alarms = 0.0, 0
    for start in range(0, count, SERIES):
        observed = simulated(SERIES, WEEKS, seed=start)
        clock = time.perf_counter()
        alarms += int((FarringtonFlexible().assess(observed, last=JUDGED).alarm_ == 1).sum())
        spent += time.perf_counter() - clock
    print(spent, peak())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scaling", action="store_true", help="add the table of panels of 1,000 to 50,000 series")
    parser.add_argument("--r-series", type=int, default=20, help="how many of the series R judges")
    parser.add_argument("--panel", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.panel:
        panel(options.panel)
        return
    observed = simulated(SERIES, WEEKS)
    cores = os.cpu_count() or 1
    print(f"{SERIES} series × {JUDGED} judged weeks, {WEEKS} weeks of data; best of {REPEATS}; R on one core")
    print(f"{'setting':38}{'1 core s':>9}{f'{cores} cores':>9}{'R s':>8}{'ratio, 1':>10}{f'ratio, {cores}':>10}")
    for name, (detector, call) in SETTINGS.items():
        sample = options.r_series * (1 if "farrington" in call else 10)
        of_r = seconds_of_r(observed, sample, call)
        one, all_cores = (
            best_of(lambda judge=detector: judge.assess(observed, last=JUDGED), n)  # type: ignore[misc]
            for n in (1, cores)
        )
        print(
            f"{name:38}{one:9.3f}{all_cores:9.3f}{of_r:8.1f}{of_r / one:10.0f}{of_r / all_cores:10.0f}", flush=True
        )
    speed, worst = loop_ratio(observed)
    print(f"plain statsmodels loop: {speed:.1f} judgements/s; largest relative difference {worst:.1e}")
    if options.scaling:
        scaling()


if __name__ == "__main__":
    main()
