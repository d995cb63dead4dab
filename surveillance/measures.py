"""Other ways to read a published line: sums over longer periods, rates, shares of a country, and base = 100.

Units are never mixed: each function takes one indicator's values and says by a reason where none follows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from data_sources.indicators import Indicator

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


def base_period(line: pd.Series) -> int | None:
    """The calendar year that is 100: BASE_YEAR if all of it is held, else the first whole one above 0."""
    held = line.groupby(pd.DatetimeIndex(line.index).year)
    whole = (held.count() == 12) & (held.mean() > 0)
    years = [int(year) for year in whole.index[whole]]
    return BASE_YEAR if BASE_YEAR in years else next(iter(years), None)


def normalised(line: pd.Series, year: int | None = None) -> Measured:
    """100 · x[t] / mean of the base year's months; NaN (`no_base`) throughout where no year can be the base.

    *year*: the base that several lines share; `base_period(line)` where None.
    """
    year = base_period(line) if year is None else year
    base = line[pd.DatetimeIndex(line.index).year == year] if year is not None else line[:0]
    mean = float(base.mean()) if base.notna().sum() == 12 else float("nan")
    if not mean > 0:
        return _measured(line * np.nan, np.where(line.isna(), "missing", "no_base"))
    return _measured(100 * line / mean, np.where(line.isna(), "missing", ""))


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
