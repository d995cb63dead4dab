"""Publications and observations on disk: every vintage kept, each committed whole by one rename.

Layout: `<root>/<source>/<as_of>_<sha256[:16]>/` with `raw.zst` (the publisher's bytes), `publication.json`
and `changes.parquet`. A publication's changes are the rows that differ from what its source said before, so
sixty vintages of a table cost little more than one. The union of all changes is the source's change log.
"""

from __future__ import annotations

import json
import os
import shutil
from bisect import bisect
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from data_sources.changes import CATEGORIES, CELL, changes, inside, keyed, newest, restatements
from data_sources.errors import SourceError, StoreError
from data_sources.indicators import INDICATORS
from data_sources.observations import COLUMNS, SERIES, empty
from data_sources.source import Publication, Validators

Coverage = Literal["window", "keys"]
_TEXT = ("indicator", "geography", "substance", "status", "order")
_LISTED = (
    "source",
    "name",
    "as_of",
    "retrieved",
    "origin",
    "etag",
    "last_modified",
    "sha256",
    "bytes",
    "rows",
)


@dataclass(frozen=True)
class _Log:
    """A source's publications in order, and all their change rows."""

    publications: pd.DataFrame  # _LISTED, coverage, windows, order; by position
    rows: pd.DataFrame  # CELL, key, position


