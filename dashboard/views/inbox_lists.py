"""What stands below the cards of the inbox: nearest to the line, not judgeable, held back by a rule, past cases."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import filters, identity, text
from dashboard.filters import Selection
from dashboard.sentences import series_name
from dashboard.text import MISSING, Text
from dashboard.triage import rules, words
from dashboard.triage.rules import Case
from surveillance.assessment import Assessment
from surveillance.explain import closest
from surveillance.ranking import held_back

MOST = 5  # series a reason names before it says how many more


def nearest(t: Text, assessment: Assessment) -> None:
    """The five quiet series that are closest to an alarm."""
    near = closest(assessment)
    if near.empty:
        return
    title = t("The five quiet series closest to the line")
    st.header(title, anchor=False)
    way = t("Way to the line")
    table = pd.DataFrame(
        {
            t("Series"): [series_name(t, row.geography, row.substance) for row in near.itertuples()],
            t("Measure"): [t.indicator(row.indicator) for row in near.itertuples()],
            t("Month"): [t.month(row.period) for row in near.itertuples()],
            t("Observed"): [t.figure(row.observed) for row in near.itertuples()],
            t("Expected"): [t.number(row.expected, 3) for row in near.itertuples()],
            t("Alarm line"): [t.number(row.upper, 3) for row in near.itertuples()],
            way: [100 * float(row.exceedance) for row in near.itertuples()],
        }
    )
    bar = st.column_config.ProgressColumn(format="%d%%", min_value=0, max_value=100)
    st.dataframe(table, hide_index=True, width="stretch", column_config={way: bar}, alt=title)
    st.markdown(f":small[:gray[{t('0 % is what was expected, 100 % is the alarm line.')}]]")


def unjudged(t: Text, assessment: Assessment) -> None:
    """The series that cannot be judged, by reason."""
    series = assessment.series[assessment.series["state"] == "not_judgeable"]
    if series.empty:
        return
    st.header(
        t.n(
            "{n} series cannot be judged, which is not the same as quiet",
            "{n} series cannot be judged, which is not the same as quiet",
            len(series),
        ),
        anchor=False,
    )
    lines = []
    for reason, part in series.groupby("reason", sort=False):
        shown = "; ".join(_named(t, str(name), own) for name, own in part.groupby("indicator", sort=False))
        lines.append(f"- **{len(part)}**, {t.reason(str(reason))}: {text.escape_markdown(shown)}")
    st.markdown("\n".join(lines))


def _named(t: Text, indicator: str, series: pd.DataFrame) -> str:
    """A measure and the first of its series, with how many more there are."""
    names = [series_name(t, row.geography, row.substance) for row in series.head(MOST).itertuples()]
    more = t(" and {n} more", n=len(series) - MOST) if len(series) > MOST else ""
    return f"{t.indicator(indicator)}: {', '.join(names)}{more}"


def suppressed(t: Text, assessment: Assessment) -> None:
    """The series in which a rule holds alarms back, those that would alarm without it first."""
    held = held_back(assessment)
    if held.empty:
        st.markdown(f"**{t('No rule holds an alarm back')}**")
        st.markdown(_small(t("The rule is “too few cases for an alarm”. Every series is above its floor.")))
        return
    would = int(held["would"].fillna(False).sum())
    st.markdown(
        "**"
        + t.n(
            "The rule “too few cases for an alarm” applies to {n} series; {would} would alarm without it",
            "The rule “too few cases for an alarm” applies to {n} series; {would} would alarm without it",
            len(held),
            would=t.number(would),
        )
        + "**"
    )
    st.markdown(_small(t("A handful of cases can be chance at any level; the figures are still shown in Trends.")))
    rare, without = t("Probability of as many or more"), t("Over the line without the rule")
    table = pd.DataFrame(
        {
            t("Series"): [series_name(t, row.geography, row.substance) for row in held.itertuples()],
            t("Measure"): [t.short(row.indicator) for row in held.itertuples()],
            t("Month"): [t.month(row.period) for row in held.itertuples()],
            t("Observed"): [t.figure(row.observed) for row in held.itertuples()],
            rare: [t.number(row.pvalue, 2) for row in held.itertuples()],
            without: [
                MISSING if pd.isna(row.would) else t("yes") if row.would else t("no") for row in held.itertuples()
            ],
        }
    )
    st.dataframe(table, hide_index=True, width="stretch", height=min(38 * (len(table) + 1), 420), alt=rare)


def _yes(t: Text, would: object) -> str:
    return MISSING if pd.isna(would) else t("yes") if would else t("no")


def past(t: Text, selection: Selection, cases: Sequence[Case]) -> None:
    """Cases whose signal is not among the figures shown: it went back below its line, or the settings differ."""
    if not cases:
        return
    st.header(t("Cases whose series is not above its line in what is shown"), anchor=False)
    st.markdown("\n".join(_line(t, selection, case) for case in cases))


def _line(t: Text, selection: Selection, case: Case) -> str:
    try:
        about = rules.signal(case.signal)
    except ValueError:  # a measure or a place that is watched no more
        name = text.escape_markdown(case.signal)
    else:
        named = f"{series_name(t, about.geography, about.substance)}, {t.short(about.indicator)}"
        since = t("above its line since {month}", month=t.month(pd.Timestamp(about.since)))
        link = filters.link(selection, "signal", signal=case.signal, view=None)
        name = f"[{text.escape_markdown(named)}]({link}), {text.escape_markdown(since)}"
    said = f"- {name} · **{words.state(t, case.state)}**"
    if case.changed is None:
        return said
    by = identity.shown(t, case.author, verified=case.verified)
    return f"{said} · :small[:gray[{by}, {text.escape_markdown(words.moment(t, case.changed))}]]"


def _small(said: str) -> str:
    return f":small[:gray[{text.escape_markdown(said)}]]"
