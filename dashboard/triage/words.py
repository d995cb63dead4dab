"""What the decision log says, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dashboard import identity
from dashboard.text import N_, Text, escape_markdown
from dashboard.triage.desk import Conflict, Event
from dashboard.triage.rules import Case, State

STATES: Mapping[State, str] = {
    "new": N_("needs review"),
    "review": N_("under review"),
    "watch": N_("on watch"),
    "confirmed": N_("confirmed"),
    "artefact": N_("explained as artefact"),
    "closed": N_("closed"),
}
# Colour and icon of a state's badge; the words always stand beside them.
BADGES: Mapping[State, tuple[str, str]] = {
    "new": ("orange", ":material/flag:"),
    "review": ("yellow", ":material/search:"),
    "watch": ("yellow", ":material/visibility:"),
    "confirmed": ("orange", ":material/check_circle:"),
    "artefact": ("gray", ":material/data_alert:"),
    "closed": ("gray", ":material/task_alt:"),
}
MOVES: Mapping[State, str] = {
    "review": N_("Take under review"),
    "watch": N_("Watch"),
    "confirmed": N_("Confirm"),
    "artefact": N_("Explain as artefact"),
    "closed": N_("Close"),
}
SIGNING: Mapping[str, str] = {
    "US": N_("Sign for closing: United States"),
    "MX": N_("Sign for closing: Mexico"),
}
AWAITING: Mapping[str, str] = {
    "US": N_("Closing awaits the other country: the United States has not signed"),
    "MX": N_("Closing awaits the other country: Mexico has not signed"),
}
SIGNED: Mapping[str, str] = {
    "US": N_("signed for closing by the United States"),
    "MX": N_("signed for closing by Mexico"),
}
REFUSALS: Mapping[str, str] = {
    "not_allowed": N_("Your role does not allow decisions."),
    "no_reason": N_("Write the reason first."),
    "no_choice": N_("Choose a decision first."),
    "too_long": N_("The reason is too long; at most {most} characters can be kept."),
    "unreadable": N_("The reason holds characters that cannot be stored."),
    "no_such_move": N_("That decision is not possible from the state the signal is in."),
    "not_lead": N_("Only a lead of the country can close a signal."),
    "signed_already": N_("That country has signed already."),
    "same_person": N_("You have signed for the other country; another person must sign for this one."),
}


def state(t: Text, name: State) -> str:
    return t(STATES[name])


def moment(t: Text, at: datetime | None) -> str:
    """A time of the log, with its zone."""
    return t("{day}, {time} UTC", day=t.date(at), time=f"{at:%H:%M}") if at is not None else ""


def what(t: Text, event: Event) -> str:
    """What an event did: "new → under review", a sign-off, or a comment."""
    if event.kind == "comment":
        return t("comment")
    if event.kind == "sign-off":
        return t(SIGNED[event.country])
    change = f"{state(t, event.before)} → {state(t, event.after)}"
    return f"{change} ({t(SIGNED[event.country])})" if event.country else change


def signature(t: Text, event: Event) -> str:
    """Who wrote an event and when, as Markdown."""
    return f"{identity.shown(t, event.author, verified=event.verified)}, {escape_markdown(moment(t, event.at))}"


def awaiting(t: Text, case: Case) -> str:
    """Which country has yet to sign, as plain text; empty where no sign-off is awaited."""
    return t(AWAITING[case.awaiting]) if case.awaiting else ""


def conflict(t: Text, found: Conflict) -> str:
    """Who decided first, what and when, as Markdown."""
    last = found.last
    if last is None:
        return t("Somebody decided on this signal while you were writing.")
    return t(
        "{who} decided on this signal while you were writing: {what}. The reason given is below.",
        who=signature(t, last),
        what=escape_markdown(what(t, last)),
    )
