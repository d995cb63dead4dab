"""Which detector with which parameters watches which indicator, and why: a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from surveillance.calibration import nominal
from surveillance.detectors import (
    Detector,
    EarsC2,
    FarringtonFlexible,
    SeasonalRegression,
    TwelveMonthEnding,
)

HARM_CLASSES = (
    "all", "synthetic_opioids", "psychostimulants", "cocaine", "heroin", "natural_semisynthetic_opioids",
    "methadone",
)  # fmt: skip
MAIN_DRUGS = ("fentanyl", "methamphetamine", "cocaine", "heroin")


@dataclass(frozen=True)
class Watch:
    """One row of the plan: an indicator, its detector, what judges it while history is short, and why."""

    indicator: str
    detector: Detector
    why: str
    substances: tuple[str, ...] = ()  # empty: all
    short: Detector | None = None


@dataclass(frozen=True)
class Plan:
    """The panel's settings: every watch, and how many false signals a quarter it accepts in all."""

    watches: tuple[Watch, ...]
    budget: float = 6.0
    name: str = "Panel default"
    version: int = 1
    not_watched: Mapping[str, str] = field(default_factory=dict)
    inflation: Mapping[str, float] = field(default_factory=dict)  # of indicators, estimated: see calibration.py

    def __post_init__(self) -> None:
        if not 0 < self.budget <= 100:
            raise ValueError(f"budget must be above 0 and at most 100 false signals a quarter, not {self.budget}")

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that name these settings; they change with any parameter."""
        return hashlib.sha256(repr((self.watches, self.budget)).encode()).hexdigest()[:8]

    def at(self, alpha: float) -> Plan:
        """The same plan with every detector at what gives one *alpha* after its indicator's inflation."""
        return replace(self, watches=tuple(self._at(watch, alpha) for watch in self.watches))

    def _at(self, watch: Watch, alpha: float) -> Watch:
        asked = nominal(alpha, self.inflation.get(watch.indicator, 1.0))
        detector: Detector = replace(watch.detector, alpha=asked)  # type: ignore[type-var]
        short: Detector | None = watch.short and replace(watch.short, alpha=asked)  # type: ignore[type-var]
        return replace(watch, detector=detector, short=short)

    def __getitem__(self, indicator: str) -> Watch:
        """The row of the plan for an indicator; KeyError where it is not watched."""
        for watch in self.watches:
            if watch.indicator == indicator:
                return watch
        raise KeyError(indicator)


MONTHLY_COUNTS = FarringtonFlexible(years=5, min_years=3, half_window=1, blocks=5, guard=6)
SHORT_HISTORY = EarsC2()
ON_SQUARE_ROOT = SeasonalRegression(transform="sqrt", years=3, trend=True, tail_df=30.0)

DEFAULT_PLAN = Plan(
    watches=(
        Watch(
            "us_overdose_deaths_12m", TwelveMonthEnding(),
            "Twelve-month sums: neighbours share eleven months, so only the newest month's change is judged",
            HARM_CLASSES,
        ),
        Watch(
            "us_overdose_deaths_monthly", ON_SQUARE_ROOT,
            "Large counts whose level wanders: a regression on their square root found more at equal false alarms",
        ),
        Watch("us_overdose_ed_rate", ON_SQUARE_ROOT, "Rates without a denominator: scale-free residuals"),
        Watch(
            "us_cbp_seizure_weight", SeasonalRegression(),
            "Weights are heavy-tailed and not integers: a robust seasonal regression on their logarithm",
            MAIN_DRUGS,
        ),
        Watch(
            "us_cbp_seizure_events", MONTHLY_COUNTS, "Monthly counts; the catch-all class is not watched",
            (*MAIN_DRUGS, "cannabis", "ecstasy", "ketamine", "lsd", "khat"), SHORT_HISTORY,
        ),
        Watch(
            "mx_federal_drug_case_files", ON_SQUARE_ROOT,
            "Counts whose level wanders: a regression on their square root found more at equal false alarms",
            short=SHORT_HISTORY,
        ),
        Watch(
            "mx_retail_drug_case_files", ON_SQUARE_ROOT,
            "Counts whose level wanders: a regression on their square root found more at equal false alarms",
            short=SHORT_HISTORY,
        ),
        Watch(
            "mx_retail_drug_case_files_rnid", MONTHLY_COUNTS,
            "Monthly counts by the register of 2026, never against months before it", short=SHORT_HISTORY,
        ),
    ),
    not_watched={
        "us_overdose_deaths_12m_predicted": "A publisher's adjustment of a watched series",
        "us_all_deaths_12m": "Context for the watched series",
        "us_overdose_drugs_specified_pct": "A measure of data quality",
        "us_overdose_pending_pct": "A measure of data quality",
        "us_overdose_deaths_weekly_modelled": "A model's output, frozen in 2021",
        "us_cbp_seizure_weight_fy": "Annual figures have no detector",
        "us_cbp_seizure_events_fy": "Annual figures have no detector",
        "us_cbp_seizure_weight_fytd": "A part of a year is comparable with no other period",
        "us_cbp_seizure_events_fytd": "A part of a year is comparable with no other period",
        "annual_seizure_weight": "Annual figures have no detector",
        "population": "A denominator",
    },
)  # fmt: skip
