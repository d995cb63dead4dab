"""One series as it was known on any day, from its change log: sixty vintages are quick to ask for."""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.observations import SERIES
from data_sources.registry import SOURCES
from data_sources.store import Store

WHOLE = 48  # as in series.one_vintage: fewer figures of a publication are quoted values, not a series


class SeriesLog:
    """The log of one series (indicator, geography, substance), read once.

    `on` answers as `series.regular` does; `vintages` holds, per source that ever said something of the series,
    the dates of its publications of the indicator, oldest first.
    """

    def __init__(self, store: Store, series: tuple[str, str, str]) -> None:
        self._store, self._series, self._record = store, series, INDICATORS[series[0]]
        self._rows = store.revisions(*series)
        order = {source: place for place, source in enumerate(self._record.sources)}
        self._rows["place"] = self._rows["source"].map(order).fillna(len(order))
        self.vintages = {source: store.vintages(source, series[0]) for source in self._rows["source"].unique()}
        self._began = {
            (source, row.as_of): row.first
            for source in self.vintages
            for row in store.publications(source).itertuples()
        }
        self._vintage = cache(self._one)

    def on(self, day: date) -> pd.DataFrame:
        """The series' rows as known on *day*; twelve-month sums whole from one publication each."""
        whole = self._whole(day) if self._record.window == "12 months ending" else None
        if whole is not None:
            return whole
        rows = self._rows[self._rows["as_of"] <= pd.Timestamp(day)]
        newest = rows.drop_duplicates(["source", "period"], keep="last")
        return newest.sort_values(["period", "place"], kind="stable").drop_duplicates("period")

    def printed(self, day: date, rows: pd.DataFrame, period: pd.Timestamp) -> str:
        """The source that published the *period* on that very day, *rows* being `on(day)`; "" where none did."""
        said = rows[rows["period"] == period]
        if said.empty:
            return ""
        source, since = str(said["source"].iloc[0]), said["as_of"].iloc[0]
        quotes = SOURCES[source].coverage == "keys"  # its publications hold what they quote, and nothing else
        here = since == pd.Timestamp(day) if quotes else day in self.vintages[source]
        return source if here else ""

    def _whole(self, day: date) -> pd.DataFrame | None:
        """Of each source its newest publication that holds the series whole; the one that reaches furthest."""
        best: tuple[pd.Timestamp, pd.DataFrame] | None = None
        for source in self._record.sources:
            for vintage in reversed(self.vintages.get(source, [])):
                rows = self._vintage(source, vintage) if vintage <= day else None
                if rows is None or len(rows) < WHOLE:
                    continue
                newest = rows["period"].max()
                if best is None or newest > best[0]:
                    best = newest, rows
                break
        return None if best is None else best[1]

    def _one(self, source: str, vintage: date) -> pd.DataFrame:
        """What one publication holds of the series."""
        if SOURCES[source].coverage == "keys":
            rows = self._store.vintage(source, self._series[0], vintage)
            return rows[(rows[SERIES] == list(self._series)).all(axis=1)]
        when = pd.Timestamp(vintage)
        rows = self._rows[(self._rows["source"] == source) & (self._rows["as_of"] <= when)]
        rows = rows.drop_duplicates("period", keep="last")
        inside = (rows["status"] != "withdrawn") & (rows["period"] >= self._began[source, when])
        return rows[inside].assign(as_of=when)
