"""Small versioned files that the project carries, with their words in both languages."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from data_sources.vocabulary import Language


class Both(NamedTuple):
    """One text in both languages."""

    en: str
    es: str

    def to(self, language: Language) -> str:
        return self.en if language == "en" else self.es


def both(found: dict[str, str] | None) -> Both | None:
    """The two languages of an entry; None where there is none. KeyError where one is missing."""
    return None if found is None else Both(found["en"], found["es"])


def load(name: str) -> dict[str, Any]:
    """A file of `surveillance/data`, parsed."""
    found: dict[str, Any] = yaml.safe_load(files("surveillance").joinpath(f"data/{name}").read_text("utf-8"))
    return found
