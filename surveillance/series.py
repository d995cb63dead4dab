"""Observations made regular: one gap-free frame of periods × series per indicator, with what may be judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS, Indicator
from data_sources.observations import SERIES, period_end
from data_sources.store import Store

PLACE = ["geography", "substance"]
_CONTIGUOUS = 48  # monthly figures that make a publication a series, not a few quoted values


@dataclass(frozen=True)
class Wide:
    """All series of one indicator on one axis without gaps; columns are (geography, substance).

    `observed` is NaN where there is no value and `status` says why ("" = nothing was published);
    `judge` marks the values that may be judged: published, and not among the newest that still fill.
    """

    indicator: Indicator
    observed: pd.DataFrame
    status: pd.DataFrame
    provisional: pd.DataFrame
    judge: pd.DataFrame

    def __getitem__(self, columns: slice | list[tuple[str, str]]) -> Wide:
        """The same with some of its series: a slice of them, or their (geography, substance)."""

        def some(frame: pd.DataFrame) -> pd.DataFrame:
            return frame.iloc[:, columns] if isinstance(columns, slice) else frame[columns]

        return Wide(
            self.indicator, some(self.observed), some(self.status), some(self.provisional), some(self.judge)
        )

    @property
    def newest(self) -> pd.Series:
        """Per series, the newest period that may be judged; NaT where there is none."""
        able = self.judge.to_numpy()
        last = len(able) - 1 - able[::-1].argmax(axis=0)
        newest = self.judge.index.to_series().to_numpy()[last]
        return pd.Series(newest, index=self.judge.columns).where(able.any(axis=0))


def wide(rows: pd.DataFrame, indicator: Indicator) -> Wide:
    """The rows of one indicator, one row per series and period, as a Wide; gaps become NaN, never 0."""
    first, last = rows["period"].min(), rows["period"].max()
    axis = pd.date_range(first, last, freq="W-SUN" if indicator.frequency == "W" else indicator.frequency)
    axis.name = "period"

    def spread(column: str, fill: object) -> pd.DataFrame:
        table = rows.pivot(index="period", columns=PLACE, values=column).sort_index(axis=1)
        values = table.reindex(axis).to_numpy(dtype=object, copy=True)
        values[pd.isna(values)] = fill
        return pd.DataFrame(values, axis, table.columns)

    observed = spread("value", np.nan).astype("float64")
    published = observed.notna()
    still_filling = published[::-1].cumsum()[::-1] <= indicator.filling
    return Wide(
        indicator=indicator,
        observed=observed,
        status=spread("status", ""),
        provisional=spread("provisional", False).astype(bool),
        judge=published & ~still_filling,
    )


def regular(store: Store, as_of: date, indicator: str, substances: tuple[str, ...] = ()) -> Wide | None:
    """The indicator's series as known on *as_of*; None where nothing was known.

    Twelve-month sums come whole from one publication each, since differences across vintages are wrong.
    """
    record = INDICATORS[indicator]
    if record.window == "12 months ending":
        rows = one_vintage(store, as_of, record)
    else:
        rows = store.known_on(as_of, [indicator])
    if substances:
        rows = rows[rows["substance"].isin(substances)]
    return None if rows.empty else wide(rows, record)


def one_vintage(store: Store, as_of: date, indicator: Indicator) -> pd.DataFrame:
    """For each series, all its rows from a single publication known on *as_of*.

    Within a source the newest whole publication of the series wins (a few quoted values are not one); among
    sources the one that reaches furthest, then the indicator's precedence. A series that no publication
    holds whole keeps its newest values as known, which is enough to draw and too little to judge.
    """
    known = store.known_on(as_of, [indicator.id]).drop(columns="confirmed")
    wanted = pd.MultiIndex.from_frame(known[SERIES].drop_duplicates())
    candidates = []
    for precedence, source in enumerate(indicator.sources):
        missing = wanted
        for vintage in sorted(store.vintages(source, indicator.id), reverse=True):
            if vintage > as_of or missing.empty:
                continue
            rows = store.vintage(source, indicator.id, vintage)
            size = rows.groupby(SERIES)["period"].transform("size")
            whole = rows[(size >= _CONTIGUOUS) & pd.MultiIndex.from_frame(rows[SERIES]).isin(missing)]
            missing = missing.difference(pd.MultiIndex.from_frame(whole[SERIES]))
            candidates.append(whole.assign(precedence=precedence))
    rows = pd.concat([*candidates, known.assign(precedence=len(indicator.sources))], ignore_index=True)
    extent = rows.groupby([*SERIES, "precedence"])["period"].max().reset_index()
    last_resort = extent["precedence"] == len(indicator.sources)
    extent = extent.assign(last_resort=last_resort).sort_values(
        ["last_resort", "period", "precedence"], ascending=[True, False, True]
    )
    best = extent.drop_duplicates(SERIES)[[*SERIES, "precedence"]]
    return rows.merge(best, on=[*SERIES, "precedence"]).drop(columns="precedence")


def age_days(newest: pd.Timestamp, indicator: Indicator, as_of: date) -> int:
    """Days from the end of a period to *as_of*."""
    return (pd.Timestamp(as_of) - period_end(newest, indicator.frequency)).days
