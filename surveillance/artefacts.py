"""Is it real: tests that ask whether a signal could be a change in the data instead of in what they count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from data_sources.indicators import Indicator
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.assessment import Assessment
from surveillance.contributions import siblings
from surveillance.delay import nowcast
from surveillance.provisional import FILLS
from surveillance.revisions import sizes
from surveillance.series import Wide, regular
from surveillance.triangle import Triangle, has_delay, validated_on

Known = Callable[[str], Wide | None]
Result = Literal["pass", "fail", "untested", "not_applicable"]
NAMES = (
    "revision", "method_break", "places", "duplicate", "single_event", "denominator", "delay_model", "together",
)  # fmt: skip
REVISED = 0.10  # share by which a figure may change between publications
BREAK_MONTHS = 36  # a register younger than this has no baseline of its own
METHODS_DIFFER = 0.20  # share by which two methods may differ over the months under both
PLACES_LOST = 0.10  # share of the places that may come or go, and two places at least
LARGEST = 0.30  # share of a month that one seizure may make up
TOGETHER = 0.50  # share of the other places that may alarm in the same period
LEAST = 3  # other places or rows below which nothing is said of them
REPEATS_FROM = 100.0  # a count below it repeats by chance


@dataclass(frozen=True)
class Check:
    """One test: its result, why (a code), and the numbers behind it."""

    name: str
    result: Result
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    period: pd.Timestamp | None = None


def artefacts(
    store: Store, assessment: Assessment, series: tuple[str, str, str], period: pd.Timestamp,
    *, known: Known | None = None,
) -> list[Check]:  # fmt: skip
    """The tests of one judged value in the order of NAMES; *known* gives an indicator's frame where one is kept."""
    indicator, geography, substance = series
    read = known or (lambda name: regular(store, assessment.as_of, name))
    wide = read(indicator)
    if wide is None:
        return []
    log = store.revisions(*series)
    log = log[log["as_of"] <= pd.Timestamp(assessment.as_of)]
    same = assessment.verdicts[
        (assessment.verdicts["indicator"] == indicator)
        & (assessment.verdicts["substance"] == substance)
        & (assessment.verdicts["period"] == period)
    ]
    events = read("us_cbp_seizure_events") if wide.indicator.kind == "supply" else None
    before = read(wide.indicator.continues) if wide.indicator.continues else None
    return [
        revision(log, period),
        method_break(wide, before, (geography, substance), period),
        places(wide, (geography, substance), period),
        duplicate(wide, (geography, substance), period),
        single_event(wide.indicator, _number(events, (geography, substance), period)),
        denominator(wide.indicator),
        delay_model(store, assessment, wide.indicator, (geography, substance), period, log),
        together(same, geography),
    ]


def first_failing(checks: list[Check]) -> Check | None:
    """The first test that fails, which makes the signal probably a change in the data."""
    return next((check for check in checks if check.result == "fail"), None)


def revision(log: pd.DataFrame, period: pd.Timestamp) -> Check:
    """Whether the value or a neighbouring period's was changed by more than REVISED after it was first printed.

    *log*: the change log of the series. The largest |newest − first| / first of the period and the two beside it;
    a figure that was 0 and is not any more counts as changed without bound.
    """
    near = [period - pd.DateOffset(months=1), period, period + pd.DateOffset(months=1)]
    table = sizes(log[log["period"].isin(near)])
    if table.empty:
        return Check("revision", "untested", "one_vintage")
    change = table["change"] / 100
    appeared = (table["first"] == 0) & (table["newest"] != 0)
    change = change.where(~appeared, np.inf).where(table["newest"] != table["first"], 0.0)
    if change.isna().all():
        return Check("revision", "untested", "one_vintage")
    worst = change.abs().idxmax()
    row = table.loc[worst]
    numbers = {
        "change": float(change[worst]), "first": float(row["first"]), "newest": float(row["newest"]),
        "limit": REVISED, "figures": float(len(table)),
    }  # fmt: skip
    jumped = abs(numbers["change"]) > REVISED
    return Check(
        "revision", "fail" if jumped else "pass", "revised" if jumped else "stable", numbers, row["period"]
    )


