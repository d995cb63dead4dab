"""All series of the plan under a draft, judged when asked for, and which alarms come and go."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, text
from dashboard.downloads import csv_with_notes
from dashboard.filters import Selection, link
from dashboard.sentences import series_name
from dashboard.text import N_, Text
from data_sources.observations import SERIES
from surveillance import lab
from surveillance.assessment import Assessment
from surveillance.draft import changes
from surveillance.lab import Comparison, Fits, Trial
from surveillance.plan import DEFAULT_PLAN, Plan

HELD = "lab_applied"
LISTED = 200  # rows of the table


@dataclass(frozen=True)
class Applied:
    """What a draft made of all series."""

    key: tuple[str, str, str]
    trial: Trial
    found: Comparison
    series: int
    digest: str
    seconds: float


def button(t: Text, selection: Selection, panel: Assessment, draft: Plan) -> Applied | None:
    """The button that judges all series, and what it found for this draft; None where it was not pressed."""
    key = (selection.as_of.isoformat(), draft.digest, data.token())
    count = len(panel.series)
    label = t.n("Apply to {n} series", "Apply to all {n} series", count)
    pressed = st.button(
        label, type="primary", disabled=not changes(DEFAULT_PLAN, draft), width="stretch", key="lab-apply"
    )
    bar = st.empty()
    held: Applied | None = st.session_state.get(HELD)
    if pressed and (held is None or held.key != key):
        held = _applied(t, key, panel, draft, bar)
        st.session_state[HELD] = held
    if held is not None and held.key == key:
        return held
    if not pressed:
        note = t("One series is shown at once; the others are judged only after Apply.")
        st.markdown(f":small[:gray[{note}]]")
    return None


def _applied(t: Text, key: tuple[str, str, str], panel: Assessment, draft: Plan, bar: Any) -> Applied | None:
    started = time.perf_counter()
    progress = bar.progress(0.0, t("Judging {n} measures", n=len(draft.watches)))
    fitted: list[Fits] = []
    for done, watch in enumerate(draft.watches, 1):
        try:
            some = data.fits(key[0], watch)
        except ValueError:
            bar.empty()
            said = t("{measure}: its detector cannot judge these series. Choose another one.",
                     measure=t.indicator(watch.indicator))  # fmt: skip
            st.error(text.escape_markdown(said))
            return None
        if some is not None:
            fitted.append(some)
        progress.progress(0.8 * done / len(draft.watches), t.short(watch.indicator))

    def each(pieces: Iterable[Any]) -> Iterable[Any]:
        held = list(pieces)
        for done, piece in enumerate(held, 1):
            yield piece
            progress.progress(0.8 + 0.2 * done / len(held), t("Alarms are being compared"))

    trial = lab.trial(draft, fitted, each=each)
    found = lab.compare(panel.verdicts, trial.verdicts)
    bar.empty()
    return Applied(key, trial, found, len(panel.series), draft.digest, time.perf_counter() - started)


def part(t: Text, selection: Selection, applied: Applied) -> None:
    """Write what was found: a sentence, and the alarms gained, lost and kept."""
    found = applied.found
    with st.container(border=True, gap="xsmall"):
        title = t(
            "All {n} series, last {months} months: {gained} alarms gained, {lost} lost, {kept} kept",
            n=t.number(applied.series), months=lab.RECENT, gained=len(found.gained), lost=len(found.lost),
            kept=len(found.kept),
        )  # fmt: skip
        st.header(text.escape_markdown(title), anchor=False)
        said = t(
            "About {false} false alarms a quarter are expected; alpha is {alpha}. Judged in {seconds} s.",
            false=t.number(applied.trial.expected_false, 2), alpha=t.number(applied.trial.alpha, 2),
            seconds=t.number(round(applied.seconds, 1)),
        )  # fmt: skip
        st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
        rows = _rows(found)
        if rows.empty:
            st.markdown(t("No alarm under either setting."))
            return
        table = _table(t, selection, rows)
        st.dataframe(
            table.head(LISTED), hide_index=True, width="stretch", height=340, alt=title,
            column_config={
                t("Change"): st.column_config.TextColumn(width=62),
                t("Series"): st.column_config.TextColumn(width=150),
                t("Measure"): st.column_config.TextColumn(width=120),
                t("Month"): st.column_config.TextColumn(width=72),
                t("Distance"): st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=4, width=92),
                t("Open"): st.column_config.LinkColumn(display_text=t("Open"), width=60),
            },
        )  # fmt: skip
        notes = [t("Distance: 1 is the alarm line, 0 what was expected.")]
        if len(table) > LISTED:
            notes.append(t("The first {n} rows of {all} are shown; the file holds all.", n=LISTED, all=len(table)))
        if found.unjudged:
            notes.append(
                t.n(
                    "The draft cannot judge {n} period that the panel's settings judge.",
                    "The draft cannot judge {n} periods that the panel's settings judge.",
                    found.unjudged,
                )
            )
        st.markdown(f":small[:gray[{text.escape_markdown(' '.join(notes))}]]")
        st.download_button(
            t("Download CSV"),
            lambda: csv_with_notes(_exported(rows), _notes(t, selection, applied, title)),
            file_name=f"lab_{applied.digest}_{selection.as_of}.csv", mime="text/csv", type="tertiary",
            icon=":material/download:", on_click="ignore", key="lab-all-csv",
        )  # fmt: skip


def _rows(found: Comparison) -> pd.DataFrame:
    """Gained, lost, kept in this order, the newest first in each."""
    parts = [
        rows.assign(change=word).iloc[::-1]
        for rows, word in ((found.gained, N_("gained")), (found.lost, N_("lost")), (found.kept, N_("kept")))
        if len(rows)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _table(t: Text, selection: Selection, rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Change"): [t(word) for word in rows["change"]],
            t("Series"): [series_name(t, row.geography, row.substance) for row in rows.itertuples()],
            t("Measure"): [t.short(name) for name in rows["indicator"]],
            t("Month"): [t.month(day) for day in rows["period"]],
            t("Distance"): rows["exceedance"].clip(0, 4),
            t("Observed"): rows["observed"].round(1),
            t("Expected"): rows["expected"].round(1),
            t("Open"): [
                link(selection, "lab", indicator=name, geographies=(place,), substance=substance)
                for name, place, substance in rows[SERIES].itertuples(index=False, name=None)
            ],
        }
    )  # fmt: skip


def _exported(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[
        ["change", "indicator", "geography", "substance", "period", "observed", "expected", "upper", "pvalue"]
    ]


def _notes(t: Text, selection: Selection, applied: Applied, title: str) -> list[str]:
    notes = [title, t("Draft settings from the Lab, not for publication. Digest {digest}.", digest=applied.digest)]
    if selection.replay:
        notes.insert(0, t("REPLAY: as known on {day}.", day=t.date(selection.as_of)))
    return notes