class Store:
    """Vintages in a folder: append-only, any number of readers, one writer per source."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._logs: dict[str, tuple[tuple[str, ...], _Log]] = {}
        self._locks: dict[str, FileLock] = {}

    # Writing

    @contextmanager
    def lock(self, source: str) -> Iterator[None]:
        """The right to write one source; StoreError at once where another process has it."""
        folder = self.root / source
        folder.mkdir(parents=True, exist_ok=True)
        lock = self._locks.setdefault(source, FileLock(folder / ".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(
                f"another process is writing {source} in {self.root}; wait until it has finished and try again"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def add(self, publication: Publication, rows: pd.DataFrame, *, coverage: Coverage = "window") -> bool:
        """Commit one vintage of checked *rows*; False, and nothing changed, where the same bytes are held.

        With `window` coverage a key that the source gave before, inside the publication's periods of that
        indicator, and that is gone now becomes `withdrawn`. An older vintage may arrive after a newer one.
        """
        with self.lock(publication.source):
            folder = self.root / publication.source
            for leftover in folder.glob(".new-*"):
                shutil.rmtree(leftover)
            log = self._log(publication.source)
            if publication.sha256 in set(log.publications["sha256"]):
                return False
            record = _record(publication, rows, coverage)
            orders = log.publications["order"].tolist()
            position = bisect(orders, record["order"])
            rows = keyed(rows)[[*CELL, "key"]]
            if coverage == "keys":
                new = rows.assign(order=record["order"])
            else:
                before, _ = newest(log.rows[log.rows["position"] < position])
                own = changes(before, rows, record["windows"])
                later = restatements(before, own, log.rows, log.publications, position)
                speaking = pd.Series(orders, dtype="str").reindex(later["position"]).to_numpy()
                new = pd.concat([own.assign(order=record["order"]), later.assign(order=speaking)])
            self._commit(folder, publication, record, new)
        return True

    def _commit(self, folder: Path, publication: Publication, record: dict[str, object], new: pd.DataFrame) -> None:
        name = f"{publication.as_of}_{publication.sha256[:16]}"
        hidden = folder / f".new-{name}"
        hidden.mkdir()
        with pa.output_stream(hidden / "raw.zst", compression="zstd") as stream:
            stream.write(publication.raw)
        rows = new.sort_values(["key", "order"])[[*CELL, "order"]]
        rows = rows.astype(dict.fromkeys(_TEXT, "str"))
        pq.write_table(
            pa.Table.from_pandas(rows, preserve_index=False), hidden / "changes.parquet", compression="zstd"
        )
        _write(hidden / "publication.json", record)
        for path in (*hidden.iterdir(), hidden):
            _sync(path)
        hidden.rename(folder / name)
        _sync(folder)

    def refuse(self, source: str, name: str, error: SourceError, when: datetime) -> None:
        """Remember that a file was refused, and why."""
        folder = self.root / "refused"
        folder.mkdir(parents=True, exist_ok=True)
        record = {"source": source, "name": name, "when": when.isoformat(), "error": str(error)}
        _replace(folder / f"{when:%Y%m%dT%H%M%S%f}_{source}.json", record)

    def note_attempt(self, source: str, when: datetime, error: str | None) -> None:
        """Remember how the last fetch of a source ended."""
        folder = self.root / "attempts"
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / f"{source}.json", {"source": source, "when": when.isoformat(), "error": error})

    # Reading

    def sources(self) -> list[str]:
        """The sources of which something is held."""
        if not self.root.exists():
            return []
        return sorted(path.name for path in self.root.iterdir() if path.is_dir() and any(_vintages(path)))

    def publications(self, source: str | None = None) -> pd.DataFrame:
        """What is held, one row per publication in the order of as_of: source, name, dates, origin, hash, size."""
        tables = [self._log(name).publications for name in ([source] if source else self.sources())]
        held = pd.concat(tables) if tables else _nothing().publications
        return held.sort_values(["source", "order"])[list(_LISTED)].reset_index(drop=True)

    def validators(self, source: str) -> dict[str, Validators]:
        """Per URL, what the server said of the newest copy held, for a conditional request."""
        held = self._log(source).publications.sort_values("retrieved")
        return {row.origin: Validators(row.etag, row.last_modified) for row in held.itertuples()}

    def raw(self, source: str, sha256: str) -> bytes:
        """The publisher's bytes."""
        for path in (self.root / source).glob(f"*_{sha256[:16]}"):
            with pa.input_stream(path / "raw.zst", compression="zstd") as stream:
                return bytes(stream.read())
        raise StoreError(f"{source} holds no publication {sha256[:16]} in {self.root}")

    def known_on(self, day: date, indicators: Collection[str] | None = None) -> pd.DataFrame:
        """For each series and period the newest value published on or before *day*.

        The frame's columns, `as_of` being the first publication of that value, and `confirmed` the newest
        publication that still says so. Where two sources hold a key, the indicator's precedence decides.
        """
        parts = []
        for source in self.sources():
            log = self._log(source)
            count = int((log.publications["as_of"] <= pd.Timestamp(day)).sum())
            rows = log.rows[log.rows["position"] < count]
            if indicators is not None:
                rows = rows[rows["indicator"].isin(list(indicators))]
            if len(rows):
                parts.append(_dated(rows, log.publications[:count]).assign(source=source))
        if not parts:
            return empty().assign(confirmed=pd.Series(dtype="datetime64[s]"))
        known = pd.concat(parts) if len(parts) > 1 else parts[0]
        return _as_frame(_by_precedence(known), [*COLUMNS, "confirmed"])

    def vintages(self, source: str, indicator: str) -> list[date]:
        """The as-of dates of the publications that cover an indicator, oldest first."""
        held = self._log(source).publications
        return [row.as_of.date() for row in held.itertuples() if indicator in row.windows]

    def vintage(self, source: str, indicator: str, day: date) -> pd.DataFrame:
        """One complete publication: the newest on *day* that covers the indicator, all its rows of it, alone."""
        log = self._log(source)
        held = log.publications
        covers = held["windows"].map(lambda windows: indicator in windows) & (held["as_of"] <= pd.Timestamp(day))
        if not covers.any():
            return empty()
        position = int(np.flatnonzero(covers)[-1])
        publication = held.iloc[position]
        rows = log.rows[log.rows["indicator"] == indicator]
        if publication["coverage"] == "keys":
            rows = rows[rows["position"] == position]
        else:
            rows, _ = newest(rows[rows["position"] <= position])
            rows = rows[inside(rows, publication["windows"]) & (rows["status"] != "withdrawn")]
        return _as_frame(rows.assign(source=source, as_of=publication["as_of"]), list(COLUMNS))

    def revisions(self, indicator: str, geography: str, substance: str) -> pd.DataFrame:
        """The change log of one series: source, period, as_of, value, status; one row per change."""
        parts = []
        for source in self.sources():
            log = self._log(source)
            chosen = np.ones(len(log.rows), dtype=bool)
            for column, value in zip(SERIES, (indicator, geography, substance), strict=True):
                chosen &= (log.rows[column] == value).to_numpy()
            rows = log.rows[chosen]
            as_of = log.publications["as_of"].reindex(rows["position"]).to_numpy()
            parts.append(rows.assign(source=source, as_of=as_of))
        columns = ["source", "period", "as_of", "value", "status"]
        rows = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
        return rows.sort_values(["source", "period", "as_of"], ignore_index=True).astype({"status": "str"})

    def refusals(self) -> pd.DataFrame:
        """Refused files, newest first: when, source, name, error."""
        return _records(self.root / "refused", ["when", "source", "name", "error"])

    def attempts(self) -> pd.DataFrame:
        """The last fetch of each source: when, source, error (None where it went well)."""
        return _records(self.root / "attempts", ["when", "source", "error"])

    def failures(self) -> dict[str, str]:
        """The sources whose last fetch failed, with the reason."""
        failed = self.attempts().dropna(subset=["error"])
        return dict(zip(failed["source"], failed["error"], strict=True))

    def token(self) -> str:
        """A text that changes whenever something is added: a key for caches."""
        names = [f"{source}/{name}" for source in self.sources() for name in _vintages(self.root / source)]
        extra = [path.name for part in ("refused",) for path in sorted((self.root / part).glob("*.json"))]
        attempts = [f"{row.source}{row.when}" for row in self.attempts().itertuples()]
        return "\n".join([*names, *extra, *attempts])

    def _log(self, source: str) -> _Log:
        names = tuple(_vintages(self.root / source))
        held = self._logs.get(source)
        if held is None or held[0] != names:
            held = (names, _read(self.root / source, names))
            self._logs[source] = held
        return held[1]


