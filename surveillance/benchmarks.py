"""The framework's benchmarks: what the joint statement quoted, the same period as revised now, and the latest.

No numeric target was set, so a row has a baseline and at most a direction, never a share of a target; rows
are never added up to one score.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple

import pandas as pd

from data_sources.indicators import INDICATORS, Grade
from data_sources.observations import period_end
from data_sources.store import Store
from surveillance.process import bulletins_in_both, panel_at_work
from surveillance.series import one_vintage, regular
from surveillance.situation import change
from surveillance.timeliness import timeliness
from surveillance.versioned import Both, both, load

Group = Literal["outcome", "supply", "process", "input", "context"]
Kind = Literal["outcome", "process", "supply", "input", "context"]
Direction = Literal["better", "worse", "unclear", "not_interpretable"]
GROUPS: tuple[Group, ...] = ("outcome", "supply", "process", "input", "context")
QUOTED_YEAR = 2021  # the year that the statement's annual figures are of
_NONE = float("nan")


class Value(NamedTuple):
    """One number with its period, when it was known, and by whom.

    `label` tells values of one row apart (reported, predicted, calendar, fiscal, southwest). A period begins at
    `start`; `ending` marks twelve months that end with it, `fiscal` a US fiscal year, `to` the last day where it is
    not a whole year, `partial` a part of a year whose end is not known. `read`: `as_of` is when the value was read.
    """

    value: float
    start: pd.Timestamp
    as_of: pd.Timestamp
    source: str
    label: str = ""
    to: pd.Timestamp | None = None
    ending: bool = False
    fiscal: bool = False
    partial: bool = False
    qualifier: str = ""
    read: bool = False


@dataclass(frozen=True)
class Quoted:
    """What the statement says: its figure, the words it stands in, and our translation."""

    value: float = _NONE
    qualifier: str = ""
    period: Both | None = None
    words: Both | None = None
    change: Both | None = None


@dataclass(frozen=True)
class Benchmark:
    """One benchmark as the statement and its later publications give it: nothing here is computed."""

    id: str
    group: Group
    kind: Kind
    country: str  # US, MX or both
    title: Both
    unit: Both
    grade: Grade  # A same definition, official; B definition drift; C press or partial; D cannot be verified
    reading: Both
    quoted: Quoted | None = None
    published: tuple[Value, ...] = ()
    held: str = ""  # how its figures follow from the store or the log; "" = they do not
    substance: str = ""
    trap: bool = False  # its reading forbids a direction, though it is an outcome
    comparable: bool = True  # later values continue the quoted one
    next_words: Both | None = None
    next_indicator: str = ""


@dataclass(frozen=True)
class Row:
    """A benchmark on a day: three numbers, and a direction where one may be read.

    `revised`: the quoted period as known now; `latest`: the newest; `history`: what a picture shows; `also`: values
    published elsewhere beside a computed series. `ratio`: latest over revised where they are alike, with its 80 %
    interval. `parts` are numbers of the log; `table` a row's own table.
    """

    benchmark: Benchmark
    revised: tuple[Value, ...] = ()
    latest: tuple[Value, ...] = ()
    history: tuple[Value, ...] = ()
    also: tuple[Value, ...] = ()
    ratio: float = _NONE
    low: float = _NONE
    high: float = _NONE
    expected: pd.Timestamp | None = None  # the next publication, by the usual delay
    parts: dict[str, float] | None = None
    table: pd.DataFrame | None = None

    @property
    def direction(self) -> Direction:
        """Better or worse only for an outcome that means harm and whose 80 % interval excludes no change."""
        if self.benchmark.kind != "outcome" or self.benchmark.trap or pd.isna(self.low) or pd.isna(self.high):
            return "not_interpretable"
        if self.high < 1:
            return "better"
        return "worse" if self.low > 1 else "unclear"


@cache
def statement() -> tuple[date, Both]:
    """The day and the name of the joint statement."""
    found = load("benchmarks.yaml")["statement"]
    return found["day"], Both(**found["title"])


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """Every row of the board, in its order."""
    return tuple(_benchmark(entry) for entry in load("benchmarks.yaml")["benchmarks"])


def board(
    store: Store, as_of: date, *, decisions: pd.DataFrame | None = None, bulletins: pd.DataFrame | None = None
) -> list[Row]:
    """Every benchmark as known on *as_of*, in the order of the board.

    *decisions*: signal, first_seen, decided (NaT where open), state; *bulletins*: week (ISO, 2026-W47), published,
    languages. Values published after *as_of* are left out.
    """
    rows = [Row(record, *_published(record, as_of)) for record in benchmarks()]
    return logged([_computed(row, store, as_of) for row in rows], as_of, decisions, bulletins)


def logged(
    rows: list[Row], as_of: date, decisions: pd.DataFrame | None, bulletins: pd.DataFrame | None
) -> list[Row]:
    """The rows with what the log says now: it changes while the store does not."""
    return [
        replace(row, parts=panel_at_work(decisions, bulletins, as_of))
        if row.benchmark.held == "panel"
        else replace(row, parts=bulletins_in_both(bulletins, as_of))
        if row.benchmark.held == "bulletins"
        else row
        for row in rows
    ]


def _computed(row: Row, store: Store, as_of: date) -> Row:
    match row.benchmark.held:
        case "deaths":
            row = _deaths(row, store, as_of)
        case "seizures":
            row = _seizures(row, store, as_of)
        case "annual":
            row = _annual(row, store, as_of)
        case "timeliness":
            row = replace(row, table=timeliness(store, as_of))
    if row.benchmark.next_indicator and row.latest:
        record = INDICATORS[row.benchmark.next_indicator]
        newest = _newest(store, as_of, record.id, row.benchmark)
        after = period_end(period_end(newest, record.frequency), record.frequency)
        row = replace(row, expected=after + pd.Timedelta(days=record.delay_days))
    return row


def _newest(store: Store, as_of: date, indicator: str, record: Benchmark) -> pd.Timestamp:
    """The newest period of a row's own series."""
    known = store.known_on(as_of, [indicator]).dropna(subset=["value"])
    mine = (known["geography"] == record.country) & (known["substance"] == record.substance)
    return pd.Timestamp(known.loc[mine, "period"].max())


