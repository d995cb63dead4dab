"""What else says so: the other streams, on both sides of the border, at the time of a signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from data_sources.indicators import INDICATORS, Indicator, Kind
from data_sources.observations import period_end
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment

Stand = Literal["signal", "agrees", "disagrees", "silent", "blind"]
Side = Literal["US", "MX"]
STREAMS: tuple[Kind, ...] = ("supply", "enforcement", "use", "harm")
SIDES: tuple[Side, ...] = ("US", "MX")
ODD = 0.10  # one-sided: outside the 80 % range of what was expected
REACH = 12  # months before or after the signal beyond which a figure says nothing of it

# The states that face each other, and the customs and patrol areas with the states they cover and face: from the
# publisher's list of areas and the map of the border (areas of responsibility crosswalk and sister-city table).
FACING: dict[str, tuple[str, ...]] = {
    "US-CA": ("MX-BCN",),
    "US-AZ": ("MX-SON", "MX-BCN"),
    "US-NM": ("MX-CHH",),
    "US-TX": ("MX-CHH", "MX-COA", "MX-NLE", "MX-TAM"),
}
_BCN, _SON, _CHH, _COA, _NLE, _TAM = "MX-BCN", "MX-SON", "MX-CHH", "MX-COA", "MX-NLE", "MX-TAM"
AREAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "US-CBP-san-diego-field-office": (("US-CA",), (_BCN,)),
    "US-CBP-san-diego-sector": (("US-CA",), (_BCN,)),
    "US-CBP-el-centro-sector": (("US-CA",), (_BCN,)),
    "US-CBP-yuma-sector": (("US-AZ", "US-CA"), (_BCN, _SON)),
    "US-CBP-tucson-field-office": (("US-AZ",), (_SON,)),
    "US-CBP-tucson-sector": (("US-AZ",), (_SON,)),
    "US-CBP-el-paso-field-office": (("US-NM", "US-TX"), (_CHH,)),
    "US-CBP-el-paso-sector": (("US-NM", "US-TX"), (_CHH,)),
    "US-CBP-big-bend-sector": (("US-TX",), (_CHH, _COA)),
    "US-CBP-del-rio-sector": (("US-TX",), (_COA,)),
    "US-CBP-laredo-field-office": (("US-TX",), (_COA, _NLE, _TAM)),
    "US-CBP-laredo-sector": (("US-TX",), (_TAM, _NLE, _COA)),
    "US-CBP-rio-grande-valley-sector": (("US-TX",), (_TAM,)),
}
BORDER_REGION = "US-CBP-southwest-border"
BORDER_STATES = (_BCN, _SON, _CHH, _COA, _NLE, _TAM)
# Which substances of another stream speak of the same drug, nearest first.
_ALIKE: dict[str, tuple[str, ...]] = {
    "fentanyl": ("fentanyl", "synthetic_opioids", "opioids", "all"),
    "synthetic_opioids": ("synthetic_opioids", "fentanyl", "opioids", "all"),
    "opioids": ("opioids", "synthetic_opioids", "fentanyl", "heroin", "all"),
    "heroin": ("heroin", "opioids", "all"),
    "methamphetamine": ("methamphetamine", "psychostimulants", "stimulants", "all"),
    "psychostimulants": ("psychostimulants", "methamphetamine", "stimulants", "all"),
    "stimulants": ("stimulants", "psychostimulants", "methamphetamine", "cocaine", "all"),
    "cocaine": ("cocaine", "stimulants", "all"),
    "all": ("all", "fentanyl", "synthetic_opioids", "opioids", "methamphetamine"),
}


@dataclass(frozen=True)
class Cell:
    """What one stream says on one side of the border.

    `stand`: signal (the series in question is of this stream and side) · agrees, a figure above the 80 % range of
    what was expected · disagrees, one below it and none above · silent, all within · blind, no series of these
    places and substances could be judged within REACH months. The named series is the one that decides; `lag` are
    the months from the signal's period to its period, negative for earlier; `age_days` from its end to the as-of
    day; `series` how many were looked at.
    """

    stream: Kind
    side: Side
    stand: Stand
    series: int = 0
    indicator: str = ""
    geography: str = ""
    substance: str = ""
    period: pd.Timestamp | None = None
    lag: int = 0
    age_days: int = 0
    observed: float = float("nan")
    expected: float = float("nan")
    pvalue: float = float("nan")


def neighbourhood(geography: str) -> dict[Side, tuple[str, ...]]:
    """The places on each side that speak of a place, nearest first: itself, what covers it, and what it faces.

    A place away from the border is set against the other country as a whole.
    """
    here = GEOGRAPHIES[geography]
    if geography in AREAS:
        states, facing = AREAS[geography]
        return {"US": (geography, *states), "MX": facing}
    if geography in FACING:
        own = [area for area, (states, _) in AREAS.items() if geography in states]
        return {"US": (geography, *own), "MX": FACING[geography]}
    if geography in BORDER_STATES:
        facing_states = tuple(state for state, facing in FACING.items() if geography in facing)
        areas = tuple(area for area, (_, facing) in AREAS.items() if geography in facing)
        return {"US": (*facing_states, *areas), "MX": (geography,)}
    if geography.startswith(BORDER_REGION):
        return {"US": (geography, BORDER_REGION, "US"), "MX": (*BORDER_STATES, "MX")}
    if here.kind == "nation":
        return {"US": ("US", BORDER_REGION), "MX": ("MX",)}
    return {"US": (geography,), "MX": ("MX",)} if here.country == "US" else {"US": ("US",), "MX": (geography,)}


def corroboration(assessment: Assessment, series: tuple[str, str, str], period: pd.Timestamp) -> list[Cell]:
    """One cell per stream and side, in the order of STREAMS and SIDES.

    Of each series the judged figure nearest in time to *period* counts, the earlier of two. With n series in a cell
    the line is P < ODD / n for each (Bonferroni), so that a cell with many agrees no more often by chance.
    """
    indicator, geography, substance = series
    near = neighbourhood(geography)
    drugs = _ALIKE.get(substance, (substance, "all"))
    own = (INDICATORS[indicator].kind, GEOGRAPHIES[geography].country)
    cells = []
    for stream in STREAMS:
        records = [
            INDICATORS[watch.indicator]
            for watch in assessment.plan.watches
            if INDICATORS[watch.indicator].kind == stream
        ]
        for side in SIDES:
            if (stream, side) == own:
                cells.append(Cell(stream, side, "signal", 1, indicator, geography, substance, period))
            else:
                figures = _figures(assessment, records, near[side], drugs, period)
                cells.append(_cell(stream, side, figures, period, assessment))
    return cells


def summary(cells: Sequence[Cell]) -> Mapping[Stand, int]:
    """How many of the other streams and sides agree, disagree, are silent, are blind."""
    return {
        stand: sum(cell.stand == stand for cell in cells) for stand in ("agrees", "disagrees", "silent", "blind")
    }


def _figures(
    assessment: Assessment, records: Sequence[Indicator], places: Sequence[str], drugs: Sequence[str],
    period: pd.Timestamp,
) -> pd.DataFrame:  # fmt: skip
    """Of each series of these places and substances its judged figure nearest to *period*, within REACH."""
    found = []
    for record in records:
        for place in places:
            for drug in drugs:
                rows = assessment.of(record.id, place, drug)
                rows = rows[rows["complete"] & rows["alarm"].notna()]
                if rows.empty:
                    continue
                months = _months(rows["period"], period)
                nearest = rows.assign(lag=months, far=months.abs()).sort_values(["far", "lag"]).iloc[0]
                if nearest["far"] <= REACH:
                    found.append(nearest)
                    break  # the nearest substance of this measure and place speaks for it
    return pd.DataFrame(found)


def _months(periods: pd.Series, period: pd.Timestamp) -> pd.Series:
    return (periods.dt.year - period.year) * 12 + periods.dt.month - period.month


def _cell(stream: Kind, side: Side, figures: pd.DataFrame, period: pd.Timestamp, assessment: Assessment) -> Cell:
    if figures.empty:
        return Cell(stream, side, "blind")
    line = ODD / len(figures)
    alarm = figures["alarm"].astype(bool)
    high = (
        figures["pvalue"].where(figures["pvalue"].notna(), 1.0 - alarm).to_numpy(float)
    )  # no p: the alarm decides
    low = figures["pvalue_low"].fillna(1.0).to_numpy(float)
    if high.min() < line:
        stand, at = "agrees", int(high.argmin())
    elif low.min() < line:
        stand, at = "disagrees", int(low.argmin())
    else:
        stand, at = "silent", 0
    row = figures.iloc[at]
    end = period_end(row["period"], INDICATORS[row["indicator"]].frequency)
    return Cell(
        stream, side, stand, len(figures), row["indicator"], row["geography"], row["substance"],  # type: ignore[arg-type]
        pd.Timestamp(row["period"]), int(row["lag"]), (pd.Timestamp(assessment.as_of) - end).days,
        float(row["observed"]), float(row["expected"]), float(row["pvalue"]),
    )  # fmt: skip
