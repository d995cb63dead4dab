"""Signals: what needs review, one sentence each; what is nearest to the line; what cannot be judged."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import charts, data, filters, text
from dashboard.filters import Selection
from dashboard.sentences import (
    age,
    by_the_model,
    chart_words,
    expectation,
    headline,
    near_empty,
    persistence,
    rarity,
    series_name,
    short_headline,
    track_record,
)
from dashboard.text import Text
from dashboard.views import filling, how_sure
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.explain import closest, drawn, facts

RECENT = 36  # months a card's picture shows
MOST = 5  # series a reason names before it says how many more


def render(selection: Selection) -> None:
    """The page of signals for a selection."""
    t = text.of(selection.language)
    assessment = data.assessment(selection.as_of.isoformat(), selection.budget)
    signals = assessment.signals
    new, known = (signals[signals["state"] == state] for state in ("signal", "last_known"))
    st.title(_title(t, len(new), len(known)))
    st.markdown(_introduction(t, assessment))
    if signals.empty:
        _closest(t, selection, assessment)
    else:
        if len(new):
            st.header(t("New: the newest complete month of a current source"))
            _cards(t, selection, assessment, new)
        if len(known):
            st.header(t("Last known: the source is late, so today's state is unknown"))
            _cards(t, selection, assessment, known)
        _closest(t, selection, assessment)
    filling.part(t, assessment)
    _unjudged(t, selection, assessment)


def _title(t: Text, new: int, known: int) -> str:
    if not new and not known:
        return t("No open signals")
    first = t.n("{n} new signal needs review", "{n} new signals need review", new) if new else t("No new signals")
    if not known:
        return first
    return f"{first}; {t.n('{n} is last known from a late source', '{n} are last known from late sources', known)}"


def _introduction(t: Text, assessment: Assessment) -> str:
    counts = assessment.counts
    return t(
        "Of {watched} series watched, {judged} were judged. By chance alone about {false} false signals a quarter "
        "are expected at these settings. Rank: new first, then the rarest by the model.",
        watched=t.number(counts["watched"]),
        judged=t.number(counts["judged"]),
        false=t.number(assessment.expected_false, 1),
    )


def _cards(t: Text, selection: Selection, assessment: Assessment, signals: pd.DataFrame) -> None:
    grid = st.grid(2, gap="xsmall", min_column_width=340)
    for rank, series in signals.iterrows():
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            card(t, selection, assessment, series, int(str(rank)) + 1)


def card(
    t: Text, selection: Selection, assessment: Assessment, series: pd.Series, rank: int, *, brief: bool = False
) -> None:
    """One signal: what was found, how unusual it is, its picture. *brief* fits the first screen."""
    name, geography, substance = (str(series[key]) for key in ("indicator", "geography", "substance"))
    country = GEOGRAPHIES[geography].country
    found = facts(assessment, series)
    wide = data.wide(selection.as_of.isoformat(), name)
    assert wide is not None  # a signal has figures
    rows = drawn(assessment, wide, geography, substance)
    age_words = age(t, series["age_days"])
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.badge(t.country(country), color="blue" if country == "US" else "green")
        if series["state"] == "signal":
            st.badge(t("new"), color="orange")
        else:
            st.badge(t("last known"), color="gray")
        st.space("stretch")
        corner = [t.short(name)] if brief else [t("rank {n}", n=rank), persistence(t, found)]
        st.markdown(f":small[:gray[{text.escape_markdown(' · '.join([*corner, age_words]))}]]")
    expected = expectation(t, found)
    sentence = t("{figure}; {expected}.", figure=headline(t, series), expected=expected)
    if brief:
        first, second = short_headline(t, series), f"{expected[:1].upper()}{expected[1:]}; {track_record(t, found)}"
        notes = [near_empty(t, rows) or by_the_model(t, found)]
    else:
        first, second = sentence, rarity(t, found)
        notes = [t.indicator(name), near_empty(t, rows)]
    st.markdown(f"**{text.escape_markdown(first)}**")
    st.markdown(f":small[{text.escape_markdown(second)}]")
    chart = charts.small_series(
        rows.tail(RECENT),
        country="us" if country == "US" else "mx",
        language=selection.language,
        dark=data.dark(),
        words=chart_words(t),
        height=70 if brief else 84,
    )
    st.altair_chart(chart, width="stretch", theme=None, alt=sentence, key=f"signal-{series['id']}")
    link = filters.link(selection, "trends", indicator=name, geographies=(geography,), substance=substance)
    words = t("Trends") if brief else t("See the whole series in Trends")
    note = text.escape_markdown(" · ".join(note for note in notes if note))
    st.markdown(f":small[:gray[{note}] · [{words}]({link})]")
    if not brief:
        how_sure.part(t, selection, series)


def _closest(t: Text, selection: Selection, assessment: Assessment) -> None:
    near = closest(assessment)
    if near.empty:
        return
    st.header(t("The five quiet series closest to the line"))
    table = pd.DataFrame(
        {
            t("Series"): [series_name(t, row.geography, row.substance) for row in near.itertuples()],
            t("Measure"): [t.indicator(row.indicator) for row in near.itertuples()],
            t("Month"): [t.month(row.period) for row in near.itertuples()],
            t("Observed"): [t.figure(row.observed) for row in near.itertuples()],
            t("Expected"): [t.number(row.expected, 3) for row in near.itertuples()],
            t("Alarm line"): [t.number(row.upper, 3) for row in near.itertuples()],
            t("Way to the line"): [100 * float(row.exceedance) for row in near.itertuples()],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config={
            t("Way to the line"): st.column_config.ProgressColumn(format="%d %%", min_value=0, max_value=100)
        },
        alt=t("The five quiet series closest to the line"),
    )
    st.markdown(f":small[:gray[{t('0 % is what was expected, 100 % is the alarm line.')}]]")


def _unjudged(t: Text, selection: Selection, assessment: Assessment) -> None:
    series = assessment.series[assessment.series["state"] == "not_judgeable"]
    if series.empty:
        return
    st.header(
        t.n(
            "{n} series cannot be judged, which is not the same as quiet",
            "{n} series cannot be judged, which is not the same as quiet",
            len(series),
        )
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
