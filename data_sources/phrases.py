"""English words that remember how they were made, so that a page can say them in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Phrase(str):
    """A template with its values put in; everywhere a text, on a page the template's translation.

    A value is a number, a phrase, a list of them, or words that no language changes: a publisher's or a file's own.
    A value named `system` is what another library or the operating system says, in English.
    """

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, **values: Any) -> Phrase:
        shown = {name: _text(value) for name, value in values.items()}
        phrase = super().__new__(cls, template.format(**shown) if values else template)
        phrase.template, phrase.values = template, values
        return phrase

    def __str__(self) -> str:
        return self  # str(error) of an error that holds a phrase is then the phrase

    def __reduce__(self) -> tuple[Any, ...]:
        return unpacked, (packed(self),)


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def packed(value: object) -> Any:
    """A phrase, or a value of one, as JSON can hold it."""
    if isinstance(value, Phrase):
        return {"say": value.template, "with": {name: packed(each) for name, each in value.values.items()}}
    if isinstance(value, list | tuple):
        return [packed(each) for each in value]
    return value if isinstance(value, int | float) else str(value)


def unpacked(record: Any) -> Any:
    """What was packed; KeyError, ValueError or TypeError where it is no such record."""
    if isinstance(record, dict):
        return Phrase(record["say"], **{name: unpacked(each) for name, each in record["with"].items()})
    return [unpacked(each) for each in record] if isinstance(record, list) else record
