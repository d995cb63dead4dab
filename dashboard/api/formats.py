"""An answer as bytes: JSON or CSV, numbers at 6 significant digits, and what is missing as null."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from surveillance.snapshot import csv_bytes

JSON, CSV = "application/json", "text/csv; charset=utf-8"


def to_json(content: object) -> bytes:
    """Compact UTF-8; ValueError for a number that JSON does not have."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def to_csv(table: pd.DataFrame, notes: Sequence[str]) -> bytes:
    """The notes, a line each that begins with #, and the table as the snapshot writes it; a list is JSON text."""
    lists = [name for name in table if any(isinstance(cell, list) for cell in table[name])]
    table = table.assign(**{name: [to_json(cell).decode().rstrip() for cell in table[name]] for name in lists})
    lines = [f"# {' '.join(note.split())}\n" for note in notes]
    return "".join(lines).encode() + csv_bytes(table)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON values: ISO days, 6 significant digits, null for what is missing."""
    columns = {name: [plain(cell) for cell in _cells(table[name])] for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def plain(cell: object) -> object:
    """One cell as JSON has it."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, float):
        return float(f"{cell:.6g}") if math.isfinite(cell) else None
    return cell


def _cells(column: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    return list(column.astype(object))
