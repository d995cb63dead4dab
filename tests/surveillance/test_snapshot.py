"""The weekly snapshot: the same bytes from the same inputs, valid, inert, and never half written."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from dashboard import bulletin
from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.plan import DEFAULT_PLAN
from surveillance.snapshot import csv_bytes, name_of, provenance, write_tables

AS_OF = date(2026, 10, 4)


@pytest.fixture(scope="module")
def assessment(embedded):
    return pipeline.run(open_store(embedded), AS_OF)


@pytest.fixture(scope="module")
def folder(assessment, embedded, tmp_path_factory):
    """A snapshot made in Greenwich's time zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        path = bulletin.write(assessment, open_store(embedded), tmp_path_factory.mktemp("out")).path
    time.tzset()
    return path


def contents(path):
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_the_same_inputs_give_the_same_bytes_in_any_time_zone(folder, embedded, tmp_path):
    command = [sys.executable, "-m", "dashboard", "--store", str(embedded), "snapshot", "--week", "2026-W40"]
    environment = os.environ | {"TZ": "America/Tijuana", "PYTHONHASHSEED": "1"}
    subprocess.run([*command, "--out", str(tmp_path)], check=True, env=environment, cwd=tmp_path)
    assert contents(tmp_path / "2026-W40") == contents(folder)


def test_the_manifest_seals_every_file(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    files = contents(folder)
    del files["manifest.json"]
    assert manifest["files"] == {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    assert manifest["seal"] == hashlib.sha256(json.dumps(manifest["files"], sort_keys=True).encode()).hexdigest()
    assert manifest["as_of"] == "2026-10-04"
    assert "FarringtonFlexible" in manifest["settings"]["watches"]["us_cbp_seizure_events"]
    assert manifest["settings"]["inflation"]["mx_retail_drug_case_files"] > 1
    assert len(manifest["raw_files"]) == 26


def test_the_data_package_is_valid(folder):
    # In a process of its own: the validator's dependencies warn on import.
    code = (
        "import sys, frictionless; report = frictionless.validate(sys.argv[1]); print(report.flatten(['message']))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(folder / "datapackage.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_both_pages_are_whole_and_load_nothing(folder):
    for language, code in (("en", "en-US"), ("es", "es-MX")):
        page = (folder / f"bulletin_2026-W40_{language}.html").read_text(encoding="utf-8")
        assert f'<html lang="{code}">' in page
        assert "</html>" in page
        for loading in ("<script", "<link", "src=", "@import", "url("):
            assert loading not in page.replace("url(#", "")


def test_every_figure_of_the_tables_has_its_verdict_or_reason(folder):
    series = pd.read_csv(folder / "data" / "series.csv")
    blind = series[series["state"] == "not_judgeable"]
    assert (blind["reason"] != "ok").all()
    verdicts = pd.read_csv(folder / "data" / "verdicts.csv")
    assert verdicts.loc[verdicts["alarm"].isna(), "reason"].ne("ok").all()


def test_an_error_while_writing_leaves_no_folder(assessment, embedded, tmp_path):
    store = open_store(embedded)
    with pytest.raises(RuntimeError, match="stop"), write_tables(assessment, store, tmp_path):
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_spreadsheet_formulas_are_made_inert():
    table = pd.DataFrame(
        {"text": ["=1+1", "+1", "-1", "@x", "plain", None], "number": [-1.0, 2.0, 3.0, 4.0, 5.0, None]}
    )
    lines = csv_bytes(table).decode().splitlines()
    assert lines[1:] == ["'=1+1,-1", "'+1,2", "'-1,3", "'@x,4", "plain,5", ","]


@pytest.mark.parametrize(
    ("day", "name"), [(date(2026, 11, 22), "2026-W47"), (date(2026, 11, 20), "2026-W47_as-of-2026-11-20")]
)
def test_a_snapshot_is_named_by_its_iso_week(day, name):
    assert name_of(day) == name


def test_a_snapshot_under_other_settings_says_so_in_its_name_and_manifest(embedded, tmp_path):
    store = open_store(embedded)
    plan = replace(DEFAULT_PLAN, budget=12.0)
    assessment = pipeline.run(store, AS_OF, plan)
    with write_tables(assessment, store, tmp_path) as written:
        assert written.name == f"2026-W40_modified-{plan.digest}"
        assert provenance(written, assessment, store)["settings"]["digest"] == plan.digest
