"""Files: what was brought in, what was refused and why, how the last fetch of each source ended."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data, error_words, text
from dashboard.filters import Selection
from dashboard.text import Text
from data_sources.registry import SOURCES
from data_sources.store import REFUSALS_KEPT


def files(t: Text, selection: Selection) -> None:
    """Refused files first, then the last fetches, then every publication held on the day."""
    _refused(t)
    _attempts(t)
    _held(t, selection)


def _refused(t: Text) -> None:
    refusals = data.store().refusals()
    if refusals.empty:
        st.header(t("No file has been refused"), anchor=False)
        st.markdown(t("A file that cannot be used is listed here with the reason, and the store stays as it was."))
        return
    st.header(t.n("{n} file was refused", "{n} files were refused", len(refusals)), anchor=False)
    note = t(
        "The store stays as it was. The newest {n} refusals are kept; what stands in a file is quoted as it is.",
        n=t.number(REFUSALS_KEPT),
    )
    st.markdown(f":small[:gray[{note}]]")
    with st.container(height=420 if len(refusals) > 4 else "content", border=False):
        for row in refusals.itertuples():
            with st.container(border=True, gap="xxsmall"):
                st.markdown(f"**{text.escape_markdown(row.name)}**")
                told = f"{_source(t, row.source)} · {t.date(row.when)} {row.when:%H:%M} UTC"
                st.markdown(f":small[:gray[{text.escape_markdown(told)}]]")
                error_words.show(t, row.said or row.error)


def _attempts(t: Text) -> None:
    attempts = data.store().attempts()
    if attempts.empty:
        st.header(t("Nothing has been fetched yet"), anchor=False)
        st.markdown(t("Everything held was embedded or imported by hand."))
        return
    failed = int(attempts["error"].notna().sum())
    st.header(
        t.n("{failed} of {n} source failed at its last fetch", "{failed} of {n} sources failed at their last fetch",
            len(attempts), failed=failed),
        anchor=False,
    )  # fmt: skip
    for row in attempts.sort_values("error", na_position="last", kind="stable").itertuples():
        well = t("went well") if pd.isna(row.error) else t("failed")
        said = text.escape_markdown(f"{_source(t, row.source)}")
        st.markdown(f"**{said}**, {t.date(row.when)}: {well}")
        if not pd.isna(row.error):
            error_words.show(t, row.said or row.error)


def _held(t: Text, selection: Selection) -> None:
    held = data.publications()
    held = held[held["as_of"] <= pd.Timestamp(selection.as_of)].sort_values("retrieved", ascending=False)
    title = t.n("{n} publication is held", "{n} publications are held", len(held))
    st.header(title, anchor=False)
    note = t(
        "Nothing is ever overwritten: each file is kept as it came, and the figures it changed are counted against "
        "what was held before."
    )
    st.markdown(f":small[:gray[{note}]]")
    st.dataframe(
        pd.DataFrame(
            {
                t("File"): held["name"],
                t("Source"): [_source(t, name) for name in held["source"]],
                t("Published"): [t.date(day) for day in held["as_of"]],
                t("Last pull"): [t.date(pd.Timestamp(day)) for day in held["retrieved"]],
                t("Figures"): held["rows"],
                t("New or changed"): held["changed"],
                t("From"): [_month(t, day) for day in held["first"]],
                t("To"): [_month(t, day) for day in held["last"]],
                t("Bytes"): held["bytes"],
                t("SHA-256, first 12"): [digest[:12] for digest in held["sha256"]],
            }
        ),
        hide_index=True,
        width="stretch",
        height=340,
        column_config={t("File"): st.column_config.TextColumn(pinned=True, width="medium")},
        alt=title,
    )


def _month(t: Text, day: object) -> str:
    return text.MISSING if pd.isna(day) else t.month(pd.Timestamp(str(day)))


def _source(t: Text, name: str) -> str:
    return t(SOURCES[name].title) if name in SOURCES else name
