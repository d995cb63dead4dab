"""How well detectors find outbreaks that are known, and which one an indicator should use by these figures.

Bédubourg G, Le Strat Y (2017). Evaluation and comparison of statistical methods for early temporal detection of
outbreaks: a simulation-based study. PLoS ONE 12, e0181227. doi:10.1371/journal.pone.0181227 (the measures).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from surveillance.detectors import FarringtonFlexible
from surveillance.detectors.contract import Detector, OutOfRange
from surveillance.simulate import PERIODS, Injected

Alarms = NDArray[np.int8]

RATE = 0.01  # false alarms (simulated) or signals (real) a period, at which detectors are compared
FOR_COMPARISON = ("Rki", "Bayes", "HistoricalLimits")  # no plan uses them
MOST_INFLATION = 1.5  # beyond which a p-value at RATE means too little to be governed by the alarm budget
TOLERANCE = 0.25  # how far, of RATE, an attained rate may lie from it
_LOWEST, _HIGHEST = np.log(1e-15), np.log(0.4)  # alpha: where the rate is looked for
_PRECISE = 0.04  # of log alpha
_NOTHING = 1e-9  # stands for a rate of zero on the log scale


@dataclass(frozen=True)
class Measures:
    """What a detector made of known outbreaks, one per series. Shares; NaN where there is nothing to divide by.

    `pod`: outbreaks with an alarm between their first and last period with a case; `pod_first`: with one in the
    first of these; `sensitivity`: such periods that alarm; `ppv`: alarms that lie in such a period;
    `timeliness`: mean periods from an outbreak's start to its first alarm, of the outbreaks found; `outbreaks`:
    how many. A period that could not be judged is one without an alarm.
    """

    outbreaks: int
    pod: float
    pod_first: float
    sensitivity: float
    ppv: float
    timeliness: float


def measures(alarm: Alarms, cases: NDArray[Any]) -> Measures:
    """The measures of *alarm* (1, 0, −1 = NA) against the outbreaks' *cases*, both (periods, series).

    A series without a case has no outbreak: its alarms count in `ppv` only.
    """
    struck = cases > 0
    there = struck.any(axis=0)
    first, last = struck.argmax(axis=0), len(struck) - 1 - struck[::-1].argmax(axis=0)
    row = np.arange(len(struck))[:, None]
    during = (row >= first) & (row <= last) & there
    hit = (alarm == 1) & during
    found = hit.any(axis=0)
    alarms, weeks = int((alarm == 1).sum()), int(during.sum())
    delay = (hit.argmax(axis=0) - first)[found]
    count = int(there.sum())
    return Measures(
        outbreaks=count,
        pod=_share(found.sum(), count),
        pod_first=_share(hit[first, np.arange(len(first))].sum(), count),
        sensitivity=_share(hit.sum(), weeks),
        ppv=_share(hit.sum(), alarms),
        timeliness=float(delay.mean()) if len(delay) else np.nan,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else np.nan


def alarm_rate(
    detector: Detector,
    observed: pd.DataFrame,
    *,
    judge: pd.DataFrame | None = None,
    last: int | None = None,
    runs: bool = False,
) -> float:
    """The share of what could be judged that alarms, or (*runs*) with which a run of alarms begins: a signal.

    NaN where nothing could be judged.
    """
    return _rate(detector.assess(observed, judge=judge, last=last).alarm_, runs)


def _rate(alarm: Alarms, runs: bool) -> float:
    judged, counted = alarm >= 0, alarm == 1
    if runs:
        counted[1:] &= ~(alarm[:-1] == 1)
    return float(counted.sum() / judged.sum()) if judged.any() else np.nan


def at_rate(
    detector: Detector,
    observed: pd.DataFrame,
    rate: float = RATE,
    *,
    judge: pd.DataFrame | None = None,
    last: int | None = None,
    runs: bool = False,
) -> Detector:
    """The detector with the alpha at which its `alarm_rate` on *observed* is *rate*.

    log rate as a function of log alpha, root by Brent's method; where no alpha reaches the rate, the nearest end
    (1e-15 or 0.4, or the detector's own). Raises ValueError where nothing can be judged.
    """
    alarms = _alarms(detector, observed, judge, last)
    if not (alarms(detector.alpha) >= 0).any():
        raise ValueError(f"{detector!r} can judge nothing of this")

    def excess(log_alpha: float) -> float:
        return float(np.log(max(_rate(alarms(float(np.exp(log_alpha))), runs), _NOTHING) / rate))

    low, high = _bracket(excess, float(np.log(detector.alpha)))
    log_alpha = low if low == high else brentq(excess, low, high, xtol=_PRECISE)
    return _with_alpha(detector, float(np.exp(log_alpha)))


def _alarms(
    detector: Detector, observed: pd.DataFrame, judge: pd.DataFrame | None, last: int | None
) -> Callable[[float], Alarms]:
    """What alarms as a function of alpha, from one fit where the detector can do that."""
    if isinstance(detector, FarringtonFlexible):
        fitted = detector.run(observed, judge=judge, last=last)
        return lambda alpha: fitted.at(alpha).alarm_
    return lambda alpha: _with_alpha(detector, alpha).assess(observed, judge=judge, last=last).alarm_


def _with_alpha(detector: Detector, alpha: float) -> Detector:
    """The detector at *alpha*, or at the nearest that it takes."""
    try:
        return replace(detector, alpha=alpha)  # type: ignore[type-var]
    except OutOfRange as bound:
        return replace(detector, alpha=min(max(alpha, bound.low), bound.high))  # type: ignore[type-var]


def _bracket(excess: Callable[[float], float], start: float) -> tuple[float, float]:
    """Two log alphas between which *excess* changes its sign, from steps that double; twice an end if none."""
    here, step = start, 1.0
    up = excess(start) < 0
    while True:
        there = min(here + step, _HIGHEST) if up else max(here - step, _LOWEST)
        if (excess(there) < 0) != up:
            return min(here, there), max(here, there)
        if there in (_LOWEST, _HIGHEST):
            return there, there
        here, step = there, 2 * step


@dataclass(frozen=True)
class Found:
    """Of outbreaks injected into real series: the share found, and the mean periods until they were.

    `outbreaks`: how many; `background`: the share whose periods alarm as published already, in which nothing is
    found; `by_size`: the share found of each size k.
    """

    outbreaks: int
    background: float
    sensitivity: float
    timeliness: float
    by_size: dict[float, float]


def find(detector: Detector, observed: pd.DataFrame, injected: Injected) -> Found:
    """What the detector finds of *injected*: alarms in periods where *observed* as published has none.

    An outbreak whose periods could not be judged, or alarm as published, is one that was not found.
    """
    rows, each = injected.start + np.arange(PERIODS)[:, None], np.arange(len(injected.start))
    windows = np.zeros(observed.shape, dtype=bool)
    windows[rows, injected.column] = True
    as_published = detector.assess(observed, judge=pd.DataFrame(windows, observed.index, observed.columns))
    loud = (as_published.alarm_[rows, injected.column] == 1).any(axis=0)
    changed = detector.assess(injected.observed, judge=pd.DataFrame(injected.window, observed.index))
    hit = (changed.alarm_[rows, each] == 1) & ~loud
    found = hit.any(axis=0)
    return Found(
        outbreaks=len(each),
        background=_share(loud.sum(), len(each)),
        sensitivity=_share(found.sum(), len(each)),
        timeliness=float(hit.argmax(axis=0)[found].mean()) if found.any() else np.nan,
        by_size={float(k): float(found[injected.size == k].mean()) for k in np.unique(injected.size)},
    )


def evaluated() -> pd.DataFrame:
    """The figures per indicator and detector as bench/evaluation.py wrote them from the published series.

    Columns: indicator, role (`main`, or `short` for the first three years), detector (its repr), alpha (at which
    `signals`, the share of judged periods with which a run of alarms begins, comes nearest to RATE), judged
    (share), outbreaks, sensitivity, timeliness (periods), and what else the document shows.
    """
    with files("surveillance").joinpath("evaluated.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def rank_detectors(results: pd.DataFrame, *, rate: float = RATE, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """*results* in order of preference per indicator and role, with `rank`; rank 1 is the one to use.

    Of those whose `signals` lie within *tolerance* (relative) of *rate*, in two classes: first those whose
    p-values mean what they say, then those that attain *rate* only at an alpha so far from it that an inflation
    of more than `MOST_INFLATION` would be needed (the alarm budget sets alpha, so it cannot govern them). In each
    class: first, the quickest first, all that find as much as its best, to two standard errors
    √(p(1 − p)/outbreaks); then the others, the most sensitive first. Detectors out of tolerance, and those that
    are for comparison only, come last and have no rank.
    """
    fair = (results["signals"] / rate - 1).abs() <= tolerance
    fair &= ~results["detector"].str.split("(").str[0].isin(FOR_COMPARISON)
    needed = ndtri(1 - results["alpha"].to_numpy()) / ndtri(1 - rate)
    misleading = pd.Series(np.maximum(needed, 1 / needed) > MOST_INFLATION, results.index)
    group = [results["indicator"], results["role"], misleading]
    found = results["sensitivity"]
    best = found.where(fair).groupby(group).transform("max")
    error = np.sqrt(best * (1 - best) / results["outbreaks"])
    top = fair & (found >= best - 2 * error)
    order = results.assign(
        _fair=~fair, _misleading=misleading, _top=~top, _late=results["timeliness"].where(top, 0.0), _missed=-found
    )
    keys = ["indicator", "role", "_fair", "_misleading", "_top", "_late", "_missed"]
    ordered = order.sort_values(keys, kind="stable")
    rank = ordered.groupby(["indicator", "role"]).cumcount() + 1
    return ordered.assign(rank=rank.where(~ordered["_fair"]).astype("Int64")).drop(columns=keys[2:])
