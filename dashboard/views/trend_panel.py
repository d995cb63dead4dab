"""One place's series on the Trends page: its finding, chart, table, what it is, and the links of its alarms."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, data, filters, text
from dashboard.chart_block import Block
from dashboard.charts_trends import parts_chart
from dashboard.filters import Selection
from dashboard.look import Country
from dashboard.sentences import (
    break_words,
    caption,
    chart_words,
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
from dashboard.views.trend_read import earlier_vintages, hue_of, recovered_months
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.events import events_of
from surveillance.explain import drawn, facts, line_to_read
from surveillance.forecast import forecast
from surveillance.measures import low_counts
from surveillance.recovered import MONTHS_OF
from surveillance.series import Wide
from surveillance.trend import Missing, SeasonalTrend, seasonal_trend

MOST_ALARMS = 6
RECENT = 96  # periods shown unless the whole history is asked for
FREQUENCIES = {"W": N_("weekly"), "MS": N_("monthly"), "YS": N_("yearly"), "YS-OCT": N_("by US fiscal year")}
_RANGE = ["expected", "upper", "low80", "high80", "low95", "high95"]


class Panel:
    """One place's series as published, judged where the plan watches it."""

    def __init__(
        self, t: Text, selection: Selection, assessment: Assessment, wide: Wide, place: str, state: State
    ) -> None:
        self.t, self.selection, self.assessment, self.state = t, selection, assessment, state
        self.indicator, self.place, self.substance = wide.indicator, place, str(selection.substance)
        self.key = f"{wide.indicator.id}.{place}.{self.substance}"
        self.whole = drawn(assessment, wide, place, self.substance)
        self.rows = self.whole if state.has("all") else self.whole.tail(RECENT)
        self.series = self._series()
        self.above = bool(self.series["state"] in ("signal", "last_known"))
        self.title = self._title()
        self.notes: list[str] = []

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
        t, country = self.t, GEOGRAPHIES[self.place].country
        low = None if self.above else low_counts(line_to_read(self.whole), self.indicator)
        with st.container(border=True, gap="xsmall"):
            if titled:
                st.header(text.escape_markdown(self.title), anchor=False)
            st.badge(t.country(country), color="blue" if country == "US" else "green")
            self.notes = self._warnings()
            if low is not None:
                self.notes.append(low_words(t, low))
            block = self._block(country, since, drawn_=low is None)
            for sentence in self.notes:
                st.markdown(f":small[{text.escape_markdown(sentence)}]")
            if low is None:
                chart_block.draw(t, self.selection, block, titled=False)
                self._alarm_links()
            else:
                st.dataframe(block.table, hide_index=True, width="stretch", height=340, alt=self.title)
            if self.state.has("parts"):
                self._parts(country)

    def _block(self, country: str, since: pd.Timestamp | None, *, drawn_: bool) -> Block:
        t = self.t
        subtitle = t(
            "{measure} · {unit} · {frequency} · grey: expected range, 80 and 95 %",
            measure=t.indicator(self.indicator.id),
            unit=t.unit(self.indicator.id),
            frequency=t(FREQUENCIES[self.indicator.frequency]),
        )
        columns = ["period", "observed", "status", "provisional", "complete", *_RANGE, "pvalue", "alarm", "reason"]
        export = self.whole[columns].assign(
            indicator=self.indicator.id, geography=self.place, substance=self.substance
        )
        return Block(
            key=self.key,
            title=self.title,
            subtitle=subtitle,
            chart=self._chart(hue_of(country), since) if drawn_ else None,
            caption=caption(t, self.assessment, self.series, self.rows, self._source()),
            table=series_table(t, self.whole, self.indicator, self._recovered(self.whole["period"][::-1])),
            about=about(t, self.assessment, self.indicator, self._source()),
            export=export,
            notes=[note for note in (t.caution(self.indicator.id), *self.notes) if note],
        )

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

    def _source(self) -> str:
        return picker.source_of(self.t, self.selection.as_of.isoformat(), self.indicator.id)

    def _chart(self, hue: Country, since: pd.Timestamp | None) -> object:
        t, state = self.t, self.state
        before = self._before()
        rows = self.rows
        if not state.has("band"):
            rows = rows.assign(**dict.fromkeys(_RANGE, float("nan")))
        if not state.has("alarms"):
            rows = rows.assign(alarm=pd.NA)
        breaks = self._breaks(before)
        return charts.series_chart(
            rows,
            unit=t.unit(self.indicator.id),
            country=hue,
            language=self.selection.language,
            dark=data.dark(),
            labels=chart_words(t),
            until=None if self.indicator.ended else self.selection.as_of,
            breaks=breaks,
            earlier=before,
            trend=self._trend() if state.has("trend") else None,
            forecast=self._forecast() if state.has("forecast") else None,
            vintages=self._vintages() if state.has("vintages") else None,
            nowcast=self._nowcast() if state.has("nowcast") else None,
            events=self._events(breaks) if state.has("events") else (),
            since=since,
            log=state.has("log"),
        )

    def _decomposed(self) -> SeasonalTrend | Missing:
        line = line_to_read(self.whole)
        found: SeasonalTrend | Missing = data.computed(
            "trend", lambda *_: seasonal_trend(line, self.indicator), self.key, self.selection.as_of
        )
        return found

    def _trend(self) -> pd.DataFrame | None:
        """The seasonal trend for the eye, its growth in a sentence; or why there is none."""
        found = self._decomposed()
        if isinstance(found, str):
            if self.selection.view:  # asked for, and not only shown by default
                self.notes.append(self.t("No trend: {reason}.", reason=no_trend(self.t, found)))
            return None
        self.notes.append(growth_sentence(self.t, found.growth_12))
        level = found.trend_level.rename("trend").rename_axis("period").reset_index()
        return level[level["period"] >= self.rows["period"].min()]

    def _parts(self, country: str) -> None:
        """The decomposition in a block of its own; or why there is none."""
        t, found = self.t, self._decomposed()
        if isinstance(found, str):
            if not self.state.has("trend"):
                st.markdown(f":small[{text.escape_markdown(t('No trend: {reason}.', reason=no_trend(t, found)))}]")
            return
        frame, table = parts_frame(t, found)
        chart = parts_chart(frame, colour=hue_of(country), language=t.language, dark=data.dark())
        name = series_name(t, self.place, self.substance)
        block = Block(
            key=f"{self.key}.parts",
            title=t("{series}: {growth}", series=name, growth=growth_sentence(t, found.growth_12)),
            subtitle=t("Trend, season and remainder, each on its own scale; season and remainder in per cent."),
            chart=chart,
            caption=t("Robust STL of the logarithm, for reading: never the ground of an alarm."),
            table=table,
        )
        chart_block.draw(t, self.selection, block)

    def _nowcast(self) -> pd.DataFrame | None:
        """What the months that still fill will come to; or that no nowcast is possible."""
        table = self.assessment.filling
        if len(table):
            key = {"indicator": self.indicator.id, "geography": self.place, "substance": self.substance}
            table = table[(table[list(key)] == pd.Series(key)).all(axis=1)]
        if table.empty:
            self.notes.append(
                self.t("No nowcast: no month still fills, or fewer than twelve of its publications are stored.")
            )
            return None
        return table[["period", "median", "low95", "high95"]].astype(
            {"median": float, "low95": float, "high95": float}
        )

    def _events(self, breaks: list[tuple[pd.Timestamp, str]]) -> list[tuple[pd.Timestamp, str]]:
        """Dated events, but for the method breaks that are drawn anyway."""
        drawn_days = {day for day, _ in breaks}
        found = events_of(self.indicator.id, self.place, self.selection.as_of)
        self.notes.append(self.t("Dated events are for orientation: none is shown as a cause."))
        return [(event.day, event.words.to(self.t.language)) for event in found if event.day not in drawn_days]

    def _forecast(self) -> pd.DataFrame | None:
        """The next months with their bands; or that there is none."""
        line = line_to_read(self.whole)
        made = None
        if self.indicator.ended is None:
            made = data.computed(
                "forecast", lambda *_: forecast(line, self.indicator), self.key, self.selection.as_of
            )
        if made is None:
            self.notes.append(self.t("No forecast: it needs 48 months in a row under one method that still runs."))
        else:
            self.notes.append(self.t("Forecast with 80 and 95 % bands: for reading, never the ground of an alarm."))
        return made

    def _before(self) -> pd.DataFrame | None:
        """The same series under the method before, for the eye only: no line or detector spans the break."""
        if self.indicator.continues is None:
            return None
        wide = data.wide(self.selection.as_of.isoformat(), self.indicator.continues)
        column = (self.place, self.substance)
        if wide is None or column not in wide.observed:
            return None
        rows = wide.observed[column].rename("observed").reset_index()
        return rows if self.state.has("all") else rows.tail(RECENT - len(self.rows))

    def _vintages(self) -> pd.DataFrame | None:
        """The series as the last publications before the newest gave it, named by their dates."""
        rows = data.computed(
            "vintages", earlier_vintages, self.indicator.id, self.place, self.substance, self.selection.as_of
        )
        rows = rows[rows["period"] >= self.rows["period"].min()]
        if rows.empty:
            self.notes.append(self.t("No earlier publication of this series is held."))
            return None
        return rows.assign(vintage=[self.t.date(day) for day in rows["as_of"]])

    def _breaks(self, before: pd.DataFrame | None) -> list[tuple[pd.Timestamp, str]]:
        first = self.rows["period"].min() if before is None or before.empty else before["period"].min()
        return [(day, words) for day, words in break_words(self.t, self.indicator.id) if first <= day]

    def _recovered(self, periods: pd.Series) -> dict[str, pd.Series]:
        """A column of the nation's months inside its 12-month sums, and a note on their origin; or none."""
        if self.indicator.id not in MONTHS_OF or GEOGRAPHIES[self.place].kind != "nation":
            return {}
        table = data.computed(
            "months", recovered_months, self.indicator.id, self.place, self.substance, self.selection.as_of
        )
        table = table[table["status"] == "recovered"]
        if table.empty:
            return {}
        indicator, span, day, factor = table["seed"].iloc[0].split()
        first, last = span.split("/")
        self.notes.append(
            self.t(
                "Recovered months are not published: each follows from the change of the 12-month sum and the same "
                "month a year before. First year: {measure}, {first} to {last}, as known on {day}, times {factor}.",
                measure=self.t.indicator(indicator),
                first=self.t.month(pd.Timestamp(first)),
                last=self.t.month(pd.Timestamp(last)),
                day=self.t.date(pd.Timestamp(day)),
                factor=self.t.number(float(factor), 5),
            )
        )
        months = periods.map(table.set_index("period")["value"].round()).reset_index(drop=True)
        return {self.t("Month, recovered"): months}

    def _alarm_links(self) -> None:
        """The alarms that are drawn as links: to the dossier while the signal is open, else to this series."""
        t = self.t
        alarms = self.rows[self.rows["alarm"].fillna(False).astype(bool)][::-1].head(MOST_ALARMS)
        if alarms.empty or not self.state.has("alarms"):
            return
        signals = self.assessment.signals
        mine = signals[
            (signals["indicator"] == self.indicator.id)
            & (signals["geography"] == self.place)
            & (signals["substance"] == self.substance)
        ]
        links = []
        for row in alarms.itertuples():
            said = text.escape_markdown(f"{t.month(row.period)}: {t.figure(row.observed)}")
            if len(mine) and row.period >= mine["since"].iloc[0]:
                to = filters.link(self.selection, "signal", signal=mine["id"].iloc[0], view=None)
                links.append(f"[**{said}**, {t('dossier')}]({to})")
            else:
                to = filters.link(
                    self.selection, "trends", indicator=self.indicator.id, geographies=(self.place,), view="all"
                )
                links.append(f"[{said}]({to})")
        st.markdown(f":small[{t('Alarms, newest first:')} {' · '.join(links)}]")
