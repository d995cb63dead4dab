"""One row of the plan carried out: its series judged, short histories and method breaks included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from surveillance.detectors.contract import Detector, Floats, Reason, Verdicts
from surveillance.plan import Watch
from surveillance.series import PLACE, Wide

METHOD_BREAK = "method_break"
_FLOATS = ("observed_", "expected_", "upper_", "pvalue_", "false_alarm_")
_ARRAYS = (*_FLOATS, "alarm_", "reason_")
_NAMES = np.array([reason.name for reason in Reason], dtype=object)


def judge(watch: Watch, wide: Wide, *, last: int | None = None) -> pd.DataFrame:
    """The verdicts on *wide*, one row per series and period in order; the newest *last* periods if given.

    Columns: indicator, geography, substance, period, observed, expected, upper, pvalue, false_alarm,
    exceedance, alarm (boolean with NA), reason, detector, and `complete` (the value may be judged: published
    and no longer filling). Where history is too short for the watch's detector its second one answers. Short
    history under a new method is a method break: no detector spans one.
    """
    answers, second = _answers(watch, wide, last)
    count, columns = answers["alarm_"].shape
    rows: dict[str, Any] = {name[:-1]: answers[name].T.ravel() for name in _FLOATS}
    rows["observed"] = wide.observed.to_numpy()[-count:].T.ravel()
    span = rows["upper"] - rows["expected"]
    with np.errstate(invalid="ignore", divide="ignore"):
        exceedance = np.where(span > 0, (rows["observed"] - rows["expected"]) / span, np.nan)
    alarm, reason = answers["alarm_"].T.ravel(), _NAMES[answers["reason_"].T.ravel()]
    if wide.indicator.continues:
        reason[reason == Reason.too_little_history.name] = METHOD_BREAK
    period = np.tile(wide.observed.index[-count:].to_numpy(), columns)
    if wide.indicator.comparable_from:
        reason[period < np.datetime64(wide.indicator.comparable_from)] = METHOD_BREAK
    detector = np.array([type(watch.detector).__name__, type(watch.short).__name__], dtype=object)
    places = [wide.observed.columns.get_level_values(level).to_numpy(object) for level in PLACE]
    return pd.DataFrame(
        {
            "indicator": wide.indicator.id,
            "geography": np.repeat(places[0], count),
            "substance": np.repeat(places[1], count),
            "period": period,
            **rows,
            "exceedance": exceedance,
            "alarm": pd.arrays.BooleanArray(alarm == 1, alarm < 0),
            "reason": reason,
            "detector": detector[second.T.ravel().astype(int)],
            "complete": wide.judge.to_numpy()[-count:].T.ravel(),
        }
    )


def newest_false_alarm(watch: Watch, wide: Wide) -> Floats:
    """P(Y > U) at each series' newest period that may be judged; NaN where it is not judged. One per column."""
    newest = wide.newest
    rows = wide.observed.index
    last = int((rows >= newest.min()).sum()) if newest.notna().any() else 1
    attained = _answers(watch, wide, last)[0]["false_alarm_"]
    position = rows[-last:].get_indexer(pd.DatetimeIndex(newest))
    return np.where(position >= 0, attained[position, np.arange(len(position))], np.nan)


def _answers(watch: Watch, wide: Wide, last: int | None) -> tuple[dict[str, Any], Any]:
    """The verdicts' arrays, the second detector's cells put in, and which cells those are."""

    observed = wide.observed
    if (start := wide.indicator.comparable_from) is not None:
        observed = observed.mask(np.broadcast_to((observed.index < start)[:, None], observed.shape))

    def ask(detector: Detector) -> Verdicts:
        return detector.assess(observed, judge=wide.judge, last=last)

    main = ask(watch.detector)
    answers = {name: getattr(main, name) for name in _ARRAYS}
    short = main.reason_ == Reason.too_little_history
    if watch.short is None or not short.any():
        return answers, short & False
    other = ask(watch.short)
    short &= other.alarm_ >= 0
    return {name: np.where(short, getattr(other, name), values) for name, values in answers.items()}, short
