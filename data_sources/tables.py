"""Reading a publisher's table: bytes → text → columns of text → numbers and words, or an error naming the line."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from data_sources.errors import LayoutError, SchemaError
from data_sources.phrases import Phrase

MOST_PROBLEMS = 12  # that an error of a heading lists
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
_AGAIN = Phrase("Get the file again from the publisher.")


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
        found = Phrase("a damaged or unreadable one ({system})", system=str(error))
        raise LayoutError(Phrase("a whole compressed file"), found, _AGAIN) from None
    if len(content) > largest:
        expected = Phrase("at most {n} MB of text", n=largest // 2**20)
        raise LayoutError(expected, Phrase("more than that once decompressed"), _AGAIN)
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
                Phrase("one file in the archive"),
                Phrase("{n} (an Excel workbook, or a folder)", n=len(members)),
                Phrase("Export or extract the table as CSV."),
            )
        with archive.open(members[0]) as stream:
            return stream.read(largest + 1)


def text_of(raw: bytes, *, encodings: Sequence[str] = ("utf-8-sig",)) -> str:
    """The file's text in the first of the *encodings* that reads all of it.

    Raises LayoutError for an empty file, a web page, a damaged archive or text in no such encoding.
    """
    content = decompressed(raw)
    if not content.strip():
        raise LayoutError(Phrase("a table"), Phrase("an empty file"), _AGAIN)
    if looks_like_html(content):
        raise LayoutError(
            Phrase("a table"),
            Phrase("a web page"),
            Phrase("A gate or error page of the publisher's site? Open it in a browser."),
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
    expected = Phrase("text in an encoding out of: {names}", names=", ".join(encodings))
    if failed is None:
        found = Phrase("binary data or another encoding (UTF-16?)")
        raise LayoutError(expected, found, Phrase("Save or export it as CSV."))
    line = content.count(b"\n", 0, failed.start) + 1
    found = Phrase("the byte {byte}", byte=f"0x{content[failed.start]:02X}")
    raise LayoutError(expected, found, Phrase("Save it in that encoding."), place=Phrase("line {n}", n=line))


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
                raise _truncated(Phrase("{n} fields", n=len(found)), f"{len(row)}", reader.line_num)
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        broken = Phrase("text that is not ({system})", system=str(error))
        raise _truncated(Phrase("comma-separated fields"), broken, reader.line_num) from None
    if not text.endswith(("\n", "\r")):
        # Every publisher ends its last line; one cut inside its last field would otherwise pass as a number.
        raise _truncated(Phrase("a line break after the last line"), Phrase("none"), reader.line_num)
    columns = dict(zip(found, zip(*rows, strict=True), strict=True)) if rows else {}
    frame = pd.DataFrame(columns, index=pd.Index(lines, name="line", dtype="int64"), dtype="str")
    if frame.empty:
        raise LayoutError(Phrase("rows under the heading"), Phrase("none"), _AGAIN)
    return frame.assign(**{name: "" for name in optional if name not in frame})[[*headings, *optional]]


def _heading(
    row: list[str], headings: Sequence[str], optional: Sequence[str], aliases: Mapping[str, str]
) -> list[str]:
    found = [aliases.get(name.strip(), name.strip()) for name in row]
    problems = [Phrase("no {name}", name=name) for name in headings if name not in found]
    for name in found:
        if name not in {*headings, *optional}:
            known = name[:80] or Phrase("blank heading")
            problems.append(Phrase("unknown {name}", name=known))
    problems += [Phrase("{name} twice", name=name[:80]) for name in sorted(set(found)) if found.count(name) > 1]
    if problems:
        raise LayoutError(
            Phrase("the columns {names}", names=", ".join(headings)),
            Phrase("{heading} ({problems})", heading=", ".join(row)[:400], problems=problems[:MOST_PROBLEMS]),
            Phrase("Check that the file is this source's; a new layout of the publisher needs a change here."),
            place=Phrase("line {n}", n=1),
        )
    return found


def _truncated(expected: str, found: str, line: int) -> LayoutError:
    hint = Phrase("The file may be truncated. Get it again from the publisher.")
    return LayoutError(expected, found, hint, place=Phrase("line {n}", n=line))


def one_of(names: Iterable[str]) -> Phrase:
    """What is expected where a publisher's words come out of a short list."""
    return Phrase("one of {names}", names=", ".join(names))


def refuse(frame: pd.DataFrame, bad: pd.Series, column: str, expected: str, try_: str = "") -> None:
    """Nothing where no row is *bad*; otherwise a SchemaError naming the first one's line, column and value."""
    if bad.any():
        line = frame.index[bad.to_numpy()][0]
        found, more = repr(str(frame.loc[line, column])[:80]), int(bad.sum()) - 1
        if more:
            found = Phrase("{found} and {n} more", found=found, n=more)
        raise SchemaError(expected, found, try_, place=Phrase("line {n}, column {name}", n=line, name=column))


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
    refuse(frame, pd.Series(bad[codes]), column, Phrase("a number"))
    refuse(frame, pd.Series((read < 0)[codes]), column, Phrase("a number from 0 up"))
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
