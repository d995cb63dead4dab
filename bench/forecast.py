"""Compare the forecast models by rolling origins on the real monthly series, per indicator.

    python bench/forecast.py [STORE]

Without STORE a fresh one is made of the embedded figures. From five origins half a year apart six months are
forecast. MASE: mean absolute error / that of the in-sample seasonal naive forecast. Coverage: share of values
within the band.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.ingest import open_store
from surveillance.forecast import LEAST, MODELS, PERIODS, _newest_run, forecast
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import regular

ORIGINS, STEP, MOST_SERIES = 5, 6, 8


def study(root: Path) -> pd.DataFrame:
    """One row per indicator and model: series, forecasts, MASE, coverage of the 80 and 95 % bands."""
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
    return pd.DataFrame(rows, columns=["indicator", "model", "series", "forecasts", "MASE", "in 80 %", "in 95 %"])


def _one(line: pd.Series, record, name):  # type: ignore[no-untyped-def]
    scale = float(np.abs(line.diff(12)).mean())
    for origin in range(ORIGINS):
        end = len(line) - PERIODS - origin * STEP
        if end < LEAST or scale == 0:
            return
        made = forecast(line.iloc[:end], record, method=name)
        true = line.iloc[end : end + PERIODS].to_numpy()
        inside80 = (made["low80"] <= true) & (true <= made["high80"])
        inside95 = (made["low95"] <= true) & (true <= made["high95"])
        yield [float(np.abs(made["mean"] - true).mean()) / scale, inside80.mean(), inside95.mean()]


def main() -> None:
    if len(sys.argv) > 1:
        table = study(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            table = study(Path(folder))
    print(table.to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
