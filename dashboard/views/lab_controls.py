"""The Lab's controls, built from a detector's parameters, and the draft settings that they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from dashboard import data, text
from dashboard.filters import BUDGETS, Selection
from dashboard.text import N_, Text
from surveillance.detectors import DETECTORS, Detector
from surveillance.detectors.contract import OutOfRange
from surveillance import parameters as params
from surveillance.parameters import Parameter
from surveillance.plan import DEFAULT_PLAN, Watch

_NAMES = {
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
_ABOUT = {
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
_LABELS = {
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
OWN = ("p_", "detector", "budget_draft")  # how this page's parameters in the address begin
_SIMPLE = ("baseline", "years", "min_years", "guard", "half_window", "trend", "reweight")


@dataclass(frozen=True)
class Draft:
    """The settings being tried, and what they change against the panel's."""

    detector: Detector
    short: Detector | None
    budget: float
    changes: Mapping[str, tuple[Any, Any]]


def controls(t: Text, selection: Selection, watch: Watch) -> Draft | None:
    """The draft that the controls say; None, with a sentence on the page, where its values do not go together."""
    st.markdown(f"**{t('Draft settings')}**")
    scope = f"{selection.indicator}-{st.session_state.get('lab_reset', 0)}-{selection.language}"
    budget = _dial(t, scope)
    judged = data.assessment(selection.as_of.isoformat(), budget)
    alpha = judged.plan.at(judged.alpha)[watch.indicator].detector.alpha  # the indicator's, after its inflation
    panel_name = next(name for name, kind in DETECTORS.items() if kind is type(watch.detector))
    asked = st.query_params.get("detector", panel_name)
    if asked not in DETECTORS:
        st.info(t("The link names no detector known here; the panel's own is used."))
        asked = panel_name
    name = st.selectbox(
        t("Detector"),
        list(DETECTORS),
        index=list(DETECTORS).index(asked),
        format_func=lambda key: t(_NAMES.get(str(key), str(key))),
        key=f"lab-detector-{scope}",
    )
    if name in _ABOUT:
        st.markdown(f":small[:gray[{t(_ABOUT[name])}]]")
    kind = DETECTORS[name]
    start = watch.detector if kind is type(watch.detector) else kind()
    linked = _linked(name, budget)
    parameters = [_started(parameter, start, alpha, linked) for parameter in params.parameters(kind)]
    values = {p.name: _control(t, p, f"lab-{name}-{scope}") for p in parameters if p.name in _SIMPLE}
    with st.expander(t("More: alpha, thresholds, weights")):
        values |= {
            p.name: _control(t, p, f"lab-{name}-{budget:g}-{scope}") for p in parameters if p.name not in _SIMPLE
        }
    own_alpha = abs(values["alpha"] - alpha) > 1e-9
    _remember(name, budget, {key: value for key, value in values.items() if key != "alpha" or own_alpha})
    try:
        detector = params.built(kind, values)
    except OutOfRange as error:
        st.error(
            t(
                "{parameter} must lie between {low} and {high}; it is {value}.",
                parameter=t(_LABELS.get(error.name, error.name)),
                low=t.number(error.low),
                high=t.number(error.high),
                value=t.number(error.value),
            )
        )
        return None
    except ValueError as error:
        st.error(t("These settings do not go together: {reason}", reason=text.escape_markdown(error)))
        return None
    changes = {} if detector == watch.detector else {'detector': (type(watch.detector).__name__, type(detector).__name__)}
    if not own_alpha:
        changes.pop("alpha", None)  # it follows from the dial
    if budget != DEFAULT_PLAN.budget:
        changes["budget"] = (DEFAULT_PLAN.budget, budget)
    short = watch.short and replace(watch.short, alpha=detector.alpha)  # type: ignore[type-var]
    return Draft(detector, short, budget, changes)


def _linked(name: str, budget: float) -> dict[str, str]:
    """The parameters that the link carries for this detector; its own alpha only while the dial stays."""
    if st.query_params.get("detector") != name:
        return {}
    linked = {key[2:]: value for key, value in st.query_params.items() if key.startswith("p_")}
    if st.query_params.get("budget_draft") != f"{budget:g}":
        linked.pop("alpha", None)
    return linked


