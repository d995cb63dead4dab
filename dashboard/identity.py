"""Who is in front of the page, how sure that is, and what they may do.

Three ways, the first that is set up counts: sign-in by OpenID Connect (`st.login`), a header written by a trusted
proxy, or nobody asks, and the name says so. Names come from outside: they are data, and escaped where shown.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import streamlit as st

from dashboard.text import N_, Text, escape_markdown
from data_sources.phrases import Phrase
from surveillance import settings

Role = Literal["viewer", "epidemiologist", "lead-US", "lead-MX"]
ROLES: frozenset[Role] = frozenset(get_args(Role))
VIEWER: frozenset[Role] = frozenset({"viewer"})
LOCAL = N_("local (identity not verified)")
NOBODY = N_("not signed in")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LONGEST = 200  # characters of a name
ROLE_WORDS: Mapping[Role, str] = {
    "viewer": N_("viewer"),
    "epidemiologist": N_("epidemiologist"),
    "lead-US": N_("lead for the United States"),
    "lead-MX": N_("lead for Mexico"),
}


@dataclass(frozen=True)
class Person:
    """A reader: the name they sign with, whether anyone vouches for it, and their roles.

    `problem` names what is wrong with the file of roles; everyone is a viewer until it is mended.
    """

    name: str
    verified: bool
    roles: frozenset[Role] = VIEWER
    problem: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether there is a name to sign with, be it the local one."""
        return self.name != NOBODY

    @property
    def may_decide(self) -> bool:
        """Whether the person may decide on signals and comment."""
        return self.signed_in and bool(self.roles - VIEWER)

    def may_lead(self, country: str) -> bool:
        """Whether the person signs for a country, "US" or "MX"."""
        return self.signed_in and f"lead-{country}" in self.roles


def present() -> Person:
    """The person of this session."""
    if "is_logged_in" in st.user:
        return _known(_account()) if st.user["is_logged_in"] is True else Person(NOBODY, verified=False)
    if header := settings.identity_header():
        name = _clean(st.context.headers.get(header))
        return _known(name) if name else Person(NOBODY, verified=False)
    return Person(LOCAL, verified=False, roles=_local_roles())


def asks() -> bool:
    """Whether people sign in on this page (OpenID Connect is set up)."""
    return "is_logged_in" in st.user


def shown(t: Text, name: str, *, verified: bool) -> str:
    """A name as Markdown shows it, with the words that say so where nobody vouched for it."""
    if name in (LOCAL, NOBODY):
        return escape_markdown(t(name))
    return plain(name if verified else t("{name} (identity not verified)", name=name))


def plain(said: str) -> str:
    """Text from outside as Markdown that becomes no link and no icon either.

    Addresses turn into links, and :material/…: into pictures, after Markdown's own escapes are read; an invisible
    word joiner behind the signs that they are known by keeps them as they are.
    """
    return re.sub(r"([@:.])", "\\1\u2060", escape_markdown(said))


def _account() -> str:
    """The account a provider vouches for: its address unless the provider calls that unconfirmed, else its number.

    Never the display name, which people choose themselves.
    """
    unconfirmed = st.user.get("email_verified") in (False, "false")
    address = "" if unconfirmed else _clean(st.user.get("email"))
    return address or _clean(st.user.get("sub"))


def _clean(name: object) -> str:
    """A name on one line and of bounded length; empty where it holds what no name holds."""
    text = str(name or "").strip()
    return text if text.isprintable() and len(text) <= LONGEST else ""


def _known(name: str) -> Person:
    if not name:
        return Person(NOBODY, verified=False)
    file = settings.roles_file()
    if file is None:
        return Person(name, verified=True)
    try:
        found = read_roles(file, file.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        return Person(name, verified=True, problem=str(error))
    return Person(name, verified=True, roles=found.get(name.casefold(), VIEWER))


def _local_roles() -> frozenset[Role]:
    """All, or what the setting says; a viewer's where the server can be reached from elsewhere."""
    chosen = settings.local_roles()
    if chosen is not None:
        return frozenset(role for role in ROLES if role in [part.strip() for part in chosen.split(",")]) | VIEWER
    return ROLES if st.get_option("server.address") in LOOPBACK else VIEWER


@cache
def read_roles(file: Path, _changed: int = 0) -> Mapping[str, frozenset[Role]]:
    """Roles by name in lower case, from a TOML file of `"name" = ["role", …]`.

    Raises ValueError that names the file and what is wrong, OSError where it cannot be read.
    """
    try:
        held = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        said = Phrase("{file}: not a TOML file of names and roles ({system})", file=file.name, system=str(error))
        raise ValueError(said) from error
    found: dict[str, frozenset[Role]] = {}
    for name, roles in held.items():
        if not isinstance(roles, list) or not all(role in ROLES for role in roles):
            known = {"file": file.name, "name": name, "roles": ", ".join(sorted(ROLES))}
            raise ValueError(Phrase('{file}: "{name}" must have a list of roles out of {roles}', **known))
        found[name.casefold()] = frozenset(roles) | VIEWER
    return found
