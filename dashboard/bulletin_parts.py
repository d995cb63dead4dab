"""What a bulletin's page is made of: sections of sentences, lists, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dashboard.bulletin_charts import Picture


@dataclass(frozen=True)
class Table:
    """A table: its caption, headings and rows; `numbers` are the columns set to the right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Card:
    """One signal: country, state, headline, sentences, picture."""

    country: str
    country_name: str
    state: str
    new: bool
    headline: str
    sentences: Sequence[str]
    picture: Picture | None = None
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """One part of a bulletin under its heading. What is absent for lack of data is said in `lead`."""

    key: str
    heading: str
    lead: Sequence[str] = ()
    items: Sequence[str] = ()
    cards: Sequence[Card] = ()
    tables: Sequence[Table] = ()
    picture: Picture | None = None
    caption: str = ""
    after: Sequence[str] = field(default_factory=tuple)  # small notes below
