"""Bringing publications into the store: seeding, fetching and importing. One bad source never stops another."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from data_sources.download import Downloader
from data_sources.errors import SourceError, StoreError
from data_sources.phrases import Phrase
from data_sources.registry import SOURCES
from data_sources.source import Publication, Source
from data_sources.store import Store

log = logging.getLogger(__name__)

EMBEDDED = "published_figures"
FIRST_WRITING = 120  # s; adding the embedded figures takes a few
LARGEST_FILE = 500 * 2**20  # bytes; the largest publication known is about 20 MB


class AsOfNeeded(SourceError):
    """Neither the file nor its name says when it was public."""


@dataclass(frozen=True)
class Outcome:
    """What became of one publication, or of a source that gave none."""

    source: str
    name: str
    as_of: date | None = None
    rows: int = 0
    added: bool = False
    error: str | None = None


def open_store(root: Path) -> Store:
    """The store in *root*, with the embedded published figures in it: added where any of them is not held yet."""
    store, source = Store(root), SOURCES[EMBEDDED]
    assert source.download is not None
    published = list(source.download(Downloader(source.hosts), {}))

    def missing() -> list[Publication]:
        held = set(store.publications(EMBEDDED)["sha256"])
        return [publication for publication in published if publication.sha256 not in held]

    if missing():
        log.info("adding the embedded figures to %s, once no other process does", root)
        with store.lock(EMBEDDED, wait=FIRST_WRITING):
            for publication in missing():
                commit(store, source, publication)
    return store


def default_as_of(store: Store, today: date) -> date:
    """Today; while the store holds the embedded figures alone, the newest date among them."""
    if store.sources() != [EMBEDDED]:
        return today
    return min(today, store.publications(EMBEDDED)["as_of"].max().date())


def commit(store: Store, source: Source, publication: Publication) -> Outcome:
    """Parse one publication and add it to the store; SourceError (store unchanged, refusal kept) if unusable."""
    try:
        rows = source.parse(publication.raw, publication.as_of)
    except SourceError as error:
        error.in_file(publication.name)
        store.refuse(source.id, publication.name, error, publication.retrieved)
        raise
    added = store.add(publication, rows, coverage=source.coverage)
    log.debug("%s: %s holds %d observations, added: %s", source.id, publication.name, len(rows), added)
    return Outcome(source.id, publication.name, publication.as_of, len(rows), added)


def fetch(store: Store, sources: Iterable[Source]) -> Iterator[Outcome]:
    """Download what is new from each source that can be downloaded; a failure is an outcome, not an end."""
    for source in sources:
        if source.download is None or source.id == EMBEDDED:
            continue
        error: str | None = None
        try:
            with store.lock(source.id):
                new = [
                    commit(store, source, publication)
                    for publication in source.download(
                        Downloader(source.hosts, homepage=source.homepage), store.validators(source.id)
                    )
                ]
        except (SourceError, StoreError) as failure:
            error = str(failure)
            log.warning("%s: %s", source.id, error)
            yield Outcome(source.id, "", error=error)
        else:
            yield from new or [Outcome(source.id, "")]
        store.note_attempt(source.id, datetime.now(UTC), error)


def import_file(store: Store, source: Source, path: Path, as_of: date | None, *, now: datetime) -> Outcome:
    """Add a local file; *as_of* is needed unless the file or its name gives it.

    Raises SourceError (named file, store unchanged, refusal kept), OSError where the file cannot be read.
    """
    name = path.name
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise SourceError(
                Phrase("a file of at most {n} MB", n=LARGEST_FILE // 2**20),
                Phrase("{n} MB", n=size // 2**20),
                Phrase("Check that it is the publisher's file."),
                file=name,
            )
        raw = path.read_bytes()
        day = as_of or source.dated(name, raw)
        if day is None:
            raise AsOfNeeded(
                Phrase("the date on which the file was public"),
                Phrase("no date in the file or its name"),
                Phrase("Give it with --as-of YYYY-MM-DD."),
                file=name,
            )
        if day > now.date():
            expected = Phrase("an as-of date that is not in the future")
            raise SourceError(expected, f"{day}", Phrase("Correct --as-of."), file=name)
    except SourceError as error:
        if not isinstance(error, AsOfNeeded):
            store.refuse(source.id, name, error, now)
        raise
    return commit(store, source, Publication(source.id, name, raw, day, now, origin=name))
