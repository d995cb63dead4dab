"""Trends: one measure in up to six places, with what was expected, the alarms and what may follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import streamlit as st

from dashboard import charts, data, text
from dashboard.downloads import csv_with_notes
from dashboard.filters import Selection
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
from dashboard.views import picker
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.explain import drawn, facts, line_to_read, rounded
from surveillance.forecast import forecast
from surveillance.recovered import MONTHS_OF, months_inside
from surveillance.series import Wide
from surveillance.trend import seasonal_trend

LAYERS = {
    "trend": N_("Trend"),
    "forecast": N_("Forecast"),
    "vintages": N_("Earlier vintages"),
    "log": N_("Logarithmic axis"),
    "all": N_("Whole history"),
}
MOST_VINTAGES = 3
RECENT = 96  # periods shown unless the whole history is asked for
_FREQUENCIES = {"W": N_("weekly"), "MS": N_("monthly"), "YS": N_("yearly"), "YS-OCT": N_("by US fiscal year")}


def render(selection: Selection) -> None:
    """The page of trends for a selection."""
    t = text.of(selection.language)
    title = st.container()
    chosen = picker.pick(selection, several=True)
    if chosen is None:
        title.title(t("No figures were known on this date"))
        st.info(t("Choose a later date above, or import the publishers' files."))
        return
    layers = _layers(t, chosen)
    assessment = data.judged(chosen)
    wide = data.wide(chosen.as_of.isoformat(), str(chosen.indicator))
    if wide is None:
        title.title(t("No figures were known on this date"))
        return
    panels = [_Panel(t, chosen, assessment, wide, place, layers) for place in chosen.geographies]
    if len(panels) == 1:
        title.title(text.escape_markdown(panels[0].title))
    else:
        above = sum(panel.above for panel in panels)
        title.title(
            t.n(
                "{measure}: {above} of {n} place above its alarm line",
                "{measure}: {above} of {n} places above their alarm lines",
                len(panels),
                measure=t.indicator(str(chosen.indicator)),
                above=above,
            )
        )
    for panel in panels:
        panel.draw(titled=len(panels) > 1)


def _layers(t: Text, selection: Selection) -> list[str]:
    asked = [name for name in (selection.view or "trend").split(".") if name in LAYERS]
    picked = st.pills(
        t("Show as well"),
        list(LAYERS),
        selection_mode="multi",
        default=asked,
        format_func=lambda name: t(LAYERS[name]),
        label_visibility="collapsed",
        key=f"layers-{'.'.join(asked)}-{selection.language}",
    )
    chosen = [name for name in LAYERS if name in picked]
    if chosen != [name for name in LAYERS if name in asked]:
        picker.go(replace(selection, view=".".join(chosen) or "none"))
    return chosen


class _Panel:
    """One place's series: title, chart, table, and what it is."""

    def __init__(
        self,
        t: Text,
        selection: Selection,
        assessment: Assessment,
        wide: Wide,
        place: str,
        layers: list[str],
    ) -> None:
        self.t, self.selection, self.assessment, self.layers = t, selection, assessment, layers
        self.indicator, self.place, self.substance = wide.indicator, place, str(selection.substance)
        self.key = f"{wide.indicator.id}.{place}.{self.substance}"
        self.whole = drawn(assessment, wide, place, self.substance)
        self.rows = self.whole if "all" in layers else self.whole.tail(RECENT)
        self.series = self._series()
        self.above = bool(self.series["state"] in ("signal", "last_known"))
        self.title = self._title()

    def _series(self) -> pd.Series:
        """The assessment's row of this series; one in its place where the plan does not watch it."""
        table = self.assessment.series
        here = (
            (table["indicator"] == self.indicator.id)
            & (table["geography"] == self.place)
            & (table["substance"] == self.substance)
        )
        if here.any():
            return table[here].iloc[0]
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

    def draw(self, *, titled: bool) -> None:
        """Write the panel."""
        t = self.t
        country = GEOGRAPHIES[self.place].country
        with st.container(border=True, gap="xsmall"):
            if titled:
                st.header(text.escape_markdown(self.title))
            subtitle = t(
                "{measure} · {unit} · {frequency} · grey: expected range, 80 and 95 %",
                measure=t.indicator(self.indicator.id),
                unit=t.unit(self.indicator.id),
                frequency=t(_FREQUENCIES[self.indicator.frequency]),
            )
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                st.badge(t.country(country), color="blue" if country == "US" else "green")
                st.markdown(f":small[:gray[{text.escape_markdown(subtitle)}]]")
            for sentence in self._warnings():
                st.markdown(f":small[{text.escape_markdown(sentence)}]")
            chart, table, about = st.tabs([t("Chart"), t("Table"), t("About")])
            with chart:
                self._chart(country)
            with table:
                self._table()
            with about:
                self._about()
            self._download()

    def _warnings(self) -> list[str]:
        t = self.t
        found = []
        if self.series["state"] == "not_judgeable":
            found.append(why_unjudged(t, self.series))
        elif self.series["state"] == "not_watched":
            found.append(t("Not judged: {why}.", why=why_not_watched(t, self.assessment, self.indicator.id)))
        elif self.series["late"]:
            found.append(
                t(
                    "The source is late: what happened after {month} is not known.",
                    month=t.month(self.series["period"]),
                )
            )
        if empty := near_empty(t, self.whole):
            found.append(empty)
        return found

    def _caption(self) -> str:
        return caption(self.t, self.assessment, self.series, self.rows, self._source())

    def _source(self) -> str:
        return picker.source_of(self.t, self.selection.as_of.isoformat(), self.indicator.id)

    def _chart(self, country: str) -> None:
        t, layers = self.t, self.layers
        before = self._before()
        shown = charts.series_chart(
            self.rows,
            unit=t.unit(self.indicator.id),
            country="us" if country == "US" else "mx",
            language=self.selection.language,
            dark=data.dark(),
            labels=chart_words(t),
            until=None if self.indicator.ended else self.selection.as_of,
            breaks=self._breaks(before),
            earlier=before,
            trend=self._trend() if "trend" in layers else None,
            forecast=self._forecast() if "forecast" in layers else None,
            vintages=self._vintages() if "vintages" in layers else None,
            log="log" in layers,
        )
        st.altair_chart(shown, width="stretch", theme=None, alt=self.title, key=f"chart-{self.key}")
        st.markdown(f":small[:gray[{text.escape_markdown(self._caption())}]]")

    def _trend(self) -> pd.DataFrame | None:
        """The seasonal trend for the eye, its growth in a sentence; or why there is none."""
        line = line_to_read(self.whole)
        found = data.computed(
            "trend", lambda *_: seasonal_trend(line, self.indicator), self.key, self.selection.as_of
        )
        if isinstance(found, str):
            if self.selection.view:  # asked for, and not only shown by default
                self._note(self.t("No trend: {reason}.", reason=no_trend(self.t, found)))
            return None
        self._note(growth_sentence(self.t, found.growth_12))
        level = found.trend_level.rename("trend").rename_axis("period").reset_index()
        return level[level["period"] >= self.rows["period"].min()]

    def _forecast(self) -> pd.DataFrame | None:
        """The next months with their bands; or that there is none."""
        line = line_to_read(self.whole)
        made = None
        if self.indicator.ended is None:
            made = data.computed(
                "forecast", lambda *_: forecast(line, self.indicator), self.key, self.selection.as_of
            )
        if made is None:
            self._note(self.t("No forecast: it needs 48 months in a row under one method that still runs."))
        else:
            self._note(self.t("Forecast with 80 and 95 % bands: for reading, never the ground of an alarm."))
        return made

    def _note(self, sentence: str) -> None:
        st.markdown(f":small[{text.escape_markdown(sentence)}]")

    def _before(self) -> pd.DataFrame | None:
        """The same series under the method before, for the eye only: no line or detector spans the break."""
        if self.indicator.continues is None:
            return None
        wide = data.wide(self.selection.as_of.isoformat(), self.indicator.continues)
        column = (self.place, self.substance)
        if wide is None or column not in wide.observed:
            return None
        rows = wide.observed[column].rename("observed").reset_index()
        return rows if "all" in self.layers else rows.tail(RECENT - len(self.rows))

    def _vintages(self) -> pd.DataFrame | None:
        """The series as the last publications before the newest gave it, named by their dates."""
        rows = data.computed(
            "vintages", earlier_vintages, self.indicator.id, self.place, self.substance, self.selection.as_of
        )
        rows = rows[rows["period"] >= self.rows["period"].min()]
        if rows.empty:
            self._note(self.t("No earlier publication of this series is held."))
            return None
        return rows.assign(vintage=[self.t.date(day) for day in rows["as_of"]])

    def _breaks(self, before: pd.DataFrame | None) -> list[tuple[pd.Timestamp, str]]:
        first = self.rows["period"].min() if before is None or before.empty else before["period"].min()
        return [(day, words) for day, words in break_words(self.t, self.indicator.id) if first <= day]

    def _table(self) -> None:
        t = self.t
        newest = self.whole[::-1].reset_index(drop=True)
        said = {True: t("above the line"), False: t("within"), None: t("not judged")}
        table = pd.DataFrame(
            {
                t("Month"): [t.period(day, self.indicator.frequency) for day in newest["period"]],
                t("Observed"): newest["observed"],
                **self._recovered(newest["period"]),
                t("Status"): [_status(t, row.status, row.provisional, row.complete) for row in newest.itertuples()],
                t("Expected"): newest["expected"].round(1),
                t("95 % from"): newest["low95"].round(1),
                t("95 % to"): newest["high95"].round(1),
                t("Alarm line"): newest["upper"].round(1),
                t("Verdict"): [
                    said[None if pd.isna(row.alarm) else bool(row.alarm)]
                    if row.reason in ("ok", "emerging")
                    else _reason(t, row.reason)
                    for row in newest.itertuples()
                ],
            }
        )
        st.dataframe(table, hide_index=True, width="stretch", height=340, alt=self.title, key=f"table-{self.key}")

    def _recovered(self, periods: pd.Series) -> dict[str, pd.Series]:
        """A column of the nation's months inside its 12-month sums, and a note on where they come from; or none."""
        if self.indicator.id not in MONTHS_OF or GEOGRAPHIES[self.place].kind != "nation":
            return {}
        table = data.computed(
            "months", recovered_months, self.indicator.id, self.place, self.substance, self.selection.as_of
        )
        table = table[table["status"] == "recovered"]
        if table.empty:
            return {}
        self._note(
            self.t(
                "Recovered months are not published: each follows from the change of the 12-month sum and the same "
                "month a year before. First year: {seed}.",
                seed=table["seed"].iloc[0],
            )
        )
        return {self.t("Month, recovered"): periods.map(table.set_index("period")["value"].round())}

    def _about(self) -> None:
        t, record = self.t, self.indicator
        lines = [
            (t("Measure"), t.indicator(record.id)),
            (t("Unit"), t.unit(record.id)),
            (t("Caution"), t.caution(record.id) or t("none recorded")),
            (t("Source"), self._source()),
            (
                t("Usual delay"),
                t.n("{n} day after the period", "{n} days after the period", record.delay_days),
            ),
            (t("Comparability across the border"), t("grade {grade}", grade=record.grade)),
        ]
        if record.ended:
            lines.append((t("Closed"), t.month(pd.Timestamp(record.ended))))
        try:
            watch = self.assessment.plan.at(self.assessment.alpha)[record.id]
        except KeyError:
            lines.append((t("Judged by"), why_not_watched(t, self.assessment, record.id)))
        else:
            lines.append((t("Judged by"), repr(rounded(watch.detector))))
            lines.append((t("Why so"), t(watch.why)))
        st.markdown("\n".join(f"- **{name}**: {text.escape_markdown(value)}" for name, value in lines))

    def _download(self) -> None:
        t = self.t
        columns = ["period", "observed", "status", "provisional", "complete", "expected", "low80", "high80"]
        table = self.whole[[*columns, "low95", "high95", "upper", "pvalue", "alarm", "reason"]]
        table = table.assign(indicator=self.indicator.id, geography=self.place, substance=self.substance)
        notes = [self.title, self._caption(), t.caution(self.indicator.id), *self._warnings()]
        if self.selection.replay:
            notes.insert(0, t("REPLAY: as known on {day}.", day=t.date(self.selection.as_of)))
        if self.selection.modified:
            notes.insert(0, t("Settings modified, not for publication."))
        st.download_button(
            t("Download CSV"),
            csv_with_notes(table, [note for note in notes if note]),
            file_name=f"{self.key}_{self.selection.as_of}.csv",
            mime="text/csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            key=f"csv-{self.key}",
        )


