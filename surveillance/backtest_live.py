"""What settings would have found in one series' own past: known outbreaks put in, and its stored vintages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from surveillance.detectors.contract import PERIODS_A_YEAR, Flags
from surveillance.judging import Judgements
from surveillance.series import Wide
from surveillance.simulate import PERIODS, Injected, inject
from surveillance.watch import Watch

SIZES = (2.0, 4.0, 8.0)  # outbreaks, in standard deviations of the series about its level, over three periods
STARTS = 20
LEAST = 12  # periods that all settings must be able to judge
NEWEST = {"MS": 60, "W": 156}  # periods that are looked at
Unjudged = Literal["too_few_periods", "no_variation"]


@dataclass(frozen=True)
class Setting:
    """One row of a plan with the alpha and the inflation that it is asked at."""

    watch: Watch
    alpha: float
    inflation: float = 1.0


@dataclass(frozen=True)
class Backtest:
    """Of one setting: the share of outbreaks found, the periods until then, and the signals a year as published.

    A signal is a run of alarms; some as published may be real. `timeliness` is 0 where the alarm comes in the
    outbreak's first period; NaN where none was found. `reason` says why there are no figures (all NaN).
    """

    outbreaks: int
    sensitivity: float
    timeliness: float
    signals_a_year: float
    periods: int
    reason: Unjudged | None = None


def backtest(settings: Sequence[Setting], wide: Wide, *, seed: int = 1) -> list[Backtest]:
    """Each setting on the same outbreaks, put one at a time into the one series of *wide*.

    Up to 20 starts × sizes of 2, 4 and 8 standard deviations, over the newest five years (monthly) or three
    (weekly), only in periods that every setting can judge and finds quiet as published, so that a more sensitive
    setting never finds less; see `simulate.inject` for their shape. An outbreak is found by an alarm in its three
    periods. Signals a year: runs of alarms / judged periods · periods a year. No figures where fewer than 12
    periods are judged by all, or where the series does not vary. Raises ValueError where a detector does not take
    the series.
    """
    published = [_alarms(setting, wide) for setting in settings]
    able = np.logical_and.reduce([alarm >= 0 for alarm in published])
    frequency = wide.indicator.frequency
    able &= np.cumsum(able[::-1], axis=0)[::-1] <= NEWEST[frequency]
    judged = int(able.sum())
    if judged < LEAST:
        return [Backtest(0, np.nan, np.nan, np.nan, judged, "too_few_periods") for _ in settings]
    quiet = able & ~np.logical_or.reduce([alarm == 1 for alarm in published])
    judge = pd.DataFrame(quiet, wide.observed.index, wide.observed.columns)
    whole = wide.indicator.measure == "count"
    sums = wide.indicator.window != "period"
    injected = inject(wide.observed, judge, sizes=SIZES, starts=STARTS, whole=whole, sums=sums, seed=seed)
    if not len(injected.start):
        return [Backtest(0, np.nan, np.nan, np.nan, judged, "no_variation") for _ in settings]
    changed = _with_outbreaks(wide, injected)
    years = judged / PERIODS_A_YEAR[frequency]  # type: ignore[index]
    return [
        _measured(alarm, _alarms(setting, changed), injected, able, years)
        for setting, alarm in zip(settings, published, strict=True)
    ]


def _alarms(setting: Setting, wide: Wide) -> np.ndarray:
    return Judgements(setting.watch, wide).answers(setting.alpha, setting.inflation)[0]["alarm_"]


def _with_outbreaks(wide: Wide, injected: Injected) -> Wide:
    """One series an outbreak, of which only the outbreak's periods are judged."""
    columns = injected.observed.columns
    index = wide.observed.index

    def repeated(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(np.repeat(frame.to_numpy(), len(columns), axis=1), index, columns)

    window = pd.DataFrame(injected.window, index, columns)
    return Wide(wide.indicator, injected.observed, repeated(wide.status), repeated(wide.provisional), window)


def _measured(
    published: np.ndarray, changed: np.ndarray, injected: Injected, able: Flags, years: float
) -> Backtest:
    rows, each = injected.start + np.arange(PERIODS)[:, None], np.arange(len(injected.start))
    hit = changed[rows, each] == 1
    found = hit.any(axis=0)
    alarm = (published[:, 0] == 1) & able[:, 0]
    begins = alarm & ~np.r_[False, alarm[:-1]]
    return Backtest(
        outbreaks=len(each),
        sensitivity=float(found.mean()),
        timeliness=float(hit.argmax(axis=0)[found].mean()) if found.any() else np.nan,
        signals_a_year=float(begins.sum() / years),
        periods=int(able.sum()),
    )


@dataclass(frozen=True)
class Replayed:
    """Of one setting over stored vintages: those judged, the alarms raised then, and how many stand today.

    NaN-free counts: `stand` are alarms whose period still alarms by today's figures, `fell` whose period does not,
    `late` periods that alarm today and did not when they were newest.
    """

    judged: int
    alarms: int
    stand: int
    fell: int
    late: int


def replay(setting: Setting, vintages: Sequence[Wide], today: Wide) -> Replayed:
    """The newest period of each vintage of one series as it was judged then, against today's figures.

    Vintages whose newest period cannot be judged, then or today, are left out of all counts.
    """
    now = dict(zip(today.observed.index, _alarms(setting, today)[:, 0], strict=True))
    then: dict[pd.Timestamp, int] = {}
    for vintage in vintages:
        able = np.flatnonzero(vintage.judge.to_numpy()[:, 0])
        if len(able):
            period = vintage.observed.index[able[-1]]
            then.setdefault(period, int(_alarms(setting, vintage)[able[-1], 0]))
    both = [(alarm, int(now.get(period, -1))) for period, alarm in then.items()]
    judged = [(first, last) for first, last in both if first >= 0 and last >= 0]
    return Replayed(
        judged=len(judged),
        alarms=sum(first for first, _ in judged),
        stand=sum(first and last for first, last in judged),
        fell=sum(first and not last for first, last in judged),
        late=sum(last and not first for first, last in judged),
    )
