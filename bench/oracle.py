"""Compare the detectors with results of R surveillance 1.20.3, one line per setting.

    python bench/oracle.py [FOLDER]

FOLDER holds inputs.csv.gz and outputs/<setting>.csv.gz; without it, the part that the tests carry is used.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from surveillance import detectors
from surveillance.detectors import Verdicts

CARRIED = Path(__file__).resolve().parents[1] / "tests" / "data" / "oracle"
SETTINGS = json.loads((CARRIED / "settings.json").read_text())


@dataclass
class Differences:
    """How the answers on one setting differ from R's: numbers of points, and largest relative differences."""

    points: int = 0
    alarm: int = 0
    na: int = 0
    trend: int = 0
    bound_na: int = 0
    bound: float = 0.0
    expected: float = 0.0
    phi: float = 0.0
    pvalue: float = 0.0
    statistic: float = 0.0


def compare(setting: str, folder: Path) -> Differences:
    """The differences on one setting; the trend of the constant series is left out: there its p is 0/0.

    A setting may also say which series are left out and why, whether R's training ended with the period before the
    first answer, for which series R's own dispersion is taken, and what R's bound is: a count, the next whole one,
    of a sum of four, the statistic, or nothing.
    """
    spec = SETTINGS[setting]
    parameters = {key: tuple(v) if isinstance(v, list) else v for key, v in spec["parameters"].items()}
    detector = getattr(detectors, spec["detector"])(**parameters)
    inputs = pd.read_csv(folder / "inputs.csv.gz").sort_values("t")
    where = folder / "outputs" if (folder / "outputs").exists() else folder
    found = Differences()
    for name, answers in pd.read_csv(where / f"{setting}.csv.gz").groupby("series"):
        if name not in spec.get("left_out", ()):
            _one(found, spec, detector, inputs[inputs["series"] == name], answers, str(name))
    return found


def _one(
    found: Differences,
    spec: dict,  # type: ignore[type-arg]
    detector: object,
    data: pd.DataFrame,
    answers: pd.DataFrame,
    name: str,
) -> None:
    dates = pd.to_datetime(data["date"])
    monthly = bool((dates.diff().dt.days > 20).any())
    if monthly and spec["detector"] == "Farrington1996":
        detector = replace(detector, half_window=1)  # type: ignore[type-var]
    start, step = ("1990-01-01", "MS") if monthly else ("1990-01-07", "W-SUN")
    index = pd.date_range(start, periods=len(data), freq=step)
    if spec["parameters"].get("index") == "date":
        index = pd.DatetimeIndex(dates)
    observed = pd.DataFrame({"y": data["observed"].to_numpy(float)}, index)
    population = pd.DataFrame({"y": data["population"].to_numpy(float)}, index) if spec["population"] else None
    row = answers["t"].to_numpy() - 1
    if name in spec.get("dispersion_of_r", ()):
        detector = replace(detector, dispersion=float(answers["alpha"].iloc[0]))  # type: ignore[type-var]
    if spec.get("trained_before"):
        detector = replace(detector, training=int(row[0]))  # type: ignore[type-var]
    judge = pd.DataFrame({"y": np.isin(np.arange(len(data)), row)}, index)
    ours: dict[str, np.ndarray] = {}
    if hasattr(detector, "run"):
        full = detector.run(observed, judge=judge, population=population)
        ours = {"phi": full.number("dispersion"), "trend": full.number("trend")}
        verdicts = full.at()
    else:
        verdicts = detector.assess(observed, judge=judge, population=population)  # type: ignore[attr-defined]
    alarm, upper = verdicts.alarm_[row, 0], verdicts.upper_[row, 0]
    theirs, bound = answers["alarm"].to_numpy(float), answers["upperbound"].to_numpy(float)
    if spec["detector"] == "Farrington1996":  # R writes a bound of 0 for too few cases
        bound = np.where(bound == 0, np.nan, bound)
        if name == "e_constant":  # where R keeps a trend whose p is 0/0
            bound = np.where(answers["trend"] == 1, np.nan, bound)
            upper = np.where(answers["trend"] == 1, np.nan, upper)
    if "bound" in spec:
        line = spec["parameters"].get("threshold", 1.0)
        upper, bound = _charted(found, spec["bound"], line, verdicts, answers, row)
    found.points += len(row)
    found.na += int((np.isnan(theirs) != (alarm < 0)).sum())
    found.alarm += int(((theirs == 1) != (alarm == 1)).sum())
    found.bound_na += int((np.isnan(bound) != np.isnan(upper)).sum())
    found.bound = max(found.bound, _largest(upper, bound))
    for column in {"expected", "m", "mu0"} & set(answers if "bound" in spec else ["expected"]) & set(answers):
        expected = answers[column].to_numpy(float)
        found.expected = max(found.expected, _largest(verdicts.expected_[row, 0], expected))
    if "pvalue" in answers and spec["parameters"].get("threshold") != "muan":  # R's is that of the raised mean
        found.pvalue = max(found.pvalue, _largest(verdicts.pvalue_[row, 0], answers["pvalue"].to_numpy(float)))
    if "trend" in answers:
        if "phi" in answers:
            found.phi = max(found.phi, _largest(ours["phi"][row, 0], answers["phi"].to_numpy(float)))
        if name != "e_constant":
            trend = answers["trend"].to_numpy(float)
            found.trend += int(((trend != ours["trend"][row, 0]) & ~np.isnan(trend)).sum())


