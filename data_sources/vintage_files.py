"""One source's folder in the store: a folder per vintage, that appears whole or not at all.

`<source>/<as_of>_<sha256[:16]>/` holds `raw.zst` (the publisher's bytes), `publication.json` and
`changes.parquet`. It is written beside its place and renamed into it; vintages are never altered or removed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_sources.changes import CELL, in_order, keyed
from data_sources.errors import StoreError
from data_sources.observations import empty
from data_sources.phrases import Phrase
from data_sources.source import Publication

Coverage = Literal["window", "keys"]
_NAME = re.compile(r"\d{4}-\d\d-\d\d_[0-9a-f]{16}")
_TEXT = ("indicator", "geography", "substance", "status", "order")
_RECORDED = (
    "source", "name", "as_of", "retrieved", "origin", "etag", "last_modified", "sha256", "bytes", "rows",
    "coverage", "windows", "order",
)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """A source's publications in order, and all their change rows."""

    publications: pd.DataFrame  # _RECORDED, first and last period, changed (rows that say something new)
    rows: pd.DataFrame  # CELL, key, position, news; see changes.py


def vintages(folder: Path) -> tuple[str, ...]:
    """The names of the vintages in a source's folder; whatever else lies there is none."""
    if not folder.is_dir():
        return ()
    with os.scandir(folder) as entries:
        return tuple(sorted(entry.name for entry in entries if _NAME.fullmatch(entry.name) and entry.is_dir()))


def record(publication: Publication, rows: pd.DataFrame, coverage: Coverage) -> dict:
    """What is written down of a publication; `order` sorts publications by as_of, then by when we got them."""
    periods = rows.groupby("indicator")["period"].agg(["min", "max"])
    return {
        "source": publication.source,
        "name": publication.name,
        "as_of": publication.as_of.isoformat(),
        "retrieved": publication.retrieved.isoformat(),
        "origin": publication.origin,
        "etag": publication.etag,
        "last_modified": publication.last_modified,
        "sha256": publication.sha256,
        "bytes": len(publication.raw),
        "rows": len(rows),
        "coverage": coverage,
        "windows": {row.Index: [f"{row.min:%Y-%m-%d}", f"{row.max:%Y-%m-%d}"] for row in periods.itertuples()},
        "order": f"{publication.as_of} {publication.retrieved:%Y-%m-%dT%H:%M:%S.%f} {publication.sha256[:16]}",
    }


def commit(folder: Path, publication: Publication, recorded: dict, new: pd.DataFrame) -> None:
    """Write a vintage and show it by one rename. *new*: its change rows, each with the `order` it speaks for."""
    for leftover in folder.glob(".new-*"):  # of a writer that was stopped
        shutil.rmtree(leftover)
    name = f"{publication.as_of}_{publication.sha256[:16]}"
    hidden = folder / f".new-{name}"
    hidden.mkdir()
    with pa.output_stream(hidden / "raw.zst", compression="zstd") as stream:
        stream.write(publication.raw)
    rows = new.sort_values(["key", "order"])[[*CELL, "order"]].astype(dict.fromkeys(_TEXT, "str"))
    table = pa.Table.from_pandas(rows, preserve_index=False)
    pq.write_table(table, hidden / "changes.parquet", compression="zstd")
    write(hidden / "publication.json", recorded)
    for path in (*hidden.iterdir(), hidden):
        _sync(path)
    hidden.rename(folder / name)
    _sync(folder)


def raw(folder: Path, sha256: str) -> bytes | None:
    """The publisher's bytes; None where they are not held."""
    for path in folder.glob(f"[0-9]*_{sha256[:16]}"):
        with pa.input_stream(path / "raw.zst", compression="zstd") as stream:
            return bytes(stream.read())
    return None


def read(folder: Path, names: Collection[str]) -> Log:
    """The log of a source; StoreError naming the vintage that cannot be read."""
    parts = [_vintage(folder / name) for name in names]
    recorded = sorted((record for record, _ in parts), key=lambda record: record["order"])
    publications = pd.DataFrame(recorded, columns=list(_RECORDED)).astype({"as_of": "datetime64[s]"})
    try:
        rows = keyed(pa.concat_tables([table for _, table in parts]).unify_dictionaries().to_pandas())
    except (ValueError, KeyError) as error:
        said = Phrase(
            "the vintages in {folder} hold words that this version does not know ({system}); use the version that "
            "wrote them, or move the folder away and import its files again",
            folder=folder,
            system=str(error),
        )
        raise StoreError(said) from error
    place = pd.Index(publications["order"]).get_indexer(rows["order"].cat.categories)
    log = in_order(rows[[*CELL, "key"]].assign(position=place[rows["order"].cat.codes]))
    return Log(_described(publications, log), log)


def nothing() -> Log:
    """The log of a source of which nothing is held."""
    types = {"as_of": "datetime64[s]", "order": "str", "sha256": "str", "source": "str"}
    publications = pd.DataFrame({column: [] for column in _RECORDED}).astype(types)
    log = in_order(keyed(empty())[[*CELL, "key"]].assign(position=np.zeros(0, dtype=np.int64)))
    return Log(_described(publications, log), log)


def _vintage(path: Path) -> tuple[dict, pa.Table]:
    try:
        recorded = json.loads((path / "publication.json").read_text(encoding="utf-8"))
        table = pq.read_table(path / "changes.parquet", read_dictionary=list(_TEXT))
        missing = [*set(_RECORDED).difference(recorded), *{*CELL, "order"}.difference(table.column_names)]
        if missing:
            raise ValueError(f"without {', '.join(sorted(missing))}")
    except (OSError, ValueError, pa.ArrowException) as error:
        said = Phrase(
            "the vintage in {path} cannot be read ({system}); restore that folder from a copy, or move it away and "
            "import its file again",
            path=path,
            system=str(error),
        )
        raise StoreError(said) from error
    return recorded, table


def _described(publications: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    spans = [[day for window in windows.values() for day in window] for windows in publications["windows"]]
    changed = np.bincount(log.loc[log["news"], "position"], minlength=len(publications))
    return publications.assign(
        first=pd.to_datetime([min(days, default=None) for days in spans]).astype("datetime64[s]"),
        last=pd.to_datetime([max(days, default=None) for days in spans]).astype("datetime64[s]"),
        changed=changed.astype(np.int64),
    )


def write(path: Path, recorded: object) -> None:
    """A JSON file a person can read."""
    path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False), encoding="utf-8")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
