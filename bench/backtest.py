"""Judge every month of the real weights, rates and twelve-month sums from the months before it.

    python bench/backtest.py STORE

STORE holds the imported files of CBP (three windows) and CDC (one vintage); the rates come with the embedded
figures. Printed per setting: judgements, and the share of months above the line, %, at four nominal rates. Real
outbreaks count as false alarms here, so that the shares are upper bounds of the false-alarm rate. Then, for the
plan's own settings at 1 %, where the alarms lie: by year, by quarter of the expected values, and in the lower tail.
Last, how few events make a month's weight, in all judged months and in those above the line: with k events the
largest has 1/k of the weight at least (the files give no single events).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import gammaincc
from scipy.stats import poisson

from data_sources.ingest import open_store
from data_sources.store import Store
from surveillance.detectors import Detector, SeasonalRegression, TwelveMonthEnding, Verdicts
from surveillance.detectors.contract import Floats, Frequency, Kind, Reason
from surveillance.detectors.seasonal import _windows
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import Wide, regular

ALPHAS = (0.05, 0.01, 0.003, 0.001)
LEVEL = {"least_share": 0.0, "tail_df": 45.0}  # every baseline, a tail close to the normal


@dataclass(frozen=True)
class WeightGlm:
    """What a generalized linear model would say of weights, on the baselines and the design of SeasonalRegression.

    log μ = level + one yearly harmonic, Var Y = φ μ^power, φ by Pearson. power 1.5: Tweedie, a Poisson number of
    exponential weights, zeros included; power 2: Gamma, on y + 1.
    """

    alpha: float = 0.005
    power: float = 1.5

    kind: ClassVar[Kind] = "pointwise"

    def min_history(self, frequency: Frequency) -> int:
        return SeasonalRegression().min_history(frequency)

    def assess(
        self,
        observed: pd.DataFrame,
        *,
        judge: pd.DataFrame | None = None,
        population: pd.DataFrame | None = None,
        last: int | None = None,
    ) -> Verdicts:
        twin = SeasonalRegression()
        like = twin.assess(observed, judge=judge)  # the same cells are judged
        y = observed.to_numpy(dtype=float) + (self.power == 2)
        design, at = twin._design(12)
        rows, columns = np.nonzero(like.reason_ == Reason.ok)
        base, present = _windows(y, rows, columns, len(design), twin.guard)
        tail = np.full(y.shape, np.nan)
        mean, phi = self._fit(base, present, design, at)
        tail[rows, columns] = self._at_least(y[rows, columns], mean, phi)
        known = ~np.isnan(tail)
        return replace(like, alarm_=np.where(known, tail < self.alpha, -1).astype(np.int8), pvalue_=tail).tail(last)

    def _fit(self, y: Floats, present: np.ndarray, design: Floats, at: Floats) -> tuple[Floats, Floats]:
        """Means at the judged row and dispersions (N,) by Fisher scoring, NaN where it does not converge."""
        total = present.sum(axis=1)
        beta = np.zeros((len(y), design.shape[1]))
        beta[:, 0] = np.log(np.where(present, y, 0.0).sum(axis=1) / total)
        done = np.zeros(len(y), dtype=bool)
        for _ in range(100):
            mean = np.exp(np.clip(beta @ design.T, -30, 30))
            weight = np.where(present, mean ** (2 - self.power), 0.0)
            normal = np.einsum("ni,ip,iq->npq", weight, design, design)
            normal += 1e-9 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(design.shape[1])
            score = (weight * (y - mean) / mean) @ design
            step = np.linalg.solve(normal, score[:, :, None])[:, :, 0]
            far = np.abs(step @ design.T).max(axis=1)
            beta += step * np.minimum(1.0, 1 / np.maximum(far, 1.0))[:, None]
            done = far < 1e-6
            if done.all():
                break
        mean = np.exp(np.clip(beta @ design.T, -30, 30))
        square = np.where(present, (y - mean) ** 2 / mean**self.power, 0.0).sum(axis=1)
        judged = np.where(done, np.exp(np.clip(beta @ at, -30, 30)), np.nan)
        return judged, square / (total - design.shape[1])

    def _at_least(self, y: Floats, mean: Floats, phi: Floats) -> Floats:
        if self.power == 2:
            return np.asarray(gammaincc(1 / phi, y / (phi * mean)))
        rate = mean ** (2 - self.power) / (phi * (2 - self.power))
        scale = phi * (self.power - 1) * mean ** (self.power - 1)
        count = np.arange(1, 400)
        parts = poisson.pmf(count, rate[:, None]) * gammaincc(count, (y / scale)[:, None])
        return np.where(np.isnan(mean), np.nan, np.where(y > 0, parts.sum(axis=1), 1.0))


STUDIES: dict[str, dict[str, Detector]] = {
    "us_cbp_seizure_weight": {
        "3 years, level, df 45": SeasonalRegression(years=3, least=36, **LEVEL),
        "4 years, level, df 45": SeasonalRegression(years=4, least=48, **LEVEL),
        "5 years, level, df 45": SeasonalRegression(years=5, least=60, **LEVEL),
        "4 years, line, df 45": SeasonalRegression(years=4, least=48, trend=True, **LEVEL),
        "4 years, a third above zero, df 8": SeasonalRegression(least=48, tail_df=8.0),
        "4 years, a third above zero, df 5": SeasonalRegression(least=48, tail_df=5.0),
        "4 years, a third above zero, df 4": SeasonalRegression(least=48, tail_df=4.0),
        "Tweedie GLM, power 1.5, from 24 months on": WeightGlm(),
        "Gamma GLM on y + 1, from 24 months on": WeightGlm(power=2.0),
    },
    "us_overdose_ed_rate": {
        "sqrt, 3 years, level, df 30": SeasonalRegression(transform="sqrt", years=3, tail_df=30.0),
        "sqrt, 3 years, line, df 30": SeasonalRegression(transform="sqrt", years=3, trend=True, tail_df=30.0),
        "sqrt, 4 years, line, df 30": SeasonalRegression(transform="sqrt", years=4, trend=True, tail_df=30.0),
        "sqrt, 5 years, line, df 30": SeasonalRegression(transform="sqrt", years=5, trend=True, tail_df=30.0),
        "log1p, 3 years, line, df 30": SeasonalRegression(years=3, trend=True, tail_df=30.0),
    },
    "us_overdose_deaths_12m": {
        "5 years, df 47": TwelveMonthEnding(years=5, tail_df=47.0),
        "4 years, df 35": TwelveMonthEnding(years=4, tail_df=35.0),
        "3 years, df 23": TwelveMonthEnding(years=3, tail_df=23.0),
        "3 years, df 8": TwelveMonthEnding(years=3, tail_df=8.0),
        "3 years, df 6": TwelveMonthEnding(years=3, tail_df=6.0),
    },
}


def held(store: Store) -> Iterator[tuple[str, Detector, Wide]]:
    """Each studied indicator with the plan's detector and its series as known on the newest day."""
    day = store.publications()["as_of"].max().date()
    for indicator in STUDIES:
        watch = DEFAULT_PLAN[indicator]
        wide = regular(store, day, indicator, watch.substances)
        if wide is not None:
            yield indicator, watch.detector, wide


