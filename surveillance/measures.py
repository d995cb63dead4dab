"""Other ways to read a published line: sums over longer periods, rates, shares of a country, and base = 100.

Units are never mixed: each function takes one indicator's values and says by a reason where none follows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from data_sources.indicators import Indicator
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.series import Wide

By = Literal["month", "quarter", "year"]
Measure = Literal["published", "rate", "share", "base100"]
Reason = Literal["", "missing", "part_of_a_period", "no_population", "no_total", "no_base"]
STARTS = {"quarter": "QS", "year": "YS"}
MONTHS = {"quarter": 3, "year": 12}
PER = 100_000
BASE_YEAR = 2019  # the year that is 100, where all of it is held; else the first whole calendar year
LOW = 5.0  # a mean of fewer cases a month: a picture of single events


class Measured(NamedTuple):
    """Values by period, NaN where they do not follow, and the reason there ("" where there is a value)."""

    values: pd.Series
    reason: pd.Series


class Low(NamedTuple):
    """A series of too few cases to draw: its mean month, and what twelve months come to."""

    mean: float
    total: float
    last: pd.Timestamp


def aggregations(record: Indicator) -> tuple[By, ...]:
    """How a monthly indicator may be summed: counts and weights of a period; never 12-month sums or rates."""
    summable = record.measure in ("count", "weight") and record.window == "period" and record.frequency == "MS"
    return ("month", "quarter", "year") if summable else ("month",)


def aggregate(line: pd.Series, record: Indicator, by: By) -> Measured:
    """Sums of whole calendar quarters or years, by their first day; NaN where a month is missing or not yet out.

    ValueError where the indicator may not be summed.
    """
    if by not in aggregations(record):
        raise ValueError(f"{record.id} cannot be summed by {by}: it is a {record.measure}, {record.window}")
    if by == "month":
        return _measured(line, np.where(line.isna(), "missing", ""))
    held = line.resample(STARTS[by])
    values = held.sum().where(held.count() == MONTHS[by])
    size = held.size()
    return _measured(
        values, np.where(values.notna(), "", np.where(size < MONTHS[by], "part_of_a_period", "missing"))
    )


def per_100k(line: pd.Series, record: Indicator, population: pd.Series) -> Measured:
    """100,000 · x[t] / population of t's year; NaN (`no_population`) in years of which none is held.

    Per period of the line (a month's rate is not annualised). *population*: persons by the year's first day.
    ValueError for what is not a count.
    """
    if record.measure != "count":
        raise ValueError(f"{record.id} is a {record.measure}: only counts have a rate per {PER:,}")
    persons = population[population > 0]
    persons = persons.set_axis(pd.DatetimeIndex(persons.index).year)
    below = pd.DatetimeIndex(line.index).year.map(persons).to_numpy(dtype=float)
    reason = np.where(line.isna(), "missing", np.where(np.isnan(below), "no_population", ""))
    return _measured(PER * line / below, reason)


def share(line: pd.Series, record: Indicator, total: pd.Series) -> Measured:
    """x[t] / total[t], the country's value of the same indicator and substance; NaN where that is missing or 0.

    ValueError for what is neither a count nor a weight.
    """
    if record.measure not in ("count", "weight"):
        raise ValueError(f"{record.id} is a {record.measure}: it has no share")
    below = total.reindex(line.index)
    values = line / below.where(below > 0)
    return _measured(values, np.where(line.isna(), "missing", np.where(values.isna(), "no_total", "")))


def base_period(line: pd.Series, per_year: int = 12) -> int | None:
    """The calendar year that is 100: BASE_YEAR if all of it is held, else the first whole one above 0."""
    held = line.groupby(pd.DatetimeIndex(line.index).year)
    whole = (held.count() == per_year) & (held.mean() > 0)
    years = [int(year) for year in whole.index[whole]]
    return BASE_YEAR if BASE_YEAR in years else next(iter(years), None)


def normalised(line: pd.Series, year: int | None = None, per_year: int = 12) -> Measured:
    """100 · x[t] / mean of the base year's periods; NaN (`no_base`) throughout where no year can be the base.

    *year*: the base that several lines share; `base_period(line)` where None. *per_year*: periods in a whole year.
    """
    year = base_period(line, per_year) if year is None else year
    base = line[pd.DatetimeIndex(line.index).year == year] if year is not None else line[:0]
    mean = float(base.mean()) if base.notna().sum() == per_year else float("nan")
    if not mean > 0:
        return _measured(line * np.nan, np.where(line.isna(), "missing", "no_base"))
    return _measured(100 * line / mean, np.where(line.isna(), "missing", ""))


def country_total(wide: Wide, country: str, substance: str) -> pd.Series | None:
    """The country's own series; else the sum of all its states where each is held; else None."""
    if (country, substance) in wide.observed:
        return wide.observed[country, substance]
    states = [code for code, place in GEOGRAPHIES.items() if place.country == country and place.kind == "state"]
    columns = [(code, substance) for code in states]
    if not states or any(column not in wide.observed for column in columns):
        return None
    return wide.observed[columns].sum(axis=1, skipna=False)


def measures(wide: Wide, geography: str, substance: str, population: pd.Series | None) -> tuple[Measure, ...]:
    """How a series may be read: a rate where a population is held, a share where the country's total is known.

    Only monthly figures of a period: shares of 12-month sums could mix publications.
    """
    record, place = wide.indicator, GEOGRAPHIES[geography]
    found: list[Measure] = ["published"]
    if record.window != "period" or record.frequency != "MS":
        return tuple(found)
    if (
        record.measure == "count"
        and population is not None
        and len(population)
        and place.kind in ("nation", "state")
    ):
        found.append("rate")
    total = country_total(wide, place.country, substance) if record.measure in ("count", "weight") else None
    if total is not None and place.kind != "nation":
        found.append("share")
    if record.measure != "percent" and base_period(wide.observed[geography, substance]) is not None:
        found.append("base100")
    return tuple(found)


def read(
    wide: Wide, geography: str, substance: str, *, by: By, measure: Measure, population: pd.Series | None = None
) -> pd.DataFrame:
    """A series read in another way, a row per period: period, observed, status, provisional, complete, reason.

    Sums first, then the measure (a share in per cent). A period with a suppressed month is suppressed; one that
    still fills is not complete.
    """
    record, column = wide.indicator, (geography, substance)
    found = aggregate(wide.observed[column], record, by)
    values, reason = found
    if measure == "rate":
        people = pd.Series(dtype=float) if population is None else population
        found = per_100k(values, record, people)
    elif measure == "share":
        total = country_total(wide, GEOGRAPHIES[geography].country, substance)
        whole = pd.Series(np.nan, wide.observed.index) if total is None else total
        found = share(values, record, aggregate(whole, record, by).values)
        found = Measured(100 * found.values, found.reason)
    elif measure == "base100":
        found = normalised(values, per_year=12 // MONTHS.get(by, 1))
    status = wide.status[column].where(wide.observed[column].isna(), "reported")
    rule = "MS" if by == "month" else STARTS[by]
    flags = pd.DataFrame(
        {
            "suppressed": status.eq("suppressed"),
            "provisional": wide.provisional[column],
            "filling": wide.observed[column].notna() & ~wide.judge[column],
        }
    )
    flags = flags.resample(rule).max().reindex(values.index, fill_value=False)
    held = found.values.notna()
    one = status.reindex(values.index) if by == "month" else pd.Series("not_reported", values.index)
    return pd.DataFrame(
        {
            "period": values.index,
            "observed": found.values.to_numpy(),
            "status": np.where(held, "reported", np.where(flags["suppressed"], "suppressed", one)),
            "provisional": flags["provisional"].to_numpy(dtype=bool),
            "complete": ~flags["filling"].to_numpy(dtype=bool),
            "reason": reason.where(reason != "", found.reason).to_numpy(),
        }
    )


def low_counts(line: pd.Series, record: Indicator) -> Low | None:
    """Whether the newest twelve months have a mean below LOW, so that a picture would be of single cases.

    Only for monthly counts with a case in them; `total` is NaN where a month of the twelve is missing. None where
    the counts are not low, or never above 0.
    """
    known = line.loc[: line.last_valid_index()] if line.notna().any() else line[:0]
    newest = known.tail(12)
    counted = record.measure == "count" and record.window == "period" and record.frequency == "MS"
    if not counted or len(newest) < 12 or not known.max() > 0 or not newest.mean() < LOW:
        return None
    return Low(float(newest.mean()), float(newest.sum(skipna=False)), newest.index[-1])


def _measured(values: pd.Series, reason: object) -> Measured:
    return Measured(values, pd.Series(reason, index=values.index, dtype="str"))
