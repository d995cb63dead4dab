"""The corridor strip on Situation: sister cities, and where the series nearest to them stand."""

from __future__ import annotations

import streamlit as st

from dashboard import data, filters, text
from dashboard.filters import Selection
from dashboard.look import figure
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS
from surveillance.corridors import CORRIDORS, Cell, above, cells

_SHORT = {
    "us_cbp_seizure_weight": N_("fentanyl seized, lb"),
    "us_overdose_ed_rate": N_("opioid visits, {place}"),
    "us_overdose_deaths_12m": N_("deaths, {place}"),
    "mx_retail_drug_case_files": N_("case files, {place}"),
    "mx_retail_drug_case_files_rnid": N_("case files, {place}"),
}
STANDS = {
    "above": (N_("above"), "orange"),
    "within": (N_("within"), "gray"),
    "below": (N_("unusually low"), "yellow"),
    "not_judgeable": (N_("cannot be judged"), "gray"),
    "not_held": (N_("not published"), "gray"),
}


def part(t: Text, selection: Selection) -> None:
    """The strip: a card for each corridor, from west to east."""
    assessment = data.judged(selection)
    strip = [cells(assessment, corridor) for corridor in CORRIDORS]
    st.header(finding(t, strip), anchor=False)
    grid = st.grid(len(CORRIDORS), gap="xsmall", min_column_width=235)
    for corridor, found in zip(CORRIDORS, strip, strict=True):
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            st.markdown(f"**{corridor.us_city} | {corridor.mx_city}**")
            st.markdown("\n".join(["|||", "|---|--:|", *(_row(t, selection, cell) for cell in found)]))
    note = t(
        "Each figure against its own past, as of its own newest month. The areas are the smallest that are "
        "published: a field office, or the state. Figures of the two countries are different measures."
    )
    st.markdown(f":small[:gray[{note}]]")


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
    stand = t(STANDS[cell.stand][0])
    if cell.period is None:
        return label, "", stand
    value = f"{figure(cell.value, t.language)}, {t.period(cell.period, INDICATORS[name].frequency)}"
    return label, value, t("{stand}, late", stand=stand) if cell.late and cell.stand == "within" else stand


def _row(t: Text, selection: Selection, cell: Cell) -> str:
    label, value, stand = words(t, cell)
    hue = "blue" if cell.country == "US" else "green"
    name, place, substance = cell.series
    link = filters.link(selection, "trends", indicator=name, geographies=(place,), substance=substance)
    badge = f":{STANDS[cell.stand][1]}-badge[{stand}]"
    shown = text.escape_markdown(f"{t.country(cell.country)} {label}")
    linked = f"[{text.escape_markdown(value)}]({link})" if value else ""
    return f"| :small[:{hue}[{shown}]] | :small[{linked}] {badge} |"