def _remember(name: str, budget: float, values: Mapping[str, Any]) -> None:
    """Write the draft into the address, so that the page is a link."""
    draft = {"detector": name, "budget_draft": f"{budget:g}"} | {
        f"p_{k}": params.written(v) for k, v in values.items()
    }
    for key in [key for key in st.query_params if key.startswith("p_") and key not in draft]:
        del st.query_params[key]
    st.query_params.update(draft)


def _dial(t: Text, scope: str) -> float:
    try:
        asked = float(st.query_params.get("budget_draft", DEFAULT_PLAN.budget))
    except ValueError:
        asked = DEFAULT_PLAN.budget
    picked = st.segmented_control(
        t("False alarms expected per quarter"),
        list(BUDGETS),
        default=asked if asked in BUDGETS else DEFAULT_PLAN.budget,
        format_func=lambda value: f"{value:g}",
        required=True,
        help=t("How many alarms by chance alone the panel accepts over all series; it sets alpha."),
        key=f"lab-dial-{scope}",
    )
    return float(picked or DEFAULT_PLAN.budget)


def _started(parameter: Parameter, start: Detector, alpha: float, linked: Mapping[str, str]) -> Parameter:
    """The parameter with the value to begin with: the link's, else the dial's alpha, else the panel's."""
    value = alpha if parameter.name == "alpha" else getattr(start, parameter.name)
    try:
        value = params.read(parameter, linked[parameter.name])
    except (KeyError, ValueError):
        pass  # not in the link, or not a value of its kind: the panel's stands
    else:
        if parameter.kind in ("whole", "number") and value is not None:
            value = type(value)(np.clip(value, parameter.low, parameter.high))
    return replace(parameter, default=value)


def _control(t: Text, parameter: Parameter, scope: str) -> Any:
    label, key = t(_LABELS.get(parameter.name, parameter.name)), f"{scope}-{parameter.name}"
    value, low, high = parameter.default, parameter.low, parameter.high
    if parameter.kind == "switch":
        return st.toggle(label, value, key=key)
    if parameter.kind == "choice":
        return st.selectbox(label, parameter.choices, index=parameter.choices.index(value), key=key)
    if parameter.kind == "pair":
        first, second = st.columns(2)
        return (
            int(first.number_input(label, min_value=0, value=value[0], key=f"{key}-0")),
            int(second.number_input(t("in periods"), min_value=1, max_value=52, value=value[1], key=f"{key}-1")),
        )
    if parameter.optional and value is None:
        return None
    if parameter.kind == "whole":
        least, most = int(low or 0), None if high is None else int(high)
        if most is not None and most <= 30:
            return st.slider(label, least, most, int(value), key=key)
        return int(st.number_input(label, min_value=least, max_value=most, value=int(value), key=key))
    small = parameter.name in ("alpha", "trend_p")
    return float(
        st.number_input(
            label,
            min_value=0.0001 if parameter.name == "alpha" else None if low is None else float(low),
            max_value=None if high is None else float(high),
            value=float(value),
            step=0.005 if small else 0.1,
            format="%.4f" if small else "%.2f",
            key=key,
        )
    )


def change(t: Text, name: str, pair: tuple[Any, Any]) -> str:
    """One changed parameter in words, escaped for Markdown."""
    label = {"budget": N_("False alarms expected per quarter"), "detector": N_("Detector")}.get(
        name, _LABELS.get(name, name)
    )
    before, after = (_said(t, value) for value in pair)
    return text.escape_markdown(
        t("{parameter}: {after} instead of {before}", parameter=t(label), before=before, after=after)
    )


def _said(t: Text, value: Any) -> str:
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, int | float):
        return t.number(value, 3)
    named = {kind.__name__: name for name, kind in DETECTORS.items()}
    return t(_NAMES.get(named.get(value, ""), value)) if isinstance(value, str) else params.written(value)
