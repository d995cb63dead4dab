"""Tables as files that carry their notes with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pandas as pd

from surveillance.snapshot import csv_bytes


def csv_with_notes(table: pd.DataFrame, notes: Sequence[str]) -> bytes:
    """*table* as CSV, with one line before it for each note, beginning with #; nothing a spreadsheet would run."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for note in notes:
        writer.writerow([f"# {' '.join(note.split())}"])
    return lines.getvalue().encode() + csv_bytes(table)
