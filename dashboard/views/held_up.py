"""Two tabs of Data & quality: values that are unusually low, and how well each indicator's baselines held."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data
from dashboard.filters import Selection
from dashboard.sentences import series_name
from dashboard.text import Text
from surveillance.calibration import LEAST


def falls(t: Text, selection: Selection) -> None:
    """The series whose newest value is as far below what was expected as an alarm is above."""
    assessment = data.judged(selection)
    low = assessment.falls
    if low.empty:
        st.header(t("No newest figure is unusually low"))
    else:
        st.header(t.n("{n} newest figure is unusually low", "{n} newest figures are unusually low", len(low)))
    note = t(
        "First ask whether reports are missing: a late agency, a changed file, a lost upload. Only then is it a "
        "fall. The line is the same as for alarms, on the other side; a low figure raises no signal."
    )
    st.markdown(f":small[:gray[{note}]]")
    if low.empty:
        return
    st.dataframe(
        pd.DataFrame(
            {
                t("Series"): [series_name(t, row.geography, row.substance) for row in low.itertuples()],
                t("Measure"): [t.indicator(name) for name in low["indicator"]],
                t("Period"): [t.month(day) for day in low["period"]],
                t("Observed"): [t.number(value) for value in low["observed"]],
                t("Expected"): [t.number(value, 3) for value in low["expected"]],
                t("Chance of a value this low"): [t.number(100 * p, 2) + " %" for p in low["pvalue_low"]],
                t("Source"): [t("late") if late else t("current") for late in low["late"]],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=t("Series with an unusually low newest figure"),
    )


def calibration(t: Text, selection: Selection) -> None:
    """Of each indicator: how the past lay under its baselines, and by how much p-values are widened for it."""
    assessment = data.judged(selection)
    found = assessment.calibration
    widened = sum(each.inflation > 1 for each in found.values())
    title = t.n(
        "{n} of {all} indicators varies more than its baselines say",
        "{n} of {all} indicators vary more than their baselines say",
        widened,
        all=len(found),
    )
    st.header(title)
    note = t(
        "Each bar is a tenth of the range of probabilities: were the baselines right, all ten would be equally "
        "full. Where the outer ones are fuller, alarm lines and ranges are widened by the factor shown. Under {n} "
        "past values nothing is said.",
        n=t.number(LEAST),
    )
    st.markdown(f":small[:gray[{note}]]")
    st.dataframe(
        pd.DataFrame(
            {
                t("Measure"): [t.short(name) for name in found],
                t("Past values pooled"): [each.values for each in found.values()],
                t("Where they lay, in tenths"): [list(each.shares) for each in found.values()],
                t("Spread (1: as expected)"): [t.number(each.spread, 3) for each in found.values()],
                t("Lines widened by"): [f"× {t.number(each.inflation, 3)}" for each in found.values()],
            }
        ),
        hide_index=True,
        width="stretch",
        column_config={t("Where they lay, in tenths"): st.column_config.BarChartColumn(y_min=0, y_max=0.3)},
        alt=title,
    )
