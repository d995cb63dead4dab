"""The command line: data on stdout, talk on stderr, and an exit status that says how it went."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from dashboard import cli
from data_sources.ingest import open_store
from surveillance import plan_file
from surveillance.plan import DEFAULT_PLAN

PAYLOADS = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    open_store(folder)
    return str(folder)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    try:
        status = cli.main(list(arguments))
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def test_an_empty_store_is_seeded_with_the_published_figures(tmp_path, capsys):
    status, out, _ = run(capsys, "--store", str(tmp_path / "new"), "sources")
    assert status == 0
    assert "published_figures" in out
    assert "26 vintages held, newest 2026-10-02" in out


def test_observations_are_those_of_the_day(store, capsys):
    arguments = [
        "observations",
        "--as-of",
        "2019-05-01",
        "--indicator",
        "us_overdose_deaths_12m",
        "--geography",
        "US",
    ]
    status, out, _ = run(capsys, "--store", store, *arguments)
    table = pd.read_csv(io.StringIO(out))
    assert status == 0
    assert table["as_of"].max() == "2019-04-24"
    assert table["period"].max() == "2018-09-01"


def test_observations_as_json_and_parquet_hold_the_same_rows(store, capsysbinary):
    filters = ["--as-of", "2026-10-02", "--indicator", "population", "--geography", "MX"]
    assert cli.main(["--store", store, "observations", *filters, "--format", "parquet"]) == 0
    parquet = pd.read_parquet(io.BytesIO(capsysbinary.readouterr().out))
    assert cli.main(["--store", store, "observations", *filters, "--format", "json"]) == 0
    rows = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [row["value"] for row in rows] == parquet["value"].to_list()


def test_assess_prints_verdicts_and_says_what_was_judged(store, capsys):
    status, out, err = run(capsys, "--store", store, "assess", "--as-of", "2026-10-02", "--format", "csv")
    table = pd.read_csv(io.StringIO(out))
    assert status == 0
    assert list(table.columns) == [
        "as_of", "indicator", "geography", "substance", "period", "observed", "expected", "upper", "pvalue",
        "pvalue_low", "exceedance", "alarm", "detector", "reason",
    ]  # fmt: skip
    assert "series watched" in err
    assert "not judgeable, method break: 6" in err
    assert len(table) >= 40


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["assess", "--indicator", "us_overdose"], "no indicator 'us_overdose'"),
        (["observations", "--geography", "AZ"], "no geography 'AZ'"),
        (["observations", "--as-of", "24/11/2026"], "is not a date"),
        (["observations", "--as-of", "2999-01-01"], "in the future"),
        (["import", "nowhere", "file.csv"], "no source 'nowhere'"),
        (["fetch", "nowhere"], "no source 'nowhere'"),
        (["snapshot", "--week", "2026-W99", "--out", "x"], "is not an ISO week"),
        (["snapshot", "--week", "2999-W01", "--out", "x"], "has not ended"),
        (["serve", "--port", "99999"], "port must be"),
        (["unknown"], "invalid choice"),
        ([], "required"),
    ],
)
def test_a_wrong_argument_is_a_sentence_and_status_2(store, capsys, arguments, sentence):
    status, out, err = run(capsys, "--store", store, *arguments)
    assert status == 2
    assert sentence in err
    assert "Traceback" not in err
    assert out == ""


def test_a_file_is_imported_once(tmp_path, capsys):
    file = PAYLOADS / "us_cbp_seizures" / "good.csv"
    day = (PAYLOADS / "us_cbp_seizures" / "as_of.txt").read_text().strip()
    first = run(capsys, "--store", str(tmp_path), "import", "us_cbp_seizures", str(file), "--as-of", day)
    again = run(capsys, "--store", str(tmp_path), "import", "us_cbp_seizures", str(file), "--as-of", day)
    assert (first[0], again[0]) == (0, 0)
    assert "already held, nothing changed" in again[2]


def test_an_import_needs_its_date(tmp_path, capsys):
    file = PAYLOADS / "us_cbp_seizures" / "good.csv"
    status, _, err = run(capsys, "--store", str(tmp_path), "import", "us_cbp_seizures", str(file))
    assert status == 2
    assert "--as-of" in err


def test_a_bad_file_is_refused_and_the_others_go_on(tmp_path, capsys):
    good = PAYLOADS / "us_cbp_seizures" / "good.csv"
    day = (PAYLOADS / "us_cbp_seizures" / "as_of.txt").read_text().strip()
    bad = tmp_path / "gate.csv"
    bad.write_text("<!DOCTYPE html><html><body>Access denied</body></html>")
    root = str(tmp_path / "store")
    status, _, err = run(
        capsys, "--store", root, "import", "us_cbp_seizures", str(bad), str(tmp_path / "absent.csv"), str(good),
        "--as-of", day,
    )  # fmt: skip
    assert status == 1
    assert "gate.csv" in err
    assert "absent.csv" in err
    assert f"good.csv, as of {day}" in err
    refusals = open_store(Path(root)).refusals()
    assert refusals["name"].to_list() == ["gate.csv"]


def test_an_as_of_in_the_future_is_refused(tmp_path, capsys):
    file = PAYLOADS / "us_cbp_seizures" / "good.csv"
    status, _, err = run(
        capsys, "--store", str(tmp_path), "import", "us_cbp_seizures", str(file), "--as-of", "2999-01-01"
    )
    assert status == 1
    assert "in the future" in err


def test_a_failed_source_is_status_1_and_the_rest_is_done(store, capsys, monkeypatch):
    from data_sources import ingest
    from data_sources.errors import DownloadError

    def refuse(*_):
        raise DownloadError("data", "a gate page", "Import the file by hand.")
        yield

    sources = {
        name: type(source)(
            **vars(source) | {"download": refuse if name == "us_cbp_seizures" else lambda *_: iter(())}
        )
        for name, source in ingest.SOURCES.items()
    }
    monkeypatch.setattr(cli, "SOURCES", sources)
    status, out, err = run(capsys, "--store", store, "fetch", "us_cbp_seizures", "us_cdc_overdose_deaths")
    assert status == 1
    assert "us_cbp_seizures: failed" in err
    assert "us_cdc_overdose_deaths: nothing new" in err
    assert out == ""
    assert "us_cbp_seizures" in open_store(Path(store)).failures()


def test_every_command_has_help_and_stands_in_the_readme():
    parser = cli._parser()
    (commands,) = (action for action in parser._actions if action.dest == "==SUPPRESS==" or action.choices)
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    for name, command in commands.choices.items():
        assert command.description
        assert f"drug-trends {name}" in readme or f"`{name}" in readme


def test_the_default_day_is_the_packs_newest_while_nothing_else_is_held(store):
    from data_sources.ingest import default_as_of

    assert default_as_of(open_store(Path(store)), date(2026, 11, 24)) == date(2026, 10, 2)


def test_assess_takes_a_file_of_settings_and_says_that_they_are_modified(store, capsys, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(plan_file.write(replace(DEFAULT_PLAN, budget=12.0, name="Mine")), "utf-8")
    status, out, err = run(capsys, "--store", store, "assess", "--settings", str(file), "--format", "csv")
    assert status == 0
    assert "settings: Mine" in err
    assert "modified (1 changes), not for publication" in err
    assert "about 12.0 false signals a quarter" in err
    _, plain, _ = run(capsys, "--store", store, "assess", "--format", "csv")
    assert plain != out


def test_assess_refuses_a_file_that_is_no_plan_and_lists_what_is_wrong(store, capsys, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("name: Mine\nversion: 0\nbudget: lots\n", "utf-8")
    status, out, err = run(capsys, "--store", store, "assess", "--settings", str(file))
    assert (status, out) == (2, "")
    assert "mine.yaml is not a plan" in err
    assert "version: found 0" in err
    assert "budget: found 'lots'" in err
    for raw, words in ((b"name: A\xf1o", "text in UTF-8"), (b"#" * 200_000, "at most 100000")):
        file.write_bytes(raw)
        status, out, err = run(capsys, "--store", store, "assess", "--settings", str(file))
        assert (status, out) == (2, "")
        assert words in err
    assert run(capsys, "--store", store, "assess", "--settings", str(tmp_path / "none.yaml"))[0] == 1
