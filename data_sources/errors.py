"""What goes wrong with a source, said so that a person can act on it."""

from __future__ import annotations

from dataclasses import dataclass

from data_sources.phrases import Phrase


@dataclass
class SourceError(Exception):
    """A publication that cannot be used: where, what was expected, what was found and what to try.

    `file` is filled in by whoever knows it (the importer, the downloader); a parser names only the place. What is
    in our words is a Phrase, which the pages translate; plain text is the file's or the publisher's own.
    """

    expected: str
    found: str
    try_: str = ""
    place: str = ""
    file: str = ""

    def __str__(self) -> str:
        """All of it as one Phrase, which the store's log keeps with its parts."""
        told = {"expected": self.expected, "found": self.found}
        if self.file and self.place:
            sentence = Phrase(
                "{file}, {place}: expected {expected}; found {found}.", file=self.file, place=self.place, **told
            )
        elif self.file or self.place:
            sentence = Phrase("{place}: expected {expected}; found {found}.", place=self.file or self.place, **told)
        else:
            sentence = Phrase("input: expected {expected}; found {found}.", **told)
        return Phrase("{error} {hint}", error=sentence, hint=self.try_) if self.try_ else sentence

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
