"""The lanes on Situation: supply, use and harm of both countries on one time axis."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import data, lane_block
from dashboard.chart_block import draw, kept
from dashboard.filters import Selection
from dashboard.text import Text
from surveillance.lanes import Lane, lanes


def part(t: Text, selection: Selection) -> None:
    """The block of lanes, inside a frame of its own."""
    found = data.computed("lanes", _lanes, selection.as_of)
    made = kept("lanes", lambda: lane_block.block(t, selection.as_of, found, dark=data.dark()), selection)
    with st.container(border=True, gap="xsmall"):
        draw(t, selection, made)


def _lanes(as_of: date) -> list[Lane]:
    return lanes(data.store(), as_of)