def method_break(wide: Wide, before: Wide | None, column: tuple[str, str], period: pd.Timestamp) -> Check:
    """Whether a method changed in the BREAK_MONTHS before, and what the periods under both methods say.

    *before*: the series of the method before, where there is one. Over the periods that both hold, the sums may
    differ by METHODS_DIFFER; without such periods the break cannot be tested.
    """
    begins = wide.indicator.begins or wide.indicator.comparable_from
    if begins is None or period - pd.DateOffset(months=BREAK_MONTHS) >= pd.Timestamp(begins):
        return Check("method_break", "pass", "no_break", {"months": float(BREAK_MONTHS)})
    start = pd.Timestamp(begins)
    if before is None or column not in before.observed or column not in wide.observed:
        return Check("method_break", "untested", "no_period_under_both", period=start)
    pair = [wide.observed[column], before.observed[column]]
    both = pd.concat(pair, axis=1, keys=["new", "old"], sort=True).dropna()
    if both.empty or both["old"].sum() == 0:
        return Check("method_break", "untested", "no_period_under_both", period=start)
    change = float(both["new"].sum() / both["old"].sum() - 1)
    numbers = {"change": change, "periods": float(len(both)), "limit": METHODS_DIFFER}
    if abs(change) > METHODS_DIFFER:
        return Check("method_break", "fail", "methods_differ", numbers, start)
    return Check("method_break", "pass", "methods_agree", numbers, start)


def places(wide: Wide, column: tuple[str, str], period: pd.Timestamp) -> Check:
    """Whether as many places report the measure in this period as in the 12 before, by their median.

    Counted are the places of the same kind and country, for a nation its states. Fails where at least two places,
    and more than PLACES_LOST of them, came or went.
    """
    geography, substance = column
    others = siblings(wide, geography, substance)
    if len(others) < LEAST:
        return Check("places", "untested", "no_places", {"places": float(len(others))})
    reporting = wide.observed[[(place, substance) for place in others]].notna().sum(axis=1)
    earlier = reporting[reporting.index < period].tail(12)
    if period not in reporting.index or earlier.empty:
        return Check("places", "untested", "no_places", {"places": float(len(others))})
    now, usual = float(reporting[period]), float(earlier.median())
    changed = abs(now - usual) >= 2 and abs(now - usual) > PLACES_LOST * usual
    numbers = {"now": now, "usual": usual}
    return Check("places", "fail" if changed else "pass", "changed" if changed else "same", numbers)


def duplicate(wide: Wide, column: tuple[str, str], period: pd.Timestamp) -> Check:
    """Whether the period repeats a neighbour: its own value, or most rows of the indicator in its country.

    Rows that are not 0 are compared with the period before and after; half of at least five alike is a copy. The
    own value alone counts only where it cannot repeat by chance: a count from REPEATS_FROM, or a weight; never a
    rate, nor a 12-month sum, whose neighbours share eleven months.
    """
    record, country = wide.indicator, GEOGRAPHIES[column[0]].country
    rows = wide.observed[[each for each in wide.observed if GEOGRAPHIES[each[0]].country == country]]
    at = int(rows.index.get_indexer([period])[0])
    neighbours = [place for place in (at - 1, at + 1) if 0 <= place < len(rows)]
    if at < 0 or not neighbours:
        return Check("duplicate", "untested", "no_neighbours")
    here, found = rows.iloc[at], []
    for place in neighbours:
        usable = (here > 0) & rows.iloc[place].notna()
        found.append((int((usable & (here == rows.iloc[place])).sum()), int(usable.sum())))
    alike, compared = max(found, key=lambda pair: pair[0] / max(pair[1], 1))
    numbers = {"alike": float(alike), "rows": float(compared)}
    if compared >= 5 and alike >= compared / 2:
        return Check("duplicate", "fail", "rows_repeated", numbers)
    own = rows[column]
    telling = record.window == "period" and (
        (record.measure == "count" and own.iloc[at] >= REPEATS_FROM)
        or (record.measure == "weight" and own.iloc[at] > 0 and not float(own.iloc[at]).is_integer())
    )
    if telling and any(own.iloc[at] == own.iloc[place] for place in neighbours):
        return Check("duplicate", "fail", "value_repeated", numbers | {"value": float(own.iloc[at])})
    if not telling and compared < 5:
        return Check("duplicate", "untested", "too_few_rows", numbers)
    return Check("duplicate", "pass", "no_repeat", numbers)


