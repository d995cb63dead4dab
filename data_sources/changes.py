"""The change log of a source: what a publication changed, and what that means for the ones after it.

A log is a frame of rows SERIES, period, value, status, provisional, with `key` (one integer per series and
period), `position` (the publication's place in order) and `news` (the value or status is another than
before). A publication with window coverage leaves a row only where something changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.observations import SERIES
from data_sources.vocabulary import GEOGRAPHIES, STATUSES, SUBSTANCES

CATEGORIES = {
    "indicator": pd.CategoricalDtype(list(INDICATORS)),
    "geography": pd.CategoricalDtype(list(GEOGRAPHIES)),
    "substance": pd.CategoricalDtype(list(SUBSTANCES)),
    "status": pd.CategoricalDtype(list(STATUSES)),
}
CELL = [*SERIES, "period", "value", "status", "provisional"]
Windows = Mapping[str, tuple[str, str]]  # indicator → first and last period, ISO dates


def keyed(rows: pd.DataFrame) -> pd.DataFrame:
    """*rows* with closed categories and their integer key; ValueError for a word outside the vocabularies."""
    coded = rows.assign(
        **{column: _closed(rows[column], dtype) for column, dtype in CATEGORIES.items()},
        period=rows["period"].astype("datetime64[s]"),
    )
    key = np.zeros(len(coded), dtype=np.int64)
    for column in SERIES:
        key = key * len(CATEGORIES[column].categories) + coded[column].cat.codes.to_numpy(np.int64)
    days = coded["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return coded.assign(key=(key << 20) + (days + (1 << 19)))


def _closed(words: pd.Series, dtype: pd.CategoricalDtype) -> pd.Categorical:
    # By place in the closed list: words may come as text, or as categories in an order of their own.
    words = words.astype("category")
    place, codes = dtype.categories.get_indexer(words.cat.categories), words.cat.codes.to_numpy()
    if (place < 0).any() or (codes < 0).any():
        unknown = ", ".join(map(str, words.cat.categories[place < 0])) or "an empty cell"
        raise ValueError(f"{words.name}: not in the vocabulary: {unknown}")
    return pd.Categorical.from_codes(place[codes], dtype=dtype)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """A log from its rows: by key, then position, with `news`: the value or status is not the one before."""
    log = rows.iloc[np.lexsort((rows["position"].to_numpy(), rows["key"].to_numpy()))]
    key, value, status = log["key"].to_numpy(), log["value"].to_numpy(), log["status"].cat.codes.to_numpy()
    news = np.ones(len(log), dtype=bool)
    news[1:] = (key[1:] != key[:-1]) | (status[1:] != status[:-1]) | _differ(value[1:], value[:-1])
    return log.assign(news=news)


def newest(log: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Of each key its newest row, by key; and the position at which that value and status first stood."""
    key, position = log["key"].to_numpy(), log["position"].to_numpy()
    if not len(key):
        return log, position
    since = np.maximum.accumulate(np.where(log["news"].to_numpy(), np.arange(len(key)), 0))
    last = np.append(key[1:] != key[:-1], True)
    return log.iloc[last], position[since[last]]


def confirmed(state: pd.DataFrame, publications: pd.DataFrame) -> np.ndarray:
    """Per row of a *state* the position of the newest publication that says it, or that covers it in silence."""
    position = state["position"].to_numpy().copy()
    indicators = state["indicator"].cat.codes.to_numpy()
    for code in np.unique(indicators):
        indicator = CATEGORIES["indicator"].categories[code]
        mine = np.flatnonzero(indicators == code)
        periods, place = np.unique(state["period"].to_numpy()[mine], return_inverse=True)
        covering = np.full(len(periods), -1)
        for later, publication in enumerate(publications.itertuples()):
            if publication.coverage == "window" and indicator in publication.windows:
                first, last = (np.datetime64(day) for day in publication.windows[indicator])
                covering[(first <= periods) & (periods <= last)] = later
        position[mine] = np.maximum(position[mine], covering[place])
    return position


def changes(before: pd.DataFrame, rows: pd.DataFrame, windows: Windows) -> pd.DataFrame:
    """The rows that differ from the state *before*, and as `withdrawn` the keys in *windows* that are gone."""
    where = _find(before["key"].to_numpy(), rows["key"].to_numpy())
    same = where >= 0
    new, old = rows[same], before.iloc[where[same]]
    same[same] = (
        ~_differ(new["value"].to_numpy(), old["value"].to_numpy())
        & (new["status"].cat.codes.to_numpy() == old["status"].cat.codes.to_numpy())
        & (new["provisional"].to_numpy() == old["provisional"].to_numpy())
    )
    gone = inside(before, windows) & ~before["key"].isin(rows["key"]) & (before["status"] != "withdrawn")
    return pd.concat([rows[~same], _withdrawn(before[gone])])


def restatements(
    before: pd.DataFrame, new: pd.DataFrame, log: pd.DataFrame, publications: pd.DataFrame, position: int
) -> pd.DataFrame:
    """What later publications must now say outright, because *new* came in before them.

    A later publication left out what it had in common with the state *before*; where *new* changed that
    state, its value is written down for the first later publication that covers the key. Rows carry the
    `position` of the publication they speak for.
    """
    remaining, parts = new, []
    for later in range(position, len(publications)):
        publication = publications.iloc[later]
        said = log.loc[log["position"] == later, "key"]
        remaining = remaining[~remaining["key"].isin(said)]
        if publication["coverage"] == "window":
            covered = inside(remaining, publication["windows"])
            cells = remaining[covered]
            where = _find(before["key"].to_numpy(), cells["key"].to_numpy())
            restated = pd.concat([before.iloc[where[where >= 0]], _withdrawn(cells[where < 0])])
            parts.append(restated.assign(position=later))
            remaining = remaining[~covered]
    return pd.concat(parts) if parts else new[:0].assign(position=0)


def inside(rows: pd.DataFrame, windows: Windows) -> np.ndarray:
    """Which rows lie in the periods a publication covers of their indicator."""
    codes = {name: code for code, name in enumerate(CATEGORIES["indicator"].categories)}
    never = np.datetime64("NaT", "s")
    first, last = (np.full(len(codes), never, dtype="datetime64[s]") for _ in range(2))
    for indicator, (start, end) in windows.items():
        first[codes[indicator]], last[codes[indicator]] = np.datetime64(start, "s"), np.datetime64(end, "s")
    code, period = rows["indicator"].cat.codes.to_numpy(), rows["period"].to_numpy()
    return np.asarray((first[code] <= period) & (period <= last[code]), dtype=bool)


def _withdrawn(rows: pd.DataFrame) -> pd.DataFrame:
    status = pd.Categorical(["withdrawn"] * len(rows), dtype=CATEGORIES["status"])
    return rows.assign(value=np.nan, status=status, provisional=False)


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray((one != other) & ~(np.isnan(one) & np.isnan(other)), dtype=bool)


def _find(sorted_keys: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The place of each key among the sorted ones; −1 where it is not there."""
    if not len(sorted_keys):
        return np.full(len(keys), -1)
    place = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[place] == keys, place, -1)
