"""Publications and observations on disk: every vintage kept, each committed whole by one rename.

Layout: `<root>/<source>/<as_of>_<sha256[:16]>/` with `raw.zst` (the publisher's bytes), `publication.json`
and `changes.parquet`. A publication's changes are the rows that differ from what its source said before, so
sixty vintages of a table cost little more than one. The union of all changes is the source's change log.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from data_sources import phrases, vintage_files
from data_sources.changes import CATEGORIES, CELL, changes, confirmed, inside, keyed, newest, restatements
from data_sources.errors import SourceError, StoreError
from data_sources.indicators import INDICATORS
from data_sources.observations import COLUMNS, SERIES, empty
from data_sources.phrases import Phrase
from data_sources.source import Publication, Validators
from data_sources.suppression import hidden, veiled
from data_sources.vintage_files import Coverage, Log, vintages

REFUSALS_KEPT = 500  # a robot that imports the same bad file every hour must not fill the disk
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
    "changed",
    "first",
    "last",
)


class Store:
    """Vintages in a folder: append-only, any number of readers, one writer per source."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._logs: dict[str, tuple[tuple[str, ...], Log]] = {}
        self._veiled: tuple[tuple[Log, ...], dict[str, Log]] = ((), {})
        self._locks: dict[str, FileLock] = {}

    # Writing

    @contextmanager
    def lock(self, source: str, *, wait: float = 0) -> Iterator[None]:
        """The right to write one source; StoreError where another process still has it after *wait* seconds."""
        folder = self.root / source
        folder.mkdir(parents=True, exist_ok=True)
        lock = self._locks.setdefault(source, FileLock(folder / ".lock"))
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            said = Phrase(
                "another process is writing {source} in {folder}; wait until it has finished and try again",
                source=source,
                folder=self.root,
            )
            raise StoreError(said) from None
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
            log = self._log(publication.source)
            if publication.sha256 in set(log.publications["sha256"]):
                return False
            recorded = vintage_files.record(publication, rows, coverage)
            orders = log.publications["order"].tolist()
            position = bisect(orders, recorded["order"])
            before, _ = newest(log.rows[log.rows["position"] < position])
            own = keyed(rows)[[*CELL, "key"]]
            if coverage == "window":
                own = changes(before, own, recorded["windows"])
            later = restatements(before, own, log.rows, log.publications, position)
            speaking = pd.Series(orders, dtype="str").reindex(later["position"]).to_numpy()
            new = pd.concat([own.assign(order=recorded["order"]), later.assign(order=speaking)])
            vintage_files.commit(self.root / publication.source, publication, recorded, new)
        return True

    def refuse(self, source: str, name: str, error: SourceError, when: datetime) -> None:
        """Remember that a file was refused, and why; of REFUSALS_KEPT such records the oldest go."""
        folder = self.root / "refused"
        folder.mkdir(parents=True, exist_ok=True)
        record = {"source": source, "name": name, "when": when.isoformat(), **_told(str(error))}
        _replace(folder / f"{when:%Y%m%dT%H%M%S%f}_{source}.json", record)
        for old in sorted(folder.glob("[!.]*.json"))[:-REFUSALS_KEPT]:
            old.unlink(missing_ok=True)

    def note_attempt(self, source: str, when: datetime, error: str | None) -> None:
        """Remember how the last fetch of a source ended; of an error that is a Phrase its parts are kept, too."""
        folder = self.root / "attempts"
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / f"{source}.json", {"source": source, "when": when.isoformat(), **_told(error)})

    # Reading

    def sources(self) -> list[str]:
        """The sources of which something is held."""
        if not self.root.exists():
            return []
        return sorted(path.name for path in self.root.iterdir() if vintages(path))

    def publications(self, source: str | None = None) -> pd.DataFrame:
        """What is held, one row per publication in the order of as_of: source, name, dates, origin, hash, size."""
        tables = [self._log(name).publications for name in ([source] if source else self.sources())]
        held = pd.concat(tables) if tables else vintage_files.nothing().publications
        return held.sort_values(["source", "order"])[list(_LISTED)].reset_index(drop=True)

    def validators(self, source: str) -> dict[str, Validators]:
        """Per URL, what the server said of the newest copy held, for a conditional request."""
        held = self._log(source).publications.sort_values("retrieved")
        columns = held[["origin", "etag", "last_modified"]].astype(object)
        told = columns.where(columns.notna(), None).itertuples(index=False)
        return {row.origin: Validators(row.etag, row.last_modified) for row in told}

    def raw(self, source: str, sha256: str) -> bytes:
        """The publisher's bytes."""
        held = vintage_files.raw(self.root / source, sha256)
        if held is None:
            said = Phrase(
                "{source} holds no publication {name} in {folder}",
                source=source,
                name=sha256[:16],
                folder=self.root,
            )
            raise StoreError(said)
        return held

    def known_on(self, day: date, indicators: Collection[str] | None = None) -> pd.DataFrame:
        """For each series and period the newest value published on or before *day*.

        The frame's columns, `as_of` being the first publication of that value, and `confirmed` the newest
        publication that still says so. Where two sources hold a key, the indicator's precedence decides.
        """
        parts = []
        for source in self.sources():
            log = self._shown(source)
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
        return sorted({row.as_of.date() for row in held.itertuples() if indicator in row.windows})

    def vintage(self, source: str, indicator: str, day: date) -> pd.DataFrame:
        """One complete publication: the newest on *day* that covers the indicator, all its rows of it, alone."""
        log = self._shown(source)
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
        """The change log of one series: a row where a source first gave a value or status, or changed it."""
        parts = []
        for source in self.sources():
            log = self._shown(source)
            chosen = log.rows["news"].to_numpy()
            for column, value in zip(SERIES, (indicator, geography, substance), strict=True):
                chosen = chosen & (log.rows[column] == value).to_numpy()
            rows = log.rows[chosen]
            as_of = log.publications["as_of"].to_numpy()[rows["position"]]
            parts.append(_as_frame(rows.assign(source=source, as_of=as_of), list(COLUMNS)))
        rows = pd.concat(parts) if parts else empty()
        return rows.sort_values(["source", "period", "as_of"], ignore_index=True, kind="stable")

    def suppressed(self) -> pd.DataFrame:
        """The cells that are hidden as of every day, whatever was published of them: SERIES and period."""
        logs = [self._log(source).rows for source in self.sources()]
        parts = [rows.loc[rows["key"].isin(hidden(rows)), [*SERIES, "period"]] for rows in logs]
        cells = pd.concat(parts) if parts else empty()[[*SERIES, "period"]]
        return cells.astype(dict.fromkeys(SERIES, "str")).drop_duplicates(ignore_index=True)

    def refusals(self) -> pd.DataFrame:
        """Refused files, newest first: when, source, name, error, said (the error's Phrase, None without one)."""
        return _records(self.root / "refused", ["when", "source", "name", "error", "said"])

    def attempts(self) -> pd.DataFrame:
        """The last fetch of each source: when, source, error (None where it went well), and said as in refusals."""
        return _records(self.root / "attempts", ["when", "source", "error", "said"])

    def failures(self) -> dict[str, str]:
        """The sources whose last fetch failed, with the reason."""
        failed = self.attempts().dropna(subset=["error"])
        return dict(zip(failed["source"], failed["error"], strict=True))

    def token(self) -> str:
        """A text that changes whenever something is added: a key for caches."""
        names = [f"{source}/{name}" for source in self.sources() for name in vintages(self.root / source)]
        refused = [path.name for path in sorted((self.root / "refused").glob("[!.]*.json"))]
        held = sorted((self.root / "attempts").glob("[!.]*.json"))
        attempts = [f"{path.name} {path.stat().st_mtime_ns}" for path in held]  # a later fetch replaces it
        return "\n".join([*names, *refused, *attempts])

    def _shown(self, source: str) -> Log:
        """The log of a source as readers may see it: without what any source has hidden since."""
        names = self.sources()
        held = tuple(self._log(name) for name in names)
        before, shown = self._veiled
        if len(before) != len(held) or any(one is not other for one, other in zip(before, held, strict=True)):
            keys = [hidden(log.rows) for log in held]
            shown = {
                name: Log(log.publications, veiled(log.rows, keys)) for name, log in zip(names, held, strict=True)
            }
            self._veiled = (held, shown)
        return shown[source] if source in shown else vintage_files.nothing()

    def _log(self, source: str) -> Log:
        names = vintages(self.root / source)
        held = self._logs.get(source)
        if held is None or held[0] != names:
            folder = self.root / source
            held = (names, vintage_files.read(folder, names) if names else vintage_files.nothing())
            self._logs[source] = held
        return held[1]


