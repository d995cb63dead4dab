"""Periods that still fill: what they will come to, and how sure it is that they end above their line."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.sentences import series_name
from dashboard.text import CERTAINTY, Text
from data_sources.registry import SOURCES
from surveillance.assessment import Assessment


def part(t: Text, assessment: Assessment) -> None:
    """Nowcasts whose end above the line is confirmed or probable; nothing where no source allows any."""
    filling = assessment.filling
    if filling.empty:
        return
    sure = filling[filling["certainty"].isin(["confirmed", "probable"])]
    sure = sure.sort_values("probability", ascending=False, kind="stable")
    st.header(
        t.n(
            "{n} month that still fills will probably end above its line",
            "{n} months that still fill will probably end above their lines",
            len(sure),
        )
    )
    sources = ", ".join(t(SOURCES[source].title) for source in filling["source"].unique())
    note = t(
        "From the delays of {sources}, whose earlier publications are stored. Confirmed: 95 % sure or more; "
        "probable: 80 %. The line comes from complete months only.",
        sources=sources,
    )
    st.markdown(f":small[:gray[{note}]]")
    if sure.empty:
        return
    ends = [f"{t.number(round(row.low95))}–{t.number(round(row.high95))}" for row in sure.itertuples()]
    st.dataframe(
        pd.DataFrame(
            {
                t("Series"): [series_name(t, row.geography, row.substance) for row in sure.itertuples()],
                t("Measure"): [t.indicator(name) for name in sure["indicator"]],
                t("Period"): [t.month(day) for day in sure["period"]],
                t("Reported so far"): [t.number(value) for value in sure["observed"]],
                t("Expected to come to"): [t.number(round(value)) for value in sure["median"]],
                t("95 % range"): ends,
                t("Alarm line"): [t.number(value) for value in sure["upper"]],
                t("Chance to end above it"): [f"{t.number(100 * p, 3)} %" for p in sure["probability"]],
                t("Verdict"): [t(CERTAINTY[word]) for word in sure["certainty"]],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=t("Months that still fill and will probably end above their lines"),
    )
