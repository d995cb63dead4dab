"""One row of the plan carried out: its series judged, short histories and method breaks included."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from surveillance.detectors.contract import Reason
from surveillance.plan import Watch
from surveillance.series import PLACE, Wide

TOO_LITTLE = Reason.too_little_history.name
METHOD_BREAK = "method_break"
ANSWERS = ("observed", "expected", "upper", "pvalue", "exceedance", "false_alarm", "alarm", "reason")


def judge(watch: Watch, wide: Wide, *, last: int | None = None) -> pd.DataFrame:
    """The verdicts on *wide*, one row per series and period in order; the newest *last* periods only, if given.

    Columns: indicator, geography, substance, period, the ANSWERS, `detector`, and `complete` (the value may
    be judged: published and no longer filling). Where history is too short for the watch's detector its
    second one answers. Short history under a new method is a method break: no detector spans one.
    """
    frames = _answers(watch.detector, wide, last)
    detector: pd.DataFrame = frames["alarm"].notna() & False
    if watch.short is not None and (frames["reason"] == TOO_LITTLE).to_numpy().any():
        second = _answers(watch.short, wide, last)
        detector = (frames["reason"] == TOO_LITTLE) & second["alarm"].notna()
        frames = {name: frames[name].where(~detector, second[name]) for name in ANSWERS}
    if wide.indicator.continues:
        frames["reason"] = frames["reason"].where(frames["reason"] != TOO_LITTLE, METHOD_BREAK)
    frames["complete"] = wide.judge.loc[detector.index]
    rows = pd.concat({name: _long(frame) for name, frame in frames.items()}, axis=1).reset_index()
    names = (type(watch.detector).__name__, type(watch.short).__name__)
    return rows.assign(
        indicator=wide.indicator.id, detector=np.where(_long(detector).to_numpy(), names[1], names[0])
    )


def newest_false_alarm(watch: Watch, wide: Wide) -> np.ndarray:
    """P(Y > U) at each series' newest period that may be judged; NaN where it is not judged. One per column."""
    newest = wide.newest
    rows = wide.observed.index
    last = int((rows >= newest.min()).sum()) if newest.notna().any() else 1
    verdicts = watch.detector.assess(wide.observed, judge=wide.judge, last=last)
    attained = verdicts.false_alarm_
    if watch.short is not None and (verdicts.reason_ == Reason.too_little_history).any():
        second = watch.short.assess(wide.observed, judge=wide.judge, last=last)
        attained = np.where(verdicts.reason_ == Reason.too_little_history, second.false_alarm_, attained)
    position = rows[-last:].get_indexer(pd.DatetimeIndex(newest))
    return np.where(position >= 0, attained[position, np.arange(len(position))], np.nan)


def _answers(detector: object, wide: Wide, last: int | None) -> dict[Hashable, pd.DataFrame]:
    verdicts = detector.assess(wide.observed, judge=wide.judge, last=last)  # type: ignore[attr-defined]
    return {name: getattr(verdicts, name) for name in ANSWERS}


def _long(frame: pd.DataFrame) -> pd.Series:
    """One value per series and period, all periods of a series together."""
    return frame.T.stack(future_stack=True).rename_axis([*PLACE, "period"])
