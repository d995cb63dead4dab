"""What the pages say of a series, a verdict and a signal, in whole sentences of the reader's language."""

from __future__ import annotations

import math

import pandas as pd

from dashboard.look import Words, figure
from dashboard.text import N_, Text
from data_sources.indicators import INDICATORS, successor
from surveillance.assessment import Assessment
from surveillance.explain import Facts, growth_a_year
from surveillance.trend import Growth

# What a figure counts, per indicator; substance and place stand before it.
_PHRASES = {
    "us_overdose_deaths_12m": N_("{value} overdose deaths in the 12 months to {month}"),
    "us_overdose_deaths_monthly": N_("{value} overdose deaths in {month}"),
    "us_overdose_ed_rate": N_("{value} suspected overdoses per 10,000 emergency visits in {month}"),
    "us_cbp_seizure_weight": N_("{value} lb seized in {month}"),
    "us_cbp_seizure_events": N_("{value} seizures in {month}"),
    "mx_federal_drug_case_files": N_("{value} federal drug case files in {month}"),
    "mx_retail_drug_case_files": N_("{value} drug-dealing case files in {month}"),
    "mx_retail_drug_case_files_rnid": N_("{value} drug-dealing case files in {month}"),
}
_ANY = N_("{value} {unit} in {month}")
LONGEST = 100  # years; beyond it a model of a few years of data says no more


def value(t: Text, number: float) -> str:
    """A figure as a label, a dash where there is none."""
    return figure(float(number), t.language) if math.isfinite(number) else t.number(number)


def lowered(text: str) -> str:
    """A text with a small first letter, to stand within a sentence."""
    return text[:1].lower() + text[1:]


def series_name(t: Text, geography: str, substance: str) -> str:
    """Place and substance, as "Arizona · Fentanyl"; the place alone where the series is of all drugs."""
    place = t.place(geography)
    return place if substance == "all" else f"{place} · {t.substance(substance)}"


def headline(t: Text, series: pd.Series) -> str:
    """The newest figure of a series: "Sonora: 739 drug-dealing case files in Mar 2026"."""
    name = str(series["indicator"])
    unit = t.unit(name) if name not in _PHRASES else ""
    what = t(
        _PHRASES.get(name, _ANY),
        value=figure(float(series["observed"]), t.language),
        unit=unit,
        month=t.month(series["period"]),
    )
    return f"{series_name(t, str(series['geography']), str(series['substance']))}: {what}"


def short_headline(t: Text, series: pd.Series) -> str:
    """The newest figure of a series in a card's one line: "Laredo · Fentanyl: 119 lb, Sep 2025"."""
    name = str(series["indicator"])
    return t(
        "{series}: {value} {unit}, {month}",
        series=series_name(t, str(series["geography"]), str(series["substance"])),
        value=figure(float(series["observed"]), t.language),
        unit=t.short_unit(name),
        month=t.month(series["period"]),
    )


def expectation(t: Text, facts: Facts) -> str:
    """What was expected: "283 to 653 were expected", or the expected figure where no range follows."""
    if math.isnan(facts.expected):
        return t("no figure was expected: the series could not be judged")
    if math.isnan(facts.low):
        return t("about {value} was expected", value=figure(facts.expected, t.language))
    return t(
        "{low} to {high} were expected",
        low=_near(facts.low, facts, t),
        high=_near(facts.high, facts, t),
    )


def _near(value: float, facts: Facts, t: Text) -> str:
    """A range's end with no more decimals than the figure it stands beside."""
    whole = float(facts.observed).is_integer() or facts.observed >= 100
    return figure(float(round(value)) if whole else round(value, 1), t.language)


def rarity(t: Text, facts: Facts) -> str:
    """How unusual the figure is by the model, and by the series' own record."""
    by_model, record = by_the_model(t, facts), track_record(t, facts)
    return f"{by_model}; {record}" if by_model else record[:1].upper() + record[1:]


def track_record(t: Text, facts: Facts) -> str:
    """How often the series was over its line before."""
    return t.n(
        "over its line in {alarms} of the {n} month before.",
        "over its line in {alarms} of the {n} months before.",
        facts.judged,
        alarms=facts.alarms,
    )


def by_the_model(t: Text, facts: Facts) -> str:
    """How often the model expects such a figure; nothing where no probability follows."""
    if math.isnan(facts.years):
        return ""
    if facts.years > LONGEST:
        return t("By the model less than once in {years} years", years=LONGEST)
    if facts.years >= 1.5:
        return t("By the model about once in {years} years", years=t.number(round(facts.years)))
    if (months := round(12 * facts.years)) > 1:
        return t("By the model about once in {months} months", months=months)
    return t("By the model in most months")


def persistence(t: Text, facts: Facts) -> str:
    """How long the signal has lasted: "first month above the line" or "3 months in a row"."""
    if facts.run <= 1:
        return t("first month above the line")
    return t.n("{n} month in a row", "{n} months in a row", facts.run)


def age(t: Text, days: float) -> str:
    """How old the newest figure is, in months from 60 days on."""
    if pd.isna(days):
        return t("age unknown")
    if days < 60:
        return t.n("{n} day old", "{n} days old", int(days))
    months = round(float(days) / 30.4)
    return t.n("{n} month old", "{n} months old", months)