def single_event(record: Indicator, events: float) -> Check:
    """Whether one seizure makes up more than LARGEST of the period.

    Publishers give monthly sums, but n events bound the largest: its share is at least 1/n. So up to three events
    fail; for counts of events 1/n is the share itself; for weights under more events the share is not known.
    """
    if record.kind != "supply":
        return Check("single_event", "not_applicable", "no_seizures")
    if np.isnan(events) or events <= 0:
        return Check("single_event", "untested", "events_unknown", {"limit": LARGEST})
    numbers = {"events": events, "share": 1 / events, "limit": LARGEST}
    if 1 / events > LARGEST:
        return Check("single_event", "fail", "few_events", numbers)
    if record.measure == "count":
        return Check("single_event", "pass", "many_events", numbers)
    return Check("single_event", "untested", "only_sums", numbers)


def denominator(record: Indicator) -> Check:
    """Whether a rate rose because what it is divided by fell: its publishers give rates alone."""
    if record.measure in ("rate", "percent"):
        return Check("denominator", "untested", "no_denominator")
    return Check("denominator", "not_applicable", "not_a_rate")


def delay_model(
    store: Store, assessment: Assessment, record: Indicator, column: tuple[str, str], period: pd.Timestamp,
    log: pd.DataFrame,
) -> Check:  # fmt: skip
    """Whether the figure came to what its source's delays said when it was first printed: inside its 95 % range.

    Needs a count, 12 months with a vintage before the first print, and a nowcast of that day.
    """
    if not has_delay(record.id):
        return Check("delay_model", "untested", "no_delay_model")
    held = [validated_on(store, source, record.id, assessment.as_of) for source in record.sources]
    best = max(held, key=lambda each: each.vintages)
    numbers = {"vintages": float(best.vintages)}
    prints = log[(log["period"] == period) & (log["source"] == best.source)].sort_values("as_of")
    if not best.enough or prints.empty:
        return Check("delay_model", "untested", "too_few_vintages", numbers)
    first = prints["as_of"].iloc[0].date()
    triangle = Triangle.of(store, best.source, record.id, first, max_lag=FILLS[record.frequency])
    made = None if triangle is None or len(triangle.printed) < 2 else nowcast(triangle)
    if made is None or period not in made.index or column not in made.columns:
        return Check("delay_model", "untested", "too_few_vintages", numbers)
    low, high = float(made.lower().loc[period, column]), float(made.upper().loc[period, column])
    value = float(prints["value"].iloc[-1])
    if np.isnan(low) or np.isnan(value):
        return Check("delay_model", "untested", "too_few_vintages", numbers)
    numbers |= {"low": low, "high": high, "value": value}
    inside = low <= value <= high
    return Check("delay_model", "pass" if inside else "fail", "fits" if inside else "misfit", numbers)


def together(same: pd.DataFrame, geography: str) -> Check:
    """Whether TOGETHER or more of the other places alarm in the same period: the source may have changed.

    *same*: the verdicts of that period, measure and substance. Needs LEAST other places of the same kind that
    could be judged.
    """
    kin = np.array([_kind(place) == _kind(geography) for place in same["geography"]], dtype=bool)
    others = same[kin & (same["geography"] != geography).to_numpy() & same["alarm"].notna().to_numpy()]
    numbers = {"alarms": float(others["alarm"].sum()), "judged": float(len(others)), "limit": TOGETHER}
    if len(others) < LEAST:
        return Check("together", "untested", "too_few_places", numbers)
    jump = numbers["alarms"] >= TOGETHER * numbers["judged"]
    return Check("together", "fail" if jump else "pass", "all_places" if jump else "few_places", numbers)


def _kind(geography: str) -> tuple[str, str]:
    return GEOGRAPHIES[geography].kind, GEOGRAPHIES[geography].country


def _number(wide: Wide | None, column: tuple[str, str], period: pd.Timestamp) -> float:
    if wide is None or column not in wide.observed or period not in wide.observed.index:
        return float("nan")
    return float(wide.observed.loc[period, column])
