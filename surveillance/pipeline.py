"""The main job: assess every watched series as it was known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_sources.store import Store
from surveillance.assessment import VERDICT_COLUMNS, Assessment
from surveillance.budget import gate
from surveillance.calibration import Calibration, Floats, calibrate
from surveillance.hands import Each, Hands, Here
from surveillance.judging import Judgements, newest
from surveillance.plan import DEFAULT_PLAN, Plan, Watch
from surveillance.provisional import provisional
from surveillance.series import Wide, regular
from surveillance.states import states

PIECE = 250  # series of one indicator in a piece of work


def run(
    store: Store, as_of: date, plan: Plan = DEFAULT_PLAN, *, each: Each = list, hands: Hands | None = None
) -> Assessment:
    """Assess every series in the plan as it was known on *as_of*.

    *each* goes over what takes long (a bar); *hands* does the work, this process by default. The pieces are
    the same whoever works on them, and so is the answer.
    """
    frames = [(watch, regular(store, as_of, watch.indicator, watch.substances)) for watch in each(plan.watches)]
    known = [(watch, wide) for watch, wide in frames if wide is not None]  # what was public that day, made regular
    if not known:
        return Assessment.of_nothing(plan, as_of, store.failures())
    hands = hands or Here(each)
    fits = hands.map(fitted, pieces(known))
    done = hands.gather(hands.map(reported, fits))
    calibration = pooled(done)
    plan = replace(plan, inflation={name: found.inflation for name, found in calibration.items()})
    alpha, expected_false = gate(plan, [part.newest for part in done], plan.inflation)  # the only gate
    verdicts = pd.concat(hands.gather(hands.map(rows, fits, alpha, plan.inflation)), ignore_index=True)
    return Assessment(
        as_of=as_of,
        plan=plan,
        alpha=alpha,
        expected_false=expected_false,
        calibration=calibration,
        verdicts=verdicts.assign(as_of=pd.Timestamp(as_of))[[*VERDICT_COLUMNS, "complete"]],
        series=states(verdicts, as_of, alpha),
        failures=store.failures(),
        filling=pd.concat([provisional(store, as_of, plan, alpha, watch, wide) for watch, wide in known]),
    )


def pieces(known: Sequence[tuple[Watch, Wide]]) -> list[tuple[Watch, Wide]]:
    """The panel cut by series, PIECE at most of one indicator together, in order."""
    return [
        (watch, wide[slice(start, start + PIECE)])
        for watch, wide in known
        for start in range(0, wide.observed.shape[1], PIECE)
    ]


def fitted(piece: tuple[Watch, Wide]) -> Judgements:
    """All periods of the piece's series fitted."""
    return Judgements(*piece).fit()


class Part(NamedTuple):
    """What a piece tells before the alpha is known."""

    indicator: str
    past: Floats  # (n, 2), see Judgements.past
    newest: Judgements


def reported(judgements: Judgements) -> Part:
    """How the piece's past values lay, and its newest judgements, fitted."""
    watch, wide = judgements.watch, judgements.wide
    return Part(wide.indicator.id, judgements.past(), newest(watch, wide).fit())


def pooled(parts: Sequence[Part]) -> dict[str, Calibration]:
    """The calibration of each indicator from the past values of all its series."""
    out = {}
    for name in dict.fromkeys(part.indicator for part in parts):
        below, upto = np.concatenate([part.past for part in parts if part.indicator == name]).T
        out[name] = calibrate(below, upto)
    return out


def rows(judgements: Judgements, alpha: float, inflation: dict[str, float]) -> pd.DataFrame:
    """The piece's verdict rows at an *alpha*."""
    return judgements.rows(alpha, inflation[judgements.wide.indicator.id])
