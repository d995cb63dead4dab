"""Which recovered months may be shown: none of a place that has few deaths in a month, nor by difference.

The twelve-month sums are public; the months inside them are ours to keep back. A place is shown whole or not at
all. It is kept back (`suppressed`) where any month of it lies below 10, in any class of drug or in what is left
when one class is taken from another; and further places, the smallest first, as long as the nation less the
places that are shown would tell a month of one that is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_sources.vocabulary import GEOGRAPHIES

Floats = NDArray[np.float64]
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


def release(months: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> Shown:
    """The one way out of recovered months: periods × (geography, substance), all of a vintage at once.

    *low* and *high* are what the public sums alone say. Below the nation they are widened to hold 0 to 9 wherever
    a month may be below 10, and never span fewer than 9: known to anyone, but not said by us. Given in parts, the
    frames could be put together again by difference: give the whole vintage.
    """
    hidden = kept_back(months, low, high)
    places = months.columns.get_level_values(0)
    local = ~national(places)
    top = np.fmax(high.to_numpy(), low.to_numpy() + LEAST - 1)
    bottom = np.where(low.to_numpy() < LEAST, 0.0, low.to_numpy())
    off = np.isin(places, sorted(hidden))
    values = np.where(off, np.nan, months.to_numpy())
    status = np.where(np.isfinite(values), "recovered", np.where(off, "suppressed", "bounded"))
    return Shown(
        pd.DataFrame(values, months.index, months.columns),
        pd.DataFrame(np.where(local, bottom, low), months.index, months.columns),
        pd.DataFrame(np.where(local, top, high), months.index, months.columns),
        pd.DataFrame(status, months.index, months.columns),
    )


def national(places: pd.Index) -> np.ndarray:
    """True where a place is a nation, whose months are large and published."""
    return np.array([GEOGRAPHIES[place].kind == "nation" for place in places], dtype=bool)


def kept_back(months: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> set[str]:
    """The places below the nation of which no recovered month may be shown."""
    local = months.loc[:, ~national(months.columns.get_level_values(0))]
    hidden = {str(place) for place, _ in local.columns[(local < LEAST).any(axis=0)]}
    for place, own in local.T.groupby(level=0):
        counts = {str(substance): line.to_numpy() for (_, substance), line in own.iterrows()}
        if any((count < LEAST).any() for count in _differences(counts)):
            hidden.add(str(place))
    while more := _exposing(months, low, high, hidden):
        hidden.add(more)
    return hidden


def _differences(counts: dict[str, Floats]) -> Iterator[Floats]:
    """Counts of deaths that follow from those of two or three classes of one place."""
    inside = {**INSIDE, "all": set(counts) - {"all"}}
    for whole in inside.keys() & counts.keys():
        for part in inside[whole] & counts.keys():
            yield counts[whole] - counts[part]
    for whole, (one, other) in UNION.items():
        if {whole, one, other} <= counts.keys():
            yield counts[one] + counts[other] - counts[whole]


def _exposing(months: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, hidden: set[str]) -> str | None:
    """The smallest shown place that, with the nation, lets a month of a place not shown be told too closely.

    Of the places not shown the sum R of each month is known: the nation less those shown. So a month lies between
    R less what the others can be at most and R less what they are at least (the bounds of a table with known
    margins; Fréchet 1940). It is told too closely where that rules out any of 1 … 9 that the sums alone do not.
    """
    for (country, substance), columns in _families(months.columns):
        shown = [key for key in columns if key[0] not in hidden and bool(months[key].notna().all())]
        rest = [key for key in columns if key not in shown]
        if not shown or not rest:
            continue
        whole = (country, substance)
        total = months[whole] if whole in months.columns else months[columns].sum(axis=1, skipna=False)
        remain = (total - months[shown].sum(axis=1)).to_numpy()[:, None]
        least = low[rest].fillna(0).to_numpy()
        most = high[rest].fillna(_ENDLESS).to_numpy()
        floor = np.maximum(least, remain - (most.sum(axis=1, keepdims=True) - most))
        ceiling = np.minimum(most, remain - (least.sum(axis=1, keepdims=True) - least))
        safe = (floor <= np.maximum(least, 1)) & (ceiling >= np.minimum(most, LEAST - 1))  # NaN is not safe
        if not (safe | (least >= LEAST)).all():
            return str(months[shown].mean().idxmin()[0])
    return None


def _families(columns: pd.MultiIndex) -> Iterator[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """Per nation and class, the places that add up to the nation."""
    nation = national(columns.get_level_values(0))
    families: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (place, substance), whole in zip(columns, nation, strict=True):
        if not whole and place not in APART:
            families.setdefault((GEOGRAPHIES[place].country, substance), []).append((place, substance))
    yield from families.items()
