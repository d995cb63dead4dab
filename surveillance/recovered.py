"""The months inside published twelve-month sums, as far as they may be shown: with labels, seeds and bounds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.store import Store
from surveillance.disclosure import release
from surveillance.rolling import YEAR, recover
from surveillance.series import one_vintage

# The months that a sum consists of, where a publisher gives them. Reported figures only: a predicted sum moves with
# its factor, and half a per cent of twelve months is 6 % of one.
MONTHS_OF = {"us_overdose_deaths_12m": "us_overdose_deaths_monthly"}
PLACE = ["geography", "substance"]
COLUMNS = [*PLACE, "period", "value", "low", "high", "status", "provisional", "seed", "as_of"]


def months_inside(store: Store, as_of: date, indicator: str, geography: str, substance: str) -> pd.DataFrame:
    """`recovered` for one series: of the publication that is drawn for it, from months known on *as_of*.

    No rows where the indicator has no months, or no single publication holds the series.
    """
    if indicator in MONTHS_OF:
        drawn = one_vintage(store, as_of, INDICATORS[indicator])
        mine = drawn[(drawn["geography"] == geography) & (drawn["substance"] == substance)]
        origin = mine[["source", "as_of"]].drop_duplicates()
        if len(origin) == 1:
            whole = store.vintage(origin["source"].iloc[0], indicator, origin["as_of"].iloc[0].date())
            table = recovered(whole, store.known_on(as_of, [MONTHS_OF[indicator]]))
            return table[(table["geography"] == geography) & (table["substance"] == substance)]
    return pd.DataFrame(columns=COLUMNS)


def recovered(vintage: pd.DataFrame, seeds: pd.DataFrame | None = None) -> pd.DataFrame:
    """The months inside one publication's twelve-month sums, as far as they may be shown; one row per sum.

    *vintage*: all rows of the indicator in one publication (`Store.vintage`); *seeds*: rows of the indicator that
    MONTHS_OF names. `status` is `recovered` (`value` is the month; `seed`, four words, is the indicator and the
    year it began from, the day that year was published, and the factor to the first sum's level), `bounded` (no
    seed, or a gap since: `low` and `high` only) or `suppressed` (see `disclosure`). `low` and `high` follow from
    the sums alone, whatever the seed. A month is as provisional as the two sums that it comes from. Nothing is
    said of seasons without a seed.

    ValueError: more than one vintage or indicator, or one that has no months.
    """
    named = vintage[["indicator", "source", "as_of"]].drop_duplicates()
    if len(named) != 1 or named["indicator"].iloc[0] not in MONTHS_OF:
        raise ValueError(
            f"rows must be one publication's, of one of {sorted(MONTHS_OF)}, not {named.to_dict('list')}"
        )
    axis = pd.date_range(vintage["period"].min(), vintage["period"].max(), freq="MS", name="period")
    sums = vintage.pivot(index="period", columns=PLACE, values="value").reindex(axis)
    flags = vintage.pivot(index="period", columns=PLACE, values="provisional").reindex(axis).eq(True).to_numpy()
    months = pd.DataFrame(
        np.nan, pd.date_range(end=axis[-1], periods=len(axis) + YEAR - 1, freq="MS"), sums.columns
    )
    origin = {}
    for column, known in () if seeds is None else seeds.groupby(PLACE):
        found = _seed(sums[column].dropna(), known) if column in sums else None
        if found is not None:
            first, origin[column] = found
            line = sums.loc[first.index[-1] :, [column]]
            months.loc[first.index[0] :, column] = recover(line.to_numpy(), first.to_numpy()[:, None])[:, 0]
    shown = release(months, sums)
    provisional = flags.copy()
    provisional[1:] |= flags[:-1]
    keys = sums.columns.repeat(len(axis))
    parts = {"value": shown.months, "low": shown.low, "high": shown.high, "status": shown.status}
    rows = pd.DataFrame({name: frame.to_numpy().T.ravel() for name, frame in parts.items()})
    seed = np.array([origin.get(column, "") for column in keys], dtype=object)
    return rows.assign(
        geography=keys.get_level_values(0),
        substance=keys.get_level_values(1),
        period=np.tile(axis, sums.shape[1]),
        provisional=provisional.T.ravel(),
        seed=np.where(rows["status"] == "recovered", seed, ""),
        as_of=named["as_of"].iloc[0],
    )[COLUMNS]


def _seed(sums: pd.Series, known: pd.DataFrame) -> tuple[pd.Series, str] | None:
    """The twelve months that the first sum consists of, scaled to it, and their origin; None without all twelve.

    The factor is there because the monthly file counts residents, and the sums deaths that happened in the place.
    """
    if sums.empty:
        return None
    year = pd.date_range(end=sums.index[0], periods=YEAR, freq="MS")
    mine = known.dropna(subset="value").set_index("period").reindex(year)
    total = mine["value"].sum()
    if mine["value"].isna().any() or not total > 0:
        return None
    factor = sums.iloc[0] / total
    origin = (
        f"{mine['indicator'].iloc[0]} {year[0]:%Y-%m}/{year[-1]:%Y-%m} {mine['as_of'].max():%Y-%m-%d} {factor:.4f}"
    )
    return mine["value"] * factor, origin
