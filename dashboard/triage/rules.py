"""Who may decide what on a signal. Pure: a case and a person in, what follows out.

A signal whose place lies on the border concerns both countries, so closing it needs a lead of each: the first
sign-off is kept, any other decision lifts it, and the second one, by another person, closes the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES

if TYPE_CHECKING:
    from dashboard.identity import Person

State = Literal["new", "review", "watch", "confirmed", "artefact", "closed"]
Country = Literal["US", "MX"]
# Nothing is confirmed or closed before somebody has said that they looked at it.
MOVES: Mapping[State, tuple[State, ...]] = {
    "new": ("review", "watch", "artefact"),
    "review": ("watch", "confirmed", "artefact", "closed"),
    "watch": ("review", "confirmed", "artefact", "closed"),
    "confirmed": ("review", "watch", "artefact", "closed"),
    "artefact": ("review", "watch", "closed"),
    "closed": ("review",),
}
DECIDED: tuple[State, ...] = ("watch", "confirmed", "artefact", "closed")  # under review is not a decision yet
LONGEST_REASON = 2_000  # characters
_BORDER = "US-CBP-southwest-border"  # CBP's total and its two parts


class Refused(Exception):
    """A decision that the rules do not allow; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Signal:
    """What the id of a signal says: its series, the first period of its run, and the family of its detector."""

    indicator: str
    geography: str
    substance: str
    since: date
    family: str

    @property
    def owner(self) -> str:
        """The country whose lead answers for the signal."""
        return GEOGRAPHIES[self.geography].country

    @property
    def cross_border(self) -> bool:
        """Whether the place is one of the ten border states, or an area of CBP's on the southwest border."""
        return GEOGRAPHIES[self.geography].border or self.geography.startswith(_BORDER)


def signal(text: str) -> Signal:
    """The parts of a signal's id; ValueError where it is none."""
    try:
        indicator, geography, substance, since, family = text.split(".")
        known = INDICATORS[indicator].id, GEOGRAPHIES[geography].code, SUBSTANCES[substance].code
        return Signal(*known, date.fromisoformat(since), family)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{text[:80]!r} is not the id of a signal") from error


@dataclass(frozen=True)
class Case:
    """What is known of one signal's triage. `version` counts its decisions; 0 is a signal nobody decided on.

    `signed` is the country that has signed for closing while the other has not, and `signed_by` who did. `changed`
    and `author` are of the newest decision; `first_seen` is when a running dashboard first raised the signal at the
    panel's own settings (None: not before it was decided on). Times are naive UTC.
    """

    signal: str
    version: int = 0
    state: State = "new"
    signed: str = ""
    signed_by: str = ""
    author: str = ""
    verified: bool = False
    changed: datetime | None = None
    first_seen: datetime | None = None

    @property
    def awaiting(self) -> str:
        """The country whose sign-off closes the case; empty where none is awaited."""
        return {"US": "MX", "MX": "US"}.get(self.signed, "")


@dataclass(frozen=True)
class Step:
    """What a decision leads to: the state after it, and the country that has signed by then."""

    state: State
    signed: str = ""


def moves(case: Case, person: Person) -> tuple[State, ...]:
    """The states to which a person may take a case."""
    if not person.may_decide:
        return ()
    return tuple(to for to in MOVES[case.state] if to != "closed" or signs_for(case, person))


def signs_for(case: Case, person: Person) -> tuple[str, ...]:
    """The countries for which a person's word to close a case counts now."""
    about = signal(case.signal)
    if not about.cross_border:
        return (about.owner,) if person.may_lead(about.owner) else ()
    return tuple(
        country
        for country in ("US", "MX")
        if person.may_lead(country) and country != case.signed and not _twice(case, person)
    )


def step(case: Case, to: str, person: Person, *, reason: str, country: str = "") -> Step:
    """What a person's decision to take a case *to* a state leads to; *country* is who they sign for in closing.

    Raises Refused: `not_allowed` (role), `no_reason`, `too_long`, `unreadable` (characters that are no text),
    `no_such_move`, `not_lead`, `signed_already` (by that country), `same_person` (both countries' sign-off by one
    verified person).
    """
    if not person.may_decide:
        raise Refused("not_allowed")
    check_text(reason)
    if to not in MOVES[case.state]:
        raise Refused("no_such_move")
    if to != "closed":
        return Step(_state(to))
    about = signal(case.signal)
    if not about.cross_border:
        if not person.may_lead(about.owner):
            raise Refused("not_lead")
        return Step("closed")
    if country not in ("US", "MX") or not person.may_lead(country):
        raise Refused("not_lead")
    if case.signed == country:
        raise Refused("signed_already")
    if _twice(case, person):
        raise Refused("same_person")
    return Step("closed") if case.signed else Step(case.state, signed=country)


def check_text(text: str) -> None:
    """Refused where a reason or comment is empty, too long, or holds characters that no database stores."""
    if not text.strip():
        raise Refused("no_reason")
    if len(text) > LONGEST_REASON:
        raise Refused("too_long")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Refused("unreadable")


def _twice(case: Case, person: Person) -> bool:
    """Whether a verified person would sign for both countries. A local run has one name for everybody."""
    return bool(case.signed) and person.verified and person.name == case.signed_by


def _state(name: str) -> State:
    return next(state for state in MOVES if state == name)
