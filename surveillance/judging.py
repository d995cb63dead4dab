"""One row of the plan carried out: its series fitted once and judged at any alpha, short histories included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from surveillance.calibration import YEARS, nominal, widened
from surveillance.detectors.contract import Detector, Floats, Reason, Verdicts
from surveillance.plan import Watch
from surveillance.series import PLACE, Wide

METHOD_BREAK = "method_break"
_PVALUES = ("pvalue_", "pvalue_low_", "false_alarm_")
_ARRAYS = ("observed_", "expected_", "upper_", *_PVALUES, "alarm_", "reason_")
_NAMES = np.array([reason.name for reason in Reason], dtype=object)
_FITTED = (Reason.ok, Reason.too_few_cases)  # whose p-values come from a fitted baseline


class Fitted(Protocol):
    """A detector's fits, from which verdicts at any alpha follow."""

    def at(self, alpha: float) -> Verdicts: ...


@dataclass(frozen=True)
class _Again:
    """For detectors without fits to keep: asked anew at each alpha."""

    detector: Detector
    observed: pd.DataFrame
    judge: pd.DataFrame
    last: int | None

    def at(self, alpha: float) -> Verdicts:
        detector: Detector = replace(self.detector, alpha=alpha)  # type: ignore[type-var]
        return detector.assess(self.observed, judge=self.judge, last=self.last)


class Judgements:
    """The series of *wide* fitted by the watch's detector, once; rows and probabilities at any alpha.

    Where history is too short for the watch's detector its second one answers. The values before an
    indicator's `comparable_from` are left out: no detector spans a method break.
    """

    def __init__(self, watch: Watch, wide: Wide, *, last: int | None = None) -> None:
        self.watch, self.wide, self.last = watch, wide, last
        observed = wide.observed
        if (start := wide.indicator.comparable_from) is not None:
            observed = observed.mask(np.broadcast_to((observed.index < start)[:, None], observed.shape))
        self._observed = observed

    def fit(self) -> Judgements:
        """Itself, fitted now and not when first asked."""
        _ = self._main, self._short
        return self

    def _fit(self, detector: Detector) -> Fitted:
        if (run := getattr(detector, "run", None)) is not None:
            fitted: Fitted = run(self._observed, judge=self.wide.judge, last=self.last)
            return fitted
        return _Again(detector, self._observed, self.wide.judge, self.last)

    @cached_property
    def _main(self) -> Fitted:
        return self._fit(self.watch.detector)

    @cached_property
    def _short(self) -> Fitted | None:
        return None if self.watch.short is None else self._fit(self.watch.short)

    def answers(self, alpha: float, inflation: float = 1.0) -> tuple[dict[str, Any], Any]:
        """The verdicts' arrays at an *alpha* after the *inflation*, and which cells the second detector judged."""
        asked = nominal(alpha, inflation)
        main = self._main.at(asked)
        answers = {name: getattr(main, name) for name in _ARRAYS}
        short = main.reason_ == Reason.too_little_history
        if self._short is not None and short.any():
            other = self._short.at(asked)
            short &= other.alarm_ >= 0
            answers = {name: np.where(short, getattr(other, name), values) for name, values in answers.items()}
        else:
            short &= False
        for name in _PVALUES:
            answers[name] = widened(answers[name], inflation)
        return answers, short

    def rows(self, alpha: float, inflation: float = 1.0) -> pd.DataFrame:
        """One row per series and period in order.

        Columns: indicator, geography, substance, period, observed, expected, upper, pvalue, pvalue_low,
        false_alarm, exceedance, alarm (boolean with NA), reason, detector, and `complete` (the value may be
        judged: published and no longer filling).
        """
        wide, (answers, second) = self.wide, self.answers(alpha, inflation)
        count, columns = answers["alarm_"].shape
        rows: dict[str, Any] = {name[:-1]: answers[name].T.ravel() for name in _ARRAYS[:-2]}
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
        detector = np.array([type(self.watch.detector).__name__, type(self.watch.short).__name__], dtype=object)
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

    def past(self) -> Floats:
        """P(Y < y) and P(Y ≤ y) of the newest judged periods of each series, `calibration.YEARS` of them: (n, 2).

        Only where a baseline was fitted; neither those of short histories nor those of emerging series.
        """
        main = self._main.at(self.watch.detector.alpha)
        known = np.isin(main.reason_, _FITTED) & ~np.isnan(main.pvalue_)
        recent = np.cumsum(known[::-1], axis=0)[::-1] <= YEARS[self.wide.indicator.frequency]
        chosen = known & recent
        return np.column_stack([1 - main.pvalue_[chosen], main.pvalue_low_[chosen]])


def newest(watch: Watch, wide: Wide) -> Judgements:
    """Judgements of each series' newest period that may be judged, and of no other: the live path."""
    able = wide.judge.to_numpy()
    only = able & (np.cumsum(able[::-1], axis=0)[::-1] == 1)
    reach = len(able) - int(np.argmax(only.any(axis=1))) if only.any() else 1
    mask = pd.DataFrame(only, wide.judge.index, wide.judge.columns)
    return Judgements(watch, replace(wide, judge=mask), last=reach)


def judge(watch: Watch, wide: Wide, *, inflation: float = 1.0, last: int | None = None) -> pd.DataFrame:
    """The rows of `Judgements` at the watch's own alpha; the newest *last* periods if given."""
    return Judgements(watch, wide, last=last).rows(watch.detector.alpha, inflation)
