"""Settings from the environment, read in one place."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def store_folder() -> Path:
    """Where vintages are kept: DRUG_TRENDS_STORE, else the user's data directory."""
    chosen = os.environ.get("DRUG_TRENDS_STORE")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("drug-trends", appauthor=False)) / "store"


def triage_url() -> str:
    """The SQLAlchemy URL of the decision log: DRUG_TRENDS_TRIAGE, else a SQLite file in the store's folder."""
    chosen = os.environ.get("DRUG_TRENDS_TRIAGE")
    return chosen or f"sqlite:///{(store_folder() / 'triage.sqlite').resolve()}"


def bulletins_folder(store: Path) -> Path:
    """Where frozen bulletins are kept: DRUG_TRENDS_BULLETINS, else a folder beside the store's vintages."""
    chosen = os.environ.get("DRUG_TRENDS_BULLETINS")
    return Path(chosen) if chosen else store / "bulletins"


def identity_header() -> str:
    """The header in which a trusted proxy names the person, DRUG_TRENDS_IDENTITY_HEADER; empty where none does."""
    return os.environ.get("DRUG_TRENDS_IDENTITY_HEADER", "").strip()


def roles_file() -> Path | None:
    """The TOML file of name = [roles], DRUG_TRENDS_ROLES; None where everyone signed in is a viewer."""
    chosen = os.environ.get("DRUG_TRENDS_ROLES")
    return Path(chosen) if chosen else None


def local_roles() -> str | None:
    """Roles of a run without sign-in, DRUG_TRENDS_LOCAL_ROLES, with commas; None where it is not set."""
    return os.environ.get("DRUG_TRENDS_LOCAL_ROLES")
