"""Benchmarks: what the joint statement quoted, the same period as revised now, the latest, and what may be read."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import benchmark_words as words
from dashboard import data, filters, publishing, text
from dashboard.benchmark_blocks import block, small_picture
from dashboard.chart_block import draw, kept
from dashboard.downloads import csv_with_notes
from dashboard.filters import Selection
from dashboard.pictures import picture, specification
from dashboard.text import Text
from dashboard.timeliness_words import timeliness_brief
from dashboard.triage.desk import DeskError
from surveillance.benchmarks import GROUPS, Row, Value, board, logged, statement
from surveillance.settings import bulletins_folder

CHARTED = ("B1", "B4", "B13")  # drawn below the board where no single row is asked for
CARDS = ("outcome", "supply", "process")  # the groups drawn as cards; the others are a list
BADGES = {"US": "blue", "MX": "green"}


def render(selection: Selection) -> None:
    """The page for a selection; `view` names the row that is looked at."""
    t = text.of(selection.language)
    rows = logged(data.computed("benchmarks", _board, selection.as_of), selection.as_of, *_log())
    as_of = pd.Timestamp(selection.as_of)
    st.title(text.escape_markdown(words.page_title(t, rows)), anchor=False)
    day, title = statement()
    st.markdown(
        t(
            "Baselines from the {statement} of {day}, the same period as revised now, and the latest figure. The "
            "statement set no target, so none is shown, and rows are never added up to a score.",
            statement=title.to(t.language),
            day=t.date(day),
        )
    )
    if selection.as_of < day:
        st.info(
            t("On the day that is replayed the statement had not been made yet: its figures are for reference."),
            icon=":material/info:",
        )
    asked = next((row for row in rows if row.benchmark.id == selection.view), None)
    if asked is not None:
        _detail(t, selection, asked, as_of)
    elif selection.view:
        st.info(t("There is no such benchmark; the whole board is shown."), icon=":material/info:")
    cards, table = st.tabs([t("Board"), t("Table")], key=f"board-{t.language}", on_change="rerun")
    whole = words.board_table(t, rows, as_of)
    with cards:
        for group in GROUPS:
            _group(t, selection, group, [row for row in rows if row.benchmark.group == group], as_of)
    if table.open:
        with table:
            st.dataframe(whole, hide_index=True, width="stretch", height=560, alt=words.page_title(t, rows))
    _download(t, selection, rows, whole)
    if asked is None:
        for row in rows:
            if row.benchmark.id in CHARTED:
                _chart(t, selection, row, as_of)


def _board(as_of: date) -> list[Row]:
    return board(data.store(), as_of)


def _log() -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """The decisions and the bulletins; no decisions where their log cannot be opened."""
    bulletins = publishing.issues_table(bulletins_folder(data.store().root))
    try:
        return data.desk().decisions(), bulletins
    except DeskError:
        return None, bulletins


def _group(t: Text, selection: Selection, group: str, rows: list[Row], as_of: pd.Timestamp) -> None:
    st.header(t(words.GROUPS[group]), anchor=False)
    if group not in CARDS:
        _list(t, selection, rows)
        return
    narrow = [row for row in rows if row.benchmark.held != "timeliness"]
    grid = st.grid(2, gap="xsmall", min_column_width=320)
    for row in narrow:
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            _card(t, selection, row, as_of)
    for row in rows:
        if row.benchmark.held == "timeliness":
            with st.container(border=True, gap="xxsmall"):
                _card(t, selection, row, as_of)


def _card(t: Text, selection: Selection, row: Row, as_of: pd.Timestamp, *, linked: bool = True) -> None:
    record = row.benchmark
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.badge(record.id, color="gray")
        for code in ("US", "MX"):
            if record.country in (code, "both"):
                st.badge(t.country(code), color=BADGES[code])  # type: ignore[arg-type]
        st.markdown(f"**{_link(selection, row) if linked else _safe(record.title.to(t.language))}**")
    icon = words.ICONS.get(row.direction, "")
    weight = "**" if row.direction != "not_interpretable" else ""
    said = f"{weight}{_safe(words.direction(t, row))}{weight}"
    st.markdown(f":small[{icon} {said}]" if weight else f":small[:gray[{said}]]")
    if record.held == "timeliness":
        _quotation(t, row)
        assert row.table is not None
        _markdown(timeliness_brief(t, row.table))
    elif row.parts is not None and record.kind == "process":
        _quotation(t, row)
        st.markdown("\n".join(f"- {_safe(line)}" for line in words.process_words(t, row)))
    else:
        _three(t, row)
        _quotation(t, row)
        _picture(t, row, as_of)
    if said := words.also(t, row):
        st.markdown(f":small[{_safe(said)}]")
    if row.parts and "largest_factor" in row.parts:
        factor = t(
            "The largest rise between any two years held is by a factor of {factor}.",
            factor=t.number(row.parts["largest_factor"], 3),
        )
        st.markdown(f":small[{_safe(factor)}]")
    st.markdown(f":small[{_safe(record.reading.to(t.language))}]")
    foot = t(
        "Evidence {grade}: {meaning}. Next update: {when}.",
        grade=record.grade,
        meaning=t(words.GRADES[record.grade]),
        when=words.next_update(t, row, as_of),
    )
    st.markdown(f":small[:gray[{_safe(foot)}]]")


def _three(t: Text, row: Row) -> None:
    """Quoted, the same period as revised now, and latest, side by side."""
    unit = row.benchmark.unit.to(t.language)
    figure, period = words.quoted(t, row.benchmark)
    columns = st.columns(3, gap="small")
    _number(columns[0], t("Quoted"), [(figure, period, _statement_date(t) if row.benchmark.quoted else "")])
    _number(columns[1], t("Same period as revised now"), _numbers(t, row, row.revised))
    _number(columns[2], t("Latest"), _numbers(t, row, row.latest))
    st.markdown(f":small[:gray[{_safe(unit)}]]")


def _statement_date(t: Text) -> str:
    return t("statement, {day}", day=t.date(statement()[0]))


def _numbers(t: Text, row: Row, values: tuple[Value, ...]) -> list[tuple[str, str, str]]:
    """Figure, period and date of each; the nation's alone, the border's are in the table."""
    shown = [value for value in values if not value.label.startswith("southwest")]
    found = []
    for value in shown:
        label = t(words.LABELS[value.label]) if value.label in ("reported", "predicted") else ""
        period = ", ".join(part for part in (label, words.span(t, value)) if part)
        found.append((words.amount(t, value.value, value.qualifier), period, words.known(t, row.benchmark, value)))
    return found or [(text.MISSING, t("none found"), "")]


def _number(column, head: str, values: list[tuple[str, str, str]]) -> None:  # type: ignore[no-untyped-def]
    with column.container(gap="xxsmall"):
        st.markdown(f":small[:gray[{_safe(head)}]]")
        for figure, period, when in values:
            said = f":small[{_safe(period)}]" if period else ""
            dated = f":small[:gray[{_safe(when)}]]" if when else ""
            st.markdown(f"**{_safe(figure)}**  \n" + " · ".join(part for part in (said, dated) if part))


def _quotation(t: Text, row: Row) -> None:
    """The words of the statement: in English, marked so, with our translation, on the Spanish page."""
    quoted = row.benchmark.quoted
    if quoted is None or quoted.words is None:
        return
    said = f"“{_safe(quoted.words.en)}”"
    if t.language != "en":
        said = f"{said} ({_safe(t('in English'))}) · {_safe(t('our translation'))}: «{_safe(quoted.words.es)}»"
    st.markdown(f":small[*{said}*]")


def _picture(t: Text, row: Row, as_of: pd.Timestamp) -> None:
    def make(_: object, name: str, language: str, dark: bool) -> tuple[dict[str, Any], str] | None:
        found = small_picture(t, row, dark=dark)
        return None if found is None else (specification(found[0]), found[1])

    made = data.computed("benchmark-picture", make, as_of, row.benchmark.id, t.language, data.dark())
    if made is not None:
        picture(made[0], alt=made[1], key=f"line-{row.benchmark.id}")


def _list(t: Text, selection: Selection, rows: list[Row]) -> None:
    """Inputs and what is outside drug surveillance: what is quoted, and what was found since."""
    lines = []
    for row in rows:
        figure, period = words.quoted(t, row.benchmark)
        unit = row.benchmark.unit.to(t.language) if not math.isnan(_figure(row)) else ""
        later = "; ".join(f"{words.amount(t, value.value)} ({words.span(t, value)})" for value in row.latest)
        said = t(
            "other value: {later}. {reading} Evidence {grade}: {meaning}.",
            later=later or t("none found"),
            reading=row.benchmark.reading.to(t.language),
            grade=row.benchmark.grade,
            meaning=t(words.GRADES[row.benchmark.grade]),
        )
        quoted = " ".join(part for part in (figure, unit) if part) + (f" ({period})" if period else "")
        lines.append(
            f"- **{row.benchmark.id}** {_link(selection, row)}: **{_safe(quoted)}**; :small[:gray[{_safe(said)}]]"
        )
    st.markdown("\n".join(lines))


def _figure(row: Row) -> float:
    return row.benchmark.quoted.value if row.benchmark.quoted else float("nan")


def _detail(t: Text, selection: Selection, row: Row, as_of: pd.Timestamp) -> None:
    """One row with its chart, above the board."""
    with st.container(border=True, gap="xsmall"):
        _card(t, selection, row, as_of, linked=False)
    _chart(t, selection, row, as_of)
    back = filters.link(selection, "benchmarks", view=None)
    st.markdown(f":small[[{_safe(t('The board without this row above it'))}]({back})]")


def _chart(t: Text, selection: Selection, row: Row, as_of: pd.Timestamp) -> None:
    made = kept(f"benchmark {row.benchmark.id}", lambda: block(t, row, as_of, dark=data.dark()), selection)
    if made is not None:
        with st.container(border=True, gap="xsmall"):
            draw(t, selection, made)


def _download(t: Text, selection: Selection, rows: list[Row], whole: pd.DataFrame) -> None:
    day, title = statement()
    notes = [
        words.page_title(t, rows),
        t("Source: {source}.", source=f"{title.to(t.language)}, {t.date(day)}"),
        t("The statement set no target, so none is shown, and rows are never added up to a score."),
        t("Data as known on {day}.", day=t.date(selection.as_of)),
    ]
    if selection.replay:
        notes.insert(0, t("REPLAY: as known on {day}.", day=t.date(selection.as_of)))
    st.download_button(
        t("Download CSV"), lambda: csv_with_notes(whole, notes), file_name=f"benchmarks_{selection.as_of}.csv",
        mime="text/csv", icon=":material/download:", type="tertiary", on_click="ignore", key="csv-board",
    )  # fmt: skip


def _link(selection: Selection, row: Row) -> str:
    title = _safe(row.benchmark.title.to(selection.language))
    return f"[{title}]({filters.link(selection, 'benchmarks', view=row.benchmark.id)})"


def _markdown(table: pd.DataFrame) -> None:
    heads = [f":small[{_safe(name)}]" for name in table]
    cells = table.map(lambda cell: f":small[{_safe(cell)}]").to_numpy().tolist()
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *cells]))


def _safe(words_: object) -> str:
    return text.escape_markdown(words_)