def study(store: Store) -> Iterator[list[object]]:
    """Rows of indicator, setting, series, judgements and the shares above the line; the plan's own setting last."""
    for indicator, planned, wide in held(store):
        for name, detector in {**STUDIES[indicator], "as planned": planned}.items():
            count, shares = above(detector, wide.observed, wide.judge)
            yield [indicator, name, wide.observed.shape[1], count, *shares]


def where(store: Store) -> Iterator[list[object]]:
    """Rows of indicator, part of its judgements, their number, and the share of alarms of the plan at 1 %."""
    for indicator, planned, wide in held(store):
        verdicts = replace(planned, alpha=0.01).assess(wide.observed, judge=wide.judge)  # type: ignore[type-var]
        able = verdicts.alarm_ >= 0
        alarm = pd.Series(verdicts.alarm_[able] == 1)
        year = pd.Series(wide.observed.index.year.to_numpy()[np.nonzero(able)[0]])
        quarter = pd.qcut(verdicts.expected_[able], 4, labels=["lowest", "second", "third", "highest"])
        for part in (year.rename("year"), pd.Series(quarter, name="expected")):
            for name, group in alarm.groupby(part, observed=True):
                yield [indicator, f"{part.name} {name}", len(group), 100 * group.mean()]
        low = pd.Series(verdicts.pvalue_low_[able] < 0.01)
        yield [indicator, "lower tail", len(low), 100 * low.mean()]
        for name, group in low.groupby(year):
            yield [indicator, f"lower tail {name}", len(group), 100 * group.mean()]


def events(store: Store) -> Iterator[list[object]]:
    """Rows of part of the judged months of weights, their number, and % of them with 1, 2–3, 4–10, more events."""
    day = store.publications()["as_of"].max().date()
    weight, event = (
        regular(store, day, f"us_cbp_seizure_{of}", DEFAULT_PLAN["us_cbp_seizure_weight"].substances)
        for of in ("weight", "events")
    )
    if weight is None or event is None:
        return
    planned = DEFAULT_PLAN["us_cbp_seizure_weight"].detector
    alarm = replace(planned, alpha=0.01).assess(weight.observed, judge=weight.judge).alarm_  # type: ignore[type-var]
    number = event.observed.reindex(index=weight.observed.index, columns=weight.observed.columns).to_numpy()
    for name, part in (("judged", alarm >= 0), ("above the line at 1 %", alarm == 1)):
        some = number[part & (number > 0)]
        cut = np.histogram(some, [1, 2, 4, 11, np.inf])[0]
        yield [name, len(some), *(100 * cut / max(len(some), 1))]


def above(detector: Detector, observed: pd.DataFrame, judge: pd.DataFrame) -> tuple[int, list[float]]:
    """How many months could be judged, and the percentage of them above the line at each of ALPHAS."""
    alarms = [replace(detector, alpha=alpha).assess(observed, judge=judge).alarm_ for alpha in ALPHAS]  # type: ignore[type-var]
    judged = [alarm[alarm >= 0] for alarm in alarms]
    return len(judged[0]), [100 * float(alarm.mean()) for alarm in judged]


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    store = open_store(Path(sys.argv[1]))
    columns = ["indicator", "setting", "series", "judged", *(f"at {100 * alpha:g}" for alpha in ALPHAS)]
    print(pd.DataFrame(study(store), columns=columns).to_string(index=False, float_format="%.2f"))
    parts = pd.DataFrame(where(store), columns=["indicator", "part", "judged", "%"])
    print(parts.to_string(index=False, float_format="%.2f"))
    made_of = pd.DataFrame(events(store), columns=["months", "number", "1 event", "2–3", "4–10", "more"])
    print(made_of.to_string(index=False, float_format="%.1f"))


if __name__ == "__main__":
    main()
