"""What was reported by when: the reporting triangle of one source and indicator, from its stored vintages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.registry import SOURCES
from data_sources.source import Source
from data_sources.store import Store
from surveillance.detectors.contract import Frequency
from surveillance.layout import Floats, Rows
from surveillance.series import PLACE

MAX_LAG: dict[Frequency, int] = {"MS": 12, "W": 26}
VALIDATED_FROM = 12  # months with a vintage, from which a nowcast can be judged on the source's own revisions
CARRIED = 2  # steps without a vintage over which the one before stands; more would pass revisions over in silence
_SUNDAY = np.datetime64("1970-01-04", "D")


@dataclass(frozen=True, eq=False)
class Triangle:
    """x[t, ≤d]: what was reported of period t by lag d, for all series at once.

    Lag d counts the calendar steps (months, weeks) from the period's to the publication's. `reported_` is
    (periods, lags 0 … D, series), NaN before the first print, where a vintage gives no value and beyond what was
    known. Where no vintage is held from one or two steps the one before stands; after more, NaN. One cell comes
    from one vintage, and vintages are never mixed within a step. `observed_` (periods, series) is
    the newest vintage whole; `lag_` each period's lag in it; `printed` the steps, counted from the first period,
    from which a vintage is held.
    """

    index: pd.DatetimeIndex
    columns: pd.Index
    reported_: Floats
    observed_: Floats
    lag_: Rows
    printed: Rows
    vintages: tuple[date, ...]

    @classmethod
    def of(
        cls, store: Store, source: str, indicator: str, as_of: date, *, max_lag: int | None = None, depth: int = 36
    ) -> Triangle | None:
        """The triangle as it was known on *as_of*; None where the source had not published the indicator.

        Only the newest *depth* steps with a vintage are read: enough for D and a year of checked nowcasts. A
        12-month sum is taken as it was published: its delay is that of the sum. Raises ValueError for an indicator
        that is neither weekly nor monthly.
        """
        frequency = INDICATORS[indicator].frequency
        if frequency not in MAX_LAG:
            raise ValueError(f"{indicator} must be weekly or monthly to have a reporting triangle, not {frequency}")
        newest = {_step(day, frequency): day for day in store.vintages(source, indicator) if day <= as_of}
        days = list(newest.values())[-depth:]
        vintages = {}
        for day in days:
            rows = store.vintage(source, indicator, day)
            vintages[day] = rows.pivot(index="period", columns=PLACE, values="value")
        return cls.from_vintages(vintages, frequency, max_lag=max_lag) if vintages else None

    @classmethod
    def from_vintages(
        cls, vintages: Mapping[date, pd.DataFrame], frequency: Frequency, *, max_lag: int | None = None
    ) -> Triangle:
        """The triangle of complete publications, each periods × series; of several in one step the newest counts.

        Raises ValueError where there is none, or where max_lag is not positive.
        """
        depth = MAX_LAG[frequency] if max_lag is None else max_lag
        if not vintages or depth < 1:
            raise ValueError(f"at least one vintage and a max_lag of 1 or more are needed, not {depth}")
        held = {_step(day, frequency): vintages[day] for day in sorted(vintages)}
        newest = list(held.values())[-1]
        columns = newest.columns
        first, last = min(frame.index.min() for frame in held.values()), newest.index.max()
        index = pd.date_range(first, last, freq="W-SUN" if frequency == "W" else "MS", name="period")
        tables = {step: frame.reindex(index, columns=columns).to_numpy(float) for step, frame in held.items()}
        origin = _step(index[0].date(), frequency)
        reported = np.full((len(index), depth + 1, len(columns)), np.nan)
        printed = np.array(sorted(tables))
        for step in range(printed[0], printed[-1] + 1):
            standing = printed[printed <= step][-1]
            if step - standing > CARRIED:
                continue
            known = tables[standing]
            period = np.arange(max(step - origin - depth, 0), min(step - origin + 1, len(index)))
            reported[period, step - origin - period] = known[period]
        return cls(
            index=index,
            columns=columns,
            reported_=reported,
            observed_=tables[printed[-1]],
            lag_=printed[-1] - origin - np.arange(len(index)),
            printed=printed - origin,
            vintages=tuple({_step(day, frequency): day for day in sorted(vintages)}.values()),
        )

    @property
    def max_lag(self) -> int:
        """D: the lag from which a period counts as complete."""
        return self.reported_.shape[1] - 1

    @cached_property
    def increments_(self) -> Floats:
        """x[t, ≤d] − x[t, ≤d−1] for d = 1 … D, (periods, D, series); NaN where either is missing."""
        return np.diff(self.reported_, axis=1)

    def series(self, column: object) -> pd.DataFrame:
        """One series, periods × lags."""
        place = self.columns.get_loc(column)
        return pd.DataFrame(self.reported_[:, :, place], self.index, pd.RangeIndex(self.max_lag + 1, name="lag"))


@dataclass(frozen=True)
class Validation:
    """Of how many months a vintage of one source and indicator is held."""

    source: str
    indicator: str
    vintages: int

    @property
    def enough(self) -> bool:
        """Whether the nowcast can be judged on the source's own revisions."""
        return self.vintages >= VALIDATED_FROM


def validated_on(store: Store, source: str, indicator: str, as_of: date | None = None) -> Validation:
    """How many vintages of a source's own are held on *as_of* (all where None), several in one month counted once.

    A source that publishes single figures instead of whole tables has none.
    """
    if source in SOURCES and SOURCES[source].coverage == "keys":
        return Validation(source, indicator, 0)
    days = [day for day in store.vintages(source, indicator) if as_of is None or day <= as_of]
    return Validation(source, indicator, len({(day.year, day.month) for day in days}))


def validations(store: Store, sources: Mapping[str, Source], as_of: date) -> list[Validation]:
    """Per source that publishes whole tables of weekly or monthly counts: its best documented indicator."""
    return [
        max(
            (validated_on(store, source.id, name, as_of) for name in source.indicators if has_delay(name)),
            key=lambda each: each.vintages,
        )
        for source in sources.values()
        if source.coverage == "window" and any(map(has_delay, source.indicators))
    ]


def has_delay(indicator: str) -> bool:
    """Whether an indicator can have a triangle and a nowcast: counts by week or month."""
    return INDICATORS[indicator].measure == "count" and INDICATORS[indicator].frequency in MAX_LAG


def _step(day: date, frequency: Frequency) -> int:
    """The calendar step of a day: months since 1970-01, or weeks from Sunday."""
    if frequency == "MS":
        return (day.year - 1970) * 12 + day.month - 1
    return int((np.datetime64(day, "D") - _SUNDAY).astype(int) // 7)
