"""The evidence for a verdict in full: its rarity, the periods it rests on, other settings, earlier publications."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import text
from dashboard.dossier_words import SMALLEST
from dashboard.text import MISSING, N_, Text
from data_sources.registry import SOURCES
from surveillance.evidence import Evidence
from surveillance.reference_periods import Basis

TALL = 260  # pixels, beyond which a table scrolls
_TREND = {
    "kept": N_("A yearly change of {growth} is part of what was expected (p {p})."),
    "switched_off": N_("The settings have no trend."),
    "too_few_years": N_("No trend: fewer than three years of history."),
    "did_not_converge": N_("No trend: its fit did not converge."),
    "not_clear": N_("A yearly change of {growth} was left out: it is not clear enough (p {p})."),
    "extrapolates": N_(
        "A yearly change of {growth} was left out (p {p}): it would expect more than any earlier period had."
    ),
}
_SCALES = {
    "": N_("One standard deviation of a new value: {spread}."),
    "log1p": N_("One standard deviation of a new value: {spread} on the logarithm."),
    "sqrt": N_("One standard deviation of a new value: {spread} on the square root."),
}
# A setting in a few words; the Lab has the long names.
_WORDS = {
    "years": N_("{value} years"),
    "half_window": N_("half window {value}"),
    "guard": N_("guard {value}"),
    "tail_df": N_("tails {value}"),
    "baseline": N_("baseline {value}"),
}
_CHOICES = {
    ("trend", True): N_("with trend"),
    ("trend", False): N_("without trend"),
    ("threshold", "nbPlugin"): N_("negative binomial line"),
    ("threshold", "delta"): N_("power line"),
    ("detector", "EarsC1"): N_("C1"),
    ("detector", "EarsC2"): N_("C2"),
}


def tables(t: Text, found: Evidence, frequency: str) -> None:
    """Write the numbers of one verdict: its rarity, reference periods, other settings, earlier publications."""
    _sentences(t("By the model"), [_rarity(t, found)])
    _sentences(t("What it rests on"), _rests_on(t, found, frequency))
    _periods(t, found.basis, frequency)
    alarms, able = found.robust
    said = t(
        "Above the line under {alarms} of the {able} settings that could judge it, of {all} tried.",
        alarms=alarms,
        able=able,
        all=len(found.settings),
    )
    _sentences(t("Under other settings"), [said])
    _settings(t, found)
    alarms, able = found.lasting
    said = t(
        "Above the line in {alarms} of the {able} publications on which it could be judged.",
        alarms=alarms,
        able=able,
    )
    _sentences(
        t("As published before"),
        [t("One publication alone has held this period.") if found.vintages.empty else said],
    )
    _vintages(t, found)


def _sentences(title: str, sentences: list[str]) -> None:
    said = " ".join(sentence for sentence in sentences if sentence)
    st.markdown(f":small[**{text.escape_markdown(title)}.** {text.escape_markdown(said)}]")


def _rarity(t: Text, found: Evidence) -> str:
    if np.isnan(found.pvalue):
        return t("No probability follows: {reason}.", reason=t.reason(found.reason))
    return t(
        "A value this high has probability {high}, once in {often}; one this low {low}, once in {seldom}.",
        high=_chance(t, found.pvalue),
        often=_span(t, found.years),
        low=_chance(t, found.pvalue_low),
        seldom=_span(t, found.years_low),
    )


def _span(t: Text, years: float) -> str:
    """A return period in years, in months below one."""
    if years < 1:
        return t("{value} months", value=t.number(12 * years, 2))
    return t("{value} years", value=t.number(min(years, 1 / SMALLEST), 2))


def _chance(t: Text, probability: float) -> str:
    return f"< {t.number(SMALLEST, 1)}" if probability < SMALLEST else t.number(probability, 2)


def _rests_on(t: Text, found: Evidence, frequency: str) -> list[str]:
    """How many periods, which of them count less, the spread, and the fate of the trend."""
    basis = found.basis
    used = basis.periods[basis.periods["weight"] > 0]
    sentences = [t.n("{n} earlier period.", "{n} earlier periods.", len(used))]
    if found.reason == "emerging":
        sentences.append(t("Almost nothing before: judged by the rule for an empty baseline."))
    if len(basis.lowered):
        lightest = basis.lowered.iloc[0]
        sentences.append(
            t.n(
                "{n} of them counts less: {period}, {share} of a full one.",
                "{n} of them count less, the least {period}: {share} of a full one.",
                len(basis.lowered),
                period=t.period(lightest["period"], frequency),
                share=t.percent(lightest["weight"] / used["weight"].max()),
            )
        )
    if not np.isnan(basis.dispersion):
        sentences.append(t("Variance {ratio} times the mean.", ratio=t.number(basis.dispersion, 3)))
    if not np.isnan(basis.spread):
        sentences.append(t(_SCALES[basis.scale], spread=t.number(basis.spread, 3)))
    if basis.trend == "kept" and np.isnan(basis.trend_p):
        if not np.isnan(basis.growth):
            sentences.append(
                t("A yearly change of {growth} is part of what was expected.", growth=t.percent(basis.growth))
            )
    elif basis.trend in _TREND:
        growth = MISSING if np.isnan(basis.growth) else t.percent(basis.growth)
        sentences.append(t(_TREND[basis.trend], growth=growth, p=_chance(t, basis.trend_p)))
    return sentences


def _periods(t: Text, basis: Basis, frequency: str) -> None:
    rows = basis.periods
    most = rows["weight"].max()
    fitted = {} if rows["fitted"].isna().all() else {t("Fitted"): [t.number(value, 3) for value in rows["fitted"]]}
    _table(
        {
            t("Period"): [t.period(period, frequency) for period in rows["period"]],
            t("Observed"): [t.figure(value) for value in rows["observed"]],
            **fitted,
            t("Weight"): [t.percent(weight / most) for weight in rows["weight"]],
        }
    )


def _settings(t: Text, found: Evidence) -> None:
    rows = found.settings
    varied = [name for name in rows if name not in ("expected", "upper", "pvalue", "alarm", "reason")]
    settings = [", ".join(_word(t, name, row[name]) for name in varied) for _, row in rows.iterrows()]
    _table({t("Setting"): settings, **_verdicts(t, rows)})


def _word(t: Text, name: str, value: object) -> str:
    if (name, value) in _CHOICES:
        return t(_CHOICES[name, value])
    return t(_WORDS[name], value=t.number(float(str(value))))


def _vintages(t: Text, found: Evidence) -> None:
    rows = found.vintages
    _table(
        {
            t("Published"): [t.date(day) for day in rows["as_of"]],
            t("Source"): [t(SOURCES[source].title) for source in rows["source"]],
            t("Observed"): [t.figure(value) for value in rows["observed"]],
            **_verdicts(t, rows),
        }
    )


def _verdicts(t: Text, rows: pd.DataFrame) -> dict[str, list[str]]:
    return {
        t("Expected"): [t.number(value, 3) for value in rows["expected"]],
        t("Alarm line"): [t.number(value, 3) for value in rows["upper"]],
        t("p"): [_chance(t, value) for value in rows["pvalue"]],
        t("Verdict"): [
            t.reason(reason) if pd.isna(alarm) else t("above the line") if alarm else t("not above the line")
            for alarm, reason in zip(rows["alarm"], rows["reason"], strict=True)
        ],
    }


def _table(columns: dict[str, list[str]]) -> None:
    """A plain table whose cells are shown as they are; none where it would be empty."""
    cells = {name: [text.escape_markdown(cell) for cell in column] for name, column in columns.items()}
    table = pd.DataFrame(cells)
    if len(table):
        with st.container(height=TALL if len(table) > 6 else "content", border=False):
            st.table(table, border="horizontal", hide_index=True)
