"""Methods & glossary."""

from __future__ import annotations

import streamlit as st

from dashboard import text
from dashboard.filters import Selection


def render(selection: Selection) -> None:
    """The page for a selection."""
    t = text.of(selection.language)
    st.title(t("Methods & glossary"))
