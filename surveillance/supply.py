"""Seizures by year and per event: whole years only against whole years, and what one event's share can be."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

Year = Literal["calendar", "fiscal"]
FIRST_MONTH: dict[str, int] = {"calendar": 1, "fiscal": 10}


def years(months: pd.Series, kind: Year) -> pd.DataFrame:
    """The sums of a monthly series by calendar year, or by US fiscal year (October to September, named by its end).

    One row a year: year, total, months (held), whole (all twelve), change (against the year before, as a share; NaN
    where either is part of a year or the year before is 0). A missing month leaves a year part, never 0.
    """
    held = months.dropna()
    index = pd.DatetimeIndex(held.index)
    first = FIRST_MONTH[kind]
    named = index.year + ((index.month >= first) & (first > 1)).astype(int)
    grouped = held.groupby(np.asarray(named))
    table = pd.DataFrame({"total": grouped.sum(), "months": grouped.size()}).rename_axis("year").reset_index()
    table["whole"] = table["months"] == 12
    before = table.set_index("year")["total"].where(table.set_index("year")["whole"])
    then = before.reindex(table["year"] - 1).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(table["whole"] & (then > 0), table["total"] / then - 1, np.nan)
    return table.assign(change=change)


def per_event(weight: pd.Series, events: pd.Series) -> pd.DataFrame:
    """By month: weight, events, mean (weight / events) and least_share, the least that the largest event can weigh.

    Publishers give sums, so a single event's weight is unknown: among n events the largest holds at least 1/n of
    the month, all of it where n = 1; above that it cannot be known. NaN without an event or without a figure.
    """
    table = pd.DataFrame({"weight": weight, "events": events}).sort_index()
    some = table["events"].where(table["events"] > 0)
    return table.assign(mean=table["weight"] / some, least_share=1 / some)


def by_area(weight: pd.DataFrame, events: pd.DataFrame | None) -> pd.DataFrame:
    """Per area (column) the newest twelve months all areas have: area, weight, events, mean, share of the weight.

    NaN where a month of the twelve is missing; events NaN where none are held.
    """
    last = weight.dropna(how="all").index[-12:]
    total = weight.loc[last].sum(skipna=False).rename("weight")
    if events is None:
        count = pd.Series(np.nan, total.index)
    else:
        count = events.reindex(index=last, columns=total.index).sum(skipna=False)
    table = pd.DataFrame({"weight": total, "events": count})
    table["mean"] = table["weight"] / table["events"].where(table["events"] > 0)
    table["share"] = table["weight"] / table["weight"].sum() if table["weight"].sum() > 0 else np.nan
    return table.rename_axis("area").reset_index().sort_values("weight", ascending=False, ignore_index=True)
