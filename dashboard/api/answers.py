"""What each address answers: a table as of a day, from the same cache and under the same rules as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from dashboard import data
from dashboard.api import parameters as ask
from dashboard.api import snapshots as frozen
from dashboard.api.parameters import Parameter, Problem
from dashboard.filters import Selection
from data_sources.indicators import INDICATORS
from data_sources.observations import COLUMNS, SERIES
from data_sources.registry import SOURCES
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN, Plan
from surveillance.plan_file import PlanError
from surveillance.recovered import MONTHS_OF, months_inside

CAVEAT = (
    "Provisional figures are still revised by their publishers; a signal is a reason to look, not a finding. "
    "A suppressed value is hidden by its publisher or by our rule for small counts: neither zero nor missing."
)
Asked = Mapping[str, Any]
# Why a value is null, by its status; a reported value has no reason.
REASONS = {
    "reported": "",
    "recovered": "",
    "suppressed": "hidden by the publisher: too few cases",
    "not_reported": "the publisher gave no figure this time",
    "not_collected": "not measured there or then",
    "withdrawn": "taken back by the publisher",
    "bounded": "only its bounds can be told",
    "not_published": "no publication known on that day holds it",
}
_SMALL = "withheld: a month of that place is below 10, or would tell one that is"


@dataclass(frozen=True)
class Answer:
    """The asked page of a table, how many rows there are in all, and what they rest on."""

    table: pd.DataFrame
    total: int
    as_of: date
    sources: tuple[str, ...]
    plan: Plan = field(default=DEFAULT_PLAN)


@dataclass(frozen=True)
class Endpoint:
    """One address under /api/v1 whose answer is a table."""

    path: str
    about: str
    parameters: tuple[Parameter, ...]
    answer: Callable[[Asked], Answer]
    token: Callable[[], str] = str  # what changes with the answer beside the store


def sources(asked: Asked) -> Answer:
    """Every source, what is held of it on the day, and whether its last fetch failed."""
    held = data.publications()
    known = held[held["as_of"] <= pd.Timestamp(asked["as_of"])].groupby("source")["as_of"].agg(["size", "max"])
    failed = data.store().failures()
    table = pd.DataFrame(
        {
            "source": source.id,
            "title": source.title,
            "publisher": source.publisher,
            "country": source.country,
            "licence": source.licence,
            "homepage": source.homepage,
            "indicators": " ".join(source.indicators),
            "vintages": int(known["size"].get(source.id, 0)),
            "newest": known["max"].get(source.id, pd.NaT),
            "last_fetch_failed": source.id in failed,
        }
        for source in SOURCES.values()
    )
    return _page(table.astype({"newest": "datetime64[s]"}), asked, tuple(SOURCES))


def indicators(asked: Asked) -> Answer:
    """Every indicator as its publisher defines it, and whether the settings watch it."""
    watched = {watch.indicator for watch in DEFAULT_PLAN.watches}
    names = ("title", "unit", "frequency", "window", "kind", "measure", "grade", "caution", "ended", "continues")
    table = pd.DataFrame(
        {
            "indicator": record.id,
            **{name: getattr(record, name) or None for name in names},
            "sources": " ".join(record.sources),
            "watched": record.id in watched,
            "not_watched": DEFAULT_PLAN.not_watched.get(record.id),
        }
        for record in INDICATORS.values()
    )
    return _page(table, asked, tuple(SOURCES))


def series(asked: Asked) -> Answer:
    """Every watched series with its state at its newest complete period, and why."""
    assessment = _assessed(asked)
    table = _filtered(assessment.series, asked).sort_values(SERIES, kind="stable")
    if "state" in asked:
        table = table[table["state"].isin(asked["state"])]
    return _page(_described(table), asked, _behind(table, assessment.plan), assessment.plan)


def observations(asked: Asked) -> Answer:
    """The figures as known on the day, one row per series and period; each says when it was first public."""
    known = data.store().known_on(asked["as_of"], asked.get("indicator"))
    table = _periods(_filtered(known, asked), asked)
    if "status" in asked:
        table = table[table["status"].isin(asked["status"])]
    used = tuple(sorted(table["source"].unique()))
    answer = _page(table[[*COLUMNS, "confirmed"]], asked, used)
    return replace(answer, table=answer.table.assign(reason=answer.table["status"].map(REASONS)))


def assessments(asked: Asked) -> Answer:
    """The verdict on every series and period that was looked at; an empty `alarm` was not judged."""
    assessment = _assessed(asked)
    table = _periods(_filtered(assessment.verdicts, asked), asked).sort_values([*SERIES, "period"])
    answer = _page(table, asked, _behind(table, assessment.plan), assessment.plan)
    return replace(answer, table=_with_status(answer.table, asked["as_of"]))


def signals(asked: Asked) -> Answer:
    """Open signals in order: new ones first, then the last known ones of late sources."""
    assessment = _assessed(asked)
    table = _filtered(assessment.signals, asked)
    return _page(_described(table), asked, _behind(table, assessment.plan), assessment.plan)


def recovered_months(asked: Asked) -> Answer:
    """The months inside one series' twelve-month sums, as far as they may be shown."""
    key = (asked["indicator"], asked["geography"], asked["substance"])
    found = data.computed("api recovered months", _months, asked["as_of"].isoformat(), *key)
    table = _periods(found.assign(indicator=key[0]), asked)
    small = table["status"] == "suppressed"
    table = table.assign(reason=table["status"].map(REASONS).where(~small, _SMALL))
    return _page(table, asked, INDICATORS[key[0]].sources)


