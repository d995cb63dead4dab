"""Signals: the ranked inbox of what needs review, what is watched, closed, or held back by a rule."""

from __future__ import annotations

import html
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard import charts, data, error_words, filters, identity, look, text
from dashboard.filters import Selection
from dashboard.pictures import picture
from dashboard.sentences import (
    age,
    by_the_model,
    chart_words,
    expectation,
    headline,
    near_empty,
    persistence,
    rarity,
    short_headline,
    track_record,
)
from dashboard.text import Text
from dashboard.triage import rules
from dashboard.triage.desk import DeskError
from dashboard.triage.rules import Case, State
from dashboard.views import decide, filling, inbox_lists
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.corroboration import corroboration, summary
from surveillance.explain import drawn, facts
from surveillance.ranking import held_back, ranked

INBOX = "inbox"
RECENT = 36  # months a card's picture shows
TABS: Mapping[str, tuple[State, ...]] = {
    "open": ("new", "review", "confirmed", "artefact"),
    "watch": ("watch",),
    "closed": ("closed",),
}


def render(selection: Selection) -> None:
    """The page of signals for a selection."""
    t = text.of(selection.language)
    assessment = data.judged(selection)
    if assessment.series.empty:
        st.title(t("Nothing was known on this day"), anchor=False)
        st.markdown(t("No publication in the store is as old as this. Choose a later day."))
        return
    cases, problem = _cases(selection, assessment)
    signals = ranked(assessment)
    states = signals["id"].map(lambda name: cases.get(name, Case(name)).state)
    shown = {name: signals[states.isin(held)] for name, held in TABS.items()}
    past = {
        name: [case for case in cases.values() if case.state in held and case.signal not in set(signals["id"])]
        for name, held in TABS.items()
    }
    st.title(_title(t, shown["open"]["state"].value_counts().to_dict()), anchor=False)
    st.markdown(_introduction(t, assessment))
    _who(t)
    if problem:
        st.error(t("Decisions cannot be read"))
        error_words.show(t, problem)
    counts = {name: len(shown[name]) + len(past[name]) for name in TABS} | {
        "suppressed": len(held_back(assessment))
    }
    labels = {
        "open": t("Open ({n})", n=t.number(counts["open"])),
        "watch": t("Watch ({n})", n=t.number(counts["watch"])),
        "closed": t("Closed ({n})", n=t.number(counts["closed"])),
        "suppressed": t("Suppressed by rule ({n})", n=t.number(len(held_back(assessment)))),
    }
    shown_as = st.tabs(
        list(labels.values()), default=labels.get(selection.view or "open"), key=INBOX, on_change=_remember,
        args=({label: name for name, label in labels.items()},),
    )  # fmt: skip
    for name, tab in zip(labels, shown_as, strict=True):
        if tab.open:
            with tab:
                if name == "suppressed":
                    inbox_lists.suppressed(t, assessment)
                else:
                    _inbox(t, selection, assessment, name, shown[name], cases, past[name])


def _remember(names: Mapping[str, str]) -> None:
    """Keep the tab just chosen in the address, by its name: its label holds counts and a language's words."""
    name = names.get(str(st.session_state.get(INBOX)), "open")
    if name != "open":
        st.query_params["view"] = name
    elif "view" in st.query_params:
        del st.query_params["view"]


def _cases(selection: Selection, assessment: Assessment) -> tuple[Mapping[str, Case], str]:
    """The cases of the decision log, and what is wrong where it cannot be read."""
    try:
        desk = data.desk()
        # A replay or modified settings show what the panel was never asked about.
        if not selection.replay and not selection.modified:
            desk.see(assessment.signals["id"], data.now())
        return desk.cases(), ""
    except DeskError as error:
        return {}, str(error)


def _title(t: Text, states: Mapping[str, int]) -> str:
    new, known = (int(states.get(state, 0)) for state in ("signal", "last_known"))
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
        false=t.number(assessment.expected_false, 2),
    )


def _who(t: Text) -> None:
    """Who reads, with what roles, and the way in or out where people sign in."""
    person = identity.present()
    roles = ", ".join(t(identity.ROLE_WORDS[role]) for role in identity.ROLE_WORDS if role in person.roles)
    name = identity.shown(t, person.name, verified=person.verified)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":small[:gray[:material/person: {name} · {roles}]]")
        if identity.asks():
            if person.signed_in:
                st.button(t("Sign out"), type="tertiary", on_click=st.logout)
            else:
                st.button(t("Sign in"), type="tertiary", on_click=st.login)


def _inbox(
    t: Text, selection: Selection, assessment: Assessment, name: str, signals: pd.DataFrame,
    cases: Mapping[str, Case], past: list[Case],
) -> None:  # fmt: skip
    new, known = (signals[signals["state"] == state] for state in ("signal", "last_known"))
    if len(new):
        st.header(t("New: the newest complete month of a current source"), anchor=False)
        _cards(t, selection, assessment, new, cases)
    if len(known):
        st.header(t("Last known: the source is late, so today's state is unknown"), anchor=False)
        _cards(t, selection, assessment, known, cases)
    if signals.empty:
        _empty(t, name)
    inbox_lists.past(t, selection, past)
    if name == "open":
        inbox_lists.nearest(t, assessment)
        filling.part(t, assessment)
        inbox_lists.unjudged(t, assessment)


