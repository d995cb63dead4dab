"""Settings in words: detectors, their parameters, what each does, and what a draft changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard import text
from dashboard.identity import LOCAL
from dashboard.text import N_, Text
from surveillance.draft import Change
from surveillance.parameters import written

NAMES = {
    "ears_c1": "EARS C1",
    "ears_c2": "EARS C2",
    "ears_c3": "EARS C3",
    "farrington_flexible": "Farrington Flexible",
    "farrington_1996": "Farrington 1996",
    "seasonal_regression": N_("Seasonal regression"),
    "twelve_month_ending": N_("Twelve-month sums"),
    "cusum": "CUSUM",
    "glr_poisson": N_("Likelihood ratio, Poisson"),
    "glr_negbin": N_("Likelihood ratio, negative binomial"),
    "lr_negbin": N_("Likelihood ratio for one rise"),
    "rki": "RKI",
    "bayes": "Bayes",
    "historical_limits": N_("Historical limits"),
    "level_shift": N_("Change of level"),
    "seasonal_trend": N_("Seasonal regression with trend"),
}
ABOUT = {
    "ears_c1": N_("Each month against the mean and spread of the months just before it."),
    "ears_c2": N_("As C1, leaving two months between, so that a slow rise does not hide itself."),
    "ears_c3": N_("As C2, adding up the excess of three months; it lags a rise."),
    "farrington_flexible": N_("Each month against a regression on the same season of earlier years."),
    "farrington_1996": N_("The older form: the same months of earlier years, a trend only where it is clear."),
    "seasonal_regression": N_("For weights and rates: a level and a yearly wave, robust against past peaks."),
    "twelve_month_ending": N_("For twelve-month sums: only the newest month's change is judged."),
    "cusum": N_("Adds up small excesses over the seasonal mean until they reach a line."),
    "glr_poisson": N_("Asks since when counts have been higher, by any amount. Not for counts that vary widely."),
    "glr_negbin": N_("Asks since when counts have been higher, by any amount; allows for wide variation."),
    "lr_negbin": N_("Fastest to find a rise of one size, such as a doubling."),
    "rki": N_("Against a few periods just before or a year before, by a table for small counts."),
    "bayes": N_("Against what a few periods just before or a year before lead one to expect."),
    "level_shift": N_("Asks whether the level has changed for good since some period of the last two years."),
    "seasonal_trend": N_("Each period against yearly waves and a curved trend, whose coefficients can be read."),
    "historical_limits": N_("About four weeks against the same and the neighbouring weeks of earlier years."),
}
LABELS = {
    "baseline": N_("Baseline, periods"),
    "min_sd": N_("Smallest spread assumed"),
    "years": N_("Years of history"),
    "min_years": N_("Fewest years that serve"),
    "half_window": N_("Half window, periods"),
    "blocks": N_("Seasonal blocks"),
    "guard": N_("Guard, periods"),
    "alpha": N_("Alpha: chance of a false alarm each time"),
    "threshold": N_("How the line is drawn"),
    "power": N_("Power transformation"),
    "residual_threshold": N_("Residual beyond which the past weighs less"),
    "trend": N_("Trend in the baseline"),
    "trend_p": N_("P-value below which the trend is kept"),
    "reweight": N_("Past outbreaks weigh less"),
    "min_cases": N_("Fewest cases, in so many periods"),
    "mode": N_("Formulas"),
    "index": N_("Seasons found by"),
    "transform": N_("Scale of the regression"),
    "tail_df": N_("Weight of the tails: lower is heavier"),
    "min_dispersion": N_("Smallest dispersion assumed"),
    "least": N_("Fewest known values"),
    "least_share": N_("Smallest share above zero"),
    "training": N_("Periods of the first baseline"),
    "update": N_("Baseline estimated anew"),
    "harmonics": N_("Yearly waves in the baseline"),
    "scale": N_("Scale of the counts"),
    "reference": N_("Excess that counts for nothing, in standard deviations"),
    "dispersion": N_("Dispersion of the counts"),
    "reset": N_("Starts again after an alarm"),
    "change": N_("Kind of rise"),
    "rise": N_("Rise looked for, as a factor"),
    "system": N_("System"),
    "reach": N_("Years in which a change is looked for"),
    "clip": N_("Residual beyond which one period counts no more, in standard deviations"),
    "spline": N_("Bends of the trend"),
    "family": N_("Distribution of the counts"),
    "pandemic": N_("Pandemic months modelled apart"),
    "neighbours": N_("Neighbouring sums on either side"),
}
UNVERIFIED = " (identity not verified)"  # as it is written into a file

# One line beside a control, in words a reader acts on.
HELP = {
    "baseline": N_("More periods give a steadier line that follows a change of level more slowly."),
    "min_sd": N_("Keeps a flat past from making every case an alarm."),
    "years": N_("More years give a steadier line; fewer follow a changed level sooner."),
    "min_years": N_("Below it the series is judged by the second detector, or not at all."),
    "half_window": N_("How many periods around the same season of earlier years belong to the baseline."),
    "blocks": N_("Into how many parts the rest of the year is cut, so that seasons do not alarm."),
    "guard": N_("The newest periods left out of the baseline, so that a slow rise does not hide itself."),
    "threshold": N_("The distribution from which the alarm line is computed."),
    "power": N_("Scale on which the line is symmetric; 2/3 suits counts."),
    "residual_threshold": N_("Lower values take more of the past for outbreaks."),
    "trend": N_("On: the baseline may rise or fall from year to year."),
    "trend_p": N_("At 1 the trend is always kept."),
    "reweight": N_("On: past peaks pull the line up less."),
    "min_cases": N_("Small-count floor: below it nothing alarms."),
    "transform": N_("Square root for counts and rates, logarithm for weights."),
    "tail_df": N_("Lower values expect more large single values and alarm less."),
    "min_dispersion": N_("1 is the spread of a Poisson count; lower lets steadier series alarm sooner."),
    "least": N_("With fewer known values the series is not judged."),
    "least_share": N_("With more zeros than this leaves, the series is not judged."),
    "harmonics": N_("0: no season; 1: one yearly wave; 2: a sharper one."),
    "spline": N_("0: a straight trend; more follow turns sooner."),
    "reach": N_("How far back a lasting change may have begun."),
    "rise": N_("2 looks for a doubling."),
    "alpha": N_("Lower: fewer alarms, later. As a rule the dial above sets it."),
}
PLAN_LABELS = {
    "budget": N_("False alarms expected per quarter"),
    "alpha": N_("Alpha for all series"),
    "detector": N_("Detector"),
    "short": N_("Detector while history is short"),
    "substances": N_("Substances watched"),
    "watched": N_("Watched"),
    "why": N_("Reason given"),
}


def detector(t: Text, name: str) -> str:
    """A detector's name in words."""
    return t(NAMES.get(name, name))


