"""Compare the forecast models by rolling origins on the real monthly series, per indicator.

    python bench/forecast.py [STORE]

Without STORE a fresh one is made of the embedded figures. From five origins half a year apart six months are
forecast. MASE: mean absolute error / that of the in-sample seasonal naive forecast; WIS: the weighted interval
score over the same. Coverage: share of values within the band. Fell back: share of forecasts in which the model
did not converge and the seasonal naive one stood in.

Bracher J, Ray EL, Gneiting T, Reich NG (2021). Evaluating epidemic forecasts in an interval format. PLoS Comput
Biol 17, e1008618. doi:10.1371/journal.pcbi.1008618.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS, Indicator
from data_sources.ingest import open_store
from surveillance.forecast import LEAST, LEVELS, MODELS, PERIODS, Method, _newest_run, forecast
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import regular

ORIGINS, STEP, MOST_SERIES = 5, 6, 8


def study(root: Path) -> pd.DataFrame:
    """One row per indicator and model: series, forecasts, MASE, WIS, coverage of both bands, share fallen back."""
    store = open_store(root)
    day = store.publications()["as_of"].max().date()
    rows = []
    for watch in DEFAULT_PLAN.watches:
        record = INDICATORS[watch.indicator]
        wide = regular(store, day, watch.indicator, watch.substances)
        if wide is None or record.frequency != "MS":
            continue
        lines = [_newest_run(wide.observed[column]) for column in wide.observed]
        lines = [line for line in lines if len(line) >= LEAST + PERIODS and line.median() >= 5][:MOST_SERIES]
        for name in MODELS:
            errors = [row for line in lines for row in _one(line, record, name)]
            if errors:
                table = np.array(errors)
                rows.append([watch.indicator, name, len(lines), len(errors), *table.mean(axis=0)])
    scores = ["MASE", "WIS", "in 80 %", "in 95 %", "fell back"]
    return pd.DataFrame(rows, columns=["indicator", "model", "series", "forecasts", *scores])


def _one(line: pd.Series, record: Indicator, name: Method) -> Iterator[list[float]]:
    scale = float(np.abs(line.diff(12)).mean())
    for origin in range(ORIGINS):
        end = len(line) - PERIODS - origin * STEP
        if end < LEAST or scale == 0:
            return
        made = forecast(line.iloc[:end], record, method=name)
        assert made is not None
        true = line.iloc[end : end + PERIODS].to_numpy()
        inside = [((made[f"low{at}"] <= true) & (true <= made[f"high{at}"])).mean() for at in (80, 95)]
        error = float(np.abs(made["mean"] - true).mean())
        yield [error / scale, interval_score(made, true) / scale, *inside, float((made["model"] != name).all())]


def interval_score(made: pd.DataFrame, true: np.ndarray) -> float:
    """The mean weighted interval score of a forecast table: (½|y − m| + Σ a/2 · IS_a) / (K + ½), a = 1 − level.

    IS_a = high − low + 2/a · (how far y lies outside the band).
    """
    total = 0.5 * np.abs(made["mean"].to_numpy() - true)
    for level in LEVELS:
        low, high = (made[f"{side}{100 * level:.0f}"].to_numpy() for side in ("low", "high"))
        outside = np.maximum(low - true, 0) + np.maximum(true - high, 0)
        total = total + (1 - level) / 2 * (high - low) + outside
    return float(np.mean(total / (len(LEVELS) + 0.5)))


def main() -> None:
    if len(sys.argv) > 1:
        table = study(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            table = study(Path(folder))
    print(table.to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