def recovered_months(indicator: str, place: str, substance: str, as_of: date) -> pd.DataFrame:
    """The months inside one series of 12-month sums, as they may be shown: see `surveillance.recovered`."""
    return months_inside(data.store(), as_of, indicator, place, substance)


def earlier_vintages(indicator: str, place: str, substance: str, as_of: date) -> pd.DataFrame:
    """Up to MOST_VINTAGES publications before the newest on *as_of*: as_of, period, value."""
    store, parts = data.store(), []
    for source in INDICATORS[indicator].sources:
        days = [day for day in store.vintages(source, indicator) if day <= as_of]
        for day in sorted(set(days))[:-1][-MOST_VINTAGES:]:
            rows = store.vintage(source, indicator, day)
            mine = rows[(rows["geography"] == place) & (rows["substance"] == substance)]
            parts.append(mine[["as_of", "period", "value"]].dropna())
    held = [part for part in parts if len(part) > 1]
    return pd.concat(held) if held else pd.DataFrame({"as_of": [], "period": pd.to_datetime([]), "value": []})


def _status(t: Text, status: str, provisional: bool, complete: bool) -> str:
    if status != "reported":
        return t.status(status) if status else t("not yet published")
    if not complete:
        return t("still filling")
    return t("provisional") if provisional else t("final")


def _reason(t: Text, reason: str) -> str:
    return t("not watched") if reason == "not_watched" else t.reason(reason)
