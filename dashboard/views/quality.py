"""Data & quality: where the figures come from, how current they are, how much they change, what is watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard import data, text
from dashboard.filters import Selection
from dashboard.text import N_, Text
from dashboard.views import (
    held_up,
    picker,
    quality_coverage,
    quality_definitions,
    quality_ingest,
    quality_revisions,
    quality_sources,
    quality_triangle,
    quality_watched,
)
from data_sources.registry import SOURCES
from surveillance.freshness import freshness

# Each part of the page: the word in its address, its name, what draws it.
PARTS: dict[str, tuple[str, Callable[[Text, Selection], None]]] = {
    "sources": (N_("Sources"), quality_sources.sources),
    "coverage": (N_("Coverage"), quality_coverage.coverage),
    "triangle": (N_("Reporting triangle"), quality_triangle.triangle),
    "revisions": (N_("Revisions"), quality_revisions.revisions),
    "definitions": (N_("Definitions"), quality_definitions.definitions),
    "breaks": (N_("Method breaks"), quality_definitions.breaks),
    "low": (N_("Unusually low"), held_up.falls),
    "calibration": (N_("Calibration"), held_up.calibration),
    "watched": (N_("What is watched"), quality_watched.watched),
    "files": (N_("Files and refusals"), quality_ingest.files),
}


def render(selection: Selection) -> None:
    """The page of data and quality for a selection: a finding, and one part of it at a time."""
    t = text.of(selection.language)
    table = data.computed("freshness", lambda day: freshness(data.store(), SOURCES, day), selection.as_of)
    held = table[table["publications"] > 0]
    late = int((held["days_late"].fillna(0) > 0).sum())
    st.title(
        t.n(
            "Data & quality: {held} of {n} source is held, {late} late",
            "Data & quality: {held} of {n} sources are held, {late} late",
            len(table),
            held=len(held),
            late=late,
        ),
        anchor=False,
    )
    view = selection.view if selection.view in PARTS else "sources"
    if selection.view not in (None, *PARTS):
        asked = t("There is no part {value} on this page; the sources are shown.", value=str(selection.view)[:40])
        st.info(text.escape_markdown(asked), icon=":material/info:")
    picked = st.pills(
        t("Parts of this page"),
        list(PARTS),
        default=view,
        required=True,
        format_func=lambda name: t(PARTS[name][0]),
        label_visibility="collapsed",
        key=f"quality-{view}-{t.language}",
    )
    if picked != view:
        picker.go(replace(selection, view=picked))
    PARTS[view][1](t, replace(selection, view=view))
