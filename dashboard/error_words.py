"""What went wrong, in the reader's language: our words translated, a file's as they stand, others' as English."""

from __future__ import annotations

import html

import streamlit as st

from dashboard.text import Text
from data_sources.phrases import Phrase

_ENGLISH = "<span lang='en'>{}</span>"


def markup(t: Text, said: object) -> str:
    """An error, or a value of its Phrase, as HTML; what is no Phrase is in English and marked so."""
    if isinstance(said, Phrase):
        parts = {name: _value(t, name, value) for name, value in said.values.items()}
        return html.escape(t(said.template), quote=False).format(**parts)
    if t.language == "en":
        return html.escape(str(said), quote=False)
    return t("In English, as it was said: {words}", words=_ENGLISH.format(html.escape(str(said), quote=False)))


def _value(t: Text, name: str, value: object) -> str:
    if isinstance(value, Phrase):
        return markup(t, value)
    if isinstance(value, list | tuple):
        return "; ".join(_value(t, name, each) for each in value)
    shown = html.escape(str(value), quote=False)
    return _ENGLISH.format(shown) if name == "system" else shown


def show(t: Text, *errors: object) -> None:
    """Write errors in small letters, one a line; an exception's text is what is told of it."""
    told = [markup(t, str(error) if isinstance(error, Exception) else error) for error in errors]
    st.html(f"<div style='font-size:.875rem'>{'<br>'.join(told)}</div>")
