"""What the plan watches and why, and what it does not watch."""

from __future__ import annotations

import streamlit as st

from dashboard import data, filters, text
from dashboard.filters import Selection
from dashboard.text import Text
from surveillance.explain import rounded
from surveillance.plan import DEFAULT_PLAN


def watched(t: Text, selection: Selection) -> None:
    """One card a watch: measure, why, detector, substances; then the list of what is not watched."""
    assessment = data.judged(selection)
    watches = assessment.plan.at(assessment.alpha).watches
    st.header(t("What the plan watches, and why"), anchor=False)
    note = t(
        "One alpha for all detectors, {alpha}, follows from the alarm budget: {n} false signals a quarter.",
        alpha=t.number(assessment.alpha, 2),
        n=t.number(assessment.plan.budget),
    )
    st.markdown(f":small[:gray[{note}]]")
    with st.grid(2, min_column_width=320, gap="small"):
        for watch in watches:
            with st.container(border=True, gap="xxsmall", height="stretch"):
                st.markdown(f"**{text.escape_markdown(t.indicator(watch.indicator))}**")
                st.markdown(f":small[{text.escape_markdown(t(watch.why))}]")
                drugs = ", ".join(t.substance(code) for code in watch.substances) or t("all")
                _fact(t("Substances"), drugs)
                _fact(t("Detector"), repr(rounded(watch.detector)))
                _fact(t("While history is short"), repr(rounded(watch.short)) if watch.short else t("not judged"))
    st.header(t("What it does not watch"), anchor=False)
    lines = [
        f"- **{text.escape_markdown(t.indicator(name))}**: {text.escape_markdown(t(why))}"
        for name, why in DEFAULT_PLAN.not_watched.items()
    ]
    st.markdown("\n".join(lines))
    st.markdown(f"[{t('How each detector works')}]({filters.link(selection, 'methods', view='detectors')})")


def _fact(name: str, said: str) -> None:
    st.markdown(f":small[:gray[{text.escape_markdown(name)}:] {text.escape_markdown(said)}]")
