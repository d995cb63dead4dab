"""Reading tables: what is refused names the place; what is odd but right is read."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pytest

from data_sources import tables
from data_sources.errors import LayoutError, SchemaError
from data_sources.tables import decompressed, numbers, refuse, table, text_of, words

HEADINGS = ["place", "drug", "count"]
PLAIN = b"place,drug,count\nA,x,1\nB,y,2\n"


# Payloads are part of tests' names, which two workers must agree on: no time of packing in either kind.
def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"\n", b"\r"),
        gzipped(PLAIN),
        zipped(("data.csv", PLAIN), ("__MACOSX/._data.csv", b"\0")),
        b"count,place,drug\n1,A,x\n2,B,y\n",
        b"place,drug,count\nA,x,1\n\n,,\nB,y,2\n,,,,\n",
        b'"place"," drug ",count\n"A",x,"1"\nB,y,2\n',
    ],
    ids=["plain", "mark", "crlf", "cr", "gzip", "zip", "other order", "blank rows", "quoted"],
)
def test_the_same_table_is_read_however_it_is_wrapped(raw: bytes) -> None:
    frame = table(raw, HEADINGS)
    assert frame.to_numpy().tolist() == [["A", "x", "1"], ["B", "y", "2"]]
    assert list(frame.columns) == HEADINGS


def test_the_index_is_the_line_in_the_file_past_quoted_breaks_and_blank_rows() -> None:
    frame = table(b'place,drug,count\n"A\nB",x,1\n,,\nC,y,2\n', HEADINGS)
    assert list(frame.index) == [3, 5]


def test_an_older_encoding_is_read_where_the_first_does_not_fit() -> None:
    raw = "Año,Entidad\n2025,Michoacán\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        frame = table(raw.encode(encoding), ["Año", "Entidad"], encodings=("utf-8-sig", "cp1252"))
        assert frame["Entidad"].tolist() == ["Michoacán"]


def test_other_spellings_of_a_heading_are_mapped_and_absent_optional_columns_are_blank() -> None:
    frame = table(b"PLACE,drug,count\nA,x,1\n", HEADINGS, optional=["note"], aliases={"PLACE": "place"})
    assert frame.to_numpy().tolist() == [["A", "x", "1", ""]]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "an empty file"),
        (b" \r\n\n", "an empty file"),
        (b"\xef\xbb\xbf", "line 1: expected the columns place, drug, count"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xef\xbb\xbf\n<HTML lang='es'>", "a web page"),
        (gzipped(b"<html><body>Access denied"), "a web page"),
        (PLAIN.decode().encode("utf-16"), "0xFF"),
        (b"place,drug,count\nA,x,1\nB,\xf1,2\n", "line 3: .*0xF1"),
        (b"place,drug,count\nA,\0,1\n", "binary data"),
        (b"place,drug,count\n", "rows under the heading"),
        (b"place,drug\nA,x\n", r"line 1: .*place, drug, count.*no count"),
        (b"place,drug,count,age\nA,x,1,9\n", "unknown age"),
        (b"place,drug,count,count\nA,x,1,9\n", "count twice"),
        (b"place;drug;count\nA;x;1\n", "no place"),
        (b"place,drug,count\nA,x,1\nB,y\n", "line 3: expected 3 fields; found 2.*truncated"),
        (b"place,drug,count\nA,x,1,4\n", "line 2: expected 3 fields; found 4"),
        (b"place,drug,count\nA,x,1\nB,y,2", "line 3: expected a line break.*truncated"),
        (b'place,drug,count\nA,x,1\nB,"y,2\n', "line 3: .*truncated"),
        (gzipped(PLAIN)[:-9], "a damaged or unreadable one"),
        (gzipped(PLAIN * 99)[:30], "a damaged or unreadable one"),
        (zipped(("data.csv", PLAIN))[:-30], "a damaged or unreadable one"),
        (zipped(("a.csv", PLAIN), ("b.csv", PLAIN)), "one file in the archive; found 2"),
        (zipped(), "binary data"),
    ],
)
def test_what_is_no_such_table_is_refused_and_says_where(raw: bytes, message: str) -> None:
    with pytest.raises(LayoutError, match=rf"(?s){message}"):
        table(raw, HEADINGS)


@pytest.mark.parametrize("bomb", [gzipped(b"0" * 5_000_000), zipped(("bomb.csv", b"0" * 5_000_000))])
def test_an_archive_that_unpacks_to_too_much_is_refused(bomb: bytes) -> None:
    with pytest.raises(LayoutError, match="at most 1 MB of text; found more"):
        decompressed(bomb, largest=2**20)


def test_a_zip_that_understates_its_size_is_refused() -> None:
    bomb = zipped(("bomb.csv", b"0" * 5_000_000))
    lying = bomb.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != bomb
    with pytest.raises(LayoutError):
        text_of(lying)


def test_the_cap_leaves_room_for_the_largest_publication() -> None:
    assert tables.LARGEST_TEXT >= 100 * 2**20


def test_numbers_with_thousands_separators_and_blanks_are_read() -> None:
    frame = table(b'place,drug,count\nA,x,"4,034"\nB,y," 1,234,567.5 "\nC,z,\nD,z,0\nE,z,1.5e3\n', HEADINGS)
    values = numbers(frame, "count", blank=np.nan)
    np.testing.assert_array_equal(values, [4034, 1234567.5, np.nan, 0, 1500])
    np.testing.assert_array_equal(numbers(frame, "count", blank=0)[4], 0)
    assert list(values.index) == list(frame.index)


NOT_NUMBERS = [
    "n/a",
    "1,5",
    "12,34",
    "1 234",
    "nan",
    "inf",
    "<10",
    "-",
    "1.2.3",
    "=1+1",
    "0x1F",
    "4_034",
    "True",
    "1e400",
    "١",
]


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_text_in_a_number_column_names_line_column_and_value(text: str) -> None:
    frame = table(f'place,drug,count\nA,x,1\n\nB,y,"{text}"\nC,y,"{text}"\n'.encode(), HEADINGS)
    with pytest.raises(SchemaError) as caught:
        numbers(frame, "count", blank=np.nan)
    assert caught.value.place == "line 4, column count"
    assert caught.value.found == f"{text!r} and 1 more"


def test_a_negative_number_and_an_unexpected_blank_are_refused() -> None:
    frame = table(b"place,drug,count\nA,x,-1\nB,y,\n", HEADINGS)
    with pytest.raises(SchemaError, match="line 2, column count: expected a number from 0 up; found '-1'"):
        numbers(frame, "count", blank=np.nan)
    with pytest.raises(SchemaError, match="line 3, column count: expected a number; found ''"):
        numbers(frame, "count")


def test_words_are_translated_and_an_unknown_one_is_named() -> None:
    frame = table(b"place,drug,count\n A ,x,1\nB,y,2\n", HEADINGS)
    assert words(frame, "place", {"A": "US-A", "B": "US-B"}, expected="a place").tolist() == ["US-A", "US-B"]
    with pytest.raises(SchemaError, match="line 3, column place: expected a place; found 'B'"):
        words(frame, "place", {"A": "US-A"}, expected="a place")


def test_nothing_is_refused_where_no_row_is_bad() -> None:
    frame = table(PLAIN, HEADINGS)
    refuse(frame, frame["count"] == "9", "count", "a count below 9")
