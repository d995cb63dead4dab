"""The arithmetic of the first screen: what each country's tile says, and what changed since last week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS, Grade, Indicator
from data_sources.observations import SERIES, period_end
from data_sources.store import Store
from surveillance.assessment import Assessment
from surveillance.series import regular
from surveillance.states import GRACE_DAYS

KG_PER_LB = 0.45359237
BORDER_STATES = ("MX-BCN", "MX-CHH", "MX-COA", "MX-NLE", "MX-SON", "MX-TAM")
SAME_AGE_DAYS = 20  # how far two ages of a figure may differ and still count as the same
SPARK = 60  # periods a tile's small line shows
Direction = Literal["higher", "lower", "unclear", "unknown"]
Country = Literal["US", "MX"]
Row = Literal["deaths", "visits", "supply", "enforcement"]


@dataclass(frozen=True)
class Tile:
    """One country's measure: its newest value, the change to the same period a year before, and its line.

    `late`: a newer period should have been published by now. `ratio` is newest / a year before at equal
    completeness, with its 80 % interval `low` … `high`; NaN where it cannot be computed. `under` is a second
    number (events under a weight). `measured` False: the country has no such measure, and only the label and
    what exists instead are shown.
    """

    country: Country
    row: Row
    measured: bool
    indicator: str = ""
    geography: str = ""
    substance: str = ""
    value: float = float("nan")
    unit: str = ""
    period: pd.Timestamp | None = None
    age_days: int = 0
    late: bool = False
    ratio: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    under: float = float("nan")
    grade: Grade = "D"
    line: pd.Series | None = None

    @property
    def direction(self) -> Direction:
        return direction(self.low, self.high)


def direction(low: float, high: float) -> Direction:
    """A word for change only where the 80 % interval of the ratio excludes none."""
    if np.isnan(low) or np.isnan(high):
        return "unknown"
    if low > 1:
        return "higher"
    return "lower" if high < 1 else "unclear"


def tiles(store: Store, as_of: date) -> list[Tile]:
    """Four measures of the United States, then the same four of Mexico, as known on *as_of*."""
    weight = _tile(store, as_of, "US", "supply", "us_cbp_seizure_weight", "US-CBP-southwest-border", "fentanyl")
    events = _line(store, as_of, "us_cbp_seizure_events", ("US-CBP-southwest-border",), "fentanyl")
    return [
        _tile(store, as_of, "US", "deaths", "us_overdose_deaths_12m", "US", "synthetic_opioids"),
        _tile(store, as_of, "US", "visits", "us_overdose_ed_rate", "US", "all"),
        _in_kg(weight, events),
        Tile("US", "enforcement", measured=False),
        Tile("MX", "deaths", measured=False),
        Tile("MX", "visits", measured=False),
        _tile(store, as_of, "MX", "supply", "annual_seizure_weight", "MX", "fentanyl"),
        _case_files(store, as_of),
    ]


def _tile(
    store: Store,
    as_of: date,
    country: Country,
    row: Row,
    name: str,
    geography: str,
    substance: str,
) -> Tile:
    line = _line(store, as_of, name, (geography,), substance)
    if line is None:
        return Tile(country, row, measured=False, indicator=name)
    before = None
    if INDICATORS[name].window == "12 months ending":
        before = same_age_before(store, name, geography, substance, line.index[-1], as_of)
    return _measured(country, row, name, geography, substance, line, as_of, before)


def _measured(
    country: Country,
    row: Row,
    name: str,
    geography: str,
    substance: str,
    line: pd.Series,
    as_of: date,
    before: float | None = None,
) -> Tile:
    record = INDICATORS[name]
    ratio, low, high = change(line, record, before)
    age = (pd.Timestamp(as_of) - period_end(line.index[-1], record.frequency)).days
    late = record.ended is None and age > record.delay_days + record.cadence_days + GRACE_DAYS
    return Tile(
        country, row, True, name, geography, substance, float(line.iloc[-1]), record.unit, line.index[-1], age,
        late, ratio, low, high, grade=record.grade, line=line.tail(SPARK),
    )  # fmt: skip


def _line(store: Store, as_of: date, name: str, geographies: tuple[str, ...], substance: str) -> pd.Series | None:
    """The sum over places, up to the newest period that all of them have; NaN where one lacks a value."""
    wide = regular(store, as_of, name)
    columns = [(geography, substance) for geography in geographies]
    if wide is None or any(column not in wide.observed.columns for column in columns):
        return None
    total = wide.observed[columns].sum(axis=1, skipna=False)
    last = total.last_valid_index()
    return None if last is None else total.loc[:last]


def change(line: pd.Series, record: Indicator, before: float | None = None) -> tuple[float, float, float]:
    """Newest / a year before, with an 80 % interval from the series' own scatter; NaN where history is short.

    Monthly figures are compared over the newest three months, since single months scatter; twelve-month sums
    by themselves, against *before* where it is given (the figure of a year before at the same age). On the
    log scale, with d[t] = log y[t] − log y[t−12] and independent noise of variance s² a month, the step
    d[t] − d[t−1] has variance 4 s², and the ratio of two means of k months 2 s²/k: the interval is
    ratio · exp(±1.2816 · sd(steps) / √(2k)), the steps being those of the last five years. For twelve-month
    sums x, d[t] is 12 (x[t] − x[t−1]) / x[t−1] and k = 12. Annual series have no interval.
    """
    nothing = (float("nan"),) * 3
    if record.frequency != "MS" or len(line) < 40:
        return nothing
    if record.window == "period":
        k, sums = 3, line.rolling(3).sum()
        with np.errstate(divide="ignore"):
            yearly = np.log(line) - np.log(line.shift(12))
    else:
        k, sums = 12, line
        yearly = 12 * line.diff() / line.shift(1)
    steps = yearly.diff().iloc[-60:].replace([np.inf, -np.inf], np.nan).dropna()
    now, then = float(sums.iloc[-1]), float(sums.iloc[-13]) if before is None else before
    if len(steps) < 24 or not (now > 0 and then > 0):
        return nothing
    reach = 1.2815515655446004 * float(steps.std(ddof=1)) / np.sqrt(2 * k)
    return now / then, now / then * float(np.exp(-reach)), now / then * float(np.exp(reach))


def same_age_before(
    store: Store, name: str, geography: str, substance: str, period: pd.Timestamp, as_of: date
) -> float:
    """The figure of twelve months before *period* as it stood when it was as old as *period*'s is on *as_of*.

    A first print is never compared with a settled figure. NaN where no vintage of that age is held.
    """
    log = store.revisions(name, geography, substance).dropna(subset=["value"])
    log = log[log["as_of"] <= pd.Timestamp(as_of)]
    now = log[log["period"] == period]
    then = log[log["period"] == period - pd.DateOffset(months=12)]
    if now.empty:
        return float("nan")
    age = now["as_of"].max() - period
    ages = then["as_of"] - (period - pd.DateOffset(months=12))
    near = then[(ages - age).abs() <= pd.Timedelta(days=SAME_AGE_DAYS)]
    return float(near["value"].iloc[-1]) if len(near) else float("nan")


def _in_kg(tile: Tile, events: pd.Series | None) -> Tile:
    if not tile.measured or tile.line is None:
        return tile
    under = float("nan")
    if events is not None and tile.period in events.index:
        under = float(events.loc[tile.period])
    return Tile(
        **vars(tile)
        | {"value": tile.value * KG_PER_LB, "unit": "kg", "under": under, "line": tile.line * KG_PER_LB}
    )


def _case_files(store: Store, as_of: date) -> Tile:
    """Drug-dealing case files of the six border states; a change only within one method."""
    new, old = "mx_retail_drug_case_files_rnid", "mx_retail_drug_case_files"
    line, before = (_line(store, as_of, name, BORDER_STATES, "all") for name in (new, old))
    name = new if line is not None else old
    line = line if line is not None else before
    if line is None:
        return Tile("MX", "enforcement", measured=False)
    return _measured("MX", "enforcement", name, "MX", "all", line, as_of)


REVISED = 0.05  # a share by which a figure must change to be named as revised


@dataclass(frozen=True)
class Changes:
    """What is different between two assessments: keys (indicator, geography, substance)."""

    newer: list[tuple[str, str, str]]  # a newer complete period
    opened: list[tuple[str, str, str]]
    closed: list[tuple[str, str, str]]
    revised: list[tuple[str, str, str]]  # a figure of a period that was known before changed by more than REVISED
    lost: list[tuple[str, str, str]]  # a figure that was known before has none any more

    @property
    def nothing(self) -> bool:
        return not (self.newer or self.opened or self.closed or self.revised or self.lost)


def changes(before: Assessment, after: Assessment) -> Changes:
    """What changed from one assessment to a later one."""

    def by_key(assessment: Assessment) -> pd.DataFrame:
        return assessment.series.set_index(SERIES)[["period", "state"]]

    both = by_key(after).join(by_key(before).add_suffix("_before"), how="outer")
    open_now, open_then = (both[name].isin(["signal", "last_known"]) for name in ("state", "state_before"))
    newer = both["period"] > both["period_before"]
    revised, lost = _restated(before, after)
    return Changes(
        newer=list(both.index[newer]),
        opened=list(both.index[open_now & ~open_then]),
        closed=list(both.index[open_then & ~open_now]),
        revised=revised,
        lost=lost,
    )


def _restated(
    before: Assessment, after: Assessment
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """The series of which a figure known before was revised by more than REVISED, or is lost."""
    key = [*SERIES, "period"]
    then = before.verdicts.loc[before.verdicts["observed"].notna(), [*key, "observed"]]
    both = then.merge(after.verdicts[[*key, "observed"]], on=key, how="left", suffixes=("_then", "_now"))
    was, now = both["observed_then"], both["observed_now"]
    revised = (now - was).abs() > REVISED * was.abs()
    found = (both.loc[mask, SERIES].drop_duplicates() for mask in (revised, now.isna()))
    first, second = (list(table.itertuples(index=False, name=None)) for table in found)
    return first, second


def calendar(assessment: Assessment) -> pd.DataFrame:
    """When each watched indicator's next period is expected, by its usual delay; soonest first.

    Columns indicator, period (newest complete one), expected, overdue_days (0 where not yet due). Indicators
    that their publisher has closed are left out.
    """
    newest = assessment.series.groupby("indicator")["period"].max().dropna()
    rows = []
    for name, period in newest.items():
        record = INDICATORS[str(name)]
        if record.ended:
            continue
        after = period_end(period_end(period, record.frequency), record.frequency)
        expected = after + pd.Timedelta(days=record.delay_days)
        overdue = max((pd.Timestamp(assessment.as_of) - expected).days, 0)
        rows.append({"indicator": name, "period": period, "expected": expected, "overdue_days": overdue})
    table = pd.DataFrame(rows, columns=["indicator", "period", "expected", "overdue_days"])
    return table.sort_values(["expected", "indicator"], ignore_index=True)
