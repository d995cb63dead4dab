"""The main job: assess every watched series as it was known on a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pandas as pd

from data_sources.store import Store
from surveillance.assessment import VERDICT_COLUMNS, Assessment
from surveillance.budget import spend
from surveillance.judging import judge
from surveillance.plan import DEFAULT_PLAN, Plan
from surveillance.series import regular
from surveillance.states import states

Each = Callable[[Iterable[Any]], Iterable[Any]]


def run(store: Store, as_of: date, plan: Plan = DEFAULT_PLAN, *, each: Each = list) -> Assessment:
    """Assess every series in the plan as it was known on *as_of*; *each* goes over what takes long (a bar)."""
    frames = [regular(store, as_of, watch.indicator, watch.substances) for watch in each(plan.watches)]
    known = [wide for wide in frames if wide is not None]  # what was public that day, made regular
    if not known:
        return Assessment.of_nothing(plan, as_of, store.failures())
    alpha, expected_false = spend(plan, known)  # the alarm budget is the only gate
    at_alpha = plan.at(alpha)
    verdicts = pd.concat([judge(at_alpha[wide.indicator.id], wide) for wide in each(known)], ignore_index=True)
    return Assessment(
        as_of=as_of,
        plan=plan,
        alpha=alpha,
        expected_false=expected_false,
        verdicts=verdicts.assign(as_of=pd.Timestamp(as_of))[[*VERDICT_COLUMNS, "complete"]],
        series=states(verdicts, as_of),
        failures=store.failures(),
    )
