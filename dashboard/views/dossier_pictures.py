"""The two pictures of a dossier: the signal's own series, and the one to set beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts_dossier, corroboration_words, data, filters
from dashboard.chart_block import Block
from dashboard.filters import Selection
from dashboard.look import Country
from dashboard.sentences import break_words, chart_words
from dashboard.text import Text
from dashboard.views import picker
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.corroboration import Cell
from surveillance.dossier import Dossier, Series
from surveillance.explain import drawn

MONTHS = 40  # that a picture shows
NARROW = 380  # px, about, of the picture beside


def blocks(t: Text, selection: Selection, assessment: Assessment, found: Dossier) -> list[Block]:
    """The pictures, kept: putting a chart together takes longer than everything else on the page."""
    made: list[Block] = data.computed(
        "dossier_pictures", lambda *_: _Pictures(t, selection, assessment, found).both(), selection.as_of,
        assessment.plan.digest, assessment.alpha, found.id, found.status, selection.language, data.dark(),
    )  # fmt: skip
    return made


def draw(t: Text, selection: Selection, found: Dossier, made: Sequence[Block]) -> None:
    """Write the pictures side by side; beside a lone one, why there is no other."""
    if not made:
        return
    left, right = st.columns([1.62, 1], gap="xsmall")
    with left.container(border=True, height="stretch"):
        chart_block.draw(t, selection, made[0])
    with right.container(border=True, height="stretch"):
        if len(made) > 1:
            chart_block.draw(t, selection, made[1])
        elif found.judged:
            st.header(t("Nothing to set beside it"), anchor=False)
            st.markdown(
                t("No other stream on either side of the border has a judged figure within 12 months of this one.")
            )
        else:
            st.header(t("Without a verdict there is nothing to compare"), anchor=False)
            st.markdown(whole_series(t, selection, found))


def whole_series(t: Text, selection: Selection, found: Dossier) -> str:
    """A link to the signal's series in Trends."""
    indicator, place, substance = found.name.series
    link = filters.link(
        selection, "trends", indicator=indicator, geographies=(place,), substance=substance, signal=None
    )
    return f"[{t('See the whole series in Trends')}]({link})"


@dataclass(frozen=True)
class _Pictures:
    """The pictures of one signal being made."""

    t: Text
    selection: Selection
    assessment: Assessment
    found: Dossier

    def both(self) -> list[Block]:
        beside = self.found.beside
        pictures = [self._own(), self._other(beside) if beside is not None else None]
        return [picture for picture in pictures if picture is not None]

    def _own(self) -> Block | None:
        t, found = self.t, self.found
        end = pd.Timestamp(found.row["period"])
        rows = self._rows(found.name.series, end)
        if rows is None:
            return None
        run = rows["period"][(rows["period"] >= found.name.since) & (rows["period"] <= end)]
        inside = not found.judged or found.status == "inside"
        return self._block(
            found.name.series, rows, key="dossier-signal", title=_title(t, found, rows),
            subtitle=_subtitle(t, found), run=[] if inside else list(run), bars=True, pixels=640,
        )  # fmt: skip

    def _other(self, cell: Cell) -> Block | None:
        t, series = self.t, (cell.indicator, cell.geography, cell.substance)
        assert cell.period is not None
        rows = self._rows(series, cell.period)
        if rows is None:
            return None
        word, _ = corroboration_words.cell(t, cell)
        across = cell.side != self.found.country
        place = corroboration_words.place(t, cell)
        title = (
            t("Across the border: {place} {word}", place=place, word=word)
            if across
            else t("On this side: {place} {word}", place=place, word=word)
        )
        return self._block(
            series, rows, key="dossier-beside", title=f"{title}, {corroboration_words.lag(t, cell.lag)}",
            subtitle=t("{measure}. Not the same measure: compare shapes only.", measure=t.indicator(series[0])),
            run=[], bars=False, pixels=NARROW,
        )  # fmt: skip

    def _rows(self, series: Series, centre: pd.Timestamp) -> pd.DataFrame | None:
        """The part of a series that is drawn, with its verdicts; None where it has no figure."""
        wide = data.wide(self.selection.as_of.isoformat(), series[0])
        if wide is None or series[1:] not in wide.observed.columns:
            return None
        rows = _window(drawn(self.assessment, wide, series[1], series[2]), centre)
        return rows if rows["observed"].notna().any() else None

    def _block(
        self, series: Series, rows: pd.DataFrame, *, key: str, title: str, subtitle: str,
        run: Sequence[pd.Timestamp], bars: bool, pixels: int,
    ) -> Block:  # fmt: skip
        t, selection = self.t, self.selection
        country: Country = "us" if GEOGRAPHIES[series[1]].country == "US" else "mx"
        source = picker.source_of(t, selection.as_of.isoformat(), series[0])
        shown = rows.tail(MONTHS)
        newest = shown["period"].max() >= self._newest(series)
        until = selection.as_of if newest and INDICATORS[series[0]].ended is None else None
        chart = charts_dossier.signal_chart(
            rows, run=run, country=country, language=t.language, dark=data.dark(), words=chart_words(t),
            until=until, bars=bars, breaks=break_words(t, series[0]),
            band_words=t("expected, with 80 and 95 % range") if bars else "", pixels=pixels,
        )  # fmt: skip
        about = [(t("Measure"), t.indicator(series[0])), (t("Caution"), t.caution(series[0]))]
        return Block(
            key=key, title=title, subtitle=subtitle, chart=chart, table=_table(t, shown),
            caption=_caption(t, series[0], rows, selection.as_of, source),
            about=[pair for pair in about if pair[1]],
        )  # fmt: skip

    def _newest(self, series: Series) -> pd.Timestamp:
        """The newest period with a figure of a series."""
        wide = data.wide(self.selection.as_of.isoformat(), series[0])
        assert wide is not None
        return pd.Timestamp(wide.observed[series[1:]].last_valid_index())