def near_empty(t: Text, rows: pd.DataFrame) -> str:
    """A warning where the series is zero in most months, so that one event can make an alarm; else nothing."""
    recent = rows.loc[rows["observed"].notna(), "observed"].tail(36)
    if len(recent) and (recent == 0).mean() > 0.5:
        return t("This series is zero in most months: one event can make an alarm.")
    return ""


def verdict(t: Text, series: pd.Series, facts: Facts) -> str:
    """A chart's title: what was found of the newest complete period, or why it cannot be judged."""
    first = headline(t, series)
    if series["state"] == "not_judgeable":
        return t("{figure}; it cannot be judged", figure=first)
    above = bool(series["observed"] > series["upper"])
    if above:
        return t("{figure}; {expected}", figure=first, expected=expectation(t, facts))
    if facts.observed > facts.high:
        return t("{figure}, more than expected but below its alarm line", figure=first)
    if facts.observed < facts.low:
        return t("{figure}, less than expected", figure=first)
    return t("{figure}, within what was expected", figure=first)


def unjudged(t: Text, series: pd.Series) -> str:
    """Why a series has no verdict, and what that means."""
    return t(
        "Cannot be judged: {reason}. This is not the same as no alarm.", reason=t.reason(str(series["reason"]))
    )


def caption(t: Text, assessment: Assessment, series: pd.Series, rows: pd.DataFrame, source: str) -> str:
    """Below a chart: source, last data date, completeness, comparability."""
    record = INDICATORS[str(series["indicator"])]
    waiting = int((rows["observed"].notna() & rows["provisional"].astype(bool)).sum())
    filling = int((rows["observed"].notna() & ~rows["complete"].astype(bool)).sum())
    parts = [
        t("Source: {source}.", source=source),
        t("Data to {month}, as known on {day}.", month=t.month(rows["period"].max()), day=t.date(assessment.as_of)),
    ]
    if waiting:
        parts.append(t.n("{n} month is provisional (dashed).", "{n} months are provisional (dashed).", waiting))
    else:
        parts.append(t("All figures are final."))
    if filling:
        parts.append(
            t.n(
                "The newest month is still filling and is not judged.",
                "The newest {n} months are still filling and are not judged.",
                filling,
            )
        )
    parts.append(t("Comparability across the border: grade {grade}.", grade=record.grade))
    return " ".join(parts)


_NO_TREND = {
    "too_little_history": N_("it needs three whole years without a gap"),
    "twelve_month_sum": N_("neighbouring 12-month sums share eleven months; the line itself is the trend"),
    "weight": N_("single large seizures rule the logarithm of a weight"),
    "frequency": N_("the figures are yearly"),
}


def no_trend(t: Text, reason: str) -> str:
    """Why a series has no seasonal trend."""
    return t(_NO_TREND[reason])


def growth_sentence(t: Text, growth: Growth) -> str:
    """The trend's growth over the last year, in per cent a year, with a word only where the interval allows one."""
    year, low, high = (t.percent(share) for share in growth_a_year(growth))
    words = {
        "rising": t(
            "Trend over the last 12 months: rising by {year} a year ({low} to {high}).",
            year=year,
            low=low,
            high=high,
        ),
        "falling": t(
            "Trend over the last 12 months: falling, {year} a year ({low} to {high}).",
            year=year,
            low=low,
            high=high,
        ),
        "unclear": t(
            "Trend over the last 12 months: no clear change ({low} to {high} a year).", low=low, high=high
        ),
    }
    return words[growth.direction]


def break_words(t: Text, indicator: str) -> list[tuple[pd.Timestamp, str]]:
    """The method breaks of an indicator as a chart names them."""
    record = INDICATORS[indicator]
    found = []
    if record.begins:
        day = pd.Timestamp(record.begins)
        found.append((day, t("new method, {month}", month=t.month(day))))
    after = successor(indicator)
    if after is not None and after.begins:
        day = pd.Timestamp(after.begins)
        found.append((day, t("new method, {month}", month=t.month(day))))
    return found


def chart_words(t: Text) -> Words:
    """The words that a series chart draws."""
    return Words(
        observed=t("observed"),
        expected=t("expected"),
        line=t("alarm line"),
        alarm=t("alarm"),
        trend=t("trend"),
        forecast=t("forecast"),
        nowcast=t("nowcast"),
        filling=t("still filling"),
        suppressed=t("suppressed"),
        not_reported=t("not reported"),
        not_collected=t("not collected"),
        withdrawn=t("withdrawn"),
        not_published=t("not yet published"),
        earlier_method=t("earlier method"),
        draft=t("draft line"),
        gained=t("alarm under the draft only"),
        lost=t("alarm under the panel's settings only"),
        now=t("now"),
        period=t("month"),
    )


def not_watched(t: Text, assessment: Assessment, indicator: str) -> str:
    """Why the plan does not judge a series of this measure."""
    after = successor(indicator)
    if after is not None:
        return t("its publisher closed this measure; “{title}” continues it", title=t.indicator(after.id))
    if indicator in assessment.plan.not_watched:
        return lowered(t(assessment.plan.not_watched[indicator]))
    return t("this series is outside the plan")
