"""What every source promises, tried on its own payloads: tests/data/<source id>/good*.csv and as_of.txt."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import data_sources
from data_sources.errors import LayoutError, SourceError
from data_sources.indicators import INDICATORS
from data_sources.observations import check, period_end
from data_sources.phrases import Phrase
from data_sources.registry import SOURCES

PAYLOADS = Path(__file__).resolve().parents[1] / "data"
FOLDERS = ("us", "mx", "international", "published")
ENCODINGS = {"mx_sesnsp_retail_drug_offences": "cp1252", "mx_sesnsp_federal_drug_offences": "cp1252"}
# A column of numbers in each source's layout, for the tests that put text into it or change a figure.
NUMBERS = {
    "us_cdc_overdose_deaths": "Data Value",
    "us_cbp_seizures": "Sum Qty (lbs)",
    "mx_sesnsp_retail_drug_offences": "Enero",
    "mx_sesnsp_federal_drug_offences": "ENERO",
    "published_figures": "values",
}
CASES = [
    pytest.param(source, path, id=f"{source}-{path.name}")
    for source in SOURCES
    for path in sorted((PAYLOADS / source).glob("good*.csv"))
]
every_payload = pytest.mark.parametrize(("source", "path"), CASES)


def as_of(source: str) -> date:
    return date.fromisoformat((PAYLOADS / source / "as_of.txt").read_text().strip())


def parse(source: str, raw: bytes) -> pd.DataFrame:
    return SOURCES[source].parse(raw, as_of(source))


def edited(source: str, path: Path, change: Callable[[list[str], list[list[str]]], None]) -> bytes:
    """The payload after *change* has worked on its heading and lines."""
    text = path.read_bytes().decode(ENCODINGS.get(source, "utf-8-sig"))
    heading, *lines = list(csv.reader(io.StringIO(text, newline="")))
    change(heading, lines)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n" if "\r\n" in text else "\n").writerows([heading, *lines])
    return out.getvalue().encode(ENCODINGS.get(source, "utf-8"))


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_a_payload_in_its_publishers_layout(source: str) -> None:
    assert [path for name, path in (case.values for case in CASES) if name == source]
    assert source in NUMBERS


@every_payload
def test_a_payload_gives_rows_that_keep_the_frames_rules(source: str, path: Path) -> None:
    rows = parse(source, path.read_bytes())
    assert not rows.empty
    pd.testing.assert_frame_equal(check(rows), rows)
    assert set(rows["source"]) == {source}
    assert set(rows["as_of"]) == {pd.Timestamp(as_of(source))}


@every_payload
def test_no_period_ends_after_its_as_of(source: str, path: Path) -> None:
    rows = parse(source, path.read_bytes())
    for indicator, part in rows.groupby("indicator"):
        record = INDICATORS[str(indicator)]
        if record.window != "stock":
            assert (period_end(part["period"], record.frequency) <= part["as_of"]).all(), indicator


@pytest.mark.parametrize("source", SOURCES)
def test_the_payloads_hold_exactly_the_indicators_that_the_source_names(source: str) -> None:
    parsed = [parse(source, path.read_bytes()) for path in sorted((PAYLOADS / source).glob("good*.csv"))]
    assert {name for rows in parsed for name in rows["indicator"]} == set(SOURCES[source].indicators)


@every_payload
def test_a_file_gives_the_same_rows_every_time(source: str, path: Path) -> None:
    raw = path.read_bytes()
    pd.testing.assert_frame_equal(parse(source, raw), parse(source, raw))


@every_payload
def test_a_changed_heading_is_refused_with_what_was_expected_and_found(source: str, path: Path) -> None:
    column = NUMBERS[source]

    def rename(heading: list[str], lines: list[list[str]]) -> None:
        heading[heading.index(column)] = "Something else"

    with pytest.raises(LayoutError) as refused:
        parse(source, edited(source, path, rename))
    assert column in refused.value.expected
    assert "Something else" in refused.value.found


@every_payload
def test_text_in_a_number_column_is_refused_with_its_line_and_column(source: str, path: Path) -> None:
    column = NUMBERS[source]

    def spoil(heading: list[str], lines: list[list[str]]) -> None:
        lines[1][heading.index(column)] = "many"

    with pytest.raises(SourceError, match="line 3") as refused:
        parse(source, edited(source, path, spoil))
    assert column in refused.value.place
    assert "many" in refused.value.found


@every_payload
@pytest.mark.parametrize("change", ["heading", "figure", "cut", "page", "early"])
def test_what_a_refusal_says_in_our_words_can_be_translated(source: str, path: Path, change: str) -> None:
    def spoil(heading: list[str], lines: list[list[str]]) -> None:
        column = heading.index(NUMBERS[source])
        row = heading if change == "heading" else lines[0]
        row[column] = "many"

    raw, day = path.read_bytes(), date(2001, 1, 1) if change == "early" else as_of(source)
    raw = {"cut": raw[: len(raw) // 2], "page": b"<html>", "early": raw}.get(change) or edited(source, path, spoil)
    with pytest.raises(SourceError) as refused:
        SOURCES[source].parse(raw, day)
    for said in (refused.value.expected, refused.value.try_, refused.value.place):
        assert isinstance(said, Phrase) or not said


@every_payload
def test_a_key_given_twice_with_two_figures_is_refused(source: str, path: Path) -> None:
    def repeat(heading: list[str], lines: list[list[str]]) -> None:
        column = heading.index(NUMBERS[source])
        line = next(line for line in lines if line[column].strip())
        # The first figure one higher: 12 → 13, "12 14 15" → "13 14 15".
        first, _, rest = line[column].partition(" ")
        changed = f"{float(first.replace(',', '')) + 1:g} {rest}".strip()
        lines.append([*line[:column], changed, *line[column + 1 :]])

    with pytest.raises(SourceError):
        parse(source, edited(source, path, repeat))


@every_payload
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_inside_a_line_is_refused(source: str, path: Path, kept: float) -> None:
    raw = path.read_bytes()
    end = int(len(raw) * kept)
    while raw[end - 1 : end + 1] in (b"\r\n",) or raw[end - 1 : end] == b"\n":
        end -= 1
    with pytest.raises(SourceError):
        parse(source, raw[:end])


@every_payload
def test_a_heading_without_lines_is_refused(source: str, path: Path) -> None:
    def empty(heading: list[str], lines: list[list[str]]) -> None:
        lines.clear()

    with pytest.raises(SourceError):
        parse(source, edited(source, path, empty))


@every_payload
def test_another_encoding_is_refused(source: str, path: Path) -> None:
    text = path.read_bytes().decode(ENCODINGS.get(source, "utf-8-sig"))
    with pytest.raises(SourceError):
        parse(source, text.encode("utf-16"))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"<!DOCTYPE html><html><body>Access denied</body></html>", "web page"),
        (b"\x1f\x8b\x08\x00broken", "damaged"),
        (bytes(range(256)) * 8, "byte|binary"),
    ],
)
def test_what_is_no_table_is_refused_and_named(source: str, raw: bytes, found: str) -> None:
    with pytest.raises(LayoutError, match=found):
        parse(source, raw)


@every_payload
def test_a_date_before_the_files_periods_is_refused(source: str, path: Path) -> None:
    with pytest.raises(SourceError):
        SOURCES[source].parse(path.read_bytes(), date(2001, 1, 1))


def test_every_module_of_a_publisher_is_registered() -> None:
    package = Path(data_sources.__file__).parent
    modules = [
        f"data_sources.{folder}.{path.stem}"
        for folder in FOLDERS
        for path in sorted((package / folder).glob("*.py"))
        if path.stem != "__init__"
    ]
    assert modules
    unregistered = [name for name in modules if importlib.import_module(name).SOURCE not in SOURCES.values()]
    assert not unregistered


def test_sources_and_indicators_name_each_other() -> None:
    of_sources = {(source.id, indicator) for source in SOURCES.values() for indicator in source.indicators}
    of_indicators = {(source, indicator.id) for indicator in INDICATORS.values() for source in indicator.sources}
    assert of_sources == of_indicators


def test_a_source_is_listed_under_its_own_name_with_what_a_person_needs() -> None:
    for name, source in SOURCES.items():
        assert source.id == name
        assert source.title
        assert source.publisher
        assert source.licence
        assert source.homepage.startswith("https://")
        assert source.country in {"US", "MX", "US MX"}
        assert len(set(source.indicators)) == len(source.indicators)


def test_every_source_and_its_licence_are_documented() -> None:
    root = Path(__file__).resolve().parents[2]
    documented = (root / "docs" / "sources.md").read_text(encoding="utf-8")
    licences = (root / "DATA_LICENSES.md").read_text(encoding="utf-8")
    for name, source in SOURCES.items():
        section = documented.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert section, name
        if name != "published_figures":
            assert all(f"`{indicator}`" in section for indicator in source.indicators)
        assert f"| {name} |" in licences
    datasets = pd.read_csv(Path(data_sources.__file__).parent / "published" / "datasets.csv")
    for dataset, publisher in zip(datasets["dataset_id"], datasets["publisher"], strict=True):
        assert f"| {dataset} | [{publisher}](" in licences
