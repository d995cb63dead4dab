"""What the comparison on the published series found of one detector, and which measures it watches."""

from __future__ import annotations

from functools import cache

import pandas as pd

from surveillance.evaluation import evaluated, rank_detectors
from surveillance.plan import Plan

COLUMNS = ("indicator", "role", "rank", "found", "delay", "signals", "alpha", "planned")


def track_record(kind: str, plan: Plan) -> pd.DataFrame:
    """Per indicator and role the best placed setting of a detector class (COLUMNS); empty if it was not compared.

    `kind` is the name of the class, such as "EarsC2"; role is `main`, or `short` for the first three years. `found`
    is the share of the outbreaks put in that were found, `delay` the mean months until then, both at the `alpha` at
    which `signals`, the share of months that begin a signal as published, came nearest to 1 %. `rank` is NA where
    that rate was missed, or the detector is there to compare with. `planned`: the plan uses this very kind there.
    """
    ranked = _ranked()
    mine = ranked[ranked["detector"].str.split("(").str[0] == kind]
    best = mine.drop_duplicates(["indicator", "role"])
    used = {(name, role) for name, role in watched_by(kind, plan)}
    pairs = zip(best["indicator"], best["role"], strict=True)
    table = best.rename(columns={"sensitivity": "found", "timeliness": "delay"})
    return table.assign(planned=[pair in used for pair in pairs])[list(COLUMNS)].reset_index(drop=True)


@cache
def _ranked() -> pd.DataFrame:
    return rank_detectors(evaluated())


def watched_by(kind: str, plan: Plan) -> list[tuple[str, str]]:
    """The indicators that a detector class watches in a plan, each with `main` or `short`."""
    found = [(watch.indicator, "main") for watch in plan.watches if type(watch.detector).__name__ == kind]
    found += [
        (watch.indicator, "short") for watch in plan.watches if watch.short and type(watch.short).__name__ == kind
    ]
    return found
