"""Supply, use and harm on one time axis: the series of both countries, the earliest to tell first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.store import Store
from surveillance.series import Wide, age_days, regular
from surveillance.situation import BORDER_STATES
from surveillance.states import GRACE_DAYS

Stage = Literal["supply", "use", "harm"]
State = Literal["current", "late", "closed", "absent"]


@dataclass(frozen=True)
class Lane:
    """One lane: a measure of one country over time.

    `line` holds its values by period (NaN where none was published); `complete` is False where a value still
    fills or is provisional. `state` `absent`: the country has no such measure by month or year, or none was
    known. A lane never joins two methods: `since` is the first period under the present one, where it changed.
    """

    country: Literal["US", "MX"]
    stage: Stage
    indicator: str
    geography: str = ""
    substance: str = "all"
    line: pd.Series | None = None
    complete: pd.Series | None = None
    state: State = "absent"
    since: pd.Timestamp | None = None

    @property
    def newest(self) -> tuple[pd.Timestamp, float]:
        """Newest period with a value, and the value; only where `line` is not None."""
        assert self.line is not None
        held = self.line.dropna()
        return pd.Timestamp(held.index[-1]), float(held.iloc[-1])

    @property
    def peak(self) -> tuple[pd.Timestamp, float]:
        """The period of the largest value (the last of equals), and the value."""
        assert self.line is not None
        held = self.line.dropna()[::-1]
        return pd.Timestamp(held.idxmax()), float(held.max())


# In the order in which they tell, earliest first: within a stage the United States, then Mexico.
_LANES: tuple[tuple[Literal["US", "MX"], Stage, str, tuple[str, ...], str], ...] = (
    ("US", "supply", "us_cbp_seizure_weight", ("US-CBP-southwest-border",), "fentanyl"),
    ("MX", "supply", "annual_seizure_weight", ("MX",), "fentanyl"),
    ("MX", "supply", "mx_retail_drug_case_files", BORDER_STATES, "all"),
    ("US", "use", "us_overdose_ed_rate", ("US",), "all"),
    ("MX", "use", "", (), "all"),
    ("US", "harm", "us_overdose_deaths_12m", ("US",), "synthetic_opioids"),
    ("MX", "harm", "", (), "all"),
)
FIRST = pd.Timestamp("2018-01-01")  # before it, half of the lanes are empty


def lanes(store: Store, as_of: date) -> list[Lane]:
    """The lanes as known on *as_of*, in the order in which they tell."""
    return [_lane(store, as_of, *one) for one in _LANES]


def _lane(
    store: Store, as_of: date, country: Literal["US", "MX"], stage: Stage, name: str, places: tuple[str, ...],
    substance: str,
) -> Lane:  # fmt: skip
    if not name:
        return Lane(country, stage, "")
    before = _sum(regular(store, as_of, name), places, substance)
    since = None
    if name == "mx_retail_drug_case_files":  # closed in 2025: the register that follows is drawn after a gap
        after = _sum(regular(store, as_of, f"{name}_rnid"), places, substance)
        if after is not None:
            name, since = f"{name}_rnid", pd.Timestamp(after[0].index[0])
            before = after if before is None else _after(before, after)
    if before is None:
        return Lane(country, stage, name)
    line, complete = (part.loc[FIRST:] for part in before)
    if line.notna().sum() == 0:
        return Lane(country, stage, name)
    place = places[0] if len(places) == 1 else country
    lane = Lane(country, stage, name, place, substance, line, complete, "current", since)
    record = INDICATORS[name]
    if record.ended:
        return Lane(**vars(lane) | {"state": "closed"})
    due = record.delay_days + record.cadence_days + GRACE_DAYS
    late = age_days(lane.newest[0], record, as_of) > due
    return Lane(**vars(lane) | {"state": "late" if late else "current"})


def _sum(wide: Wide | None, places: tuple[str, ...], substance: str) -> tuple[pd.Series, pd.Series] | None:
    """The sum over places where all have a value, and whether it is complete and final; None where none is held."""
    columns = [(place, substance) for place in places]
    if wide is None or any(column not in wide.observed for column in columns):
        return None
    line = wide.observed[columns].sum(axis=1, skipna=False)
    last = line.last_valid_index()
    if last is None:
        return None
    final = wide.judge[columns].all(axis=1) & ~wide.provisional[columns].any(axis=1)
    return line.loc[:last], final.loc[:last]


def _after(before: tuple[pd.Series, pd.Series], after: tuple[pd.Series, pd.Series]) -> tuple[pd.Series, pd.Series]:
    """Two methods on one axis: what the first said up to the start of the second."""
    start = after[0].index[0]
    line, final = (pd.concat([old.loc[old.index < start], new]) for old, new in zip(before, after, strict=True))
    axis = pd.date_range(line.index[0], line.index[-1], freq="MS")
    return line.reindex(axis), final.reindex(axis, fill_value=False).astype(bool)


@dataclass(frozen=True)
class Peak:
    """The twelve months with the largest sum of a lane, and the newest twelve as a share of it.

    For sums of twelve months the figures themselves. `share` is newest / largest, NaN where it cannot be told.
    """

    lane: Lane
    period: pd.Timestamp
    share: float


def peaks(found: Sequence[Lane]) -> list[Peak]:
    """The peak of the monthly supply lane and of the harm lane of the United States, where both are held.

    Twelve months are compared with twelve months, since single months scatter and have seasons.
    """
    out = []
    for lane in found:
        if lane.country != "US" or lane.stage == "use" or lane.line is None:
            continue
        sums = lane.line
        if INDICATORS[lane.indicator].window == "period":
            sums = lane.line.rolling(12).sum()
        held = sums.dropna()
        if len(held) < 24:
            continue
        top = float(held.max())
        share = float(held.iloc[-1]) / top if top > 0 else float("nan")
        out.append(Peak(lane, pd.Timestamp(held[::-1].idxmax()), share if np.isfinite(share) else float("nan")))
    return out
