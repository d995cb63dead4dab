"""Alarms on periods that still fill: a nowcast against a line from complete periods, and how sure the alarm is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from data_sources.store import Store
from surveillance.delay import certainty, nowcast
from surveillance.detectors import FarringtonFlexible, SeasonalRegression
from surveillance.judging import Judgements
from surveillance.plan import Plan, Watch
from surveillance.series import PLACE, Wide
from surveillance.triangle import Triangle, has_delay, validated_on

FILLS = {"MS": 6, "W": 26}  # periods
COLUMNS = (
    "indicator", "geography", "substance", "period", "source", "vintages", "observed", "median", "low95", "high95",
    "expected", "upper", "probability", "certainty",
)  # fmt: skip


def provisional(store: Store, as_of: date, plan: Plan, alpha: float, watch: Watch, wide: Wide) -> pd.DataFrame:
    """The series' filling periods, oldest first (COLUMNS): `probability` is P(final figure > upper).

    Only counts whose detector has a guard, from a source of which at least 12 monthly vintages are held; else no
    row. A period is taken to fill for FILLS periods, and so many are left out of the baseline: *upper* rests on
    complete ones only. `certainty`: confirmed from .95, probable from .8, else open; never "below expected".
    """
    indicator, detector = wide.indicator.id, watch.detector
    nothing = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    if not has_delay(indicator) or not isinstance(detector, FarringtonFlexible | SeasonalRegression):
        return nothing
    found = [validated_on(store, source, indicator, as_of) for source in wide.indicator.sources]
    held = next((each for each in found if each.enough), None)
    depth = FILLS[wide.indicator.frequency]
    triangle = None if held is None else Triangle.of(store, held.source, indicator, as_of, max_lag=depth)
    if held is None or triangle is None:
        return nothing
    watch = replace(watch, detector=replace(detector, guard=max(detector.guard, depth)))
    made = nowcast(triangle)
    filling = made.index[~made.complete.to_numpy()]
    mask = wide.observed.notna().to_numpy() & wide.observed.index.isin(filling)[:, None]
    if not mask.any():
        return nothing
    judged = replace(wide, judge=pd.DataFrame(mask, wide.judge.index, wide.judge.columns))
    last = len(mask) - int(np.argmax(mask.any(axis=1)))
    rows = Judgements(watch, judged, last=last).rows(alpha, plan.inflation.get(indicator, 1.0))
    rows = rows[rows["complete"]]
    upper = rows.pivot(index="period", columns=PLACE, values="upper").reindex(made.index, columns=made.columns)
    said = {
        "observed": made.observed,
        "median": made.median,
        "low95": made.lower(0.95),
        "high95": made.upper(0.95),
        "probability": made.probability_above(upper),
        "certainty": certainty(made, upper),
    }
    long = pd.DataFrame({name: frame.rename_axis("period").stack(PLACE) for name, frame in said.items()})
    table = rows[["indicator", *PLACE, "period", "expected", "upper"]].merge(
        long.reset_index(), on=[*PLACE, "period"], how="inner"
    )
    table = table.assign(source=held.source, vintages=held.vintages)[table["upper"].notna().to_numpy()]
    return table[list(COLUMNS)].sort_values([*PLACE, "period"], ignore_index=True)