def _published(record: Benchmark, as_of: date) -> tuple[tuple[Value, ...], tuple[Value, ...], tuple[Value, ...]]:
    """Nothing revised, the latest, and all of the values that were public on a day."""
    known = tuple(value for value in record.published if value.as_of <= pd.Timestamp(as_of))
    return (), known[-1:], known


def _deaths(row: Row, store: Store, as_of: date) -> Row:
    """Reported and predicted sums of one publication each; the change is of the predicted ones, like with like.

    Both sums are at the publisher's own adjustment for what is pending, and share no month. Interval: see
    `situation.change`, whose formula holds for any two sums of twelve months that do not overlap.
    """
    revised, latest, history = [], [], []
    ratio = (_NONE,) * 3
    baseline = pd.Timestamp(QUOTED_YEAR, 12, 1)
    for label, name in (("reported", "us_overdose_deaths_12m"), ("predicted", "us_overdose_deaths_12m_predicted")):
        rows = one_vintage(store, as_of, INDICATORS[name])
        rows = rows[(rows["geography"] == "US") & (rows["substance"] == "all")].dropna(subset=["value"])
        values = [
            Value(value, period, day, source, label, ending=True)
            for value, period, day, source in rows[["value", "period", "as_of", "source"]].itertuples(index=False)
        ]
        values.sort(key=lambda each: each.start)
        then = [each for each in values if each.start == baseline]
        revised += then
        latest += values[-1:]
        history += values
        apart = bool(then) and values[-1].start >= baseline + pd.DateOffset(months=12)
        if apart and label == "predicted" and len({each.as_of for each in values}) == 1:
            line = pd.Series([each.value for each in values], pd.DatetimeIndex([each.start for each in values]))
            ratio = change(line.asfreq("MS"), INDICATORS[name], then[0].value)
    return replace(
        row, revised=tuple(revised), latest=tuple(latest), history=tuple(history), also=row.history,
        ratio=ratio[0], low=ratio[1], high=ratio[2],
    )  # fmt: skip


