"""The Trends page's tables and what it says of a series: statuses, low counts, the parts of a decomposition."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from dashboard.sentences import not_watched as why_not_watched
from dashboard.text import N_, Text
from data_sources.indicators import Indicator
from surveillance.assessment import Assessment
from surveillance.explain import rounded
from surveillance.measures import LOW, Low, Measure
from surveillance.trend import SeasonalTrend

REASONS = {
    "missing": N_("no value was published"),
    "part_of_a_period": N_("not all of its months are out"),
    "no_population": N_("no population is held for its year"),
    "no_total": N_("the country's total is missing or 0"),
    "no_base": N_("no whole year can be the base"),
}


def series_table(t: Text, whole: pd.DataFrame, record: Indicator, more: Mapping[str, pd.Series]) -> pd.DataFrame:
    """A series as a table, newest period first; *more* are columns beside the observed one."""
    newest = whole[::-1].reset_index(drop=True)
    said = {True: t("above the line"), False: t("within"), None: t("not judged")}
    return pd.DataFrame(
        {
            t("Month"): [t.period(day, record.frequency) for day in newest["period"]],
            t("Observed"): newest["observed"],
            **more,
            t("Status"): [status(t, row.status, row.provisional, row.complete) for row in newest.itertuples()],
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


def status(t: Text, code: str, provisional: bool, complete: bool) -> str:
    """What a cell of a series is: final, provisional, still filling, or why there is none."""
    if code != "reported":
        return t.status(code) if code else t("not yet published")
    if not complete:
        return t("still filling")
    return t("provisional") if provisional else t("final")


def _reason(t: Text, reason: str) -> str:
    return t("not watched") if reason == "not_watched" else t.reason(reason)


def about(t: Text, assessment: Assessment, record: Indicator, source: str) -> list[tuple[str, str]]:
    """What a measure is, and what judges it."""
    lines = [
        (t("Measure"), t.indicator(record.id)),
        (t("Unit"), t.unit(record.id)),
        (t("Caution"), t.caution(record.id) or t("none recorded")),
        (t("Source"), source),
        (t("Usual delay"), t.n("{n} day after the period", "{n} days after the period", record.delay_days)),
        (t("Comparability across the border"), t("grade {grade}", grade=record.grade)),
    ]
    if record.ended:
        lines.append((t("Closed"), t.month(pd.Timestamp(record.ended))))
    try:
        watch = assessment.plan.at(assessment.alpha)[record.id]
    except KeyError:
        lines.append((t("Judged by"), why_not_watched(t, assessment, record.id)))
    else:
        lines += [(t("Judged by"), repr(rounded(watch.detector))), (t("Why so"), t(watch.why))]
    return lines


def low_words(t: Text, low: Low) -> str:
    """Instead of a picture of single cases: the figure of twelve months, and why."""
    if math.isnan(low.total):
        return t(
            "Too few to draw: under {low} a month on average, so a single case changes the picture. A sum of the "
            "last 12 months does not follow, since one of them is missing.",
            low=t.number(LOW),
        )
    return t(
        "Too few to draw: under {low} a month on average, so a single case changes the picture. In the 12 months "
        "to {month}: {total}.",
        low=t.number(LOW),
        month=t.month(low.last),
        total=t.number(low.total),
    )


def parts_frame(t: Text, found: SeasonalTrend) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lanes of a decomposition (lane, name, period, value), and the same as a table."""
    percent = {"seasonal": 100 * np.expm1(found.seasonal), "remainder": 100 * np.expm1(found.remainder)}
    lanes = [
        (t("trend"), found.trend_level),
        (t("season"), percent["seasonal"]),
        (t("remainder"), percent["remainder"]),
    ]
    parts = []
    for lane, (name, line) in enumerate(lanes):
        form = N_("{name}: {low} to {high}") if lane == 0 else N_("{name}: {low} % to {high} %")
        said = t(form, name=name, low=t.number(line.min(), 3), high=t.number(line.max(), 3))
        parts.append(pd.DataFrame({"lane": lane, "name": said, "period": line.index, "value": line.to_numpy()}))
    table = pd.DataFrame(
        {
            t("Month"): [t.month(day) for day in found.trend.index],
            t("Trend"): found.trend_level.round(1).to_numpy(),
            t("Season, %"): percent["seasonal"].round(1).to_numpy(),
            t("Remainder, %"): percent["remainder"].round(1).to_numpy(),
        }
    )
    return pd.concat(parts, ignore_index=True), table[::-1]


def unit_of(t: Text, record: Indicator, measure: Measure, country: str, base: int | None) -> str:
    """The unit of a series that is read in another way."""
    if measure == "rate":
        return t("{unit} per 100,000 residents", unit=t.unit(record.id))
    if measure == "share":
        return t("% of {country}", country=t.place(country))
    if measure == "base100":
        return t("mean month of {year} = 100", year=base) if base else t("base = 100")
    return t.unit(record.id)


def span(t: Text, period: pd.Timestamp, by: str) -> str:
    """A period of a summed series: a month, a quarter or a year."""
    if by == "quarter":
        return t("Q{quarter} {year}", quarter=period.quarter, year=period.year)
    return str(period.year) if by == "year" else t.month(period)
