"""The decision on one signal: the form, and the log of what was decided before."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import data, error_words, identity, text
from dashboard.filters import Selection
from dashboard.identity import Person
from dashboard.text import Text
from dashboard.triage import rules, words
from dashboard.triage.desk import Conflict, Desk, DeskError
from dashboard.triage.rules import Case
from data_sources.observations import SERIES
from surveillance.plan import Plan

COMMENT = ("comment", "")
Facts = dict[str, object]


def part(t: Text, selection: Selection, series_row: pd.Series) -> None:
    """The decision form and the decision log of one signal, a row of `assessment.signals`."""
    signal = str(series_row["id"])
    try:
        desk = data.desk()
        case = desk.case(signal)
        known = bool(case.version or case.first_seen or desk.events(signal)) or _raised(selection, series_row)
    except DeskError as error:
        st.error(t("Decisions cannot be read"))
        error_words.show(t, error)
        return
    if not known:
        said = t(
            "On this day and under these settings no figures raise this signal, and nobody has noted it: there is "
            "nothing to decide here."
        )
        st.markdown(_small(said))
        return
    person = identity.present()
    _status(t, case)
    _said(t, signal)
    if selection.replay:
        st.markdown(_small(t("Decisions are made on the latest figures; this is an earlier day.")))
    elif person.may_decide:
        _form(t, selection, case, person, facts(series_row))
    else:
        _reader(t, person)
    _log(t, desk, signal)


def _raised(selection: Selection, series_row: pd.Series) -> bool:
    """Whether the selection's day and settings raise a signal of this name, open or past."""
    series = (str(series_row[name]) for name in SERIES)
    return str(series_row["id"]) in data.judged(selection).signal_ids(*series).values()


def badge(t: Text, case: Case) -> None:
    """The state of a case, and whether a country's sign-off is awaited."""
    colour, icon = words.BADGES[case.state]
    st.badge(words.state(t, case.state), color=colour, icon=icon)  # type: ignore[arg-type]
    if case.awaiting:
        st.badge(t("awaiting the other country"), color="yellow", icon=":material/handshake:")


def facts(series: pd.Series) -> Facts:
    """What a decision keeps of the figures it was made on."""
    numbers = ("observed", "expected", "upper", "pvalue", "exceedance")
    whole = ("run", "alarms", "judged")
    return {
        "period": pd.Timestamp(series["period"]).date().isoformat(),
        "standing": str(series["state"]),
        "detector": str(series["detector"]),
        **{name: float(series[name]) for name in numbers},
        **{name: int(series[name]) for name in whole},
    }


def settings_of(plan: Plan) -> str:
    """The settings a decision was made under, short enough to stand in a line."""
    return f"{plan.name[:40]} v{plan.version}, {plan.budget:g}, {plan.digest}"


def _status(t: Text, case: Case) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        badge(t, case)
        if case.changed is not None:
            by = identity.shown(t, case.author, verified=case.verified)
            st.markdown(f":small[:gray[{by}, {text.escape_markdown(words.moment(t, case.changed))}]]")
    if case.awaiting:
        st.markdown(_small(words.awaiting(t, case)))


def _said(t: Text, signal: str) -> None:
    """Why the decision that was just sent was not recorded."""
    outcome = st.session_state.pop(_key(signal, "outcome"), None)
    if isinstance(outcome, Conflict):
        st.warning(
            f"{words.conflict(t, outcome)} {t('Your reason is still in the form; nothing of it was lost.')}",
            icon=":material/group:",
        )
    elif isinstance(outcome, DeskError):
        st.error(t("Nothing was recorded"))
        error_words.show(t, outcome)
    elif isinstance(outcome, rules.Refused):
        refusal = t(words.REFUSALS[outcome.code], most=t.number(rules.LONGEST_REASON))
        st.warning(refusal, icon=":material/edit_note:")


