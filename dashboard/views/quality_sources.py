"""Sources: owners, licences, how current and how complete each is."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data, error_words, filters, text
from dashboard.filters import Selection
from dashboard.text import N_, Text
from data_sources.registry import SOURCES
from surveillance.coverage import completeness
from surveillance.freshness import freshness

# What the records of the sources say, marked for translation; CC BY 4.0 reads the same in both languages.
OWNERS = (
    N_("CDC, National Center for Health Statistics"),
    N_("US Customs and Border Protection"),
    N_("SESNSP (Mexico), with figures of the federal prosecutor (FGR)"),
    N_("SESNSP (Mexico)"),
    N_("CDC, CBP, SESNSP, UNODC, US Census Bureau, CONAPO"),
)
LICENCES = (N_("US government work"), N_("as each dataset: see DATA_LICENSES.md"))


def sources(t: Text, selection: Selection) -> None:
    """The table of sources, the failed fetches, and where each one's definitions stand."""
    table = data.computed("freshness", lambda day: freshness(data.store(), SOURCES, day), selection.as_of)
    filled = data.computed("completeness", lambda day: completeness(data.store(), day), selection.as_of)
    records = [SOURCES[name] for name in table["source"]]
    shares = [filled.get(name) for name in table["source"]]
    for row in data.store().attempts().dropna(subset=["error"]).itertuples():
        if row.source in SOURCES:
            said = t("The last fetch of {source} failed", source=t(SOURCES[row.source].title))
            st.warning(text.escape_markdown(said), icon=":material/cloud_off:")
            error_words.show(t, row.said or row.error)
    st.dataframe(
        pd.DataFrame(
            {
                t("Source"): [t(record.title) for record in records],
                t("State"): [_late(t, row.publications, row.days_late) for row in table.itertuples()],
                t("Last period"): [t.month(day) for day in table["last_period"]],
                t("Completeness"): [text.MISSING if share is None else t.percent(share) for share in shares],
                t("Last publication"): [t.date(day) for day in table["published"]],
                t("Last pull"): [t.date(day) for day in table["retrieved"]],
                t("Next due"): [t.date(day) for day in table["due"]],
                t("Publications held"): table["publications"],
                t("Cadence"): [t.n("every {n} day", "every {n} days", record.cadence_days) for record in records],
                t("Owner"): [t(record.publisher) for record in records],
                t("Country"): [_countries(t, record.country) for record in records],
                t("Licence"): [t(record.licence) for record in records],
                t("Where to get the file"): [record.homepage for record in records],
                t("Definition"): [
                    filters.link(selection, "quality", view="definitions", indicator=record.indicators[0])
                    for record in records
                ],
            }
        ),
        hide_index=True,
        width="stretch",
        column_config={
            t("Source"): st.column_config.TextColumn(pinned=True, width="medium"),
            t("Where to get the file"): st.column_config.LinkColumn(width="medium"),
            t("Definition"): st.column_config.LinkColumn(display_text=t("Definitions"), width="small"),
        },
        alt=t("Sources, how current they are, their owners and licences"),
    )
    note = t(
        "Late: after the last publication plus the usual cadence and delay of its publisher. Completeness: the "
        "share of places and drugs with a figure in the newest period; what is suppressed counts as missing."
    )
    st.markdown(f":small[:gray[{note}]]")


def _late(t: Text, publications: int, days: int | None) -> str:
    if not publications:
        return t("nothing held")
    if pd.isna(days) or not days:
        return t("current")
    return t.n("{n} day late", "{n} days late", int(days))


def _countries(t: Text, codes: str) -> str:
    return " · ".join(t.country(code) for code in codes.split())
