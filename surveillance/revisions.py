"""How much a publisher changed a series after first printing it."""

from __future__ import annotations

import numpy as np
import pandas as pd


def sizes(log: pd.DataFrame) -> pd.DataFrame:
    """Per source and period that was printed twice or more: first and newest figure, change in per cent, prints.

    *log*: the store's change log of one series (source, period, as_of, value, status). change = 100 · (newest −
    first) / first; NaN where the first figure is 0 or the newest was withdrawn. Sources are never mixed.
    """
    rows = log.sort_values(["source", "period", "as_of"])
    grouped = rows.dropna(subset=["value"]).groupby(["source", "period"])
    table = pd.DataFrame({"first": grouped["value"].first(), "first_as_of": grouped["as_of"].first()})
    last = rows.groupby(["source", "period"]).tail(1).set_index(["source", "period"])
    table = table.join(last[["value", "as_of"]].rename(columns={"value": "newest", "as_of": "newest_as_of"}))
    table["prints"] = rows.groupby(["source", "period"]).size()
    table["change"] = 100 * (table["newest"] - table["first"]) / table["first"].where(table["first"] != 0, np.nan)
    return table[table["prints"] > 1].reset_index()


def typical(changes: pd.DataFrame) -> tuple[float, float]:
    """Median and largest absolute change in per cent; NaN where nothing was revised."""
    size = changes["change"].abs().dropna()
    return (float(size.median()), float(size.max())) if len(size) else (float("nan"), float("nan"))
