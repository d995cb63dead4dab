"""Reading a publisher's table: bytes → text → columns of text → numbers and words, or an error naming the line."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from data_sources.errors import LayoutError, SchemaError

LARGEST_TEXT = 100 * 2**20  # bytes after decompression; the largest table known has about 20 MB
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
SPANISH_MONTHS = (
    "Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre",
    "Noviembre", "Diciembre",
)  # fmt: skip
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_AGAIN = "Get the file again from the publisher."


def looks_like_html(raw: bytes) -> bool:
    """Whether the bytes begin as a web page does: a gate, an error or a landing page instead of data."""
    start = raw[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<!--", b"<?xml"))


def decompressed(raw: bytes, *, largest: int = LARGEST_TEXT) -> bytes:
    """The bytes of a gzip file or of a zip file's only member; other bytes as they are.

    Raises LayoutError for a damaged archive, one with several members, or more than *largest* bytes of content.
    """
    try:
        if raw.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
                content = stream.read(largest + 1)
        elif raw.startswith(_ZIP):
            content = _only_member(raw, largest)
        else:
            content = raw
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        # RuntimeError is how zipfile reports an encrypted member or an unknown compression.
        raise LayoutError("a whole compressed file", f"a damaged or unreadable one ({error})", _AGAIN) from None
    if len(content) > largest:
        raise LayoutError(f"at most {largest // 2**20} MB of text", "more than that once decompressed", _AGAIN)
    return content


def _only_member(raw: bytes, largest: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1:
            raise LayoutError(
                "one file in the archive",
                f"{len(members)} (an Excel workbook, or a folder)",
                "Export or extract the table as CSV.",
            )
        with archive.open(members[0]) as stream:
            return stream.read(largest + 1)


def text_of(raw: bytes, *, encodings: Sequence[str] = ("utf-8-sig",)) -> str:
    """The file's text in the first of the *encodings* that reads all of it.

    Raises LayoutError for an empty file, a web page, a damaged archive or text in no such encoding.
    """
    content = decompressed(raw)
    if not content.strip():
        raise LayoutError("a table", "an empty file", _AGAIN)
    if looks_like_html(content):
        raise LayoutError(
            "a table",
            "a web page",
            "A gate or error page of the publisher's site? Open it in a browser.",
        )
    failed: UnicodeDecodeError | None = None
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            failed = failed or error
            continue
        if "\0" not in text:
            return text
    expected = f"text in {' or '.join(encodings)}"
    if failed is None:
        raise LayoutError(expected, "binary data or another encoding (UTF-16?)", "Save or export it as CSV.")
    line = content.count(b"\n", 0, failed.start) + 1
    byte = content[failed.start]
    raise LayoutError(expected, f"the byte 0x{byte:02X}", "Save it in that encoding.", place=f"line {line}")


def table(
    raw: bytes,
    headings: Sequence[str],
    *,
    optional: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
    encodings: Sequence[str] = ("utf-8-sig",),
    delimiter: str = ",",
) -> pd.DataFrame:
    """The columns *headings* and *optional* as text, "" where blank; the index is the line in the file.

    Columns may come in any order, *aliases* maps other spellings of a heading, and rows without any text are
    skipped. An unknown column is refused: it may divide the rows (by age, say), so that sums would change
    their meaning. Raises LayoutError.
    """
    text = text_of(raw, encodings=encodings)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    try:
        found = _heading(next(reader, []), headings, optional, aliases or {})
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            if len(row) != len(found):
                raise _truncated(f"{len(found)} fields", f"{len(row)}", reader.line_num)
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise _truncated("comma-separated fields", f"text that is not ({error})", reader.line_num) from None
    if not text.endswith(("\n", "\r")):
        # Every publisher ends its last line; one cut inside its last field would otherwise pass as a number.
        raise _truncated("a line break after the last line", "none", reader.line_num)
    columns = dict(zip(found, zip(*rows, strict=True), strict=True)) if rows else {}
    frame = pd.DataFrame(columns, index=pd.Index(lines, name="line", dtype="int64"), dtype="str")
    if frame.empty:
        raise LayoutError("rows under the heading", "none", _AGAIN)
    return frame.assign(**{name: "" for name in optional if name not in frame})[[*headings, *optional]]


def _heading(
    row: list[str], headings: Sequence[str], optional: Sequence[str], aliases: Mapping[str, str]
) -> list[str]:
    found = [aliases.get(name.strip(), name.strip()) for name in row]
    problems = [f"no {name}" for name in headings if name not in found]
    problems += [f"unknown {name or 'blank heading'}" for name in found if name not in {*headings, *optional}]
    problems += [f"{name} twice" for name in sorted(set(found)) if found.count(name) > 1]
    if problems:
        raise LayoutError(
            f"the columns {', '.join(headings)}",
            f"{', '.join(row)} ({'; '.join(problems)})"[:800],
            "Check that the file is this source's; a new layout of the publisher needs a change here.",
            place="line 1",
        )
    return found


def _truncated(expected: str, found: str, line: int) -> LayoutError:
    return LayoutError(expected, found, f"The file may be truncated. {_AGAIN}", place=f"line {line}")


def refuse(frame: pd.DataFrame, bad: pd.Series, column: str, expected: str, try_: str = "") -> None:
    """Nothing where no row is *bad*; otherwise a SchemaError naming the first one's line, column and value."""
    if bad.any():
        line = frame.index[bad.to_numpy()][0]
        value = str(frame.loc[line, column])[:80]
        more = f" and {int(bad.sum()) - 1} more" if bad.sum() > 1 else ""
        raise SchemaError(expected, f"{value!r}{more}", try_, place=f"line {line}, column {column}")


def numbers(frame: pd.DataFrame, column: str, *, blank: float | None = None) -> pd.Series:
    """A text column as numbers from 0 up, "4,034" being 4034 and a blank being *blank* (None: refused).

    Raises SchemaError naming line, column and value of the first text that is no such number.
    """
    codes, spellings = pd.factorize(frame[column])  # few spellings recur many times
    texts = [str(text).strip() for text in spellings]
    plain = [text.replace(",", "") if _THOUSANDS.fullmatch(text) else text for text in texts]
    read = pd.to_numeric(pd.Series(plain, dtype=object), errors="coerce").to_numpy(np.float64)
    empty = np.array([text == "" for text in texts])
    bad = ~np.isfinite(read) & ~(empty & (blank is not None))
    refuse(frame, pd.Series(bad[codes]), column, "a number")
    refuse(frame, pd.Series((read < 0)[codes]), column, "a number from 0 up")
    read = np.where(empty, np.nan if blank is None else blank, read)
    return pd.Series(read[codes], index=frame.index, name=column)


def words(
    frame: pd.DataFrame, column: str, known: Mapping[str, str], *, expected: str, try_: str = ""
) -> pd.Series:
    """A text column in our words; SchemaError naming line, column and value of the first unknown spelling."""
    text = frame[column].str.strip()
    ours = text.map(dict(known))
    refuse(frame, ours.isna(), column, expected, try_)
    return ours.astype("str")
