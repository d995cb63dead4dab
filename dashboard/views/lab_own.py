"""A reader's own series in the Lab: it stays in the session, in no address, cache, log or export."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd
import streamlit as st

from dashboard import charts, data, text
from dashboard.filters import Selection
from dashboard.pictures import picture
from dashboard.text import N_, Text
from dashboard.views import lab_controls
from dashboard.views.lab_preview import RECENT, Asked, Shown, counted, marked, table, words
from surveillance import lab, own_series
from surveillance.explain import with_ranges
from surveillance.own_series import MOST_BYTES, MOST_ROWS, Measure, Own, Problem, Refused
from surveillance.plan import DEFAULT_PLAN, Plan
from surveillance.series import Wide
from surveillance.watch import Watch

_MEASURES: dict[Measure, str] = {"count": N_("counts"), "rate": N_("rates"), "weight": N_("weights or amounts")}
_JUDGED_AS: dict[Measure, str] = {
    "count": "us_cbp_seizure_events", "rate": "us_overdose_ed_rate", "weight": "us_cbp_seizure_weight",
}  # fmt: skip
_EXPECTED = {
    "small_file": N_("a file of at most {n} bytes"),
    "few_rows": N_("at most {rows} rows"),
    "text": N_("a text file in UTF-8"),
    "columns": N_("the heading date,value"),
    "two_cells": N_("a date and a value, separated by one comma"),
    "date": N_("a month such as 2026-03, or a day such as 2026-03-01"),
    "same_spacing": N_("the first of a month in every row, or days that are whole weeks apart"),
    "once": N_("each date once"),
    "number": N_("a number, a blank, or * where it is suppressed"),
    "point": N_("a number with a decimal point and no thousands separator"),
    "not_negative": N_("a number of 0 or more"),
    "whole": N_("a whole number, since these are counts"),
    "some_values": N_("at least two values"),
    "near": N_("at most {rows} periods between the first and the last date"),
}
EXAMPLE = "date,value\n2026-01,14\n2026-02,\n2026-03,*\n2026-04,21\n"


def chosen(t: Text) -> bool:
    """Whether the reader looks at a series of their own."""
    options = {"published": t("Published series"), "own": t("Your own series")}
    picked = st.segmented_control(
        t("Which series"), list(options), default="published", format_func=lambda key: options[str(key)],
        required=True, label_visibility="collapsed", key="lab-which",
    )  # fmt: skip
    return bool(picked == "own")


def measure(t: Text, selection: Selection) -> Selection:
    """The controls for a file, and the selection of the measure whose settings judge it."""
    with st.container(border=True, gap="xsmall"):
        columns = st.columns([5, 3, 3], vertical_alignment="top")
        with columns[0]:
            file = st.file_uploader(
                t("CSV file with the heading date,value"), "csv", max_upload_size=1, key="lab-file",
                help=t("At most {rows} rows; months or weeks; blank where not reported, * where suppressed.",
                       rows=t.number(MOST_ROWS)),
            )  # fmt: skip
        with columns[1]:
            kind: Measure = st.selectbox(
                t("The values are"), list(_MEASURES), format_func=lambda key: t(_MEASURES[key]), key="lab-kind"
            )
        with columns[2]:
            picked = st.segmented_control(
                t("Country"), ["US", "MX"], default="US", required=True, key="lab-country"
            )
            country: Literal["US", "MX"] = "MX" if picked == "MX" else "US"
        public = st.toggle(
            t("This file is already public"), key="lab-public",
            help=t("Otherwise counts from 1 to 9 are left out as suppressed, since they may identify people."),
        )  # fmt: skip
        said = t("The file stays in this session: it is not stored, not logged, in no link and in no download.")
        st.markdown(f":small[:gray[:material/lock: {said}]]")
        st.session_state["lab_own"] = None
        if file is None:
            label = t("What a file looks like")
            closed = st.popover(label, type="tertiary", on_change="rerun", key=f"lab-example-{t.language}")
            if closed.open:
                closed.code(EXAMPLE, language=None)
        else:
            _take(t, file.getvalue(), kind, country, public=public)
    return replace(selection, indicator=_JUDGED_AS[kind], geographies=(), substance=None)


def _take(t: Text, raw: bytes, kind: Measure, country: Literal["US", "MX"], *, public: bool) -> None:
    try:
        own = own_series.read(raw, measure=kind, public=public, country=country)
    except Refused as error:
        st.error(t("The file was not taken. Put right what follows and choose it again."))
        st.markdown("\n".join(f"- {text.escape_markdown(problem(t, each))}" for each in error.problems))
        return
    st.session_state["lab_own"] = own
    said = t.n("{n} period taken.", "{n} periods taken.", len(own.wide.observed))
    if own.suppressed:
        said += " " + t.n(
            "{n} count from 1 to 9 is left out as suppressed.",
            "{n} counts from 1 to 9 are left out as suppressed.",
            own.suppressed,
        )
    st.markdown(f":small[{text.escape_markdown(said)}]")


def problem(t: Text, found: Problem) -> str:
    """What is wrong at one place of a file, as plain text."""
    n, rows = t.number(MOST_BYTES), t.number(MOST_ROWS)
    expected = t(_EXPECTED[found.expected], n=n, rows=rows)
    seen = f"“{found.found[:60]}”" if found.found else t("nothing")
    if not found.row:
        return t("The file: found {found}, expected {expected}.", found=seen, expected=expected)
    if not found.column:
        return t("Row {row}: found {found}, expected {expected}.", row=found.row, found=seen, expected=expected)
    return t(
        "Row {row}, column {column}: found {found}, expected {expected}.",
        row=found.row, column=found.column, found=seen, expected=expected,
    )  # fmt: skip


def part(t: Text, asked: Asked) -> Shown | None:
    """Write the own series under both settings; None where no file is taken, or the draft cannot judge it."""
    own: Own | None = st.session_state.get("lab_own")
    if own is None:
        with st.container(border=True):
            st.markdown(t("Choose a file above: its series is judged at once by the settings on the left."))
        return None
    wide, name = own.wide, asked.indicator
    watch = Watch(own_series.ID, DEFAULT_PLAN[name].detector, "", short=DEFAULT_PLAN[name].short)
    mine = replace(watch, detector=asked.draft[name].detector, short=asked.draft[name].short)
    try:
        before = lab.judged(watch, wide, alpha=asked.panel.alpha)
        after = lab.judged(mine, wide, alpha=asked.alpha)
    except ValueError as error:
        st.error(text.escape_markdown(lab_controls.refused(t, error)))
        return None
    found = lab.compare(before, after, recent=RECENT)
    rows = with_ranges(before, Plan((watch,)).at(asked.panel.alpha)).assign(
        status=wide.status.iloc[:, 0].to_numpy(), provisional=False
    )
    _draw(t, asked, wide, rows.tail(RECENT), after, found)
    return Shown(wide, found)


def _draw(
    t: Text, asked: Asked, wide: Wide, rows: pd.DataFrame, after: pd.DataFrame, found: lab.Comparison
) -> None:
    """A chart and a table without downloads: nothing of a reader's own file leaves the session."""
    title = counted(t, found)
    with st.container(border=True, gap="xsmall"):
        st.header(text.escape_markdown(title), anchor=False)
        chart, figures = st.tabs([t("Chart"), t("Table")], key=f"tabs-lab-own-{t.language}", on_change="rerun")
        with chart:
            drawn = charts.series_chart(
                rows, unit=t("own unit"), country="us" if wide.observed.columns[0][0] == "US" else "mx",
                language=t.language, dark=data.dark(), labels=words(t), height=280,
                draft=marked(after, found, rows) if asked.changes else None,
            )  # fmt: skip
            picture(drawn, alt=title, key="lab-own-chart")
        if figures.open:
            with figures:
                st.dataframe(
                    table(t, rows, after, draft=bool(asked.changes)), hide_index=True, width="stretch", alt=title
                )
        said = t(
            "Judged by the settings for: {measure}. No inflation is known of your series.",
            measure=t.indicator(asked.indicator),
        )
        st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
