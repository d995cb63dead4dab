"""What a bulletin tells beside the signals: what was revised, and how seizures at the border moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.observations import SERIES
from data_sources.store import Store
from surveillance.assessment import Assessment
from surveillance.series import regular
from surveillance.situation import Direction, change

WEEK = timedelta(days=7)
BORDER = "US-CBP-southwest-border"
DRUGS = ("fentanyl", "methamphetamine", "cocaine", "heroin")
REVISED = (*SERIES, "period", "before", "after", "change")


def revised(store: Store, assessment: Assessment, since: timedelta = WEEK) -> pd.DataFrame:
    """Figures of watched series that were changed by their publishers in the days before the assessment (REVISED).

    `change` in per cent of the figure before, NaN where that was 0. A figure that is no longer reported (suppressed
    or withdrawn) is listed with neither value: what is suppressed now is printed nowhere, not even as it was.
    """
    watched = assessment.series[SERIES]
    names = sorted(watched["indicator"].unique())
    key = [*SERIES, "period"]
    now = store.known_on(assessment.as_of, names).merge(watched, on=SERIES)[[*key, "value", "status"]]
    then = store.known_on(assessment.as_of - since, names)[[*key, "value", "status"]]
    both = then.merge(now, on=key, suffixes=("_then", "_now"))
    both = both[both["value_then"].notna()]
    gone = both["value_now"].isna()
    moved = both[gone | (both["value_now"] != both["value_then"])].rename(
        columns={"value_then": "before", "value_now": "after"}
    )
    moved = moved.assign(before=moved["before"].where(moved["after"].notna()))
    share = 100 * (moved["after"] - moved["before"]) / moved["before"].where(moved["before"] != 0, np.nan)
    return moved.assign(change=share)[list(REVISED)].sort_values(key, ignore_index=True)


def largest(changes: pd.DataFrame) -> pd.DataFrame:
    """Per indicator: `figures` revised, `typical` (median) and largest absolute change in per cent, and where.

    Columns indicator, figures, typical, geography, substance, period, before, after, change (the largest); NaN
    where no change in per cent can be told.
    """
    rows = []
    for name, part in changes.groupby("indicator"):
        size = part["change"].abs()
        top = part.loc[size.idxmax()] if size.notna().any() else part.iloc[0]
        rows.append(
            {"indicator": name, "figures": len(part), "typical": float(size.median())}
            | {column: top[column] for column in REVISED[1:]}
        )
    return pd.DataFrame(rows, columns=["indicator", "figures", "typical", *REVISED[1:]])


@dataclass(frozen=True)
class Supply:
    """One drug at the southwest border: pounds seized in the newest three months against a year earlier.

    `ratio` with its 80 % interval `low` … `high` is `situation.change`'s; NaN where history is short. `year` is the
    sum of the newest twelve months. NaN where a month is missing.
    """

    substance: str
    period: pd.Timestamp
    newest: float
    year: float
    ratio: float
    low: float
    high: float

    @property
    def direction(self) -> Direction:
        """A word for change only where the 80 % interval excludes none."""
        if np.isnan(self.low) or np.isnan(self.high):
            return "unknown"
        if self.low > 1:
            return "higher"
        return "lower" if self.high < 1 else "unclear"


def supply(store: Store, as_of: date) -> list[Supply]:
    """The main drugs seized at the southwest border as known on *as_of*; those that are held."""
    record = INDICATORS["us_cbp_seizure_weight"]
    wide = regular(store, as_of, record.id)
    out = []
    for substance in DRUGS:
        if wide is None or (BORDER, substance) not in wide.observed:
            continue
        line = wide.observed[BORDER, substance]
        last = line.last_valid_index()
        if last is None:
            continue
        line = line.loc[:last]
        newest, year = (float(line.tail(months).sum(skipna=False, min_count=months)) for months in (3, 12))
        out.append(Supply(substance, pd.Timestamp(last), newest, year, *change(line, record)))
    return out