def _seizures(row: Row, store: Store, as_of: date) -> Row:
    """Monthly means of whole calendar and fiscal years, nationwide and at the southwest border."""
    wide = regular(store, as_of, "us_cbp_seizure_weight")
    if wide is None:
        return row
    known = store.known_on(as_of, ["us_cbp_seizure_weight"])
    source, day = str(known["source"].iloc[0]), pd.Timestamp(known["confirmed"].max())
    found: list[Value] = []
    for place, border in (("US", ""), ("US-CBP-southwest-border", "southwest ")):
        if (place, "fentanyl") in wide.observed:
            line = wide.observed[place, "fentanyl"]
            for fiscal in (False, True):
                label = f"{border}{'fiscal' if fiscal else 'calendar'}"
                found += [
                    Value(mean, start, day, source, label, fiscal=fiscal)
                    for start, mean in yearly_means(line, fiscal=fiscal).items()
                ]
    then = {False: pd.Timestamp(QUOTED_YEAR, 1, 1), True: pd.Timestamp(QUOTED_YEAR - 1, 10, 1)}
    newest = {label: max(v.start for v in found if v.label == label) for label in {v.label for v in found}}
    revised = tuple(value for value in found if value.start == then[value.fiscal])
    latest = tuple(value for value in found if value.start == newest[value.label])
    return replace(row, revised=revised, latest=latest, history=tuple(found))


def yearly_means(line: pd.Series, *, fiscal: bool) -> pd.Series:
    """Mean month of each year of which all twelve months are held, by its first day; *fiscal* from October."""
    grouped = line.resample("YS-OCT" if fiscal else "YS")
    return grouped.mean()[grouped.count() == 12]


def _annual(row: Row, store: Store, as_of: date) -> Row:
    """A country's yearly weight as it reports to the UN."""
    known = store.known_on(as_of, ["annual_seizure_weight"])
    mine = (known["geography"] == "MX") & (known["substance"] == row.benchmark.substance)
    rows = known[mine].dropna(subset=["value"]).sort_values("period")
    values = tuple(
        Value(value, period, day, source)
        for value, period, day, source in rows[["value", "period", "as_of", "source"]].itertuples(index=False)
    )
    revised = tuple(value for value in values if value.start.year == QUOTED_YEAR)
    row = replace(row, revised=revised, latest=values[-1:], history=values)
    if row.benchmark.quoted is None or len(values) < 2:
        return row
    # What was called doubled has no period: the largest rise between any two years held says what it could be.
    factor = max(b.value / a.value for i, a in enumerate(values) for b in values[i + 1 :] if a.value > 0)
    return replace(row, parts={"largest_factor": factor})


def _benchmark(entry: dict[str, Any]) -> Benchmark:
    quoted = entry.get("quoted")
    after = entry["next"]
    said: dict[str, Any] = {name: entry[name] for name in ("id", "group", "kind", "country", "grade")}
    said |= {name: Both(**entry[name]) for name in ("title", "unit", "reading")}
    said |= {name: entry[name] for name in ("held", "substance", "trap", "comparable") if name in entry}
    return Benchmark(
        **said,
        quoted=quoted and _quoted(quoted),
        published=tuple(_value(value) for value in entry.get("published", ())),
        next_words=both(after if "en" in after else None),
        next_indicator=after.get("indicator", ""),
    )


def _quoted(entry: dict[str, Any]) -> Quoted:
    words = {"en": entry["words"], "es": entry["es"]} if "words" in entry else None
    return Quoted(
        value=float(entry.get("value", _NONE)),
        qualifier=entry.get("qualifier", ""),
        period=both(entry.get("period")),
        words=both(words),
        change=both(entry.get("change")),
    )


def _value(entry: dict[str, Any]) -> Value:
    days: dict[str, Any] = {name: pd.Timestamp(entry[name]) for name in ("start", "as_of", "to") if name in entry}
    return Value(**(entry | days | {"value": float(entry["value"])}))
