"""The three cards of a dossier: how unusual, is it real, and what else says so."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import artefact_words, charts_dossier, corroboration_words, data, dossier_words, text
from dashboard.pictures import picture
from dashboard.text import Text
from surveillance.assessment import Assessment
from surveillance.corroboration import SIDES, STREAMS, Cell
from surveillance.dossier import Dossier

ICONS = {
    "pass": ":green[:material/check_circle:]",
    "fail": ":orange[:material/error:]",
    "untested": ":gray[:material/help:]",
    "not_applicable": ":gray[:material/remove:]",
}
BADGES = {"agrees": "orange", "disagrees": "yellow", "silent": "gray", "blind": "gray"}


def draw(t: Text, assessment: Assessment, found: Dossier) -> None:
    """Write the cards side by side."""
    one, two, three = st.columns(3, gap="xsmall")
    with one.container(border=True, height="stretch", gap="xsmall"):
        _unusual(t, assessment, found)
    with two.container(border=True, height="stretch", gap="xsmall"):
        _real(t, found)
    with three.container(border=True, height="stretch", gap="xsmall"):
        _beside(t, found)
        _drivers(t, found)


def _unusual(t: Text, assessment: Assessment, found: Dossier) -> None:
    st.subheader(text.escape_markdown(dossier_words.unusual_title(t, found)), anchor=False)
    said = dossier_words.unusual(t, found, false=assessment.expected_false, judged=assessment.counts["judged"])
    lines = [[text.escape_markdown(part) for part in line] for line in said]
    _rows(lines, (t("Fact"), t("Figure")), alt=dossier_words.unusual_title(t, found), headed=False)
    title = dossier_words.stability_title(t, found)
    st.markdown(f"**{text.escape_markdown(title)}**")
    if len(found.settings):
        chart = charts_dossier.stability_chart(
            found.settings, language=t.language, dark=data.dark(), line=t("alarm line"),
            title=t("0: as expected, 1: alarm line"), alarm=t("above the line"), quiet=t("not above the line"),
        )  # fmt: skip
        picture(chart, alt=title, key="dossier-stability")
    st.markdown(f":small[:gray[{text.escape_markdown(dossier_words.earlier(t, found))}]]")


def _real(t: Text, found: Dossier) -> None:
    st.subheader(text.escape_markdown(artefact_words.title(t, found)), anchor=False)
    lines = []
    for check in found.checks:
        one = artefact_words.tested(t, check)
        word = f"**{one.word}**" if one.result == "fail" else one.word
        lines.append(
            (f"{ICONS[one.result]} {text.escape_markdown(one.name)}", f"{word}: {text.escape_markdown(one.why)}")
        )
    _rows(lines, (t("Test"), t("Result")), alt=artefact_words.title(t, found), headed=False)


def _beside(t: Text, found: Dossier) -> None:
    st.subheader(text.escape_markdown(corroboration_words.title(t, found)), anchor=False)
    cells = {(cell.stream, cell.side): cell for cell in found.cells}
    lines = [[t.stream(stream), *(_cell(t, cells[stream, side]) for side in SIDES)] for stream in STREAMS]
    heads = [t("Stream"), *(t.country(side) for side in SIDES)]
    _rows(lines, heads, alt=corroboration_words.title(t, found))


def _drivers(t: Text, found: Dossier) -> None:
    made = found.contributions
    assert made is not None
    title = corroboration_words.drivers_title(t, found)
    st.markdown(f"**{text.escape_markdown(title)}**")
    if len(made.places) > 1:
        places = charts_dossier.drivers(made.places)
        places = places.assign(
            name=[t.place(code) for code in places["geography"]],
            label=[corroboration_words.signed(t, value) for value in places["excess"]],
        )
        chart = charts_dossier.drivers_chart(
            places, language=t.language, dark=data.dark(), title=t.unit(found.indicator.id)
        )
        picture(chart, alt=title, key="dossier-drivers")
        st.markdown(f":small[:gray[{text.escape_markdown(corroboration_words.drivers_sum(t, found))}]]")


def _cell(t: Text, cell: Cell) -> str:
    word, detail = corroboration_words.cell(t, cell)
    if cell.stand == "signal":
        return f"**{word}**"
    icon = ":material/visibility_off: " if cell.stand == "blind" else ""
    badge = f":{BADGES[cell.stand]}-badge[{icon}{word}]"
    return f"{badge} {text.escape_markdown(detail)}" if detail else badge


def _rows(lines: Sequence[Sequence[str]], heads: Sequence[str], *, alt: str, headed: bool = True) -> None:
    """A plain table; the cells are Markdown already."""
    small = [[f":small[{cell}]" for cell in line] for line in lines]
    st.table(
        pd.DataFrame(small, columns=[f":small[{head}]" for head in heads]),
        border="horizontal", hide_index=True, hide_header=not headed, alt=alt,
    )  # fmt: skip
