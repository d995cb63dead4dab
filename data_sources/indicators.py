"""What is measured: one frozen record per indicator. What varies by row is a column of the frame instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Frequency = Literal["W", "MS", "YS", "YS-OCT"]  # W: weeks starting on Sunday; YS-OCT: US fiscal years
Window = Literal["period", "12 months ending", "stock"]
Kind = Literal["harm", "use", "supply", "enforcement", "context"]
Measure = Literal["count", "rate", "weight", "percent", "persons"]
Grade = Literal["A", "B", "C", "D"]  # comparability across the border: A same definition … D not comparable


@dataclass(frozen=True)
class Indicator:
    """One measure as its publisher defines it.

    `delay_days` is the usual time from the end of a period to its first publication; `filling` is how many
    of the newest published periods are still filling (drawn, not judged); `cadence_days` how often the
    publisher releases; `ended` marks a series that its publisher has closed; `continues` names the indicator
    before a method break, and `begins` the first period under the new method. `comparable_from` is the first
    period of the present definition: earlier ones are drawn, and are neither judged nor a baseline.
    """

    id: str
    title: str
    unit: str
    frequency: Frequency
    kind: Kind
    measure: Measure
    sources: tuple[str, ...]  # precedence: where two hold one key, the first wins
    delay_days: int
    cadence_days: int
    window: Window = "period"
    filling: int = 0
    grade: Grade = "D"
    continues: str | None = None
    begins: str | None = None
    comparable_from: str | None = None
    ended: str | None = None
    caution: str = ""


PACK = "published_figures"
_CDC, _VSRR = ("us_cdc_overdose_deaths",), ("us_cdc_overdose_deaths", PACK)
_CBP = ("us_cbp_seizures", PACK)
_RETAIL = ("mx_sesnsp_retail_drug_offences", PACK)

_ALL = (
    Indicator(
        "us_overdose_deaths_12m", "Drug overdose deaths, 12 months ending, reported", "deaths", "MS", "harm",
        "count", _VSRR, delay_days=135, cadence_days=31, window="12 months ending", filling=0, grade="D",
        caution="Provisional counts by place of death; first prints are a little below the final figure. "
        "A death can involve several drugs: drug classes are never added.",
    ),
    Indicator(
        "us_overdose_deaths_12m_predicted", "Drug overdose deaths, 12 months ending, predicted", "deaths",
        "MS", "harm", "count", _VSRR, delay_days=135, cadence_days=31, window="12 months ending", grade="D",
        caution="The publisher's own adjustment for deaths still under investigation.",
    ),
    Indicator(
        "us_all_deaths_12m", "Deaths from all causes, 12 months ending, reported", "deaths", "MS", "context",
        "count", _CDC, delay_days=135, cadence_days=31, window="12 months ending",
    ),
    Indicator(
        "us_overdose_drugs_specified_pct", "Overdose deaths with drugs specified, 12 months ending",
        "percent", "MS", "context", "percent", _CDC, delay_days=135, cadence_days=31,
        window="12 months ending",
    ),
    Indicator(
        "us_overdose_pending_pct", "Deaths pending investigation, 12 months ending", "percent", "MS",
        "context", "percent", _CDC, delay_days=135, cadence_days=31, window="12 months ending",
    ),
    Indicator(
        "us_overdose_deaths_monthly", "Drug overdose deaths by month", "deaths", "MS", "harm", "count",
        (PACK,), delay_days=210, cadence_days=31,
        caution="Residents, final and provisional files joined by the publisher's dataset.",
    ),
    Indicator(
        "us_overdose_deaths_weekly_modelled", "Drug overdose deaths by week, modelled by the publisher",
        "deaths", "W", "harm", "count", (PACK,), delay_days=160, cadence_days=30, filling=3,
        ended="2021-01-17",
        caution="A model's output that the publisher froze in 2021: context only.",
    ),
    Indicator(
        "us_overdose_ed_rate", "Suspected nonfatal overdose visits per 10,000 emergency visits",
        "per 10,000 visits", "MS", "use", "rate", (PACK,), delay_days=55, cadence_days=31, grade="D",
        caution="California, Iowa and Oklahoma share no data; rates nest and are never added.",
    ),
    Indicator(
        "us_cbp_seizure_weight", "Drugs seized by CBP, weight", "lb", "MS", "supply", "weight", _CBP,
        delay_days=25, cadence_days=31, grade="C",
        caution="Gross weight, not purity-adjusted; seizures measure enforcement and flow together.",
    ),
    Indicator(
        "us_cbp_seizure_events", "Drug seizures by CBP, events", "events", "MS", "supply", "count",
        ("us_cbp_seizures",), delay_days=25, cadence_days=31, grade="D",
        caution="Seizures measure enforcement and flow together.",
    ),
    Indicator(
        "us_cbp_seizure_weight_fy", "Drugs seized by CBP, weight by fiscal year", "lb", "YS-OCT", "supply",
        "weight", (PACK,), delay_days=25, cadence_days=366, grade="C",
    ),
    Indicator(
        "us_cbp_seizure_events_fy", "Drug seizures by CBP, events by fiscal year", "events", "YS-OCT",
        "supply", "count", (PACK,), delay_days=25, cadence_days=366,
    ),
    Indicator(
        "us_cbp_seizure_weight_fytd", "Drugs seized by CBP, weight, fiscal year to date", "lb", "YS-OCT",
        "supply", "weight", (PACK,), delay_days=0, cadence_days=31, window="stock", grade="C",
        caution="October to August of the fiscal year, as published; not a whole year.",
    ),
    Indicator(
        "us_cbp_seizure_events_fytd", "Drug seizures by CBP, events, fiscal year to date", "events", "YS-OCT",
        "supply", "count", (PACK,), delay_days=0, cadence_days=31, window="stock",
        caution="October to August of the fiscal year, as published; not a whole year.",
    ),
    Indicator(
        "annual_seizure_weight", "Drugs seized in the country, weight by year", "kg", "YS", "supply",
        "weight", (PACK,), delay_days=540, cadence_days=366, grade="B",
        caution="As countries report to the UN; the only seizure figures comparable across the border.",
    ),
    Indicator(
        "mx_retail_drug_case_files", "Drug-dealing case files, method of 2015", "case files", "MS",
        "enforcement", "count", _RETAIL, delay_days=22, cadence_days=31, ended="2025-12-01",
        caution="Case files opened by state prosecutors; closed with December 2025. Unreliable: Oaxaca in 2015 "
        "(four months not zero) and Sinaloa (implausibly low).",
    ),
    Indicator(
        "mx_retail_drug_case_files_rnid", "Drug-dealing case files, register of 2026", "case files", "MS",
        "enforcement", "count", _RETAIL, delay_days=22, cadence_days=31,
        continues="mx_retail_drug_case_files", begins="2026-01-01",
        caution="A new register since January 2026: not comparable with the months before.",
    ),
    Indicator(
        "mx_federal_drug_case_files", "Federal drug case files", "case files", "MS", "enforcement", "count",
        ("mx_sesnsp_federal_drug_offences",), delay_days=22, cadence_days=31, comparable_from="2014-01-01",
        caution="Offences against health in federal jurisdiction; 2012–13 fall because retail cases moved "
        "to the states.",
    ),
    Indicator(
        "population", "Population", "persons", "YS", "context", "persons", (PACK,), delay_days=0,
        cadence_days=366, window="stock", caution="Census vintages are mixed: a step at 2019/20.",
    ),
)  # fmt: skip

INDICATORS: dict[str, Indicator] = {indicator.id: indicator for indicator in _ALL}


def successor(indicator: str) -> Indicator | None:
    """The indicator that continues this one after a method break, if any."""
    return next((other for other in _ALL if other.continues == indicator), None)
