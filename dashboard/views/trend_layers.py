"""The chart of one series on the Trends page: the layers that are asked for, as far as the series allows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from dashboard import charts, data
from dashboard.filters import Selection
from dashboard.look import Country
from dashboard.sentences import break_words, chart_words, growth_sentence, no_trend
from dashboard.text import Text
from dashboard.trend_state import State
from data_sources.indicators import INDICATORS, Indicator
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.events import events_of
from surveillance.explain import line_to_read
from surveillance.forecast import forecast
from surveillance.recovered import MONTHS_OF, months_inside
from surveillance.trend import Missing, SeasonalTrend, seasonal_trend

MOST_VINTAGES = 3
RECENT = 96  # periods shown unless the whole history is asked for
RANGE = ["expected", "upper", "low80", "high80", "low95", "high95"]


@dataclass
class Layers:
    """One series with what the page's state puts on it; `notes` says how to read it, or why it is missing."""

    t: Text
    selection: Selection
    assessment: Assessment
    indicator: Indicator
    place: str
    substance: str
    state: State
    whole: pd.DataFrame  # as `explain.drawn`
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.indicator.id}.{self.place}.{self.substance}"

    @property
    def rows(self) -> pd.DataFrame:
        """The periods that are drawn."""
        return self.whole if self.state.has("all") else self.whole.tail(RECENT)

    @property
    def alarms(self) -> pd.DataFrame:
        """The alarms that are drawn, newest first."""
        shown = self.rows if self.state.has("alarms") else self.rows.iloc[:0]
        return shown[shown["alarm"].fillna(False).astype(bool)][::-1]

    def chart(self, hue: Country, since: pd.Timestamp | None) -> Any:
        """All layers together; *since* begins the time axis."""
        t, state, rows = self.t, self.state, self.rows
        if not state.has("band"):
            rows = rows.assign(**dict.fromkeys(RANGE, float("nan")))
        if not state.has("alarms"):
            rows = rows.assign(alarm=pd.NA)
        before = self._before()
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
            selects=True,
        )

    def decomposed(self) -> SeasonalTrend | Missing:
        """The seasonal trend of the whole series, or why there is none."""
        line = line_to_read(self.whole)
        found: SeasonalTrend | Missing = data.computed(
            "trend", lambda *_: seasonal_trend(line, self.indicator), self.key, self.selection.as_of
        )
        return found

    def recovered(self) -> dict[str, pd.Series]:
        """A column of the nation's months inside its 12-month sums, newest first, and a note on it; or none."""
        if self.indicator.id not in MONTHS_OF or GEOGRAPHIES[self.place].kind != "nation":
            return {}
        table = data.computed(
            "months", _months, self.indicator.id, self.place, self.substance, self.selection.as_of
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
        periods = self.whole["period"][::-1]
        months = periods.map(table.set_index("period")["value"].round()).reset_index(drop=True)
        return {self.t("Month, recovered"): months}

    def _trend(self) -> pd.DataFrame | None:
        """The seasonal trend for the eye, its growth in a sentence; or why there is none."""
        found = self.decomposed()
        if isinstance(found, str):
            if self.selection.view:  # asked for, and not only shown by default
                self.notes.append(self.t("No trend: {reason}.", reason=no_trend(self.t, found)))
            return None
        self.notes.append(growth_sentence(self.t, found.growth_12))
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
            self.notes.append(self.t("No forecast: it needs 48 months in a row under one method that still runs."))
        else:
            self.notes.append(self.t("Forecast with 80 and 95 % bands: for reading, never the ground of an alarm."))
        return made

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

    def _vintages(self) -> pd.DataFrame | None:
        """The series as the last publications before the newest gave it, named by their dates."""
        rows = data.computed(
            "vintages", _earlier, self.indicator.id, self.place, self.substance, self.selection.as_of
        )
        rows = rows[rows["period"] >= self.rows["period"].min()]
        if rows.empty:
            self.notes.append(self.t("No earlier publication of this series is held."))
            return None
        return rows.assign(vintage=[self.t.date(day) for day in rows["as_of"]])

    def _events(self, breaks: list[tuple[pd.Timestamp, str]]) -> list[tuple[pd.Timestamp, str]]:
        """Dated events, but for the method breaks that are drawn anyway."""
        drawn_days = {day for day, _ in breaks}
        found = events_of(self.indicator.id, self.place, self.selection.as_of)
        self.notes.append(self.t("Dated events are for orientation: none is shown as a cause."))
        return [(event.day, event.words.to(self.t.language)) for event in found if event.day not in drawn_days]

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

    def _breaks(self, before: pd.DataFrame | None) -> list[tuple[pd.Timestamp, str]]:
        first = self.rows["period"].min() if before is None or before.empty else before["period"].min()
        return [(day, words) for day, words in break_words(self.t, self.indicator.id) if first <= day]


def _months(indicator: str, place: str, substance: str, as_of: date) -> pd.DataFrame:
    """The months inside one series of 12-month sums, as they may be shown: see `surveillance.recovered`."""
    return months_inside(data.store(), as_of, indicator, place, substance)


def _earlier(indicator: str, place: str, substance: str, as_of: date) -> pd.DataFrame:
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
