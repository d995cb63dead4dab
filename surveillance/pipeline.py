"""The main job: assess every watched series as it was known on a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS, successor
from data_sources.observations import period_end
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance.assessment import SERIES_COLUMNS, VERDICT_COLUMNS, Assessment
from surveillance.budget import spend
from surveillance.plan import DEFAULT_PLAN, Plan, Watch
from surveillance.series import Wide, regular
from surveillance.verdicts import Judged, judge


def run(store: Store, as_of: date, plan: Plan = DEFAULT_PLAN) -> Assessment:
    """Assess every series in the plan as it was known on *as_of*."""
    watched = list(frames(store, as_of, plan))
    alpha, expected_false = spend(plan.budget, watched)
    judged = [judge(watch, wide, alpha) for watch, wide in watched]
    return Assessment.of(judged, as_of=as_of, plan=plan, alpha=alpha, expected_false=expected_false,
                         failures=store.failures())
