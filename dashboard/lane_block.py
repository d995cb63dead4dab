"""The lanes of Situation and the bulletin: supply, use and harm of both countries on one time axis."""

from __future__ import annotations

from datetime import date

import pandas as pd

from dashboard import text
from dashboard.chart_block import Block
from dashboard.charts_lanes import Drawn, lanes_chart
from dashboard.look import Language, figure
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS
from surveillance.lanes import FIRST, Lane, peaks

_NAMES = {
    ("US", "us_cbp_seizure_weight"): N_("Fentanyl seized, southwest border, lb a month"),
    ("MX", "annual_seizure_weight"): N_("Fentanyl seized, kg a year"),
    ("MX", "mx_retail_drug_case_files"): N_("Drug-dealing case files a month, 6 border states"),
    ("MX", "mx_retail_drug_case_files_rnid"): N_("Drug-dealing case files a month, 6 border states"),
    ("US", "us_overdose_ed_rate"): N_("Overdose visits per 10,000 emergency visits"),
    ("US", "us_overdose_deaths_12m"): N_("Synthetic-opioid deaths, 12 months ending"),
}
_ABSENT = {
    "supply": N_("no figures were known on this day"),
    "use": N_("no monthly measure; yearly treatment entries exist"),
    "harm": N_("no monthly measure; a yearly register, about a year late"),
}


def block(t: Text, as_of: date, found: list[Lane], *, dark: bool) -> Block:
    """The lanes with their words, as a chart block."""
    title = finding(t, found)
    chart = lanes_chart(drawn(t, found), first=FIRST, until=as_of, now=t("now"), language=t.language, dark=dark)
    return Block(
        key="lanes",
        title=title,
        subtitle=t(
            "Supply, use and harm on one time axis, each lane from zero to its own maximum. "
            "Dashed: may still change. Diagonal lines: not yet published or not collected."
        ),
        chart=chart,
        alt=" ".join([f"{title}.", *(_said(t, lane) for lane in found)]),
        caption=_caption(t, found),
        table=_table(t, found),
        about=[
            (t.indicator(name), t.caution(name) or t("none recorded"))
            for name in dict.fromkeys(lane.indicator for lane in found if lane.line is not None)
        ],
        export=_export(found),
    )


def finding(t: Text, found: list[Lane]) -> str:
    """When seizures and deaths were highest over twelve months, and where the newest twelve stand to that."""
    tops = peaks(found)
    if len(tops) < 2:
        return t("Supply, use and harm side by side")
    supply, harm = tops[0], tops[-1]
    return t(
        "Fentanyl seizures at the border were highest in the 12 months to {supply}, deaths in those to {harm}; "
        "the newest 12 months stand at {share} and {other} of that",
        supply=t.month(supply.period),
        harm=t.month(harm.period),
        share=t.percent(supply.share),
        other=t.percent(harm.share),
    )


def drawn(t: Text, found: list[Lane]) -> list[Drawn]:
    """The lanes with what stands beside them, in the reader's language."""
    out, stage = [], ""
    for lane in found:
        named = "" if lane.stage == stage else t.stream(lane.stage).upper()
        stage = lane.stage
        out.append(_drawn(t, lane, named))
    return out


def _drawn(t: Text, lane: Lane, stage: str) -> Drawn:
    name = f"{t.country(lane.country)} · {_name(t, lane)}"
    country = "us" if lane.country == "US" else "mx"
    if lane.line is None:
        return Drawn(name, country, stage, missing=t(_ABSENT[lane.stage]))  # type: ignore[arg-type]
    record = INDICATORS[lane.indicator]
    period, value = lane.newest
    top, most = lane.peak
    language: Language = t.language
    unit = t.short_unit(lane.indicator) if record.measure == "weight" else ""
    return Drawn(
        name,
        country,  # type: ignore[arg-type]
        stage,
        lane.line,
        lane.complete,
        record.frequency != "MS",
        f"{figure(value, language)} {unit}".strip(),
        t.period(period, record.frequency),
        "" if lane.since is not None or record.frequency != "MS" else f"{figure(most, language)}, {t.month(top)}",
        t("late") if lane.state == "late" and record.frequency == "MS" else t("not yet published"),
        lane.since,
        t("new register") if lane.since is not None else "",
    )


def _name(t: Text, lane: Lane) -> str:
    named = _NAMES.get((lane.country, lane.indicator))
    if named:
        return t(named)
    return t("Deaths") if lane.stage == "harm" else t("Overdose visits")


def _said(t: Text, lane: Lane) -> str:
    """A lane in one sentence, for those who do not see it."""
    if lane.line is None:
        return f"{t.country(lane.country)}, {_name(t, lane)}: {t(_ABSENT[lane.stage])}."
    record = INDICATORS[lane.indicator]
    period, value = lane.newest
    top, most = lane.peak
    return t(
        "{country}, {name}: {value} in {period}; highest {most} in {top}.",
        country=t.country(lane.country),
        name=_name(t, lane),
        value=figure(value, t.language),
        period=t.period(period, record.frequency),
        most=figure(most, t.language),
        top=t.period(top, record.frequency),
    )


def _caption(t: Text, found: list[Lane]) -> str:
    held = [lane for lane in found if lane.line is not None]
    late = [f"{t.country(lane.country)} {_name(t, lane)}" for lane in held if lane.state == "late"]
    parts = [t("Comparability between the countries: grade D, compare shapes only.")]
    if late:
        parts.insert(0, t("Late: {names}.", names="; ".join(late)))
    return " ".join(parts)


def _table(t: Text, found: list[Lane]) -> pd.DataFrame:
    rows = []
    for lane in found:
        row = {
            t("Country"): t.country(lane.country),
            t("Stage"): t.stream(lane.stage),
            t("Measure"): _name(t, lane),
        }
        if lane.line is not None:
            frequency = INDICATORS[lane.indicator].frequency
            (period, value), (top, most) = lane.newest, lane.peak
            row |= {
                t("Newest"): figure(value, t.language), t("Period"): t.period(period, frequency),
                t("Highest since 2018"): figure(most, t.language), t("In"): t.period(top, frequency),
                t("State"): t("late") if lane.state == "late" else t("current"),
            }  # fmt: skip
        else:
            row[t("State")] = t(_ABSENT[lane.stage])
        rows.append(row)
    return pd.DataFrame(rows).fillna(text.MISSING)


def _export(found: list[Lane]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "country": lane.country,
                "stage": lane.stage,
                "indicator": lane.indicator,
                "period": lane.line.index,
                "value": lane.line.to_numpy(),
                "complete": lane.complete.to_numpy(),
            }
        )
        for lane in found
        if lane.line is not None and lane.complete is not None
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"country": []})
