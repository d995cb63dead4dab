"""What each stored publication printed of each period, by lag, and how far it was from the newest figure."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.store import Store

COLUMNS = ("source", "geography", "substance", "period", "lag", "as_of", "value")
MAX_LAG = 24  # months after a period that are looked at; what is settled by then hardly moves
LEAST = 20.0  # a first print below this says nothing in per cent: one case more is 5 %


def prints(store: Store, indicator: str, as_of: date, *, max_lag: int = MAX_LAG) -> pd.DataFrame:
    """Every figure that a publication held on *as_of* gave of a period at most *max_lag* months old (COLUMNS).

    lag = calendar months from the period to the publication. Each figure comes from one complete publication; of
    several publications of a source in one month the newest counts. Only reported values: what was suppressed or
    not reported has no row. Empty for an indicator that is not monthly.
    """
    if INDICATORS[indicator].frequency != "MS":
        return _empty()
    parts = []
    for source in store.sources():
        days = {(day.year, day.month): day for day in store.vintages(source, indicator) if day <= as_of}
        for day in days.values():
            rows = store.vintage(source, indicator, day)
            lag = (day.year - rows["period"].dt.year) * 12 + day.month - rows["period"].dt.month
            kept = rows.assign(lag=lag)[(lag <= max_lag) & rows["value"].notna()]
            parts.append(kept.assign(as_of=pd.Timestamp(day))[list(COLUMNS)])
    return pd.concat(parts, ignore_index=True) if parts else _empty()


def best_documented(found: pd.DataFrame) -> str | None:
    """The source with figures of most publications, of several that with most figures; None without any."""
    if found.empty:
        return None
    told = found.groupby("source").agg(days=("as_of", "nunique"), figures=("value", "size"))
    return str(told.sort_values(["days", "figures"], kind="stable").index[-1])


def triangle(found: pd.DataFrame, as_of: date, *, periods: int = 24, max_lag: int = 12) -> pd.DataFrame:
    """One series of one source as cells of period × lag: columns period, lag, published, value, share, held.

    The newest *periods* months for which a figure is held, lags 0 … *max_lag*; cells that lie after *as_of* are
    left out. `share` = value / newest figure held of that period (NaN where that is 0); a cell without a
    publication has `held` False and no value; `published` is the month of the publication.
    Raises ValueError for figures of more than one source or series.
    """
    if len(found[["source", "geography", "substance"]].drop_duplicates()) > 1:
        raise ValueError("one series of one source at a time: vintages of two are never mixed")
    if found.empty:
        return pd.DataFrame(columns=["period", "lag", "published", "value", "share", "held"])
    last = found["period"].max()
    months = pd.date_range(end=last, periods=periods, freq="MS").as_unit("s")
    cells = pd.MultiIndex.from_product([months, range(max_lag + 1)], names=["period", "lag"])
    newest = found.sort_values("as_of").groupby("period")["value"].last()
    values = found.set_index(["period", "lag"])["value"].reindex(cells)
    table = values.rename("value").reset_index()
    table.insert(2, "published", [day + pd.DateOffset(months=lag) for day, lag in cells])
    final = table["period"].map(newest)
    table["share"] = table["value"] / final.where(final != 0)
    table["held"] = table["value"].notna()
    reached = (as_of.year - table["period"].dt.year) * 12 + as_of.month - table["period"].dt.month
    return table[table["lag"] <= reached].reset_index(drop=True)


def changes_by_lag(found: pd.DataFrame, *, least: float = LEAST) -> pd.DataFrame:
    """Per lag: how far the figure printed then is from the newest one of the same source, in per cent.

    change = 100 · (newest − printed)/printed, pooled over all series and periods of *found*. Columns lag, figures
    (how many), low10, median, high90, least, most, changed (the share not printed again as it was). Figures below
    *least*, and those of which no later publication is held, are left out. Empty where nothing is left.
    """
    keys = ["source", "geography", "substance", "period"]
    rows = found.sort_values([*keys, "as_of"], kind="stable")
    grouped = rows.groupby(keys)
    newest, last = grouped["value"].transform("last"), grouped["as_of"].transform("last")
    usable = (rows["as_of"] < last) & (rows["value"] >= least)
    change = (100 * (newest - rows["value"]) / rows["value"].where(rows["value"] != 0, np.nan))[usable]
    by = change.groupby(rows.loc[usable, "lag"])
    table = pd.DataFrame(
        {
            "figures": by.size(), "low10": by.quantile(0.1), "median": by.median(), "high90": by.quantile(0.9),
            "least": by.min(), "most": by.max(), "changed": by.apply(lambda each: float((each != 0).mean())),
        }
    )  # fmt: skip
    return table.rename_axis("lag").reset_index()


def _empty() -> pd.DataFrame:
    text, dates = ("source", "geography", "substance"), ("period", "as_of")
    kinds = (
        dict.fromkeys(text, "str") | dict.fromkeys(dates, "datetime64[s]") | {"lag": "int64", "value": "float64"}
    )
    return pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in COLUMNS})
