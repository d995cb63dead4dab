"""How sure is one verdict, in numbers: its rarity, what it rests on, other settings, and earlier vintages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product

import pandas as pd

from data_sources.indicators import INDICATORS, Indicator
from data_sources.observations import SERIES, period_end
from data_sources.store import Store
from surveillance.assessment import Assessment
from surveillance.detectors import (
    Detector,
    EarsC1,
    EarsC2,
    EarsC3,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)
from surveillance.detectors.contract import Frequency
from surveillance.explain import years_between
from surveillance.judging import judge
from surveillance.plan import Watch
from surveillance.reference_periods import Basis, basis
from surveillance.series import Wide, wide
from surveillance.series_log import SeriesLog

VERDICT = ["observed", "expected", "upper", "pvalue", "alarm", "reason"]


@dataclass(frozen=True)
class Evidence:
    """One judged value at the assessment's alpha.

    `pvalue` is P(Y ≥ y) and `pvalue_low` P(Y ≤ y) under the baseline, after the indicator's calibration;
    `years` and `years_low` the mean time between values so high, or so low. `basis`: the reference periods.
    `settings`: the verdict under each of 24 other reasonable settings (columns: the parameters that vary, then
    expected, upper, pvalue, alarm, reason). `vintages`: as judged on each publication that had the period
    (as_of, source, and VERDICT), empty where there was only one. `alarm` is NA where it could not be judged.
    """

    detector: Detector
    period: pd.Timestamp
    observed: float
    expected: float
    upper: float
    pvalue: float
    pvalue_low: float
    years: float
    years_low: float
    alarm: bool | None
    reason: str
    basis: Basis
    settings: pd.DataFrame
    vintages: pd.DataFrame

    @property
    def robust(self) -> tuple[int, int]:
        """Alarms among the settings, and how many of these could judge."""
        return _count(self.settings)

    @property
    def lasting(self) -> tuple[int, int]:
        """Alarms among the vintages, and on how many of these the value could be judged."""
        return _count(self.vintages)


def _count(table: pd.DataFrame) -> tuple[int, int]:
    return int(table["alarm"].fillna(False).sum()), int(table["alarm"].notna().sum())


def evidence(store: Store, assessment: Assessment, row: pd.Series) -> Evidence:
    """The evidence for one *row* of the assessment's series, signals or verdicts; its period must be known.

    KeyError where the indicator is not watched; ValueError where the row names no period that is held.
    """
    indicator, geography, substance = (str(row[key]) for key in SERIES)
    record, watch = INDICATORS[indicator], assessment.plan[indicator]
    watch = replace(
        watch,
        detector=_at(watch.detector, assessment.alpha),
        short=None if watch.short is None else _at(watch.short, assessment.alpha),
    )
    log, period = SeriesLog(store, (indicator, geography, substance)), pd.Timestamp(row["period"])
    rows = log.on(assessment.as_of)
    if not (rows["period"] == period).any():
        raise ValueError(f"no value of {indicator}, {geography}, {substance} is held for {row['period']}")
    known = _until(wide(rows, record), period)
    judged = _judge(assessment, watch, known).iloc[0]
    short = watch.short
    detector = short if short and type(short).__name__ == judged["detector"] else watch.detector
    pvalue, low = float(judged["pvalue"]), float(judged["pvalue_low"])
    return Evidence(
        detector=detector,
        period=period,
        **{name: float(judged[name]) for name in ("observed", "expected", "upper", "pvalue", "pvalue_low")},
        years=years_between(pvalue, record.frequency),
        years_low=years_between(low, record.frequency),
        alarm=None if pd.isna(judged["alarm"]) else bool(judged["alarm"]),
        reason=str(judged["reason"]),
        basis=basis(detector, comparable(known).iloc[:, 0], str(judged["reason"])),
        settings=_settings(assessment, watch, detector, known),
        vintages=_vintages(log, assessment, watch, record, period),
    )


def _at(detector: Detector, alpha: float) -> Detector:
    return replace(detector, alpha=alpha)  # type: ignore[type-var]


def _until(frame: Wide, period: pd.Timestamp) -> Wide:
    """The frame up to a period; what still fills was marked with all that was known."""
    names = ("observed", "status", "provisional", "judge")
    return replace(frame, **{name: getattr(frame, name).loc[:period] for name in names})


def comparable(frame: Wide) -> pd.DataFrame:
    """The values under the indicator's present method; those before it are left out as missing."""
    start, observed = frame.indicator.comparable_from, frame.observed
    return observed if start is None else observed.where((observed.index >= pd.Timestamp(start))[:, None])


