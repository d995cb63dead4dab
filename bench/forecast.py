"""Compare the forecast models by rolling origins on the real monthly series, per indicator.

    python bench/forecast.py [STORE [PYTHON]]

Without STORE a fresh one is made of the embedded figures. PYTHON is an interpreter that has statsforecast, whose
AutoETS and MSTL are then scored beside ours; it stands apart because it needs an older pandas. From four origins
half a year apart six months are forecast, of at most MOST series an indicator, evenly spread over all that qualify.
MASE: mean absolute error / that of the in-sample seasonal naive forecast; WIS: the weighted interval score over the
same. Coverage: share of values within the band. Fell back: share of forecasts in which the model did not converge
and the seasonal naive one stood in.

Bracher J, Ray EL, Gneiting T, Reich NG (2021). Evaluating epidemic forecasts in an interval format. PLoS Comput
Biol 17, e1008618. doi:10.1371/journal.pcbi.1008618.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from surveillance.forecast import LEAST, MODELS, PERIODS, _fitted, _newest_run
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import regular

ORIGINS, STEP, MOST = 4, 6, 12
LEVELS = (0.5, 0.8, 0.95)
OUTSIDE = Path(__file__).with_name("outside_forecast.py")


@dataclass(frozen=True)
class Origin:
    """One series up to one origin, what came then, and the mean absolute yearly step."""

    indicator: str
    series: int
    past: np.ndarray
    true: np.ndarray
    scale: float

    @property
    def z(self) -> np.ndarray:
        return np.asarray(np.log(self.past + 0.5))


def origins(root: Path) -> list[Origin]:
    """All origins of all indicators."""
    store = open_store(root)
    day = store.publications()["as_of"].max().date()
    found = []
    for watch in DEFAULT_PLAN.watches:
        wide = regular(store, day, watch.indicator, watch.substances)
        if wide is None or INDICATORS[watch.indicator].frequency != "MS":
            continue
        lines = [_newest_run(wide.observed[column]) for column in wide.observed]
        lines = [line for line in lines if len(line) >= LEAST + PERIODS and line.median() >= 5]
        for place in sorted(set(np.linspace(0, len(lines) - 1, MOST).astype(int))) if lines else []:
            line = lines[place]
            scale = float(np.abs(line.diff(12)).mean())
            for origin in range(ORIGINS):
                end = len(line) - PERIODS - origin * STEP
                if end >= LEAST and scale > 0:
                    values = line.to_numpy(dtype=float)
                    found.append(Origin(watch.indicator, place, values[:end], values[end : end + PERIODS], scale))
    return found


def study(found: list[Origin], outside: str | None = None) -> pd.DataFrame:
    """One row per indicator and model: series, forecasts, MASE, WIS, coverage of the bands, share fallen back."""
    rows = []
    for name in MODELS:
        for origin in found:
            used, (mean, error) = _fitted(name, origin.z, PERIODS)
            rows.append([origin.indicator, name, origin.series, *scores(mean, error, origin), float(used != name)])
    if outside:
        asked = json.dumps({"series": [origin.z.tolist() for origin in found], "periods": PERIODS})
        said = subprocess.run([outside, str(OUTSIDE)], input=asked, capture_output=True, text=True, check=True)
        for name, answers in json.loads(said.stdout).items():
            for origin, (mean, error) in zip(found, answers, strict=True):
                known = scores(np.array(mean), np.array(error), origin)
                rows.append([origin.indicator, name, origin.series, *known, 0.0])
    names = ["MASE", "WIS", *(f"in {level:.0%}" for level in LEVELS), "fell back"]
    table = pd.DataFrame(rows, columns=["indicator", "model", "series", *names])
    groups = table.groupby(["indicator", "model"], sort=False)
    counts = groups["series"].agg(series="nunique", forecasts="size")
    return counts.join(groups[names].mean()).reset_index().sort_values(["indicator", "WIS"])


def scores(mean: np.ndarray, error: np.ndarray, origin: Origin) -> list[float]:
    """MASE, WIS and the coverage of each band, of a forecast that is normal on the log scale."""
    made = pd.DataFrame({"mean": np.maximum(np.exp(mean) - 0.5, 0)})
    for level in LEVELS:
        reach = ndtri((1 + level) / 2) * error
        made[f"low{100 * level:.0f}"] = np.maximum(np.exp(mean - reach) - 0.5, 0)
        made[f"high{100 * level:.0f}"] = np.exp(mean + reach) - 0.5
    true = origin.true
    inside = [
        float(((made[f"low{at:.0f}"] <= true) & (true <= made[f"high{at:.0f}"])).mean())
        for at in (100 * level for level in LEVELS)
    ]
    error_size = float(np.abs(made["mean"] - true).mean())
    return [error_size / origin.scale, interval_score(made, true) / origin.scale, *inside]


def interval_score(made: pd.DataFrame, true: np.ndarray) -> float:
    """The mean weighted interval score of a table of bands: (½|y − m| + Σ a/2 · IS_a) / (K + ½), a = 1 − level.

    IS_a = high − low + 2/a · (how far y lies outside the band).
    """
    levels = [level for level in LEVELS if f"low{100 * level:.0f}" in made]
    total = 0.5 * np.abs(made["mean"].to_numpy() - true)
    for level in levels:
        low, high = (made[f"{side}{100 * level:.0f}"].to_numpy() for side in ("low", "high"))
        outside = np.maximum(low - true, 0) + np.maximum(true - high, 0)
        total = total + (1 - level) / 2 * (high - low) + outside
    return float(np.mean(total / (len(levels) + 0.5)))


def main() -> None:
    outside = sys.argv[2] if len(sys.argv) > 2 else None
    if len(sys.argv) > 1:
        table = study(origins(Path(sys.argv[1])), outside)
    else:
        with tempfile.TemporaryDirectory() as folder:
            table = study(origins(Path(folder)), outside)
    print(table.to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