def label(t: Text, parameter: str) -> str:
    """A parameter's name in words."""
    return t(LABELS.get(parameter, parameter))


def label_of(t: Text, change: Change) -> str:
    """What a change is about, in words."""
    if change.parameter in PLAN_LABELS and (change.parameter != "alpha" or not change.indicator):
        return t(PLAN_LABELS[change.parameter])
    return label(t, change.parameter)


def said(t: Text, value: Any, *, parameter: str = "") -> str:
    """A parameter's value in words."""
    if parameter in ("detector", "short"):
        return detector(t, value) if value else t("none")
    if parameter == "substances":
        return ", ".join(t.substance(code) for code in value) if value else t("all")
    if value is None:
        return t("by default")
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, int | float):
        return t.number(value, 3)
    return " / ".join(map(str, value)) if isinstance(value, tuple) else choice(t, written(value))


def sentence(t: Text, change: Change) -> str:
    """One change as plain text: "US monthly deaths, guard: 3 instead of 6"."""
    what = label_of(t, change)
    if change.indicator:
        what = t("{measure}, {parameter}", measure=t.short(change.indicator), parameter=what[:1].lower() + what[1:])
    before, after = (said(t, value, parameter=change.parameter) for value in (change.before, change.after))
    return t("{parameter}: {after} instead of {before}", parameter=what, before=before, after=after)


def listed(t: Text, changes: Sequence[Change]) -> str:
    """The changes as a list in Markdown."""
    return "\n".join(f"- {text.escape_markdown(sentence(t, change))}" for change in changes)


def author(t: Text, name: str) -> str:
    """Who saved settings, as plain text; in the reader's language where nobody vouched for the name."""
    if name == LOCAL:
        return t(LOCAL)
    bare = name.removesuffix(UNVERIFIED)
    return name if bare == name else t("{name} (identity not verified)", name=bare)


def modified(t: Text, count: int) -> str:
    """What every page says of settings that are not the panel's."""
    return t.n(
        "Settings: Modified ({n} change), not for publication",
        "Settings: Modified ({n} changes), not for publication",
        count,
    )


_CHOICES = {
    "none": N_("none"),
    "sqrt": N_("square root"),
    "log1p": N_("logarithm"),
    "count": N_("as counted"),
    "never": N_("never"),
    "yearly": N_("every year"),
    "alarm": N_("after each alarm"),
    "nbPlugin": N_("negative binomial"),
    "muan": N_("negative binomial, its mean uncertain"),
    "delta": N_("power scale"),
    "corrected": N_("corrected"),
    "r_compatible": N_("as in R surveillance"),
    "position": N_("position in the year"),
    "date": N_("date"),
    "quasi_poisson": N_("quasi-Poisson"),
    "negative_binomial": N_("negative binomial"),
    "intercept": N_("a lasting rise"),
    "epidemic": N_("a growing rise"),
    "standard": N_("standardised"),
}


def choice(t: Text, value: str) -> str:
    """One of a parameter's choices in words; formulas' names as they are."""
    return t(_CHOICES[value]) if value in _CHOICES else value
