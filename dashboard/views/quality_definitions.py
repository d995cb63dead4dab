"""Definitions: the crosswalk between the countries with its grades, each measure's record, and method breaks."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import text, written
from dashboard.filters import Selection
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS, Indicator, successor
from data_sources.registry import SOURCES

GRADES = {
    "A": N_("the same definition"),
    "B": N_("nearly the same definition"),
    "C": N_("related measures: compare directions, never levels"),
    "D": N_("cannot be compared: compare shapes only"),
}
_COLOUR = {"A": "green", "B": "blue", "C": "yellow", "D": "gray"}
_FREQUENCY = {"W": N_("weekly"), "MS": N_("monthly"), "YS": N_("yearly"), "YS-OCT": N_("yearly, fiscal year")}
_KIND = {
    "harm": N_("Harm"), "use": N_("Use"), "supply": N_("Supply"), "enforcement": N_("Enforcement"),
    "context": N_("Context"),
}  # fmt: skip
_WINDOW = {"12 months ending": N_("12 months ending"), "stock": N_("to date"), "period": ""}


def definitions(t: Text, selection: Selection) -> None:
    """The crosswalk, then the record of every measure; the one asked for stands first."""
    made = written.definitions()
    rows = made["rows"]
    best = min(row["grade"] for row in rows)
    same = sum(row["grade"] == "A" for row in rows)
    st.header(
        t("No measure has the same definition in both countries; the best grade is {grade}", grade=best)
        if not same
        else t.n(
            "{n} measure has the same definition in both countries",
            "{n} measures have the same definition in both countries",
            same,
        ),
        anchor=False,
    )
    grades = " · ".join(f"**{grade}** {t(words)}" for grade, words in GRADES.items())
    st.markdown(f":small[:gray[{grades}]]")
    for row in rows:
        _crosswalk(t, row)
    version = t("Crosswalk, version {version} of {day}.", version=made["version"], day=t.date(made["day"]))
    st.markdown(f":small[:gray[{version}]]")
    st.header(t("Definitions and cautions"), anchor=False)
    first = [selection.indicator] if selection.indicator else []
    with st.grid(2, min_column_width=320, gap="small"):
        for name in dict.fromkeys([*first, *INDICATORS]):
            _measure(t, INDICATORS[str(name)], chosen=name == selection.indicator)


def _crosswalk(t: Text, row: dict[str, Any]) -> None:
    with st.container(border=True, gap="xsmall"):
        topic = text.escape_markdown(row["topic"][t.language])
        st.markdown(f":{_COLOUR[row['grade']]}-badge[**{row['grade']}**] **{topic}**")
        with st.grid(2, min_column_width=260, gap="small"):
            for country, colour in (("us", "blue"), ("mx", "green")):
                side = row[country]
                said = text.escape_markdown(side[t.language])
                held = "" if side.get("indicator") else f" :gray[{t('Not held here.')}]"
                st.markdown(f":small[:{colour}-badge[**{t.country(country.upper())}**] {said}{held}]")
        st.markdown(f":small[**{t('Why this grade')}:** {text.escape_markdown(row['why'][t.language])}]")


def _measure(t: Text, record: Indicator, *, chosen: bool) -> None:
    with st.container(border=True, gap="xxsmall", height="stretch"):
        mark = f" :orange-badge[{t('asked for')}]" if chosen else ""
        st.markdown(f"**{text.escape_markdown(t.indicator(record.id))}**{mark}")
        facts = [t(_KIND[record.kind]), t.unit(record.id), t(_FREQUENCY[record.frequency])]
        if _WINDOW[record.window]:
            facts.append(t(_WINDOW[record.window]))
        facts.append(t.n("usual delay {n} day", "usual delay {n} days", record.delay_days))
        facts.append(t("grade {grade}", grade=record.grade))
        if record.comparable_from:
            facts.append(t("comparable from {month}", month=t.month(pd.Timestamp(record.comparable_from))))
        st.markdown(f":small[:gray[{text.escape_markdown(' · '.join(facts))}]]")
        if record.caution:
            st.markdown(f":small[{text.escape_markdown(t.caution(record.id))}]")
        sources = "; ".join(t(SOURCES[name].title) for name in record.sources if name in SOURCES)
        st.markdown(f":small[:gray[{text.escape_markdown(t('Source: {source}.', source=sources))}]]")


def breaks(t: Text, selection: Selection) -> None:
    """Dated changes of method, newest first: nothing is judged across them."""
    st.header(t("Nothing is judged across these breaks"), anchor=False)
    for day, sentence in sorted(_breaks(t), reverse=True):
        with st.container(border=True, gap="xxsmall"):
            st.markdown(f"**{t.month(day)}**")
            st.markdown(text.escape_markdown(sentence))


def _breaks(t: Text) -> list[tuple[pd.Timestamp, str]]:
    found = []
    for record in INDICATORS.values():
        name = t.indicator(record.id)
        if record.continues and record.begins:
            day = pd.Timestamp(record.begins)
            sentence = t(
                "{new} continues {old} from {month}. The two are drawn side by side and never added, compared or "
                "judged together.",
                new=name,
                old=t.indicator(record.continues),
                month=t.month(day),
            )
            found.append((day, sentence))
        elif record.ended and successor(record.id) is None:
            day = pd.Timestamp(record.ended)
            found.append(
                (day, t("{measure} was closed by its publisher with {month}.", measure=name, month=t.month(day)))
            )
        if record.comparable_from:
            day = pd.Timestamp(record.comparable_from)
            sentence = t(
                "{measure} has its present definition from {month}. Earlier months are drawn, and are neither "
                "judged nor a baseline.",
                measure=name,
                month=t.month(day),
            )
            found.append((day, sentence))
    return found
