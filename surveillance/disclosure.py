"""Which recovered months may be shown: none of a place that has few deaths in a month, nor by difference.

The twelve-month sums are public; the months inside them are ours to keep back. A place is shown whole or not at
all. It is kept back (`suppressed`) where any month of it lies below 10, in any class of drug or in what is left
when one class is taken from another; and further places, the smallest first, as long as the nation less the
places that are shown would tell a month of one that is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_sources.vocabulary import GEOGRAPHIES
from surveillance.rolling import bounds

Counts = dict[tuple[str, str], NDArray[np.float64]]  # by place and class
LEAST = 10.0
APART = {"US-PR"}  # publishes with the states, and is no part of the nation's figure
_ENDLESS = 1e12  # in place of a bound that is not known
_OPIOIDS = {
    "heroin",
    "methadone",
    "natural_semisynthetic_opioids",
    "natural_semisynthetic_opioids_methadone",
    "natural_semisynthetic_synthetic_opioids_methadone",
    "synthetic_opioids",
}
_WITHOUT_SYNTHETIC = {"methadone", "natural_semisynthetic_opioids"}
# A class of deaths and the classes inside it; every class is inside "all".
INSIDE = {
    "opioids": _OPIOIDS,
    "natural_semisynthetic_opioids_methadone": _WITHOUT_SYNTHETIC,
    "natural_semisynthetic_synthetic_opioids_methadone": {
        *_WITHOUT_SYNTHETIC,
        "natural_semisynthetic_opioids_methadone",
        "synthetic_opioids",
    },
}
# A class that is two others together: their sum less it counts the deaths that are in both.
UNION = {
    "natural_semisynthetic_opioids_methadone": ("natural_semisynthetic_opioids", "methadone"),
    "natural_semisynthetic_synthetic_opioids_methadone": (
        "natural_semisynthetic_opioids_methadone",
        "synthetic_opioids",
    ),
}


@dataclass(frozen=True)
class Shown:
    """What may leave: months (NaN where not shown), their bounds, and `recovered`, `bounded` or `suppressed`."""

    months: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    status: pd.DataFrame


def release(months: pd.DataFrame, sums: pd.DataFrame) -> Shown:
    """The one way out of recovered months: what may be shown of them, on the axis of *sums*.

    *months*: the sums' axis and eleven months before it × (geography, substance), all of a vintage at once: given
    in parts, what is kept back could be put together by difference. Bounds are what the public *sums* alone say,
    whatever the seed. Below the nation they are widened to hold 0 to 9 wherever a month may be below 10, and never
    span less than 9: known to anyone, but not said by us. There a series with a month missing is not shown at all.
    """
    local = np.array([not national(place) for place, _ in months.columns], dtype=bool)
    whole = months.notna().to_numpy().all(axis=0) | ~local
    known = months.where(np.broadcast_to(whole, months.shape))
    low, high = (part[len(months) - len(sums) :] for part in bounds(sums.to_numpy()))
    off = np.isin(months.columns.get_level_values(0), sorted(kept_back(known, sums)))
    values = np.where(off, np.nan, known.loc[sums.index].to_numpy())
    status = np.where(np.isfinite(values), "recovered", np.where(off, "suppressed", "bounded"))
    top = np.where(local, np.fmax(high, low + LEAST - 1), high)
    bottom = np.where(local & (low < LEAST), 0.0, low)
    return Shown(*(pd.DataFrame(part, sums.index, sums.columns) for part in (values, bottom, top, status)))


def national(place: str) -> bool:
    """Whether a place is a nation, whose months are large and published."""
    return GEOGRAPHIES[place].kind == "nation"


def kept_back(months: pd.DataFrame, sums: pd.DataFrame) -> set[str]:
    """The places below the nation of which no recovered month may be shown; arguments as `release` takes them."""
    counts = _with_differences(_columns(months))
    few = {place for (place, _), count in counts.items() if not national(place) and (count < LEAST).any()}
    totals = _with_differences(_columns(sums))
    low, high = bounds(np.column_stack(list(totals.values())))
    least = dict(zip(totals, np.nan_to_num(low).T, strict=True))
    most = dict(zip(totals, np.nan_to_num(high, nan=_ENDLESS).T, strict=True))
    while more := _exposing(counts, least, most, few):
        few.add(more)
    return few


def _columns(table: pd.DataFrame) -> Counts:
    return {(str(place), str(name)): line for (place, name), line in zip(table, table.to_numpy().T, strict=True)}


def _with_differences(counts: Counts) -> Counts:
    """The counts and, as classes of their own, those that follow from two or three classes of one place."""
    classes: dict[str, set[str]] = {}
    for place, name in counts:
        classes.setdefault(place, set()).add(name)
    found = dict(counts)
    for place, names in classes.items():
        for whole, parts in {**INSIDE, "all": names - {"all"}}.items():
            for part in sorted(parts & names) if whole in names else ():
                found[place, f"{whole} less {part}"] = counts[place, whole] - counts[place, part]
        for whole, (one, other) in UNION.items():
            if {whole, one, other} <= names:
                found[place, f"{one} and {other}"] = (
                    counts[place, one] + counts[place, other] - counts[place, whole]
                )
    return found


def _exposing(counts: Counts, low: Counts, high: Counts, hidden: set[str]) -> str | None:
    """The smallest shown place that, with the nation, lets a month of a place not shown be told too closely.

    Of the places not shown the sum R of each month is known: the nation less those shown. So a month lies between
    R less what the others can be at most and R less what they are at least (the bounds of a table with known
    margins; Fréchet 1940). It is told too closely where that rules out any of 1 … 9 that the sums alone do not.
    """
    for whole, members in _families(counts).items():
        shown = [key for key in members if key[0] not in hidden and np.isfinite(counts[key]).all()]
        rest = [key for key in members if key not in shown]
        if not shown or not rest:
            continue
        total = counts.get(whole, sum(counts[key] for key in members))
        remain = total - sum(counts[key] for key in shown)
        least = np.array([low[key] for key in rest])
        most = np.array([high[key] for key in rest])
        floor = np.maximum(least, remain - (most.sum(axis=0) - most))
        ceiling = np.minimum(most, remain - (least.sum(axis=0) - least))
        safe = (floor <= np.maximum(least, 1)) & (ceiling >= np.minimum(most, LEAST - 1))  # NaN is not safe
        if not (safe | (least >= LEAST)).all():
            return min(shown, key=lambda key: float(counts[key].mean()))[0]
    return None


def _families(counts: Counts) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """By nation and class, the places that add up to the nation."""
    families: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for place, name in counts:
        if not national(place) and place not in APART:
            families.setdefault((GEOGRAPHIES[place].country, name), []).append((place, name))
    return families
