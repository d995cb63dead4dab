"""Who drives it: observed − expected of the places and substances beside a signal, in the same period."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.series import Wide

COLUMNS = ["geography", "substance", "observed", "expected", "excess", "alarm", "own"]


@dataclass(frozen=True)
class Contributions:
    """What lies above and below its expected figure in one period (COLUMNS), the largest excess first.

    `places`: the signal's substance in the places of its kind; for a nation or a region, in its parts.
    `substances`: the signal's place by substance; they are never added, since one event or death can involve
    several. `total` is the sum of the places' excess and `expected` that of what was expected, for counts and
    weights, whose places do not overlap; NaN for rates. `unjudged` places have no expected figure in this period.
    """

    places: pd.DataFrame
    substances: pd.DataFrame
    total: float
    expected: float
    unjudged: int


def contributions(assessment: Assessment, series: tuple[str, str, str], period: pd.Timestamp) -> Contributions:
    """The contributions to one judged value from the verdicts of its period."""
    indicator, geography, substance = series
    rows = assessment.verdicts
    rows = rows[(rows["indicator"] == indicator) & (rows["period"] == period)]
    rows = rows.assign(
        excess=rows["observed"] - rows["expected"],
        own=(rows["geography"] == geography) & (rows["substance"] == substance),
    )
    drug = rows[rows["substance"] == substance]
    kin = drug[drug["geography"].isin(kindred(list(drug["geography"]), geography))]
    places = _sorted(kin)
    additive = INDICATORS[indicator].measure in ("count", "weight") and len(places) > 1
    return Contributions(
        places=places,
        substances=_sorted(rows[rows["geography"] == geography]),
        total=float(places["excess"].sum()) if additive else float("nan"),
        expected=float(places["expected"].sum()) if additive else float("nan"),
        unjudged=len(kin) - len(places),
    )


def kindred(held: list[str], geography: str) -> list[str]:
    """Of the places *held*, those of the same kind and country, itself among them; a nation's or region's parts.

    None of them overlap, so that counts and weights may be added.
    """
    here = GEOGRAPHIES[geography]
    if here.kind == "cbp_region":
        return [code for code in held if code.startswith(f"{geography}-")]
    kinds = ("state", "city") if here.kind == "nation" else (here.kind,)
    return [code for code in held if GEOGRAPHIES[code].kind in kinds and GEOGRAPHIES[code].country == here.country]


def siblings(wide: Wide, geography: str, substance: str) -> list[str]:
    """`kindred` places of which the substance's series is held."""
    return kindred([place for place, drug in wide.observed if drug == substance], geography)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    judged = rows[rows["excess"].notna()]
    return judged.sort_values("excess", ascending=False, kind="stable")[COLUMNS].reset_index(drop=True)