def _form(t: Text, selection: Selection, case: Case, person: Person, found: Facts) -> None:
    plan = data.judged(selection).plan
    choices = _choices(case, person)
    with st.form(_key(case.signal, "form"), border=False, enter_to_submit=False):
        st.segmented_control(
            t("Decision"),
            choices,
            format_func=lambda choice: _choice(t, choice),
            key=f"{_key(case.signal, 'choice')}-{case.version}",
        )
        st.text_area(
            t("Reason (required)"),
            max_chars=rules.LONGEST_REASON,
            height=80,
            key=_key(case.signal, "reason"),
            placeholder=t("What was looked at, and what follows from it"),
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.form_submit_button(
                t("Record"),
                type="primary",
                key=_key(case.signal, "record"),
                on_click=_record,
                args=(t, case, selection, settings_of(plan), found),
            )
            name = identity.shown(t, person.name, verified=person.verified)
            st.markdown(f":small[:gray[{t('You sign as {name}.', name=name)}]]")
    notes = []
    if rules.signal(case.signal).cross_border:
        notes.append(t("The place lies on the border: closing needs a lead of each country."))
    if selection.modified:
        notes.append(t("The settings are modified; the log says under which ones you decided."))
    if notes:
        st.markdown(_small(" ".join(notes)))


def _choices(case: Case, person: Person) -> list[tuple[str, str]]:
    """What the person may choose: a state, the country they sign for where that is asked, or a comment."""
    found: list[tuple[str, str]] = []
    for to in rules.moves(case, person):
        if to == "closed" and rules.signal(case.signal).cross_border:
            found += [(to, country) for country in rules.signs_for(case, person)]
        else:
            found.append((to, ""))
    return [*found, COMMENT]


def _choice(t: Text, choice: tuple[str, str]) -> str:
    to, country = choice
    if choice == COMMENT:
        return t("Comment only")
    if country:
        return t(words.SIGNING[country])
    return t(next(said for name, said in words.MOVES.items() if name == to))


def _record(t: Text, case: Case, selection: Selection, settings: str, found: Facts) -> None:
    """Send what the form holds to the desk; what was typed stays there unless it was recorded.

    *case* is as it stood on the page when the form was drawn: a decision is held against its version.
    """
    signal = case.signal
    choice = st.session_state.get(f"{_key(signal, 'choice')}-{case.version}")
    reason = str(st.session_state.get(_key(signal, "reason"), ""))
    person, at, as_of = identity.present(), data.now(), selection.as_of
    try:
        if choice is None:
            raise rules.Refused("no_choice")
        to, country = choice
        if choice == COMMENT:
            data.desk().comment(signal, reason, person=person, at=at, as_of=as_of, settings=settings, facts=found)
        else:
            data.desk().decide(
                signal, case.version, to, person=person, reason=reason, at=at, as_of=as_of, settings=settings,
                facts=found, country=country,
            )  # fmt: skip
    except (rules.Refused, DeskError) as error:
        st.session_state[_key(signal, "outcome")] = error
        return
    st.session_state[_key(signal, "reason")] = ""
    st.toast(t("Recorded."), icon=":material/task_alt:")


def _reader(t: Text, person: Person) -> None:
    """For those who may read only: why, and what would change that."""
    if not person.signed_in:
        st.markdown(_small(t("Sign in to decide or comment.")))
    else:
        name = identity.shown(t, person.name, verified=person.verified)
        st.markdown(f":small[:gray[{t('{name} may read the log, not decide.', name=name)}]]")
    if person.problem:
        st.warning(t("The file of roles cannot be used"))
        error_words.show(t, person.problem)


def _log(t: Text, desk: Desk, signal: str) -> None:
    events = desk.events(signal)
    if not events:
        st.markdown(_small(t("Nobody has decided on this signal yet.")))
        return
    for event in reversed(events):
        under = t(
            "Figures as known on {day}; settings: {settings}", day=t.date(event.as_of), settings=event.settings
        )
        with st.container(gap="xxsmall"):
            label = text.escape_markdown(words.what(t, event))
            st.markdown(f"**{label}** · :small[{words.signature(t, event)}]")
            st.text(event.text)  # as it was typed: no Markdown, no link, no icon
            st.markdown(f":small[:gray[{identity.plain(under)}]]")


def _small(said: str) -> str:
    return f":small[:gray[{text.escape_markdown(said)}]]"


def _key(signal: str, name: str) -> str:
    return f"triage-{name}-{signal}"
