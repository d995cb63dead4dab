"""The documents keep up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from surveillance.detectors import DETECTORS
from surveillance.detectors.contract import Reason
from surveillance.plan import DEFAULT_PLAN

ROOT = Path(__file__).resolve().parents[1]
METHODS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("methods*.md"))


@pytest.mark.parametrize("name", sorted({kind.__name__ for kind in DETECTORS.values()}))
def test_every_detector_is_documented(name):
    assert name in METHODS


@pytest.mark.parametrize("reason", [reason.name for reason in Reason if reason is not Reason.ok])
def test_every_reason_is_explained(reason):
    assert f"`{reason}`" in METHODS


def test_every_link_in_the_documents_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_reading_order_names_files_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if line.startswith("`dashboard/cli.py`"))
    for name in re.findall(r"`([^`]+)`", line):
        assert (ROOT / name).is_file(), name


def test_the_plan_says_why_for_every_row():
    assert all(len(watch.why) > 15 for watch in DEFAULT_PLAN.watches)
