"""Who may decide what: every state, every move, every role, and the sign-off of both countries."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from dashboard.identity import LOCAL, NOBODY, ROLES, Person, Role
from dashboard.triage import rules
from dashboard.triage.rules import MOVES, Case, Refused, Step
from data_sources.vocabulary import GEOGRAPHIES

INLAND = "us_overdose_ed_rate.US.heroin.2025-08-01.regression"
BORDER = "us_overdose_ed_rate.US-NM.opioids.2025-05-01.regression"
MEXICAN = "mx_federal_drug_case_files.MX-JAL.all.2026-01-01.regression"


def person(name: str, *roles: Role, verified: bool = True) -> Person:
    return Person(name, verified, frozenset(roles) | {"viewer"})


EPI, US, MX = person("ana", "epidemiologist"), person("ben", "lead-US"), person("carla", "lead-MX")
VIEWER, LOCALLY = person("dan"), Person(LOCAL, verified=False, roles=ROLES)
# What follows from each state; written out a second time, so that a changed table is seen.
ALLOWED = {
    ("new", "review"), ("new", "watch"), ("new", "artefact"),
    ("review", "watch"), ("review", "confirmed"), ("review", "artefact"), ("review", "closed"),
    ("watch", "review"), ("watch", "confirmed"), ("watch", "artefact"), ("watch", "closed"),
    ("confirmed", "review"), ("confirmed", "watch"), ("confirmed", "artefact"), ("confirmed", "closed"),
    ("artefact", "review"), ("artefact", "watch"), ("artefact", "closed"),
    ("closed", "review"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(MOVES, [*MOVES, "gone"])))
def test_every_move_is_allowed_or_refused_as_the_table_says(before: rules.State, after: str) -> None:
    case = Case(INLAND, state=before)
    if (before, after) in ALLOWED:
        assert rules.step(case, after, US, reason="seen") == Step(after)  # type: ignore[arg-type]
        assert after in rules.moves(case, US)
    else:
        with pytest.raises(Refused, match="no_such_move"):
            rules.step(case, after, US, reason="seen")
        assert after not in rules.moves(case, US)


@pytest.mark.parametrize(
    ("who", "signal", "to", "code"),
    [
        (VIEWER, INLAND, "review", "not_allowed"),
        (Person(NOBODY, verified=False, roles=ROLES), INLAND, "review", "not_allowed"),
        (EPI, INLAND, "review", None),
        (MX, INLAND, "review", None),
        (EPI, INLAND, "closed", "not_lead"),
        (MX, INLAND, "closed", "not_lead"),
        (US, INLAND, "closed", None),
        (US, MEXICAN, "closed", "not_lead"),
        (MX, MEXICAN, "closed", None),
        (LOCALLY, INLAND, "closed", None),
    ],
)
def test_a_role_decides_what_a_person_may(who: Person, signal: str, to: str, code: str | None) -> None:
    case = Case(signal, version=1, state="watch")
    if code is None:
        assert rules.step(case, to, who, reason="seen").state == to
        assert to in rules.moves(case, who)
    else:
        with pytest.raises(Refused, match=code):
            rules.step(case, to, who, reason="seen")
        assert to not in rules.moves(case, who)


def test_closing_on_the_border_needs_a_lead_of_each_country() -> None:
    case = Case(BORDER, version=1, state="watch")
    first = rules.step(case, "closed", US, reason="seen", country="US")
    assert first == Step("watch", signed="US")
    signed = replace(case, signed="US", signed_by=US.name)
    assert signed.awaiting == "MX"
    assert rules.step(signed, "closed", MX, reason="seen", country="MX") == Step("closed")


@pytest.mark.parametrize(
    ("who", "country", "code"),
    [
        (US, "US", "signed_already"),
        (MX, "US", "not_lead"),
        (US, "MX", "not_lead"),
        (EPI, "MX", "not_lead"),
        (MX, "", "not_lead"),
        (person("ben", "lead-US", "lead-MX"), "MX", "same_person"),
    ],
)
def test_the_second_sign_off_is_another_country_by_another_person(who: Person, country: str, code: str) -> None:
    case = Case(BORDER, version=2, state="watch", signed="US", signed_by="ben")
    with pytest.raises(Refused, match=code):
        rules.step(case, "closed", who, reason="seen", country=country)
    assert country not in rules.signs_for(case, who)


def test_a_local_run_may_sign_for_both_since_it_knows_no_persons() -> None:
    case = Case(BORDER, version=2, state="watch", signed="US", signed_by=LOCAL)
    assert rules.step(case, "closed", LOCALLY, reason="seen", country="MX") == Step("closed")
    assert rules.signs_for(case, LOCALLY) == ("MX",)


def test_any_other_decision_lifts_a_sign_off() -> None:
    case = Case(BORDER, version=2, state="watch", signed="US", signed_by="ben")
    assert rules.step(case, "review", EPI, reason="new figures") == Step("review", signed="")


@pytest.mark.parametrize(
    ("reason", "code"),
    [("", "no_reason"), (" \n\t", "no_reason"), ("x" * 2_001, "too_long"), ("a\0b", "unreadable"),
     ("a\ud800", "unreadable")],
)  # fmt: skip
def test_a_reason_is_required_and_bounded(reason: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        rules.step(Case(INLAND), "review", EPI, reason=reason)
    assert rules.step(Case(INLAND), "review", EPI, reason="ñ" * 2_000).state == "review"


def test_the_border_is_ten_states_and_what_cbp_has_on_it() -> None:
    crossing = {
        code for code in GEOGRAPHIES
        if rules.signal(f"us_overdose_ed_rate.{code}.all.2026-01-01.regression").cross_border
    }  # fmt: skip
    states = {code for code in crossing if GEOGRAPHIES[code].kind == "state"}
    assert states == {
        "US-CA", "US-AZ", "US-NM", "US-TX", "MX-BCN", "MX-SON", "MX-CHH", "MX-COA", "MX-NLE", "MX-TAM",
    }  # fmt: skip
    areas = crossing - states
    assert {"US-CBP-laredo-field-office", "US-CBP-tucson-sector", "US-CBP-southwest-border-ofo"} <= areas
    assert not {"US-CBP-blaine-sector", "US-CBP-miami-field-office", "US-CBP-northern-border"} & areas


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "nothing.US.all.2026-01-01.x", "us_overdose_ed_rate.XX.all.2026-01-01.x",
     "us_overdose_ed_rate.US.all.January.x", "us_overdose_ed_rate.US.all.2026-01-01.x.y", "<script>" * 30],
)  # fmt: skip
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the id of a signal"):
        rules.signal(text)


def test_an_id_says_whose_signal_it_is() -> None:
    found = rules.signal(MEXICAN)
    assert (found.owner, found.cross_border, found.since.isoformat()) == ("MX", False, "2026-01-01")
