"""What goes wrong with a source, said so that a person can act on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class SourceError(Exception):
    """A publication that cannot be used: where, what was expected, what was found and what to try.

    `file` is filled in by whoever knows it (the importer, the downloader); a parser names only the place.
    """

    expected: str
    found: str
    try_: str = ""
    place: str = ""
    file: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.file, self.place) if part) or "input"
        sentence = f"{where}: expected {self.expected}; found {self.found}."
        return f"{sentence} {self.try_}" if self.try_ else sentence

    def in_file(self, name: str) -> SourceError:
        """The same error, naming its file; a name already given stays."""
        self.file = self.file or name
        return self


class DownloadError(SourceError):
    """The publisher's server did not give the data."""


class LayoutError(SourceError):
    """The file is not laid out as this source's publications are."""


class SchemaError(SourceError):
    """The values break a rule of the observations frame."""


class StoreError(Exception):
    """The store cannot be read or written as asked; the message says why and what to try."""
