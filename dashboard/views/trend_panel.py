"""One place's series on the Trends page: its finding, chart, table, what it is, and the way to its alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import chart_block, data, filters, text
from dashboard.chart_block import Block
from dashboard.charts_trends import parts_chart
from dashboard.filters import Selection
from dashboard.sentences import (
    caption,
    growth_sentence,
    headline,
    near_empty,
    no_trend,
    series_name,
    verdict,
)
from dashboard.sentences import not_watched as why_not_watched
from dashboard.sentences import unjudged as why_unjudged
from dashboard.text import N_, Text
from dashboard.trend_state import State
from dashboard.trend_words import about, low_words, parts_frame, series_table
from dashboard.views import picker
from dashboard.views.trend_layers import RANGE, Layers
from dashboard.views.trend_read import hue_of
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.explain import drawn, facts, line_to_read
from surveillance.measures import low_counts
from surveillance.series import Wide

MOST_ALARMS = 6
FREQUENCIES = {"W": N_("weekly"), "MS": N_("monthly"), "YS": N_("yearly"), "YS-OCT": N_("by US fiscal year")}


class Panel:
    """One place's series as published, judged where the plan watches it."""

    def __init__(
        self, t: Text, selection: Selection, assessment: Assessment, wide: Wide, place: str, state: State
    ) -> None:
        self.t, self.selection, self.assessment, self.state = t, selection, assessment, state
        self.indicator, self.place, self.substance = wide.indicator, place, str(selection.substance)
        self.whole = drawn(assessment, wide, place, self.substance)
        self.layers = Layers(t, selection, assessment, wide.indicator, place, self.substance, state, self.whole)
        self.series = self._series()
        self.above = bool(self.series["state"] in ("signal", "last_known"))
        self.title = self._title()
        self.first = self.layers.rows["period"].min()

    def _series(self) -> pd.Series:
        """The assessment's row of this series; one in its place where the plan does not watch it."""
        table = self.assessment.series
        key = {"indicator": self.indicator.id, "geography": self.place, "substance": self.substance}
        here = table[(table[list(key)] == pd.Series(key)).all(axis=1)]
        if len(here):
            return here.iloc[0]
        newest = self.whole.dropna(subset=["observed"]).tail(1)
        row = newest.iloc[0] if len(newest) else self.whole.iloc[-1]
        return row.reindex(table.columns).astype(object).where(table.columns != "state", "not_watched")

    def _title(self) -> str:
        if pd.isna(self.series["observed"]):
            name = series_name(self.t, self.place, self.substance)
            return self.t("{series}: no figure was published", series=name)
        if self.series["state"] == "not_watched":
            return self.t("{figure}; it is not judged", figure=headline(self.t, self.series))
        return verdict(self.t, self.series, facts(self.assessment, self.series))

    def draw(self, *, titled: bool, since: pd.Timestamp | None = None) -> None:
        """Write the panel; *since* begins its time axis, so that panels are aligned."""
        t, country, notes = self.t, GEOGRAPHIES[self.place].country, self.layers.notes
        low = None if self.above else low_counts(line_to_read(self.whole), self.indicator)
        with st.container(border=True, gap="xsmall"):
            if titled:
                st.header(text.escape_markdown(self.title), anchor=False)
            st.badge(t.country(country), color="blue" if country == "US" else "green")
            notes += self._warnings()
            if low is not None:
                notes.append(low_words(t, low))
            shown = replace(self.selection, signal=None, problems=())
            block, said = data.computed(
                f"trend {self.layers.key}", lambda *_: self._whole(country, since, drawn_=low is None), shown,
                data.dark(), since,
            )  # fmt: skip
            for sentence in said:
                st.markdown(f":small[{text.escape_markdown(sentence)}]")
            if low is None:
                self._follow(chart_block.draw(t, self.selection, block, titled=False).get("alarm", ()))
                self._alarm_links()
            else:
                st.dataframe(block.table, hide_index=True, width="stretch", height=340, alt=self.title)
            if self.state.has("parts"):
                self._parts(country)

    def _warnings(self) -> list[str]:
        t = self.t
        found = []
        if self.series["state"] == "not_judgeable":
            found.append(why_unjudged(t, self.series))
        elif self.series["state"] == "not_watched":
            found.append(t("Not judged: {why}.", why=why_not_watched(t, self.assessment, self.indicator.id)))
        elif self.series["late"]:
            month = t.month(self.series["period"])
            found.append(t("The source is late: what happened after {month} is not known.", month=month))
        if empty := near_empty(t, self.whole):
            found.append(empty)
        return found

    def _whole(self, country: str, since: pd.Timestamp | None, *, drawn_: bool) -> tuple[Block, list[str]]:
        """The block, and all sentences above it, of which its layers say some."""
        return self._block(country, since, drawn_=drawn_), self.layers.notes

    def _block(self, country: str, since: pd.Timestamp | None, *, drawn_: bool) -> Block:
        t, layers = self.t, self.layers
        subtitle = t(
            "{measure} · {unit} · {frequency} · grey: expected range, 80 and 95 %",
            measure=t.indicator(self.indicator.id),
            unit=t.unit(self.indicator.id),
            frequency=t(FREQUENCIES[self.indicator.frequency]),
        )
        columns = ["period", "observed", "status", "provisional", "complete", *RANGE, "pvalue", "alarm", "reason"]
        source = picker.source_of(t, self.selection.as_of.isoformat(), self.indicator.id)
        return Block(
            key=layers.key,
            title=self.title,
            subtitle=subtitle,
            chart=layers.chart(hue_of(country), since) if drawn_ else None,
            caption=caption(t, self.assessment, self.series, layers.rows, source),
            table=series_table(t, self.whole, self.indicator, layers.recovered()),
            about=about(t, self.assessment, self.indicator, source),
            export=self.whole[columns].assign(
                indicator=self.indicator.id, geography=self.place, substance=self.substance
            ),
            notes=[note for note in (t.caution(self.indicator.id), *layers.notes) if note],
            selects=len(layers.alarms) > 0,
        )

    def _parts(self, country: str) -> None:
        """The decomposition in a block of its own; or why there is none."""
        t, found = self.t, self.layers.decomposed()
        if isinstance(found, str):
            if not self.state.has("trend"):
                st.markdown(f":small[{text.escape_markdown(t('No trend: {reason}.', reason=no_trend(t, found)))}]")
            return
        frame, table = parts_frame(t, found)
        chart = parts_chart(frame, colour=hue_of(country), language=t.language, dark=data.dark())
        name = series_name(t, self.place, self.substance)
        block = Block(
            key=f"{self.layers.key}.parts",
            title=t("{series}: {growth}", series=name, growth=growth_sentence(t, found.growth_12)),
            subtitle=t("Trend, season and remainder, each on its own scale; season and remainder in per cent."),
            chart=chart,
            caption=t("Robust STL of the logarithm, for reading: never the ground of an alarm."),
            table=table,
        )
        chart_block.draw(t, self.selection, block)

    def _ids(self) -> dict[pd.Timestamp, str]:
        """The signals behind the alarms, by period."""
        return self.assessment.signal_ids(self.indicator.id, self.place, self.substance)

    def _follow(self, picked: Sequence[Any]) -> None:
        """Go to the dossier of the alarm that was clicked on, if any was."""
        name = self._ids().get(pd.Timestamp(picked[0]["day"])) if picked else None
        if name is not None:
            picker.leave(self.selection, "signal", signal=name)  # with the view, to which one Back returns

    def _alarm_links(self) -> None:
        """The newest alarms that are drawn as links to their dossiers, those of an open signal in bold."""
        t, alarms = self.t, self.layers.alarms.head(MOST_ALARMS)
        if alarms.empty:
            return
        ids, open_ = self._ids(), set(self.assessment.signals["id"])
        links = []
        for row in alarms.itertuples():
            said = text.escape_markdown(f"{t.month(row.period)}: {t.figure(row.observed)}")
            to = filters.link(self.selection, "signal", signal=ids[row.period], view=None)
            links.append(f"[**{said}**]({to})" if ids[row.period] in open_ else f"[{said}]({to})")
        intro = t("Alarms and their dossiers, newest first (or click on one in the chart):")
        st.markdown(f":small[{intro} {' · '.join(links)}]")
