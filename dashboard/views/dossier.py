"""Signal dossier: one signal explained in a fixed order, from the headline to the decision and its provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, charts_dossier, data, dossier_file, dossier_words, filters, text
from dashboard.chart_block import Block
from dashboard.filters import Selection
from dashboard.look import NOMINAL, Country
from dashboard.pictures import picture
from dashboard.sentences import break_words, chart_words, series_name
from dashboard.text import Text
from dashboard.views import decide, evidence, picker
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.corroboration import SIDES, STREAMS, Cell
from surveillance.dossier import Dossier, UnknownSignal, dossier
from surveillance.explain import drawn

MONTHS = 40  # that a picture shows
NARROW = 380  # px, about, of the picture beside
ICONS = {
    "pass": ":green[:material/check_circle:]",
    "fail": ":orange[:material/error:]",
    "untested": ":gray[:material/help:]",
    "not_applicable": ":gray[:material/remove:]",
}
BADGES = {"agrees": "orange", "disagrees": "yellow", "silent": "gray", "blind": "gray"}


@dataclass(frozen=True)
class _Page:
    """What every part of the page is written from."""

    t: Text
    selection: Selection
    assessment: Assessment
    found: Dossier

    def whole(self, series: tuple[str, str, str]) -> pd.Timestamp:
        """The newest period with a figure of a series."""
        wide = data.wide(self.selection.as_of.isoformat(), series[0])
        assert wide is not None
        return pd.Timestamp(wide.observed[series[1:]].last_valid_index())

    def words(self) -> dict[str, Any]:
        return {"false": self.assessment.expected_false, "judged": self.assessment.counts["judged"]}


def render(selection: Selection) -> None:
    """The dossier of the signal that the address names."""
    t = text.of(selection.language)
    assessment = data.judged(selection)
    if not selection.signal:
        _none(t, selection, assessment, t("Which signal? The address names none"))
        return
    try:
        found = _found(selection, assessment, selection.signal)
    except UnknownSignal:
        _none(t, selection, assessment, t("There is no signal of this name"))
        return
    page = _Page(t, selection, assessment, found)
    blocks = _drawn_once(page)
    _breadcrumb(page, blocks)
    st.title(text.escape_markdown(dossier_words.headline(t, found)), anchor=False)
    if not found.open:
        said = t(
            "{status}: this signal is not open as known on {day}.",
            status=dossier_words.status(t, found),
            day=t.date(selection.as_of),
        )
        st.info(text.escape_markdown(said), icon=":material/history:")
    st.markdown(text.escape_markdown(dossier_words.introduction(t, found)))
    _shown_pictures(page, blocks)
    if not blocks and not found.judged:
        _open(t, selection, assessment)
    if found.judged:
        _cards(page)
        _bottom(page)
        _numbers(page)


def _found(selection: Selection, assessment: Assessment, signal: str) -> Dossier:
    def make(*_: object) -> Dossier:
        day = selection.as_of.isoformat()
        return dossier(data.store(), assessment, signal, known=lambda name: data.wide(day, name))

    return data.computed("dossier", make, selection.as_of, assessment.plan.digest, assessment.alpha, signal)


def _none(t: Text, selection: Selection, assessment: Assessment, title: str) -> None:
    """The page without a signal to show: what is open instead."""
    st.markdown(f"[{t('Signals')}]({filters.link(selection, 'signals', signal=None)}) / {t('Signal dossier')}")
    st.title(title)
    if selection.signal:
        st.markdown(text.escape_markdown(t("Asked for: {name}", name=selection.signal[:120])))
    st.markdown(
        t(
            "A signal's name has five parts: measure, place, substance, first month and method. The links of the "
            "Signals page hold it."
        )
    )
    _open(t, selection, assessment)


def _open(t: Text, selection: Selection, assessment: Assessment) -> None:
    """The open signals with links to their dossiers."""
    open_ = assessment.signals
    if open_.empty:
        st.info(t("No signal is open as known on {day}.", day=t.date(selection.as_of)), icon=":material/info:")
        return
    st.header(t.n("{n} open signal", "{n} open signals", len(open_)))
    lines = []
    for _, row in open_.iterrows():
        name = series_name(t, str(row["geography"]), str(row["substance"]))
        said = text.escape_markdown(f"{name}, {t.short(str(row['indicator']))}, {t.month(row['since'])}")
        lines.append(f"- [{said}]({filters.link(selection, 'signal', signal=row['id'])})")
    st.markdown("\n".join(lines))


# The line above the headline


def _breadcrumb(page: _Page, blocks: Sequence[Block]) -> None:
    t, found = page.t, page.found
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        back = filters.link(page.selection, "signals", signal=None)
        name = text.escape_markdown(dossier_words.breadcrumb(t, found))
        st.markdown(f":small[[{t('Signals')}]({back}) / {name}]", width="content")
        st.badge(t.country(found.country), color="blue" if found.country == "US" else "green")
        colour = {"signal": "orange", "last_known": "yellow"}.get(found.status, "gray")
        st.badge(dossier_words.status(t, found), color=colour, icon=":material/flag:")  # type: ignore[arg-type]
        if found.provenance is not None:
            first = t("First published {day}", day=t.date(found.provenance.first_published))
            st.badge(first, color="gray")
        st.badge(t("Comparability {grade}", grade=found.indicator.grade), color="gray")
        st.badge(t("Owner: {country}", country=t.country(found.country)), color="gray")
        st.space("stretch")
        with st.popover(t("Export"), icon=":material/download:", type="tertiary"):
            _export(page, blocks)


def _export(page: _Page, blocks: Sequence[Block]) -> None:
    t, selection, assessment, found = page.t, page.selection, page.assessment, page.found
    stem = dossier_file.stem(found, selection)

    def whole() -> bytes:
        pictures = [
            (block.title, charts.svg(block.chart.properties(width=NOMINAL), t.language), block.caption)
            for block in blocks
        ]
        return dossier_file.as_html(t, selection, assessment, found, pictures)

    st.download_button(
        t("All facts, CSV"), lambda: dossier_file.as_csv(t, selection, assessment, found),
        file_name=f"{stem}.csv", mime="text/csv", on_click="ignore", key="dossier-csv", type="tertiary",
        icon=":material/table:",
    )  # fmt: skip
    st.download_button(
        t("The dossier, HTML"), whole, file_name=f"{stem}.html", mime="text/html", on_click="ignore",
        key="dossier-html", type="tertiary", icon=":material/description:",
    )  # fmt: skip


# The two pictures


def _drawn_once(page: _Page) -> list[Block]:
    """The pictures, kept: putting a chart together takes longer than everything else on the page."""
    selection, found = page.selection, page.found
    key = (selection.as_of, page.assessment.plan.digest, page.assessment.alpha, found.id, found.status)
    return data.computed("dossier_pictures", lambda *_: _pictures(page), *key, selection.language, data.dark())


def _pictures(page: _Page) -> list[Block]:
    found = page.found
    blocks = [] if (own := _own_picture(page)) is None else [own]
    if found.beside is not None and (other := _other_picture(page, found.beside)) is not None:
        blocks.append(other)
    return blocks


def _window(rows: pd.DataFrame, centre: pd.Timestamp) -> pd.DataFrame:
    """The newest MONTHS rows; for an old signal those around it."""
    last = rows["period"].max()
    end = min(last, centre + pd.DateOffset(months=MONTHS // 2)) if last > centre else last
    return rows[(rows["period"] <= end) & (rows["period"] > end - pd.DateOffset(months=MONTHS))]


def _drawn(page: _Page, series: tuple[str, str, str], centre: pd.Timestamp) -> pd.DataFrame | None:
    wide = data.wide(page.selection.as_of.isoformat(), series[0])
    if wide is None or series[1:] not in wide.observed.columns:
        return None
    rows = _window(drawn(page.assessment, wide, series[1], series[2]), centre)
    return rows if rows["observed"].notna().any() else None


def _block(
    page: _Page, series: tuple[str, str, str], rows: pd.DataFrame, *, key: str, title: str, subtitle: str,
    run: Sequence[pd.Timestamp], bars: bool, pixels: int,
) -> Block:  # fmt: skip
    t, selection = page.t, page.selection
    country: Country = "us" if GEOGRAPHIES[series[1]].country == "US" else "mx"
    source = picker.source_of(t, selection.as_of.isoformat(), series[0])
    shown = rows.tail(MONTHS)
    newest = shown["period"].max() >= page.whole(series)
    until = selection.as_of if newest and INDICATORS[series[0]].ended is None else None
    chart = charts_dossier.signal_chart(
        rows, run=run, country=country, language=t.language, dark=data.dark(), words=chart_words(t),
        until=until, bars=bars, breaks=break_words(t, series[0]),
        band_words=t("expected, with 80 and 95 % range") if bars else "", pixels=pixels,
    )  # fmt: skip
    table = pd.DataFrame(
        {
            t("Month"): [t.month(day) for day in shown["period"]],
            t("Observed"): shown["observed"].to_list(),
            t("Expected"): shown["expected"].round(2).to_list(),
            t("Alarm line"): shown["upper"].round(2).to_list(),
            t("Verdict"): [
                t("no verdict") if pd.isna(alarm) else t("above the line") if alarm else t("not above the line")
                for alarm in shown["alarm"]
            ],
            t("Status"): [t.status(code) if code else t("not yet published") for code in shown["status"]],
            t("Provisional"): [t("yes") if each else t("no") for each in shown["provisional"].astype(bool)],
        }
    )
    about = [(t("Measure"), t.indicator(series[0])), (t("Caution"), t.caution(series[0]))]
    return Block(
        key=key, title=title, subtitle=subtitle, chart=chart, table=table,
        caption=dossier_words.picture_caption(t, series[0], rows, selection.as_of, source),
        about=[pair for pair in about if pair[1]],
    )  # fmt: skip


def _own_picture(page: _Page) -> Block | None:
    t, found = page.t, page.found
    end = pd.Timestamp(found.row["period"])
    rows = _drawn(page, found.name.series, end)
    if rows is None:
        return None
    run = rows["period"][(rows["period"] >= found.name.since) & (rows["period"] <= end)]
    inside = not found.judged or found.status == "inside"
    return _block(
        page, found.name.series, rows, key="dossier-signal", title=dossier_words.picture_title(t, found, rows),
        subtitle=dossier_words.picture_subtitle(t, found),
        run=[] if inside else list(run), bars=True, pixels=640,
    )  # fmt: skip


def _other_picture(page: _Page, cell: Cell) -> Block | None:
    t = page.t
    series = (cell.indicator, cell.geography, cell.substance)
    assert cell.period is not None
    rows = _drawn(page, series, cell.period)
    if rows is None:
        return None
    word, _ = dossier_words.cell(t, cell)
    across = cell.side != page.found.country
    place = dossier_words.place(t, cell)
    title = (
        t("Across the border: {place} {word}", place=place, word=word)
        if across
        else t("On this side: {place} {word}", place=place, word=word)
    )
    return _block(
        page, series, rows, key="dossier-beside", title=f"{title}, {dossier_words.lag(t, cell.lag)}",
        subtitle=t("{measure}. Not the same measure: compare shapes only.", measure=t.indicator(cell.indicator)),
        run=[], bars=False, pixels=NARROW,
    )  # fmt: skip


def _shown_pictures(page: _Page, blocks: Sequence[Block]) -> None:
    t = page.t
    if not blocks:
        return
    left, right = st.columns([1.62, 1], gap="xsmall")
    with left.container(border=True, height="stretch"):
        chart_block.draw(t, page.selection, blocks[0])
    with right.container(border=True, height="stretch"):
        if len(blocks) > 1:
            chart_block.draw(t, page.selection, blocks[1])
        elif page.found.judged:
            st.header(t("Nothing to set beside it"), anchor=False)
            st.markdown(
                t("No other stream on either side of the border has a judged figure within 12 months of this one.")
            )
        else:
            st.header(t("Without a verdict there is nothing to compare"), anchor=False)
            link = filters.link(
                page.selection, "trends", indicator=page.found.name.series[0], signal=None,
                geographies=(page.found.name.series[1],), substance=page.found.name.series[2],
            )  # fmt: skip
            st.markdown(f"[{t('See the whole series in Trends')}]({link})")


# The three cards


def _cards(page: _Page) -> None:
    one, two, three = st.columns(3, gap="xsmall")
    with one.container(border=True, height="stretch", gap="xsmall"):
        _unusual(page)
    with two.container(border=True, height="stretch", gap="xsmall"):
        _real(page)
    with three.container(border=True, height="stretch", gap="xsmall"):
        _matrix(page)


def _rows(lines: Sequence[Sequence[str]], heads: Sequence[str], *, alt: str, headed: bool = True) -> None:
    """A plain table; the cells are Markdown already."""
    small = [[f":small[{cell}]" for cell in line] for line in lines]
    st.table(
        pd.DataFrame(small, columns=[f":small[{head}]" for head in heads]),
        border="horizontal", hide_index=True, hide_header=not headed, alt=alt,
    )  # fmt: skip


def _unusual(page: _Page) -> None:
    t, found = page.t, page.found
    st.subheader(text.escape_markdown(dossier_words.unusual_title(t, found)), anchor=False)
    lines = [
        (text.escape_markdown(name), text.escape_markdown(said))
        for name, said in dossier_words.unusual(t, found, **page.words())
    ]
    _rows(lines, (t("Fact"), t("Figure")), alt=dossier_words.unusual_title(t, found), headed=False)
    title = dossier_words.stability_title(t, found)
    st.markdown(f"**{text.escape_markdown(title)}**")
    if len(found.settings):
        chart = charts_dossier.stability_chart(
            found.settings, language=t.language, dark=data.dark(), line=t("alarm line"),
            title=t("0: as expected, 1: alarm line"), alarm=t("above the line"), quiet=t("not above the line"),
        )  # fmt: skip
        picture(chart, alt=title, key="dossier-stability")
    st.markdown(f":small[:gray[{text.escape_markdown(dossier_words.earlier(t, found))}]]")


def _real(page: _Page) -> None:
    t, found = page.t, page.found
    st.subheader(text.escape_markdown(dossier_words.real_title(t, found)), anchor=False)
    lines = []
    for check in found.checks:
        one = dossier_words.tested(t, check)
        word = f"**{one.word}**" if one.result == "fail" else one.word
        lines.append(
            (f"{ICONS[one.result]} {text.escape_markdown(one.name)}", f"{word}: {text.escape_markdown(one.why)}")
        )
    _rows(lines, (t("Test"), t("Result")), alt=dossier_words.real_title(t, found), headed=False)


def _matrix(page: _Page) -> None:
    t, found = page.t, page.found
    st.subheader(text.escape_markdown(dossier_words.corroboration_title(t, found)), anchor=False)
    cells = {(cell.stream, cell.side): cell for cell in found.cells}
    lines = [
        [t(dossier_words.STREAMS[stream]), *(_cell(t, cells[stream, side]) for side in SIDES)] for stream in STREAMS
    ]
    heads = [t("Stream"), *(t.country(side) for side in SIDES)]
    _rows(lines, heads, alt=dossier_words.corroboration_title(t, found))
    made = found.contributions
    assert made is not None
    title = dossier_words.drivers_title(t, found)
    st.markdown(f"**{text.escape_markdown(title)}**")
    if len(made.places) > 1:
        places = charts_dossier.drivers(made.places)
        places = places.assign(
            name=[t.place(code) for code in places["geography"]],
            label=[dossier_words.signed(t, value) for value in places["excess"]],
        )
        chart = charts_dossier.drivers_chart(
            places, language=t.language, dark=data.dark(), title=t.unit(found.indicator.id)
        )
        picture(chart, alt=title, key="dossier-drivers")
        st.markdown(f":small[:gray[{text.escape_markdown(dossier_words.drivers_sum(t, found))}]]")


def _cell(t: Text, cell: Cell) -> str:
    word, detail = dossier_words.cell(t, cell)
    if cell.stand == "signal":
        return f"**{word}**"
    icon = ":material/visibility_off: " if cell.stand == "blind" else ""
    badge = f":{BADGES[cell.stand]}-badge[{icon}{word}]"
    return f"{badge} {text.escape_markdown(detail)}" if detail else badge


# Unknowns, decision, and the numbers behind


def _bottom(page: _Page) -> None:
    t, found = page.t, page.found
    left, right = st.columns([1.62, 1], gap="xsmall")
    with left.container(border=True, height="stretch"):
        st.subheader(t("What we do not know, and what would change our mind"), anchor=False)
        st.markdown("\n".join(f"- {text.escape_markdown(said)}" for said in dossier_words.unknowns(t, found)))
        st.markdown(f"**{text.escape_markdown(dossier_words.step(t, found))}**")
        st.subheader(t("Where it comes from"), anchor=False)
        lines = dossier_words.provenance(t, found)
        said = " · ".join(f"{name}: {value}" for name, value in lines)
        st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
    with right.container(border=True, height="stretch"):
        st.subheader(t("Decision"), anchor=False)
        decide.part(t, page.selection, found.row)


def _numbers(page: _Page) -> None:
    t, found = page.t, page.found
    link = filters.link(
        page.selection, "trends", indicator=found.name.series[0], geographies=(found.name.series[1],),
        substance=found.name.series[2], signal=None,
    )  # fmt: skip
    st.markdown(f":small[[{t('See the whole series in Trends')}]({link})]")
    closed = st.expander(t("The evidence in numbers"), key=f"evidence-{found.id}", on_change="rerun")
    if closed.open and found.evidence is not None:
        with closed:
            evidence.tables(t, found.evidence, found.indicator.frequency)
