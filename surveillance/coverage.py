"""What is published where: the state of every place under every measure, and the time that is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES

CELLS = ("published", "partly", "suppressed", "not_reported", "not_collected", "absent")
RECENT = {"MS": 12, "W": 52, "YS": 1, "YS-OCT": 1}  # newest periods of a source that a cell speaks of
_ORDER = ("suppressed", "not_reported", "withdrawn", "not_collected")  # which status names a cell without figures
COLUMNS = ("geography", "indicator", "state", "reported", "hidden", "of", "last")


def matrix(store: Store, as_of: date, indicators: Sequence[str], places: Sequence[str]) -> pd.DataFrame:
    """One row per place and indicator (COLUMNS): its state (CELLS) over the newest year of its source.

    Looked at are the newest periods of each source (RECENT, of all its places together) and all substances: `of`
    cells, `reported` of them with a figure, `hidden` of them suppressed; `last` is the place's newest period with a
    figure. *published*: all of them have a figure; *partly*: some. Without any, the state is the first of
    suppressed, not reported (withdrawn as well), not collected that occurs; a place with rows only
    before is not reported. A place without any row is *absent* from what is held, which is not to say that nobody
    publishes it. An indicator of which nothing is known has no rows.
    """
    known = store.known_on(as_of, indicators)
    last = known[known["value"].notna()].groupby(["geography", "indicator"])["period"].max()
    out = []
    for indicator in indicators:
        rows = known[known["indicator"] == indicator]
        if rows.empty:
            continue
        recent = pd.concat([_recent(part, indicator) for _, part in rows.groupby("source")])
        counts = recent.groupby(["geography", "status"]).size().unstack(fill_value=0)
        ever = set(rows["geography"])
        for place in places:
            told = {str(key): int(n) for key, n in counts.loc[place].items()} if place in counts.index else {}
            cell = _cell(told, before=place in ever)
            out.append([place, indicator, *cell, last.get((place, indicator), pd.NaT)])
    return pd.DataFrame(out, columns=list(COLUMNS)).astype({"last": "datetime64[s]"})


def _recent(rows: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """The rows of one source in the newest of its periods."""
    periods = sorted(rows["period"].unique())[-RECENT[INDICATORS[indicator].frequency] :]
    return rows[rows["period"].isin(periods)]


def _cell(told: Mapping[str, int], *, before: bool) -> tuple[str, int, int, int]:
    """State, reported, hidden and all cells of one place from how many cells have each status."""
    reported, of = told.get("reported", 0), sum(told.values())
    if reported:
        state = "published" if reported == of else "partly"
    elif of:
        first = next(status for status in _ORDER if told.get(status))
        state = "not_reported" if first == "withdrawn" else first
    else:
        state = "not_reported" if before else "absent"
    return state, reported, told.get("suppressed", 0), of


def spans(store: Store, as_of: date) -> pd.DataFrame:
    """Per indicator with a figure: first and last period, how many places and figures; the newest first."""
    known = store.known_on(as_of)
    known = known[known["value"].notna()]
    table = known.groupby("indicator").agg(
        first=("period", "min"), last=("period", "max"), places=("geography", "nunique"), figures=("value", "size")
    )
    return table.reset_index().sort_values("last", ascending=False, ignore_index=True, kind="stable")


def completeness(store: Store, as_of: date) -> pd.Series:
    """Per source, the share of the cells of its newest publication that hold a figure (suppressed: they do not)."""
    known = store.known_on(as_of)
    newest = known[known["period"] == known.groupby(["source", "indicator"])["period"].transform("max")]
    shares = newest["value"].notna().groupby(newest["source"]).mean()
    return shares.rename("completeness")


def places(kind: str) -> tuple[str, ...]:
    """The places of a group, nation first: `us` states and cities, `mx` states, `cbp` the nation and its areas."""
    if kind == "cbp":
        codes = [code for code, place in GEOGRAPHIES.items() if place.kind == "cbp_area"]
        return ("US", *codes)
    country = kind.upper()
    kinds = ("nation", "state", "city")
    chosen = [code for code, place in GEOGRAPHIES.items() if place.country == country and place.kind in kinds]
    return tuple(
        sorted(chosen, key=lambda code: (kinds.index(GEOGRAPHIES[code].kind) > 0, GEOGRAPHIES[code].name_en))
    )
