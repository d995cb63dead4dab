"""The corridors in words: sister cities, and where the series nearest to them stand."""

from __future__ import annotations

from dashboard.look import figure
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS
from surveillance.corridors import Cell, above

_SHORT = {
    "us_cbp_seizure_weight": N_("fentanyl seized, lb"),
    "us_overdose_ed_rate": N_("opioid visits, {place}"),
    "us_overdose_deaths_12m": N_("deaths, {place}"),
    "mx_retail_drug_case_files": N_("case files, {place}"),
    "mx_retail_drug_case_files_rnid": N_("case files, {place}"),
}
_STANDS = {
    "above": N_("above"),
    "within": N_("within"),
    "below": N_("unusually low"),
    "not_judgeable": N_("cannot be judged"),
    "not_held": N_("not published"),
}


def finding(t: Text, strip: list[list[Cell]]) -> str:
    """How many corridors hold a series above its line."""
    n = above(strip)
    if not n:
        return t("Corridors: no series above its alarm line")
    return t.n(
        "Corridors: {n} of {all} has a series above its alarm line",
        "Corridors: {n} of {all} have a series above their alarm lines",
        n,
        all=len(strip),
    )


def words(t: Text, cell: Cell) -> tuple[str, str, str]:
    """What a cell measures, its value with its period, and where it stands, in plain words."""
    name, place, _ = cell.series
    label = t(_SHORT[name], place=t.place(place)) if "{place}" in _SHORT[name] else t(_SHORT[name])
    stand = t(_STANDS[cell.stand])
    if cell.period is None:
        return label, "", stand
    value = f"{figure(cell.value, t.language)}, {t.period(cell.period, INDICATORS[name].frequency)}"
    return label, value, t("{stand}, late", stand=stand) if cell.late and cell.stand == "within" else stand


def note(t: Text) -> str:
    """How the figures may be read."""
    return t(
        "Each figure against its own past, as of its own newest month. The areas are the smallest that are "
        "published: a field office, or the state. Figures of the two countries are different measures."
    )
