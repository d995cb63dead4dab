"""Named alternatives to the panel's plan, saved for others beside the store: one file a plan, never overwritten."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from data_sources.phrases import Phrase
from surveillance import plan_file
from surveillance.watch import Plan

FOLDER = "settings"
MOST = 500  # files a store keeps
_DIGEST = re.compile(r"[0-9a-f]{8}")


class SaveError(Exception):
    """Settings that could not be saved; the message says why and what would do."""


def save(root: Path, plan: Plan) -> str:
    """Write the plan into the store at *root* and return its digest, which names it.

    Settings that are there already stay as they are, with the name under which they were first saved. Raises
    SaveError where the store keeps MOST already, OSError where it cannot be written.
    """
    folder, digest = root / FOLDER, plan.digest
    path = folder / f"{digest}.yaml"
    if path.exists():
        return digest
    if len(_files(root)) >= MOST:
        raise SaveError(f"{folder} holds {MOST} settings; remove some that nobody uses")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".", encoding="utf-8") as hidden:
        hidden.write(plan_file.write(plan))
        hidden.flush()
        os.fsync(hidden.fileno())
        with suppress(FileExistsError):  # somebody saved the same settings meanwhile
            os.link(hidden.name, path)  # whole or not at all, and never over another
    return digest


def saved(root: Path, digest: str) -> Plan:
    """The plan of that digest; KeyError where none is saved, PlanError where its file is not that plan."""
    path = root / FOLDER / f"{digest}.yaml"
    if not _DIGEST.fullmatch(digest) or not path.is_file():
        raise KeyError(digest)
    plan = plan_file.read(path.read_text("utf-8"), name=path.name)
    if plan.digest != digest:
        expected = Phrase("settings whose digest is {digest}, as its name says", digest=digest)
        problem = plan_file.Problem(Phrase("the file"), plan.digest, expected)
        raise plan_file.PlanError(path.name, [problem])
    return plan


def listing(root: Path) -> dict[str, Plan]:
    """Every saved plan by its digest, in the order of their names; files that cannot be read are left out."""
    found = {}
    for path in _files(root):
        try:
            found[path.stem] = saved(root, path.stem)
        except plan_file.PlanError:
            continue
    return dict(sorted(found.items(), key=lambda item: (item[1].name.casefold(), item[0])))


def digests(root: Path) -> tuple[str, ...]:
    """The digests of what is saved."""
    return tuple(path.stem for path in _files(root))


def _files(root: Path) -> list[Path]:
    folder = root / FOLDER
    return sorted(path for path in folder.glob("*.yaml") if _DIGEST.fullmatch(path.stem)) if folder.is_dir() else []
