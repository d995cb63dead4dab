"""Signal dossier: one signal explained in a fixed order, from the headline to the decision and its provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard import charts, data, dossier_file, dossier_words, filters, text, unknown_words
from dashboard.chart_block import Block
from dashboard.filters import Selection
from dashboard.look import NOMINAL
from dashboard.sentences import series_name
from dashboard.text import Text
from dashboard.views import decide, dossier_cards, dossier_pictures, evidence
from surveillance.assessment import Assessment
from surveillance.dossier import Dossier, UnknownSignal, dossier


def render(selection: Selection) -> None:
    """The dossier of the signal that the address names."""
    t = text.of(selection.language)
    selection = replace(selection, view=None)  # it belongs to the page one came from
    assessment = data.judged(selection)
    if not selection.signal:
        _none(t, selection, assessment, t("Which signal? The address names none"))
        return
    try:
        found = _found(selection, assessment, selection.signal)
    except UnknownSignal:
        _none(t, selection, assessment, t("There is no signal of this name"))
        return
    blocks = dossier_pictures.blocks(t, selection, assessment, found)
    _breadcrumb(t, selection, assessment, found, blocks)
    st.title(text.escape_markdown(dossier_words.headline(t, found)), anchor=False)
    if not found.open:
        said = t(
            "{status}: this signal is not open as known on {day}.",
            status=dossier_words.status(t, found),
            day=t.date(selection.as_of),
        )
        st.info(text.escape_markdown(said), icon=":material/history:")
    st.markdown(text.escape_markdown(dossier_words.introduction(t, found)))
    dossier_pictures.draw(t, selection, found, blocks)
    if not blocks and not found.judged:
        _open(t, selection, assessment)
    if found.judged:
        dossier_cards.draw(t, assessment, found)
        _bottom(t, selection, found)
        _numbers(t, selection, found)


def _found(selection: Selection, assessment: Assessment, signal: str) -> Dossier:
    def make(*_: object) -> Dossier:
        day = selection.as_of.isoformat()
        return dossier(data.store(), assessment, signal, known=lambda name: data.wide(day, name))

    return data.computed("dossier", make, selection.as_of, assessment.plan.digest, assessment.alpha, signal)


def _none(t: Text, selection: Selection, assessment: Assessment, title: str) -> None:
    """The page without a signal to show: what is open instead."""
    st.markdown(f"[{t('Signals')}]({filters.link(selection, 'signals', signal=None)}) / {t('Signal dossier')}")
    st.title(title)
    if selection.signal:
        st.markdown(text.escape_markdown(t("Asked for: {name}", name=selection.signal[:120])))
    st.markdown(
        t(
            "A signal's name has five parts: measure, place, substance, first month and method. The links of the "
            "Signals page hold it."
        )
    )
    _open(t, selection, assessment)


def _open(t: Text, selection: Selection, assessment: Assessment) -> None:
    """The open signals with links to their dossiers."""
    open_ = assessment.signals
    if open_.empty:
        st.info(t("No signal is open as known on {day}.", day=t.date(selection.as_of)), icon=":material/info:")
        return
    st.header(t.n("{n} open signal", "{n} open signals", len(open_)))
    lines = []
    for _, row in open_.iterrows():
        name = series_name(t, str(row["geography"]), str(row["substance"]))
        said = text.escape_markdown(f"{name}, {t.short(str(row['indicator']))}, {t.month(row['since'])}")
        lines.append(f"- [{said}]({filters.link(selection, 'signal', signal=row['id'])})")
    st.markdown("\n".join(lines))


def _breadcrumb(
    t: Text, selection: Selection, assessment: Assessment, found: Dossier, blocks: Sequence[Block]
) -> None:
    """The line above the headline: whose signal it is, how it stands, and the files."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        back = filters.link(selection, "signals", signal=None)
        name = text.escape_markdown(dossier_words.breadcrumb(t, found))
        st.markdown(f":small[[{t('Signals')}]({back}) / {name}]", width="content")
        st.badge(t.country(found.country), color="blue" if found.country == "US" else "green")
        colour = {"signal": "orange", "last_known": "yellow"}.get(found.status, "gray")
        st.badge(dossier_words.status(t, found), color=colour, icon=":material/flag:")  # type: ignore[arg-type]
        if found.provenance is not None:
            first = t("First published {day}", day=t.date(found.provenance.first_published))
            st.badge(first, color="gray")
        st.badge(t("Comparability {grade}", grade=found.indicator.grade), color="gray")
        st.badge(t("Owner: {country}", country=t.country(found.country)), color="gray")
        st.space("stretch")
        with st.popover(t("Export"), icon=":material/download:", type="tertiary"):
            _export(t, selection, assessment, found, blocks)


def _export(t: Text, selection: Selection, assessment: Assessment, found: Dossier, blocks: Sequence[Block]) -> None:
    stem = dossier_file.stem(found, selection)

    def whole() -> bytes:
        pictures = [
            (block.title, charts.svg(block.chart.properties(width=NOMINAL), t.language), block.caption)
            for block in blocks
        ]
        return dossier_file.as_html(t, selection, assessment, found, pictures)

    st.download_button(
        t("All facts, CSV"), lambda: dossier_file.as_csv(t, selection, assessment, found),
        file_name=f"{stem}.csv", mime="text/csv", on_click="ignore", key="dossier-csv", type="tertiary",
        icon=":material/table:",
    )  # fmt: skip
    st.download_button(
        t("The dossier, HTML"), whole, file_name=f"{stem}.html", mime="text/html", on_click="ignore",
        key="dossier-html", type="tertiary", icon=":material/description:",
    )  # fmt: skip


def _bottom(t: Text, selection: Selection, found: Dossier) -> None:
    """What is not known, the next step and the origin; beside them the decision."""
    left, right = st.columns([1.62, 1], gap="xsmall")
    with left.container(border=True, height="stretch"):
        st.subheader(t("What we do not know, and what would change our mind"), anchor=False)
        st.markdown("\n".join(f"- {text.escape_markdown(said)}" for said in unknown_words.unknowns(t, found)))
        st.markdown(f"**{text.escape_markdown(unknown_words.step(t, found))}**")
        st.subheader(t("Where it comes from"), anchor=False)
        lines = dossier_words.provenance(t, found)
        said = " · ".join(f"{name}: {value}" for name, value in lines)
        st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
    with right.container(border=True, height="stretch"):
        st.subheader(t("Decision"), anchor=False)
        decide.part(t, selection, found.row)


def _numbers(t: Text, selection: Selection, found: Dossier) -> None:
    st.markdown(f":small[{dossier_pictures.whole_series(t, selection, found)}]")
    closed = st.expander(t("The evidence in numbers"), key=f"evidence-{found.id}", on_change="rerun")
    if closed.open and found.evidence is not None:
        with closed:
            evidence.tables(t, found.evidence, found.indicator.frequency)
