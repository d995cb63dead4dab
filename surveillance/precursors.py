"""The precursor watchlist: what has been seen on either country's lists, with where; partial, and says so."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

VERSION = "2026-11"  # of data/precursors.csv; a changed row is a new version
MEXICO_LISTED = 72  # substances that Mexico is said to list; the whole list was not found published
STATUSES = ("article_4", "announced", "list_1", "list_2", "schedule_2")


def watchlist() -> pd.DataFrame:
    """One row a substance and list: country, substance, status (STATUSES), date, dea_code, source, note; all text.

    `article_4`: precursor under Mexico's federal law on chemical precursors, article 4, fraction I; `announced`:
    said to be added, the text not seen; `list_1` and `list_2`: 21 CFR 1310.02; `schedule_2`: a scheduled immediate
    precursor.
    Raises ValueError where the file holds a status that is not one of these.
    """
    with files("surveillance").joinpath("data/precursors.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    unknown = set(table["status"]) - set(STATUSES)
    if unknown:
        raise ValueError(f"data/precursors.csv: status must be one of {STATUSES}, not {sorted(unknown)}")
    return table
