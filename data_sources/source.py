"""The contract a source fulfils: a record, a parser, and (where the publisher allows it) a download."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from data_sources.download import Downloader


@dataclass(frozen=True)
class Publication:
    """A publisher's file, bytes untouched, with where and when it came from."""

    source: str
    name: str  # the file's name, as the publisher or the person importing it calls it
    raw: bytes = field(repr=False)
    as_of: date  # when it was public
    retrieved: datetime  # when we got it, with a time zone (UTC)
    origin: str  # a URL, or the file's name for an import
    etag: str | None = None
    last_modified: str | None = None

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


@dataclass(frozen=True)
class Validators:
    """What a publisher's server said of the file we hold, for a conditional request."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True)
class Source:
    """One published dataset.

    `parse(raw, as_of)` is pure and ends with `observations.check`. `dated(name, raw)` reads the as-of from a
    file's name or content, None where neither gives it. `download(downloader, held)` yields new publications;
    *held* maps a URL to the validators of the copy in the store. `coverage` says what a publication claims
    to hold: with `window`, every period between an indicator's first and last, so that a key that is gone was
    withdrawn; with `keys`, only the rows given.
    """

    id: str
    title: str
    publisher: str
    country: str  # US, MX, or US MX
    licence: str
    homepage: str  # where a person gets the file by hand
    hosts: frozenset[str]  # the only hosts a link or redirect may lead to
    indicators: tuple[str, ...]
    cadence_days: int
    late_after_days: int  # days after the usual publication before the source counts as late
    parse: Callable[[bytes, date], pd.DataFrame]
    dated: Callable[[str, bytes], date | None]
    download: Callable[[Downloader, Mapping[str, Validators]], Iterator[Publication]] | None = None
    coverage: Literal["window", "keys"] = "window"
