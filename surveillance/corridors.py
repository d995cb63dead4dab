"""Sister cities across the border, and what the series nearest to them say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.observations import SERIES
from surveillance.assessment import Assessment

Stand = Literal["above", "within", "below", "not_judgeable", "not_held"]
Series = tuple[str, str, str]  # indicator, geography, substance


@dataclass(frozen=True)
class Corridor:
    """Two cities, and the series of the areas that hold them: the smallest that are published."""

    us_city: str
    mx_city: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Cell:
    """One series of a corridor on a day: its newest complete value and where that stands to its own range.

    `stand`: above its alarm line, within, as far below as an alarm is above, not judgeable (`reason`), or not held.
    `late`: a newer figure is overdue, so that "within" says nothing of today.
    """

    series: Series
    country: Literal["US", "MX"]
    stand: Stand
    value: float = float("nan")
    period: pd.Timestamp | None = None
    late: bool = False
    reason: str = ""


def _corridor(us_city: str, mx_city: str, area: str, us_state: str, mx_state: str) -> Corridor:
    return Corridor(
        us_city,
        mx_city,
        (
            ("us_cbp_seizure_weight", f"US-CBP-{area}-field-office", "fentanyl"),
            ("us_overdose_ed_rate", us_state, "opioids"),
            ("us_overdose_deaths_12m", us_state, "all"),
            ("mx_retail_drug_case_files_rnid", mx_state, "all"),
        ),
    )


# From west to east; which field office and which states hold the cities follows from the map.
CORRIDORS = (
    _corridor("San Diego", "Tijuana", "san-diego", "US-CA", "MX-BCN"),
    _corridor("Nogales", "Nogales", "tucson", "US-AZ", "MX-SON"),
    _corridor("El Paso", "Ciudad Juárez", "el-paso", "US-TX", "MX-CHH"),
    _corridor("Laredo", "Nuevo Laredo", "laredo", "US-TX", "MX-TAM"),
)


def cells(assessment: Assessment, corridor: Corridor) -> list[Cell]:
    """What each series of a corridor says as of the assessment, in the corridor's order."""
    table = assessment.series.set_index(SERIES)
    return [_cell(table, series) for series in corridor.series]


def _cell(table: pd.DataFrame, series: Series) -> Cell:
    country: Literal["US", "MX"] = "MX" if series[1].startswith("MX") else "US"
    before = INDICATORS[series[0]].continues
    if series not in table.index and before is not None:  # on a day before the method changed
        series = (before, *series[1:])
    if series not in table.index:
        return Cell(series, country, "not_held")
    row = table.loc[series]
    return Cell(
        series,
        country,
        _stand(row),
        float(row["observed"]),
        None if pd.isna(row["period"]) else pd.Timestamp(row["period"]),
        bool(row["late"]),
        str(row["reason"]) if row["state"] == "not_judgeable" else "",
    )


def _stand(row: pd.Series) -> Stand:
    if row["state"] == "not_judgeable":
        return "not_judgeable"
    if row["state"] in ("signal", "last_known"):
        return "above"
    return "below" if row["fall"] is not pd.NA and bool(row["fall"]) else "within"


def above(strip: Sequence[Sequence[Cell]]) -> int:
    """In how many corridors a series is above its line."""
    return sum(any(cell.stand == "above" for cell in corridor) for corridor in strip)
