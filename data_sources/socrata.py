"""Datasets on a Socrata site: the whole table as CSV, and the day on which its rows were last updated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from data_sources.download import Downloader
from data_sources.errors import LayoutError
from data_sources.phrases import Phrase
from data_sources.source import Publication, Validators


def whole_table(
    downloader: Downloader, held: Mapping[str, Validators], *, source: str, host: str, dataset: str
) -> Iterator[Publication]:
    """The dataset as one publication, nothing where the copy we hold is current; raises DownloadError, LayoutError.

    The bulk export needs neither paging nor an order, unlike the query interface, and answers with every column.
    """
    url = f"https://{host}/api/views/{dataset}/rows.csv?accessType=DOWNLOAD"
    rows = downloader.get(url, held.get(url))
    if rows is None:
        return
    # Asked after the rows: should they change in between, the table is dated late rather than before its time.
    about = downloader.get(f"https://{host}/api/views/{dataset}.json")
    assert about is not None  # nothing held, so never "not modified"
    as_of = min(updated_on(about.raw), rows.retrieved.date())
    yield Publication(
        source=source,
        name=f"{dataset}_{as_of}.csv",
        raw=rows.raw,
        as_of=as_of,
        retrieved=rows.retrieved,
        origin=url,
        etag=rows.etag,
        last_modified=rows.last_modified,
    )


def updated_on(metadata: bytes) -> date:
    """The day (UTC) on which the dataset's rows were last updated, from its metadata; raises LayoutError."""
    try:
        return datetime.fromtimestamp(json.loads(metadata)["rowsUpdatedAt"], UTC).date()
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        found = repr(metadata[:80].decode("utf-8", "replace"))
        raise LayoutError(Phrase("the dataset's metadata with rowsUpdatedAt, a time in seconds"), found) from None
