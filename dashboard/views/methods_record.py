"""The track record of one detector: what it watches and why, what the comparison found, how its baselines hold."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data, text
from dashboard.filters import Selection
from dashboard.text import MISSING, N_, Text
from surveillance.detectors import DETECTORS
from surveillance.plan import DEFAULT_PLAN
from surveillance.track_records import track_record, watched_by

_ROLES = {"main": N_("main"), "short": N_("short history")}


def record(t: Text, selection: Selection, name: str, *, opened: bool) -> None:
    """What the plan gives this detector to watch, and a part with its figures, which is made once it is opened."""
    kind = DETECTORS[name].__name__
    watched = watched_by(kind, DEFAULT_PLAN)
    lines = [
        f"- **{text.escape_markdown(t.indicator(indicator))}**: {text.escape_markdown(_why(t, indicator, role))}"
        for indicator, role in watched
    ]
    said = t("Watches in the panel's plan:") if lines else t("Watches nothing in the panel's plan.")
    st.markdown("\n".join([f":small[**{said}**]", "", *lines]))
    part = st.expander(
        t("Track record"), expanded=opened, on_change="rerun", key=f"record-of-{name}-{opened}-{t.language}"
    )
    if not part.open:
        return
    figures = track_record(kind, DEFAULT_PLAN)
    with part:
        if figures.empty:
            st.markdown(t("It was not compared on the published series."))
        else:
            _figures(t, figures, name)
        _held(t, selection, [indicator for indicator, _ in watched])


def _why(t: Text, indicator: str, role: str) -> str:
    return t(DEFAULT_PLAN[indicator].why) if role == "main" else t("while its history is short")


def _figures(t: Text, figures: pd.DataFrame, name: str) -> None:
    note = t(
        "Outbreaks of known size put into the published series, every detector at 1 % of months with a false "
        "signal, its best setting. No rank: for comparison only, or 1 % cannot be reached."
    )
    st.markdown(f":small[:gray[{note}]]")
    st.dataframe(
        pd.DataFrame(
            {
                t("Measure"): [t.short(indicator) for indicator in figures["indicator"]],
                t("Use"): [t(_ROLES[role]) for role in figures["role"]],
                t("Rank"): [MISSING if pd.isna(rank) else t.number(rank) for rank in figures["rank"]],
                t("Outbreaks found"): [t.percent(share) for share in figures["found"]],
                t("Months until found"): [t.number(months, 2) for months in figures["delay"]],
                t("In the plan"): [t("yes") if used else t("no") for used in figures["planned"]],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=t("Track record"),
        key=f"record-{name}-{t.language}",
    )


def _held(t: Text, selection: Selection, indicators: list[str]) -> None:
    """How the baselines of the watched measures held by the present assessment."""
    found = data.judged(selection).calibration
    lines = []
    for indicator in dict.fromkeys(indicators):
        if indicator not in found or not found[indicator].values:
            continue
        each = found[indicator]
        lines.append(
            t(
                "{measure}: {n} past values, lines widened by {factor}.",
                measure=t.short(indicator),
                n=t.number(each.values),
                factor=t.number(each.inflation, 3),
            )
        )
    if lines:
        said = text.escape_markdown(" ".join(lines))
        st.markdown(f":small[**{t('How its baselines held, as known on this day')}.** {said}]")