def _months(as_of: str, indicator: str, geography: str, substance: str) -> pd.DataFrame:
    return months_inside(data.store(), date.fromisoformat(as_of), indicator, geography, substance)


def snapshots(asked: Asked) -> Answer:
    """The frozen bulletins, newest week first; on an earlier `as_of`, those that were published by then (UTC)."""
    table = frozen.table()
    if asked["as_of"] < data.latest():
        table = table[table["published"].str[:10] <= asked["as_of"].isoformat()]
    return _page(table, asked, tuple(SOURCES))


def _assessed(asked: Asked) -> Assessment:
    day, settings = asked["as_of"], asked.get("settings")
    chosen = None if settings == DEFAULT_PLAN.digest else settings
    budget = asked.get("budget", DEFAULT_PLAN.budget)
    try:
        return data.judged(Selection("en", as_of=day, latest=day, budget=budget, settings=chosen))
    except PlanError:  # its file was changed by hand
        raise ask.refused_settings(f"{settings}") from None


def _filtered(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    for column in SERIES:
        if column in asked:
            rows = rows[rows[column].isin(asked[column])]
    return rows


def _periods(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    if "from" in asked:
        rows = rows[rows["period"] >= pd.Timestamp(asked["from"])]
    if "to" in asked:
        rows = rows[rows["period"] <= pd.Timestamp(asked["to"])]
    return rows


def _described(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with what their indicator measures."""
    facts = {name: table["indicator"].map(lambda key, name=name: getattr(INDICATORS[key], name)) for name in _FACTS}
    return table.assign(**facts)


_FACTS = ("unit", "window", "grade")


def _with_status(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The verdicts, `status` saying of each observed value whether it is reported, or why it is not there."""
    status = np.full(len(table), "not_published", dtype=object)
    for indicator, rows in table.reset_index(drop=True).groupby("indicator"):
        wide = data.wide(as_of.isoformat(), str(indicator))
        if wide is not None:
            columns = wide.status.columns.get_indexer(pd.MultiIndex.from_frame(rows[["geography", "substance"]]))
            found = wide.status.to_numpy()[wide.status.index.get_indexer(rows["period"]), columns]
            status[rows.index] = np.where(found == "", "not_published", found)
    return table.assign(status=status, status_reason=[REASONS[name] for name in status])


def _behind(rows: pd.DataFrame, plan: Plan) -> tuple[str, ...]:
    """The sources that may have given the rows' figures; of no rows, those of everything that the plan watches."""
    names = rows["indicator"].unique() if len(rows) else [watch.indicator for watch in plan.watches]
    used = {source for name in names for source in INDICATORS[name].sources}
    return tuple(source for source in SOURCES if source in used)


def _page(table: pd.DataFrame, asked: Asked, used: tuple[str, ...], plan: Plan = DEFAULT_PLAN) -> Answer:
    offset, limit = asked.get("offset", 0), asked.get("limit", ask.PAGE)
    if offset and offset >= len(table):
        raise Problem(
            400,
            f"There are {len(table)} rows; none is left after the first {offset}.",
            parameter="offset",
            value=f"{offset}",
            expected=f"a whole number below {len(table)}",
        )
    return Answer(
        table.iloc[offset : offset + limit].reset_index(drop=True), len(table), asked["as_of"], used, plan
    )


_MONTHLY = Parameter(
    "indicator",
    {name: name for name in MONTHS_OF}.__getitem__,
    f"one of {', '.join(MONTHS_OF)}",
    {"type": "string", "enum": list(MONTHS_OF)},
    required=True,
)
_LIST = (*ask.PAGES, ask.FORMAT)
ENDPOINTS = (
    Endpoint("/sources", "What is held of each source", (ask.AS_OF, *_LIST), sources),
    Endpoint("/indicators", "What is measured, in which unit, with which caution", (ask.AS_OF, *_LIST), indicators),
    Endpoint(
        "/series",
        "Every watched series with its state",
        (ask.AS_OF, *ask.JUDGED_BY, *ask.SERIES_FILTERS, ask.STATE, *_LIST),
        series,
    ),
    Endpoint(
        "/observations",
        "The figures as known on a day",
        (ask.AS_OF, *ask.SERIES_FILTERS, ask.STATUS, ask.FROM, ask.TO, *_LIST),
        observations,
    ),
    Endpoint(
        "/assessments",
        "The verdict on every period of every watched series",
        (ask.AS_OF, *ask.JUDGED_BY, *ask.SERIES_FILTERS, ask.FROM, ask.TO, *_LIST),
        assessments,
    ),
    Endpoint(
        "/signals",
        "Open signals, ranked",
        (ask.AS_OF, *ask.JUDGED_BY, *ask.SERIES_FILTERS, *_LIST),
        signals,
    ),
    Endpoint(
        "/recovered-months",
        "The months inside one series' twelve-month sums, as far as they may be shown",
        (ask.AS_OF, _MONTHLY, ask.PLACE, ask.DRUGS, ask.FROM, ask.TO, *_LIST),
        recovered_months,
    ),
    Endpoint("/snapshots", "Frozen bulletins and their files", (ask.AS_OF, *_LIST), snapshots, frozen.token),
)
