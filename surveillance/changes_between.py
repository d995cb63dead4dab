"""What is different between two frozen bulletins, told from their tables alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from data_sources.observations import SERIES

_KEY = [*SERIES, "period"]


@dataclass(frozen=True)
class Differences:
    """From one bulletin to a later one.

    `opened`, `closed`, `continuing`: rows of the signal tables (by id; of the later one where it is in both).
    `revised`: figures in both with another value (columns indicator, geography, substance, period, before, after);
    neither value where it is no longer reported. `newer`: indicator, newest period before and after, and `figures`
    that were not there before. `settings` and `versions`: what was and is, by name.
    """

    before: str
    after: str
    opened: pd.DataFrame
    closed: pd.DataFrame
    continuing: pd.DataFrame
    revised: pd.DataFrame
    newer: pd.DataFrame
    settings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    versions: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def between(before: Path, after: Path, provenance: Mapping[str, object] | None = None) -> Differences:
    """The differences between two bulletins' folders.

    *provenance*: the settings and versions of the later one while it has no manifest yet. Raises OSError or
    ValueError where a folder is not a bulletin's.
    """
    old = json.loads((before / "manifest.json").read_text("utf-8"))
    new = provenance or json.loads((after / "manifest.json").read_text("utf-8"))
    then, now = (_table(folder, "signals") for folder in (before, after))
    return Differences(
        before=old["snapshot"],
        after=after.name if provenance is None else str(new["snapshot"]),
        opened=now[~now["id"].isin(then["id"])],
        closed=then[~then["id"].isin(now["id"])],
        continuing=now[now["id"].isin(then["id"])],
        revised=_revised(*(_table(folder, "observations") for folder in (before, after))),
        newer=_newer(*(_table(folder, "observations") for folder in (before, after))),
        settings=_apart(_flat(old["settings"]), _flat(new["settings"])),
        versions=_apart(_flat(old["versions"]), _flat(new["versions"])),
    )


def _table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(
        folder / "data" / f"{name}.csv", keep_default_na=False, na_values=[""], parse_dates=["period"]
    )


def _revised(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    columns = [*_KEY, "value"]
    both = then[columns].merge(now[columns], on=_KEY, suffixes=("_then", "_now"))
    both = both[both["value_then"].notna() & (both["value_then"] != both["value_now"])]
    both = both.rename(columns={"value_then": "before", "value_now": "after"})
    return both.assign(before=both["before"].where(both["after"].notna())).reset_index(drop=True)


def _newer(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    held, new = (table[table["value"].notna()] for table in (then, now))
    merged = new.merge(held[_KEY].assign(there=True), on=_KEY, how="left")
    added = merged[merged["there"].isna()]
    rows = [
        {
            "indicator": name,
            "before": held.loc[held["indicator"] == name, "period"].max(),
            "after": part["period"].max(),
            "figures": len(part),
        }
        for name, part in added.groupby("indicator")
    ]
    table = pd.DataFrame(rows, columns=["indicator", "before", "after", "figures"])
    return table[table["before"].isna() | (table["after"] > table["before"])].reset_index(drop=True)


def _flat(record: object, path: str = "") -> dict[str, str]:
    if not isinstance(record, Mapping):
        return {path: str(record)}
    parts = (_flat(value, f"{path}.{name}" if path else str(name)) for name, value in record.items())
    return {name: value for part in parts for name, value in part.items()}


def _apart(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    names = sorted(then.keys() | now.keys())
    pairs = {name: (then.get(name, ""), now.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