def _vintages(folder: Path) -> Iterator[str]:
    if folder.exists():
        yield from sorted(path.name for path in folder.iterdir() if path.name[:1].isdigit() and path.is_dir())


def _record(publication: Publication, rows: pd.DataFrame, coverage: Coverage) -> dict:
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


def _nothing() -> _Log:
    publications = pd.DataFrame({column: [] for column in (*_LISTED, "coverage", "windows", "order")})
    publications = publications.astype({"as_of": "datetime64[s]", "order": "str", "sha256": "str"})
    return _Log(publications, keyed(empty())[[*CELL, "key"]].assign(position=np.zeros(0, dtype=np.int64)))


def _read(folder: Path, names: Collection[str]) -> _Log:
    if not names:
        return _nothing()
    records, tables = [], []
    for name in names:
        try:
            records.append(json.loads((folder / name / "publication.json").read_text(encoding="utf-8")))
            tables.append(pq.read_table(folder / name / "changes.parquet", read_dictionary=list(_TEXT)))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise StoreError(
                f"the vintage in {folder / name} cannot be read ({error}); restore that folder from a copy, "
                "or move it away and import its file again"
            ) from error
    publications = pd.DataFrame(records).sort_values("order", ignore_index=True)
    publications["as_of"] = publications["as_of"].astype("datetime64[s]")
    rows = keyed(pa.concat_tables(tables).unify_dictionaries().to_pandas())
    position = rows["order"].cat.set_categories(publications["order"]).cat.codes
    return _Log(publications, rows[[*CELL, "key"]].assign(position=position.astype(np.int64)))


def _dated(rows: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The state of one source: each key's newest row, when its value first stood and was last confirmed."""
    state, since = newest(rows)
    dates = held["as_of"].to_numpy()
    confirmed = state["position"].to_numpy().copy()
    indicator, period = state["indicator"].cat.codes.to_numpy(), state["period"].to_numpy()
    for name in state["indicator"].unique():
        windows = [
            (position, *row.windows[name])
            for position, row in enumerate(held.itertuples())
            if row.coverage == "window" and name in row.windows
        ]
        mine = indicator == CATEGORIES["indicator"].categories.get_loc(name)
        for position, first, last in windows:
            covered = mine & (period >= np.datetime64(first)) & (period <= np.datetime64(last))
            confirmed[covered & (confirmed < position)] = position
    return state.assign(as_of=dates[since], confirmed=dates[confirmed])


def _by_precedence(known: pd.DataFrame) -> pd.DataFrame:
    """One row per key: of several sources, the one that its indicator names first."""
    if not known["key"].duplicated().any():
        return known
    place = {
        (record.id, source): place for record in INDICATORS.values() for place, source in enumerate(record.sources)
    }
    pairs = zip(known["indicator"], known["source"], strict=True)
    return (
        known.assign(place=[place.get(pair, len(place)) for pair in pairs])
        .sort_values(["key", "place"])
        .drop_duplicates("key")
    )


def _as_frame(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows in the order of their keys, with the contract's columns and types."""
    text = dict.fromkeys(("indicator", "geography", "substance", "source", "status"), "str")
    return rows.sort_values("key")[columns].astype(text).reset_index(drop=True)


def _records(folder: Path, columns: list[str]) -> pd.DataFrame:
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[!.]*.json"))]
    table = pd.DataFrame(records, columns=columns)
    return table.assign(when=pd.to_datetime(table["when"], utc=True)).sort_values(
        "when", ascending=False, ignore_index=True
    )


def _write(path: Path, record: object) -> None:
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")


def _replace(path: Path, record: object) -> None:
    hidden = path.with_name(f".{path.name}")
    _write(hidden, record)
    hidden.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
