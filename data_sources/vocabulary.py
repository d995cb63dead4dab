"""The closed sets every row draws from: substances and places, with their names in English and Spanish.

Places are ISO 3166 codes; a publisher's own areas (CBP field offices and sectors, New York City) carry
codes of ours. `publisher_code` is INEGI's state number or CBP's spelling.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

Language = Literal["en", "es"]
STATUSES = ("reported", "suppressed", "not_reported", "not_collected", "withdrawn")


@dataclass(frozen=True)
class Substance:
    code: str
    name_en: str
    name_es: str

    def name(self, language: Language) -> str:
        return self.name_en if language == "en" else self.name_es


@dataclass(frozen=True)
class Geography:
    code: str
    country: str
    kind: str  # nation, state, city, cbp_region, cbp_component, cbp_area
    name_en: str
    name_es: str
    border: bool
    publisher_code: str

    def name(self, language: Language) -> str:
        return self.name_en if language == "en" else self.name_es


def _rows(name: str) -> list[dict[str, str]]:
    with files("data_sources").joinpath(name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


SUBSTANCES: dict[str, Substance] = {row["code"]: Substance(**row) for row in _rows("substances.csv")}
GEOGRAPHIES: dict[str, Geography] = {
    row["code"]: Geography(**{**row, "border": row["border"] == "yes"})  # type: ignore[arg-type]
    for row in _rows("geographies.csv")
}
MX_STATE_BY_NUMBER: dict[int, str] = {
    int(place.publisher_code): place.code
    for place in GEOGRAPHIES.values()
    if place.country == "MX" and place.kind == "state"
}
CBP_AREA_BY_NAME: dict[str, str] = {
    place.publisher_code: place.code for place in GEOGRAPHIES.values() if place.kind == "cbp_area"
}
