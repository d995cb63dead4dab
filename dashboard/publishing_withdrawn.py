"""Withdrawn issues: a publisher has since hidden a figure that their tables hold.

Once suppressed, a figure is shown as of no day, in a frozen issue neither. The words, pictures and derived numbers
beside it would tell it, so the whole issue is withheld. Its folder stays as it was published, for the record.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.bulletin_edition import Words
from dashboard.text import LANGUAGES, Text, of
from data_sources.observations import SERIES
from data_sources.store import Store

if TYPE_CHECKING:
    from dashboard.publishing import Issue

log = logging.getLogger(__name__)
CELL = [*SERIES, "period"]
_NUMBERS = {
    "observations": ("value",),
    "verdicts": ("observed",),
    "series": ("observed",),
    "revisions": ("before", "after"),
}


def figures(folder: Path) -> pd.DataFrame:
    """The cells of which a bulletin's tables hold a number, once each: SERIES and period, an ISO date.

    Raises OSError, ValueError or KeyError where a table cannot be read.
    """
    parts = []
    for name, columns in _NUMBERS.items():
        table = pd.read_csv(folder / "data" / f"{name}.csv", keep_default_na=False, na_values=[""])
        parts.append(table.loc[table[list(columns)].notna().any(axis=1), CELL].astype("str"))
    return pd.concat(parts).drop_duplicates(ignore_index=True)


def withdrawn(store: Store, held: Sequence[Issue]) -> Mapping[Issue, int]:
    """The issues among *held* that are withdrawn, and how many of their figures are hidden now.

    0 where an issue's tables cannot be read: what cannot be told to be public is not shown.
    """
    return _withdrawn(store, store.token(), tuple(held))


def said(t: Text, hidden: int) -> str:
    """That an issue is withdrawn, and why."""
    if not hidden:
        return t("Withdrawn: its tables cannot be read, so nobody can tell what in it has been hidden since.")
    return t.n(
        "Withdrawn: its publisher has since hidden {n} figure in it.",
        "Withdrawn: its publisher has since hidden {n} figures in it.",
        hidden,
    )


def reason(hidden: int) -> Words:
    """What a correction that takes a withdrawn issue's place says was wrong with it."""
    said = {}
    for language in LANGUAGES:
        t = of(language)
        said[language] = t.n(
            "The publisher has since hidden {n} figure of the earlier issue.",
            "The publisher has since hidden {n} figures of the earlier issue.",
            hidden,
        )
    return said


@lru_cache(maxsize=8)
def _withdrawn(store: Store, token: str, held: tuple[Issue, ...]) -> dict[Issue, int]:
    hidden = _marks(store.suppressed().assign(period=lambda rows: rows["period"].dt.strftime("%Y-%m-%d")))
    found = {}
    for issue in held:
        try:
            count = int(np.isin(_held(issue.path, issue.seal), hidden).sum())
        except (OSError, ValueError, KeyError) as error:
            log.warning("the tables of %s cannot be read: %s", issue.path, error)
            found[issue] = 0
        else:
            if count:
                found[issue] = count
    return found


@lru_cache(maxsize=512)
def _held(folder: Path, seal: str) -> NDArray[np.uint64]:
    """The marks of the cells in an issue, which never change."""
    return _marks(figures(folder))


def _marks(cells: pd.DataFrame) -> NDArray[np.uint64]:
    """A number per cell: a hundred issues' cells as text would fill the memory."""
    return pd.util.hash_pandas_object(cells[CELL].astype("str"), index=False).to_numpy()
