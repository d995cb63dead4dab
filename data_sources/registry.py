"""SOURCES: the one list."""

from __future__ import annotations

from data_sources.published import figures
from data_sources.source import Source

SOURCES: dict[str, Source] = {source.id: source for source in (figures.SOURCE,)}