def _window(rows: pd.DataFrame, centre: pd.Timestamp) -> pd.DataFrame:
    """The newest MONTHS rows; for an old signal those around it."""
    last = rows["period"].max()
    end = min(last, centre + pd.DateOffset(months=MONTHS // 2)) if last > centre else last
    return rows[(rows["period"] <= end) & (rows["period"] > end - pd.DateOffset(months=MONTHS))]


def _table(t: Text, shown: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
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


def _title(t: Text, found: Dossier, rows: pd.DataFrame) -> str:
    """What the picture of the signal shows: this run, and how many earlier months are outlined."""
    start = found.name.since
    before = rows[(rows["period"] < start) & rows["alarm"].fillna(False).astype(bool)]
    month = t.month(start)
    if not found.judged or found.status == "inside":
        return t("Not above its line in {month}", month=month) if found.judged else t("What is known of the series")
    run = int(found.row["run"])
    first = (
        t("Above its line once, in {month}", month=month)
        if run <= 1
        else t("Above its line for {n} months from {month}", n=run, month=month)
    )
    if before.empty:
        return t("{first}; no earlier alarm is in view", first=first)
    return t.n(
        "{first}; {n} earlier alarm is outlined",
        "{first}; {n} earlier alarms are outlined",
        len(before),
        first=first,
    )


def _subtitle(t: Text, found: Dossier) -> str:
    """What is drawn, and what the marks mean."""
    unit = t.unit(found.indicator.id)
    unit = unit[:1].upper() + unit[1:]
    if found.indicator.window == "12 months ending":
        drawn = t("{unit} in the 12 months to each month.", unit=unit)
    else:
        drawn = t("{unit} by month.", unit=unit)
    return f"{drawn} {t('Filled: this signal; outlined: earlier alarms; striped: provisional.')}"


def _caption(t: Text, indicator: str, rows: pd.DataFrame, as_of: date, source: str) -> str:
    """Below a picture: source, last date, what is provisional, comparability."""
    record = INDICATORS[indicator]
    waiting = int((rows["observed"].notna() & rows["provisional"].astype(bool)).sum())
    parts = [
        t("Source: {source}.", source=source),
        t("Data to {month}, as known on {day}.", month=t.month(rows["period"].max()), day=t.date(as_of)),
        t.n("{n} month is provisional.", "{n} months are provisional.", waiting) if waiting else "",
        t("Comparability across the border: grade {grade}.", grade=record.grade),
    ]
    return " ".join(part for part in parts if part)