def _charted(
    found: Differences, kind: str, line: float, verdicts: Verdicts, answers: pd.DataFrame, row: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both bounds of a control chart on R's scale, where R states one that can be reached; notes the statistic."""
    ours, theirs = verdicts.upper_[row, 0], answers["upperbound"].to_numpy(float)
    assert verdicts.ratio_ is not None
    statistic = verdicts.ratio_[row, 0] * line
    for column in {"statistic": ["upperbound"], "sum of four": []}.get(kind, ["cusum"]):
        if column in answers:
            found.statistic = max(found.statistic, _largest(statistic, answers[column].to_numpy(float)))
    if kind in ("statistic", "nothing"):
        return ours * np.nan, theirs * np.nan
    if kind == "sum of four":
        before = sum(verdicts.observed_[row - back, 0] for back in (1, 2, 3))
        theirs = np.maximum(theirs - before, 0)
    if kind == "next whole":
        ours = np.ceil(ours)
    reached = ~np.isnan(answers["alarm"].to_numpy(float)) & (ours > 0)  # R squares what lies below 0
    return np.where(reached, ours, np.nan), np.where(reached, theirs, np.nan)


def _largest(ours: np.ndarray, theirs: np.ndarray) -> float:
    difference = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-2)  # C3's bound is 0 but for rounding
    known = ~np.isnan(difference) & (ours != theirs)
    return float(difference[known].max()) if known.any() else 0.0


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CARRIED
    names = ("points", "alarm", "NA", "trend", "U NA", "U rel.", "mean rel.", "phi rel.", "p rel.", "S rel.")
    print(f"{'setting':18}" + "".join(f"{name:>10}" for name in names))
    total = Differences()
    for setting in SETTINGS:
        where = folder / "outputs" if (folder / "outputs").exists() else folder
        if not (where / f"{setting}.csv.gz").exists():
            continue
        d = compare(setting, folder)
        counts = (d.points, d.alarm, d.na, d.trend, d.bound_na)
        largest = (d.bound, d.expected, d.phi, d.pvalue, d.statistic)
        print(f"{setting:18}" + "".join(f"{n:10}" for n in counts) + "".join(f"{x:10.1e}" for x in largest))
        for name in ("points", "alarm", "na", "trend", "bound_na"):
            setattr(total, name, getattr(total, name) + getattr(d, name))
    sums = (total.points, total.alarm, total.na, total.trend, total.bound_na)
    print(f"{'all':18}" + "".join(f"{n:10}" for n in sums))


if __name__ == "__main__":
    main()
