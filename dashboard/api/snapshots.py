"""Frozen bulletins for programs: what was published, and each file of it as its seal names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from dashboard import data, publishing, publishing_withdrawn
from dashboard.api.parameters import Problem
from dashboard.bulletin_edition import ENGLISH
from dashboard.publishing import Issue
from surveillance.settings import bulletins_folder
from surveillance.snapshot import seal_of

ADDRESS = "/api/v1/snapshots"
COLUMNS = (
    "name", "week", "correction", "as_of", "published", "author", "settings", "seal", "languages", "withdrawn",
    "files",
)  # fmt: skip
KINDS: Mapping[str, str] = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
}


@dataclass(frozen=True)
class File:
    """One file of a frozen bulletin: its place, its SHA-256 as the seal has it, and its media type."""

    path: Path
    digest: str
    kind: str

    def content(self) -> bytes:
        """The bytes; Problem 503 where they are not the ones that were published."""
        found = self.path.read_bytes()
        if hashlib.sha256(found).hexdigest() != self.digest:
            raise Problem(503, "The file is not the one that was published; nothing is given in its place.")
        return found


def folder() -> Path:
    """Where the frozen bulletins of the store are."""
    return bulletins_folder(data.store().root)


def token() -> str:
    """What changes when a bulletin is published."""
    record = folder() / publishing.RECORD
    return hashlib.sha256(record.read_bytes()).hexdigest() if record.exists() else ""


def table() -> pd.DataFrame:
    """The frozen bulletins, newest week first (COLUMNS); who published is named where somebody vouches for it."""
    held = publishing.issues(folder())
    gone = publishing_withdrawn.withdrawn(data.store(), held)
    rows = [_row(issue, gone.get(issue)) for issue in held]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def file(name: str, path: str) -> File:
    """The file of a frozen bulletin that its sealed manifest names; Problem 404 for anything else.

    Problem 410 where the bulletin is withdrawn: its publisher has since hidden a figure in it.
    """
    issue = next((issue for issue in publishing.issues(folder()) if issue.path.name == name), None)
    digest = _hashes(issue).get(path) if issue else None
    if issue is None or digest is None:
        raise Problem(404, f"There is no such file of a frozen bulletin; {ADDRESS} lists what there is.")
    hidden = publishing_withdrawn.withdrawn(data.store(), [issue]).get(issue)
    if hidden is not None:
        raise Problem(410, publishing_withdrawn.said(ENGLISH, hidden))
    return File(issue.path / path, digest, KINDS.get(Path(path).suffix, "application/octet-stream"))


def _row(issue: Issue, hidden: int | None) -> dict[str, Any]:
    return {
        "name": issue.path.name,
        "week": issue.week,
        "correction": issue.correction,
        "as_of": issue.as_of.isoformat(),
        "published": issue.published.isoformat(),
        "author": issue.author if issue.verified else None,
        "settings": issue.digest,
        "seal": issue.seal,
        "languages": " ".join(issue.languages),
        "withdrawn": None if hidden is None else publishing_withdrawn.said(ENGLISH, hidden),
        "files": [
            {"file": path, "sha256": digest, "href": f"{ADDRESS}/{issue.path.name}/{quote(path)}"}
            for path, digest in sorted(_hashes(issue).items())
            if hidden is None
        ],
    }


def _hashes(issue: Issue) -> dict[str, str]:
    """The hashes of the files by name; of no file where the manifest is gone or not the sealed one."""
    manifest = issue.path / "manifest.json"
    if not manifest.exists():
        return {}
    found: dict[str, str] = json.loads(manifest.read_text("utf-8"))["files"]
    return found if seal_of(found) == issue.seal else {}