def _dated(rows: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The state of one source: each key's newest row, when its value first stood and was last confirmed."""
    state, since = newest(rows)
    dates = held["as_of"].to_numpy()
    return state.assign(as_of=dates[since], confirmed=dates[confirmed(state, held)])


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
    rows = rows.sort_values("key", kind="stable")
    # Taking the words by their codes is many times quicker than a cast of the categories to text.
    words = {
        name: dtype.categories.astype("str").take(rows[name].cat.codes.to_numpy())
        for name, dtype in CATEGORIES.items()
    }
    return rows[columns].assign(**words).astype({"source": "str"}).reset_index(drop=True)


def _records(folder: Path, columns: list[str]) -> pd.DataFrame:
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[!.]*.json"))]
    table = pd.DataFrame(records, columns=columns)
    table["said"] = pd.Series([_said(record) for record in records], dtype=object)
    return table.assign(when=pd.to_datetime(table["when"], utc=True)).sort_values(
        "when", ascending=False, ignore_index=True
    )


def _told(error: str | None) -> dict[str, Any]:
    return {"error": error} | ({"said": phrases.packed(error)} if isinstance(error, Phrase) else {})


def _said(record: dict[str, Any]) -> Phrase | None:
    """The phrase of a record; None in one that was written before there were any, or by hand."""
    try:
        said = phrases.unpacked(record["said"])
    except (KeyError, TypeError, ValueError):
        return None
    return said if isinstance(said, Phrase) else None


def _replace(path: Path, record: object) -> None:
    hidden = path.with_name(f".{path.name}")
    vintage_files.write(hidden, record)
    hidden.replace(path)
