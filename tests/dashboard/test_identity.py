"""Who is in front of the page: a local run, a trusted proxy's header, a sign-in, and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from dashboard import identity, text
from dashboard.identity import LOCAL, NOBODY, ROLES, VIEWER, Person

EN, ES = text.of("en"), text.of("es")


class Context:
    """What Streamlit knows of a browser's request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, no sign-in, and a server on this machine's own address."""
    for name in ("DRUG_TRENDS_IDENTITY_HEADER", "DRUG_TRENDS_ROLES", "DRUG_TRENDS_LOCAL_ROLES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(st, "user", {})
    monkeypatch.setattr(st, "context", Context({}))
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1"}.get)


@pytest.fixture
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "roles.toml"
    file.write_text('"ana@example.org" = ["epidemiologist", "lead-MX"]\n"ben" = []\n', "utf-8")
    monkeypatch.setenv("DRUG_TRENDS_ROLES", str(file))
    return file


def sent(monkeypatch: pytest.MonkeyPatch, **headers: str) -> None:
    monkeypatch.setattr(st, "context", Context({name.replace("_", "-"): said for name, said in headers.items()}))


def signed_in(monkeypatch: pytest.MonkeyPatch, **claims: Any) -> Person:
    monkeypatch.setattr(st, "user", {"is_logged_in": True} | claims)
    return identity.present()


def test_a_plain_local_run_may_do_everything_and_says_that_nobody_is_verified() -> None:
    person = identity.present()
    assert person == Person(LOCAL, verified=False, roles=ROLES)
    assert person.may_decide
    assert person.may_lead("US")
    assert person.may_lead("MX")
    assert identity.shown(EN, person.name, verified=False) == r"local \(identity not verified\)"
    assert identity.shown(ES, person.name, verified=False) == r"local \(identidad no verificada\)"


@pytest.mark.parametrize("address", [None, "0.0.0.0", "10.0.0.5"])
def test_a_server_that_others_can_reach_gives_a_local_person_no_say(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.address": address}.get)
    assert identity.present() == Person(LOCAL, verified=False, roles=VIEWER)
    assert not identity.present().may_decide


@pytest.mark.parametrize(
    ("setting", "found"),
    [("", {"viewer"}), ("viewer", {"viewer"}), ("epidemiologist, lead-US", {"viewer", "epidemiologist", "lead-US"}),
     ("root", {"viewer"})],
)  # fmt: skip
def test_a_setting_restricts_a_local_run(monkeypatch: pytest.MonkeyPatch, setting: str, found: set[str]) -> None:
    monkeypatch.setenv("DRUG_TRENDS_LOCAL_ROLES", setting)
    assert identity.present().roles == found


def test_a_header_counts_only_where_a_setting_names_it(monkeypatch: pytest.MonkeyPatch, roles: Path) -> None:
    sent(monkeypatch, X_Forwarded_User="ana@example.org", X_Other="mallory")
    assert identity.present().name == LOCAL
    monkeypatch.setenv("DRUG_TRENDS_IDENTITY_HEADER", "X-Forwarded-User")
    person = identity.present()
    assert person == Person("ana@example.org", True, frozenset({"viewer", "epidemiologist", "lead-MX"}))
    assert person.may_lead("MX")
    assert not person.may_lead("US")


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201, "a\u202eb"])
def test_a_proxy_that_names_nobody_leaves_a_reader_who_may_not_decide(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DRUG_TRENDS_IDENTITY_HEADER", "X-Forwarded-User")
    sent(monkeypatch, X_Forwarded_User=name)
    person = identity.present()
    assert person == Person(NOBODY, verified=False)
    assert not person.signed_in
    assert not person.may_decide


def test_a_sign_in_counts_before_a_header(monkeypatch: pytest.MonkeyPatch, roles: Path) -> None:
    monkeypatch.setenv("DRUG_TRENDS_IDENTITY_HEADER", "X-Forwarded-User")
    sent(monkeypatch, X_Forwarded_User="ana@example.org")
    monkeypatch.setattr(st, "user", {"is_logged_in": False})
    assert identity.asks()
    assert identity.present() == Person(NOBODY, verified=False)
    assert signed_in(monkeypatch, email="ben", sub="1").name == "ben"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "ana@example.org", "sub": "7", "name": "Somebody Else"}, "ana@example.org"),
        ({"email": "ana@example.org", "email_verified": True, "sub": "7"}, "ana@example.org"),
        ({"email": "ana@example.org", "email_verified": False, "sub": "7"}, "7"),
        ({"email": "ana@example.org", "email_verified": "false", "sub": "7"}, "7"),
        ({"sub": "7", "name": "ana@example.org"}, "7"),
    ],
)
def test_a_person_is_the_account_and_never_the_name_they_chose(
    monkeypatch: pytest.MonkeyPatch, roles: Path, claims: dict[str, Any], name: str
) -> None:
    person = signed_in(monkeypatch, **claims)
    assert (person.name, person.verified) == (name, True)
    assert person.may_decide == (name == "ana@example.org")


def test_an_account_without_any_name_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert signed_in(monkeypatch) == Person(NOBODY, verified=False)


def test_a_verified_person_without_a_role_is_a_viewer(monkeypatch: pytest.MonkeyPatch, roles: Path) -> None:
    for name in ("stranger", "ben"):
        person = signed_in(monkeypatch, email=name)
        assert person == Person(name, verified=True, roles=VIEWER)
        assert not person.may_decide
    monkeypatch.delenv("DRUG_TRENDS_ROLES")
    assert signed_in(monkeypatch, email="ana@example.org").roles == VIEWER


def test_names_in_the_file_of_roles_match_in_any_case(monkeypatch: pytest.MonkeyPatch, roles: Path) -> None:
    assert signed_in(monkeypatch, email="Ana@Example.org").may_decide


def test_a_changed_file_of_roles_counts_at_once(monkeypatch: pytest.MonkeyPatch, roles: Path) -> None:
    assert not signed_in(monkeypatch, email="eve").may_decide
    roles.write_text('"eve" = ["epidemiologist"]', "utf-8")
    assert signed_in(monkeypatch, email="eve").may_decide


@pytest.mark.parametrize(
    "content",
    ['"ana@example.org" = ["boss"]', '"ana@example.org" = "epidemiologist"', "not toml at all", "[table]\na = 1"],
)
def test_a_broken_file_of_roles_leaves_viewers_and_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, roles: Path, content: str
) -> None:
    roles.write_text(content, "utf-8")
    person = signed_in(monkeypatch, email="ana@example.org")
    assert person.roles == VIEWER
    assert "roles.toml" in person.problem


def test_a_missing_file_of_roles_leaves_viewers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DRUG_TRENDS_ROLES", str(tmp_path / "absent.toml"))
    person = signed_in(monkeypatch, email="ana@example.org")
    assert (person.roles, person.verified) == (VIEWER, True)
    assert "absent.toml" in person.problem


def test_a_name_is_shown_as_text() -> None:
    shown = identity.shown(EN, "<b>*ana*</b> [x](javascript:1) :red[y]", verified=True)
    assert "<b>" not in shown
    assert "[x](" not in shown
    assert "&lt;b&gt;" in shown
    assert identity.shown(EN, "ana", verified=False) == r"ana \(identity not verified\)"
