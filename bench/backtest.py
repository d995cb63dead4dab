"""Judge every month of the real weights, rates and twelve-month sums from the months before it.

    python bench/backtest.py STORE

STORE holds the imported files of CBP (three windows) and CDC (one vintage); the rates come with the embedded
figures. Printed per setting: judgements, and the share of months above the line, %, at four nominal rates. Real
outbreaks count as false alarms here, so that the shares are upper bounds of the false-alarm rate. Then, for the
plan's own settings at 1 %, where the alarms lie: by year, by quarter of the expected values, and in the lower tail.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from data_sources.ingest import open_store
from data_sources.store import Store
from surveillance.detectors import Detector, SeasonalRegression, TwelveMonthEnding
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import Wide, regular

ALPHAS = (0.05, 0.01, 0.003, 0.001)
LEVEL = {"least_share": 0.0, "tail_df": 45.0}  # every baseline, a tail close to the normal

STUDIES: dict[str, dict[str, Detector]] = {
    "us_cbp_seizure_weight": {
        "3 years, level, df 45": SeasonalRegression(years=3, least=36, **LEVEL),
        "4 years, level, df 45": SeasonalRegression(years=4, least=48, **LEVEL),
        "5 years, level, df 45": SeasonalRegression(years=5, least=60, **LEVEL),
        "4 years, line, df 45": SeasonalRegression(years=4, least=48, trend=True, **LEVEL),
        "4 years, a third above zero, df 8": SeasonalRegression(least=48, tail_df=8.0),
        "4 years, a third above zero, df 5": SeasonalRegression(least=48, tail_df=5.0),
        "4 years, a third above zero, df 4": SeasonalRegression(least=48, tail_df=4.0),
    },
    "us_overdose_ed_rate": {
        "sqrt, 3 years, level, df 30": SeasonalRegression(transform="sqrt", years=3, tail_df=30.0),
        "sqrt, 3 years, line, df 30": SeasonalRegression(transform="sqrt", years=3, trend=True, tail_df=30.0),
        "sqrt, 4 years, line, df 30": SeasonalRegression(transform="sqrt", years=4, trend=True, tail_df=30.0),
        "sqrt, 5 years, line, df 30": SeasonalRegression(transform="sqrt", years=5, trend=True, tail_df=30.0),
        "log1p, 3 years, line, df 30": SeasonalRegression(years=3, trend=True, tail_df=30.0),
    },
    "us_overdose_deaths_12m": {
        "5 years, df 47": TwelveMonthEnding(years=5, tail_df=47.0),
        "4 years, df 35": TwelveMonthEnding(years=4, tail_df=35.0),
        "3 years, df 23": TwelveMonthEnding(years=3, tail_df=23.0),
        "3 years, df 8": TwelveMonthEnding(years=3, tail_df=8.0),
        "3 years, df 6": TwelveMonthEnding(years=3, tail_df=6.0),
    },
}


def held(store: Store) -> Iterator[tuple[str, Detector, Wide]]:
    """Each studied indicator with the plan's detector and its series as known on the newest day."""
    day = store.publications()["as_of"].max().date()
    for indicator in STUDIES:
        watch = DEFAULT_PLAN[indicator]
        wide = regular(store, day, indicator, watch.substances)
        if wide is not None:
            yield indicator, watch.detector, wide


def study(store: Store) -> Iterator[list[object]]:
    """Rows of indicator, setting, series, judgements and the shares above the line; the plan's own setting last."""
    for indicator, planned, wide in held(store):
        for name, detector in {**STUDIES[indicator], "as planned": planned}.items():
            count, shares = above(detector, wide.observed, wide.judge)
            yield [indicator, name, wide.observed.shape[1], count, *shares]


def where(store: Store) -> Iterator[list[object]]:
    """Rows of indicator, part of its judgements, their number, and the share of alarms of the plan at 1 %."""
    for indicator, planned, wide in held(store):
        verdicts = replace(planned, alpha=0.01).assess(wide.observed, judge=wide.judge)  # type: ignore[type-var]
        able = verdicts.alarm_ >= 0
        alarm = pd.Series(verdicts.alarm_[able] == 1)
        year = pd.Series(wide.observed.index.year.to_numpy()[np.nonzero(able)[0]])
        quarter = pd.qcut(verdicts.expected_[able], 4, labels=["lowest", "second", "third", "highest"])
        for part in (year.rename("year"), pd.Series(quarter, name="expected")):
            for name, group in alarm.groupby(part, observed=True):
                yield [indicator, f"{part.name} {name}", len(group), 100 * group.mean()]
        low = pd.Series(verdicts.pvalue_low_[able] < 0.01)
        yield [indicator, "lower tail", len(low), 100 * low.mean()]
        for name, group in low.groupby(year):
            yield [indicator, f"lower tail {name}", len(group), 100 * group.mean()]


def above(detector: Detector, observed: pd.DataFrame, judge: pd.DataFrame) -> tuple[int, list[float]]:
    """How many months could be judged, and the percentage of them above the line at each of ALPHAS."""
    alarms = [replace(detector, alpha=alpha).assess(observed, judge=judge).alarm_ for alpha in ALPHAS]  # type: ignore[type-var]
    judged = [alarm[alarm >= 0] for alarm in alarms]
    return len(judged[0]), [100 * float(alarm.mean()) for alarm in judged]


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    store = open_store(Path(sys.argv[1]))
    columns = ["indicator", "setting", "series", "judged", *(f"at {100 * alpha:g}" for alpha in ALPHAS)]
    print(pd.DataFrame(study(store), columns=columns).to_string(index=False, float_format="%.2f"))
    parts = pd.DataFrame(where(store), columns=["indicator", "part", "judged", "%"])
    print(parts.to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