def _judge(assessment: Assessment, watch: Watch, frame: Wide) -> pd.DataFrame:
    """The verdicts on the newest period of *frame*, calibrated as the assessment's own."""
    return judge(watch, frame, inflation=assessment.plan.inflation.get(watch.indicator, 1.0), last=1)


# Other reasonable settings


def alternatives(detector: Detector, frequency: Frequency) -> list[Detector]:
    """24 settings of the detector that a sensible person might choose instead, its other parameters kept.

    Farrington Flexible: 3, 4, 5 years, all of them needed, with half of the sixteen combinations of half window,
    guard, trend and threshold: those with an even number of the second choices, so that each choice meets each
    other choice equally often. For the others all combinations of the lists below. None for a detector that is
    not among those of the plan.
    """
    if isinstance(detector, FarringtonFlexible):
        windows, guards = ((3, 2), (26, 13)) if frequency == "W" else ((1, 2), (6, 3))
        return [
            replace(
                detector,
                years=years,
                min_years=None,
                half_window=windows[a],
                guard=guards[b],
                trend=(True, False)[c],
                threshold=("nbPlugin", "delta")[d],
            )
            for years in (5, 4, 3)
            for a, b, c, d in product((0, 1), repeat=4)
            if (a + b + c + d) % 2 == 0
        ]
    if isinstance(detector, SeasonalRegression):
        return _combined(detector, years=(3, 4, 5), trend=(False, True), guard=(1, 3), tail_df=(5.0, 30.0))
    if isinstance(detector, TwelveMonthEnding):
        return _combined(detector, years=(2, 3, 4, 5, 6, 7), tail_df=(4.0, 6.0, 10.0, 30.0))
    if isinstance(detector, EarsC1 | EarsC2) and not isinstance(detector, EarsC3):
        return [
            kind(alpha=detector.alpha, baseline=baseline, min_sd=detector.min_sd)
            for kind in (EarsC1, EarsC2)
            for baseline in range(5, 17)
        ]
    return []


def _combined(detector: Detector, **choices: Iterable[object]) -> list[Detector]:
    combinations = product(*choices.values())
    return [replace(detector, **dict(zip(choices, values, strict=True))) for values in combinations]  # type: ignore[type-var]


def _settings(assessment: Assessment, watch: Watch, detector: Detector, known: Wide) -> pd.DataFrame:
    """The verdict under each of the alternatives, one row each."""
    others = alternatives(detector, "W" if known.indicator.frequency == "W" else "MS")
    rows = [
        _judge(assessment, Watch(watch.indicator, other, "another setting"), known)[VERDICT[1:]] for other in others
    ]
    verdicts = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=VERDICT[1:])
    return pd.concat([_parameters(others), verdicts.astype({"alarm": "boolean"})], axis=1)


def _parameters(detectors: Sequence[Detector]) -> pd.DataFrame:
    """The parameters in which the settings differ, and `detector` where that does."""
    table = pd.DataFrame(
        [
            {"detector": type(one).__name__} | {field.name: getattr(one, field.name) for field in fields(one)}  # type: ignore[arg-type]
            for one in detectors
        ]
    )
    return table[[name for name in table if table[name].nunique() > 1]]


# Earlier vintages


def _vintages(
    log: SeriesLog, assessment: Assessment, watch: Watch, record: Indicator, period: pd.Timestamp
) -> pd.DataFrame:
    """The period as it was judged on every publication that had it, oldest first; no rows where one alone had.

    All vintages are judged at once, each as a series of its own.
    """
    first = period_end(period, record.frequency).date()
    days = sorted({day for days in log.vintages.values() for day in days if first <= day <= assessment.as_of})
    pieces, sources = [], {}
    for day in days:
        rows = log.on(day)
        if source := log.printed(day, rows, period):
            pieces.append(rows.assign(geography=day.isoformat()))
            sources[day.isoformat()] = source
    if len(pieces) < 2:
        return pd.DataFrame(columns=["as_of", "source", *VERDICT]).astype({"alarm": "boolean"})
    known = _until(wide(pd.concat(pieces, ignore_index=True), record), period)
    verdicts = _judge(assessment, watch, known)
    day = verdicts["geography"]
    return verdicts.assign(as_of=pd.to_datetime(day), source=day.map(sources))[["as_of", "source", *VERDICT]]
