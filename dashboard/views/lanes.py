"""The lanes on Situation: supply, use and harm of both countries on one time axis."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import chart_block, data, lane_block, text
from dashboard.chart_block import Block
from dashboard.filters import Selection
from dashboard.look import Language
from dashboard.text import Text
from surveillance.lanes import lanes


def part(t: Text, selection: Selection) -> None:
    """The block of lanes, inside a frame of its own."""
    made = data.computed("lanes", _block, selection.as_of, selection.language, data.dark())
    with st.container(border=True, gap="xsmall"):
        chart_block.draw(t, selection, made)


def _block(as_of: date, language: Language, dark: bool) -> Block:
    return lane_block.block(text.of(language), as_of, lanes(data.store(), as_of), dark=dark)
