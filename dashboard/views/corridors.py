"""The corridor strip on Situation: sister cities, and where the series nearest to them stand."""

from __future__ import annotations

import streamlit as st

from dashboard import corridor_words, data, filters, text
from dashboard.filters import Selection
from dashboard.text import Text
from surveillance.corridors import CORRIDORS, Cell, cells

BADGES = {"above": "orange", "within": "gray", "below": "yellow", "not_judgeable": "gray", "not_held": "gray"}


def part(t: Text, selection: Selection) -> None:
    """The strip: a card for each corridor, from west to east."""
    strip = data.computed(
        "corridors", lambda *_: [cells(data.judged(selection), corridor) for corridor in CORRIDORS],
        selection.as_of, selection.settings, selection.budget,
    )  # fmt: skip
    st.header(corridor_words.finding(t, strip), anchor=False)
    grid = st.grid(len(CORRIDORS), gap="xsmall", min_column_width=235)
    for corridor, found in zip(CORRIDORS, strip, strict=True):
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            st.markdown(f"**{corridor.us_city} | {corridor.mx_city}**")
            heads = f"| :small[{t('Measure')}] | :small[{t('Newest figure')}] |"
            st.markdown("\n".join([heads, "|---|--:|", *(_row(t, selection, cell) for cell in found)]))
    st.markdown(f":small[:gray[{corridor_words.note(t)}]]")


def _row(t: Text, selection: Selection, cell: Cell) -> str:
    label, value, stand = corridor_words.words(t, cell)
    hue = "blue" if cell.country == "US" else "green"
    name, place, substance = cell.series
    link = filters.link(selection, "trends", indicator=name, geographies=(place,), substance=substance)
    badge = f":{BADGES[cell.stand]}-badge[{stand}]"
    shown = text.escape_markdown(f"{t.country(cell.country)} {label}")
    linked = f"[{text.escape_markdown(value)}]({link})" if value else ""
    return f"| :small[:{hue}[{shown}]] | :small[{linked}] {badge} |"