def _empty(t: Text, name: str) -> None:
    said = {
        "open": (
            t("The five closest to the line, and the series we cannot judge, are below"),
            t("No series is over its alarm line without somebody having decided on it. That is not a finding of "
              "no change: late sources are silent, and some series cannot be judged."),
        ),
        "watch": (
            t("Nothing is on watch"),
            t("A signal that is put on watch stays here, with its reason, until somebody decides again."),
        ),
        "closed": (
            t("Nothing has been closed"),
            t("A signal that is closed stays here with the whole log of its decisions. Where the place lies on the "
              "border, a lead of each country signs."),
        ),
    }  # fmt: skip
    title, sentence = said[name]
    with st.container(border=True, gap="xxsmall"):
        st.markdown(f"**{title}**")
        st.markdown(f":small[:gray[{sentence}]]")


def _cards(
    t: Text, selection: Selection, assessment: Assessment, signals: pd.DataFrame, cases: Mapping[str, Case]
) -> None:
    grid = st.grid(2, gap="xsmall", min_column_width=340)
    for rank, series in signals.iterrows():
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            case = cases.get(str(series["id"]), Case(str(series["id"])))
            card(t, selection, assessment, series, int(str(rank)) + 1, case=case)
            _below(t, selection, assessment, series, case)


def card(
    t: Text, selection: Selection, assessment: Assessment, series: pd.Series, rank: int, *, brief: bool = False,
    case: Case | None = None,
) -> None:  # fmt: skip
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
        if case is not None:
            decide.badge(t, case)
        elif series["state"] == "signal":
            st.badge(t("new"), color="orange")
        if series["state"] != "signal":
            st.badge(t("last known"), color="gray")
        st.space("stretch")
        corner = [t.short(name)] if brief else [t("rank {n}", n=rank), persistence(t, found)]
        st.markdown(f":small[:gray[{text.escape_markdown(' · '.join([*corner, age_words]))}]]")
    expected = expectation(t, found)
    sentence = t("{figure}; {expected}.", figure=headline(t, series), expected=expected)
    if brief:
        first, second = short_headline(t, series), f"{expected[:1].upper()}{expected[1:]}; {track_record(t, found)}"
    else:
        first, second = sentence, rarity(t, found)
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
    picture(chart, alt=sentence, key=f"signal-{series['id']}")
    warning = near_empty(t, rows)
    notes = [warning or by_the_model(t, found)] if brief else [t.indicator(name), warning]
    note = text.escape_markdown(" · ".join(note for note in notes if note))
    links = [f"[{t('Dossier')}]({filters.link(selection, 'signal', signal=str(series['id']), view=None)})"]
    if not brief:
        series_link = filters.link(
            selection, "trends", indicator=name, geographies=(geography,), substance=substance, view=None
        )
        links.append(f"[{t('See the whole series in Trends')}]({series_link})")
    st.markdown(f":small[:gray[{note}] · {' · '.join(links)}]")


def _below(t: Text, selection: Selection, assessment: Assessment, series: pd.Series, case: Case) -> None:
    """What the inbox adds to a card: standing, what else says so, rank, and the decision."""
    record = INDICATORS[str(series["indicator"])]
    about = rules.signal(case.signal)
    parts = [
        t.stream(record.kind),
        t("grade {grade}", grade=record.grade),
        t("above its line since {month}", month=t.month(series["since"])),
        t("first seen {day}", day=t.date(case.first_seen)) if case.first_seen else "",
        t("owner {country}", country=t.country(about.owner)),
        t("concerns both countries") if about.cross_border else "",
    ]
    st.markdown(f":small[:gray[{text.escape_markdown(' · '.join(part for part in parts if part))}]]")
    names = tuple(str(series[key]) for key in ("indicator", "geography", "substance"))
    counts = summary(corroboration(assessment, names, series["period"]))  # type: ignore[arg-type]
    said = t(
        "What else says so: agrees {agrees}, disagrees {disagrees}, silent {silent}, blind {blind}",
        **{stand: t.number(count) for stand, count in counts.items()},
    )
    st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
    _rank(t, assessment, series)
    closed = st.expander(t("Decide, and what was decided"), key=f"decide-{case.signal}", on_change="rerun")
    if closed.open:
        with closed:
            decide.part(t, selection, series)


def _rank(t: Text, assessment: Assessment, series: pd.Series) -> None:
    """What the rank rests on: how rare the figure is by the model, beside the alarm line."""
    if pd.isna(series["share"]):
        return
    said = t(
        "Rank by rarity: p {p}; the alarm line is at {alpha}",
        p=t.number(series["pvalue"], 2),
        alpha=t.number(assessment.alpha, 2),
    )
    colours = look.palette(dark=data.dark())
    bar = (
        f"<div role='img' aria-label='{html.escape(said, quote=True)}' style='position:relative;height:6px;"
        f"background:{colours.hairline};border-radius:3px'>"
        f"<div style='height:6px;width:{series['share']:.1%};background:{colours.alarm};border-radius:3px'></div>"
        f"<div style='position:absolute;top:-3px;left:{series['line']:.1%};width:2px;height:12px;"
        f"background:{colours.ink}'></div></div>"
    )
    st.html(bar)
    st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
