"""The block every chart stands in: finding, picture, caption, the same as a table, what it is, and downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboard import charts, data, text
from dashboard.downloads import csv_with_notes
from dashboard.filters import Selection
from dashboard.look import NOMINAL
from dashboard.pictures import picture, specification
from dashboard.text import Text

Kept = TypeVar("Kept", bound="Block | None")


@dataclass(frozen=True)
class Block:
    """One chart with everything around it, in one language.

    `title` states the finding and is the picture's text for those who cannot see it, unless `alt` says more;
    `subtitle` says what is drawn; `caption` gives source, last date, completeness and comparability. `table` is
    the same content with headings in the reader's language (values as numbers); `export` what the CSV holds where
    that should have field names instead. `about` are pairs of a name and a text. Nothing suppressed may be in any.
    """

    key: str  # unique on the page, and the stem of the files
    title: str
    chart: Any  # an altair chart, finished
    caption: str
    table: pd.DataFrame
    subtitle: str = ""
    alt: str = ""
    about: Sequence[tuple[str, str]] = ()
    export: pd.DataFrame | None = None
    notes: Sequence[str] = ()
    columns: Mapping[str, Any] | None = None  # st.column_config of the table
    selects: bool = False  # whether a click on the chart (a selection of its own) draws the page again

    @cached_property
    def specification(self) -> dict[str, Any]:
        """The chart written out, once for a block that is kept."""
        return specification(self.chart)


def kept(name: str, make: Callable[[], Kept], selection: Selection, *key: object) -> Kept:
    """The block, or none, that *make* makes: once for all readers of one selection, theme and *key*."""
    shown = replace(selection, signal=None, problems=())
    return data.computed(f"block {name}", lambda *_: make(), shown, data.dark(), *key)


def draw(t: Text, selection: Selection, block: Block, *, titled: bool = True) -> Mapping[str, Sequence[Any]]:
    """Write the block into the present container; the marks that a click chose, by the name of the selection."""
    if titled:
        st.header(text.escape_markdown(block.title), anchor=False)
    if block.subtitle:
        st.markdown(f":small[:gray[{text.escape_markdown(block.subtitle)}]]")
    drawn, table, about = st.tabs(
        [t("Chart"), t("Table"), t("About")], key=f"tabs-{block.key}-{t.language}", on_change="rerun"
    )
    with drawn:
        event = picture(
            block.specification, alt=block.alt or block.title, key=f"chart-{block.key}",
            on_select="rerun" if block.selects else "ignore",
        )  # fmt: skip
        st.markdown(f":small[:gray[{text.escape_markdown(block.caption)}]]")
    if table.open:
        with table:
            st.dataframe(
                block.table, hide_index=True, width="stretch", height=340, alt=block.alt or block.title,
                column_config=dict(block.columns or {}), key=f"table-{block.key}",
            )  # fmt: skip
    if about.open:
        with about:
            st.markdown("\n".join(f"- **{name}**: {text.escape_markdown(said)}" for name, said in block.about))
    downloads(t, selection, block)
    return event["selection"] if block.selects else {}


def downloads(t: Text, selection: Selection, block: Block) -> None:
    """The table as CSV with its notes, and the picture as SVG; both made only when asked for."""
    name = f"{block.key}_{selection.as_of}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            t("Download CSV"),
            lambda: csv_with_notes(
                block.table if block.export is None else block.export, export_notes(t, selection, block)
            ),
            file_name=f"{name}.csv", mime="text/csv", icon=":material/download:", type="tertiary",
            on_click="ignore", key=f"csv-{block.key}",
        )  # fmt: skip
        st.download_button(
            t("Download SVG"),
            lambda: charts.svg(_sized(block.chart), t.language).encode(),
            file_name=f"{name}.svg", mime="image/svg+xml", icon=":material/image:", type="tertiary",
            on_click="ignore", key=f"svg-{block.key}",
        )  # fmt: skip


def _sized(chart: Any) -> Any:
    """A picture as wide as it was laid out for, where on the page it fills its container."""
    return chart.properties(width=NOMINAL) if chart.width == "container" else chart


def _digest(t: Text, selection: Selection) -> str:
    return t("Digest of the settings: {digest}.", digest=data.plan(selection).digest)


def export_notes(t: Text, selection: Selection, block: Block) -> list[str]:
    """What stands above an exported table: replay and settings first, then finding, caption and cautions."""
    notes = [block.title, block.subtitle, block.caption, *block.notes]
    if selection.modified:
        notes.insert(0, f"{t('Settings modified, not for publication.')} {_digest(t, selection)}")
    if selection.replay:
        notes.insert(0, t("REPLAY: as known on {day}.", day=t.date(selection.as_of)))
    return [note for note in notes if note]
