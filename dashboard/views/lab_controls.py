"""The Lab's controls: the dial first, then every parameter of a detector; a draft goes in, the next comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import data, settings_words, text
from dashboard.filters import BUDGETS, Selection
from dashboard.text import N_, Text
from surveillance import draft as drafts
from surveillance.detectors import DETECTORS
from surveillance.detectors.contract import OutOfRange
from surveillance.parameters import Parameter, detector_name, parameters
from surveillance.plan import DEFAULT_PLAN, Plan

HELD, SHOWN = "lab_draft", "lab_shown"  # the draft of this session, and how often the controls began anew
_NUMBERS = ("whole", "number")


def current(t: Text, selection: Selection) -> Plan:
    """The draft: the link's, else this session's, else the selection's own settings.

    Where the link is this session's, the session knows more of it: the name of the file that it came from.
    """
    base = data.plan(selection)
    digest, held = st.session_state.get(HELD, ("", base))
    asked = st.query_params.get("draft")
    if digest == base.digest and asked in (None, drafts.link(base, held)):
        return held
    if asked is None:
        return base
    try:
        return drafts.read(base, st.query_params["draft"])
    except (ValueError, KeyError):
        del st.query_params["draft"]
        st.info(t("The link holds no draft that can be used here; the settings stand as they were."))
        return base


def remember(selection: Selection, draft: Plan) -> None:
    """Keep the draft in this session, and in the address where a link can carry it, so that the page is a link."""
    base = data.plan(selection)
    st.session_state[HELD] = (base.digest, draft)
    if said := drafts.link(base, draft):
        st.query_params["draft"] = said
    elif "draft" in st.query_params:
        del st.query_params["draft"]


def begin_anew(draft: tuple[str, Plan] | None = None) -> None:
    """Put a draft, beside the digest of the settings it stands against, in place of the one that is held.

    None: the controls show the settings they began with.
    """
    st.session_state.pop(HELD, None)
    if draft is not None:
        st.session_state[HELD] = draft
    st.session_state[SHOWN] = st.session_state.get(SHOWN, 0) + 1
    if "draft" in st.query_params:
        del st.query_params["draft"]


def controls(
    t: Text, selection: Selection, draft: Plan, indicator: str, alpha: float
) -> tuple[Plan, DeltaGenerator]:
    """The draft that the controls say, and the place below the dial.

    The draft stays as it was, with a sentence on the page, where values do not go together. *alpha* is what the
    dial allows each judgement.
    """
    scope = f"{st.session_state.get(SHOWN, 0)}-{t.language}"
    base = data.plan(selection)
    st.markdown(f"**{t('Draft settings')}**")
    draft = _dial(t, draft, scope)
    below = st.container()  # where Apply stands, in sight while the rest is open
    with st.expander(t("Advanced: alpha, baseline, detector"), icon=":material/tune:"):
        draft = _alpha(t, draft, alpha, scope)
        st.markdown(f"**{text.escape_markdown(t.indicator(indicator))}**")
        draft = _detector(t, draft, base, indicator, scope)
        name = detector_name(draft[indicator].detector)
        everywhere = st.toggle(
            t("Change it for every measure"),
            key=f"lab-everywhere-{scope}",
            help=t("Each change below then goes to all measures whose detector has that parameter."),
        )
        for parameter in parameters(DETECTORS[name]):
            if parameter.name != "alpha":
                draft = _parameter(t, draft, indicator, parameter, f"{indicator}-{name}-{scope}", everywhere)
    return draft, below


def _dial(t: Text, draft: Plan, scope: str) -> Plan:
    options = sorted({*BUDGETS, draft.budget})
    picked = st.segmented_control(
        t("False alarms expected per quarter"),
        options,
        default=draft.budget,
        format_func=lambda value: f"{value:g}",
        required=True,
        help=t("How many alarms by chance alone the panel accepts over all series; it sets alpha."),
        disabled=draft.fixed_alpha is not None,
        key=f"lab-dial-{len(options)}-{scope}",
    )
    return replace(draft, budget=float(picked)) if picked else draft


def _alpha(t: Text, draft: Plan, alpha: float, scope: str) -> Plan:
    fixed = st.toggle(
        t("Set alpha by hand"),
        draft.fixed_alpha is not None,
        help=t("Alpha is the chance of a false alarm at each judgement. As a rule the dial sets it."),
        key=f"lab-fixed-{scope}",
    )
    if not fixed:
        return replace(draft, fixed_alpha=None)
    held = draft.fixed_alpha or round(min(max(alpha, 0.0001), 0.2), 4)
    picked = st.number_input(
        t("Alpha for all series"), min(0.0001, held), max(0.2, held), float(held), step=0.001, format="%.4f",
        help=t("From {low} to {high}.", low=t.number(0.0001, 1), high=t.number(0.2)),
        key=f"lab-alpha-{scope}",
    )  # fmt: skip
    return replace(draft, fixed_alpha=float(picked))


def _detector(t: Text, draft: Plan, base: Plan, indicator: str, scope: str) -> Plan:
    now = detector_name(draft[indicator].detector)
    picked = st.selectbox(
        t("Detector"),
        list(DETECTORS),
        index=list(DETECTORS).index(now),
        format_func=lambda key: settings_words.detector(t, str(key)),
        key=f"lab-detector-{indicator}-{scope}",
    )
    st.markdown(f":small[:gray[{text.escape_markdown(t(settings_words.ABOUT[picked]))}]]")
    return draft if picked == now else drafts.with_detector(draft, indicator, picked, base)


def _parameter(t: Text, draft: Plan, indicator: str, parameter: Parameter, scope: str, everywhere: bool) -> Plan:
    now = getattr(draft[indicator].detector, parameter.name)
    value = _control(t, parameter, now, _help(t, parameter, indicator), f"lab-{parameter.name}-{scope}")
    if value == now:
        return draft
    concerned = [watch.indicator for watch in draft.watches] if everywhere else [indicator]
    try:
        return drafts.with_value(draft, concerned, parameter.name, value)
    except OutOfRange as error:
        st.error(out_of_range(t, error))
    except ValueError:
        st.error(t("{parameter} does not take this value.", parameter=settings_words.label(t, parameter.name)))
    return draft


def out_of_range(t: Text, error: OutOfRange) -> str:
    """What is wrong with a parameter's value, in the reader's language."""
    return t(
        "{parameter} must lie between {low} and {high}; it is {value}.",
        parameter=settings_words.label(t, error.name),
        low=t.number(error.low),
        high=t.number(error.high),
        value=t.number(error.value),
    )


def _help(t: Text, parameter: Parameter, indicator: str) -> str:
    parts = [t(settings_words.HELP[parameter.name])] if parameter.name in settings_words.HELP else []
    if parameter.kind in _NUMBERS and parameter.low is not None:
        if parameter.high is None:
            parts.append(t("From {low}.", low=t.number(parameter.low)))
        else:
            parts.append(t("From {low} to {high}.", low=t.number(parameter.low), high=t.number(parameter.high)))
    own = DEFAULT_PLAN[indicator].detector
    if hasattr(own, parameter.name):
        value = settings_words.said(t, getattr(own, parameter.name))
        parts.append(t("Panel default: {value}.", value=text.escape_markdown(value)))
    return " ".join(parts)


def _control(t: Text, parameter: Parameter, value: Any, help_: str, key: str) -> Any:
    label, low, high = settings_words.label(t, parameter.name), parameter.low, parameter.high
    if parameter.kind == "switch":
        return st.toggle(label, value, key=key, help=help_)
    if parameter.kind == "choice":
        options = list(parameter.choices)
        picked = st.selectbox(
            label, options, index=options.index(str(value)), key=key, help=help_,
            format_func=lambda choice: settings_words.choice(t, str(choice)),
        )  # fmt: skip
        return type(parameter.default)(picked)
    if parameter.kind == "pair":
        first, second = st.columns(2, vertical_alignment="bottom")
        least = first.number_input(label, 0, max(1000, value[0]), value[0], key=f"{key}-0", help=help_)
        periods = second.number_input(t("in periods"), 1, 52, value[1], key=f"{key}-1")
        return int(least), int(periods)
    if parameter.optional and value is None:
        return None
    if parameter.kind == "whole":
        least, most = int(low or 0), None if high is None else int(high)
        if most is not None and most <= 30:
            return st.slider(label, least, most, int(value), key=key, help=help_)
        return int(st.number_input(label, least, most, int(value), key=key, help=help_))
    return float(
        st.number_input(
            label, None if low is None else float(low), None if high is None else float(high), float(value),
            step=0.1, format="%.2f", key=key, help=help_,
        )
    )  # fmt: skip


REFUSED = N_("This detector is for whole counts, and this series holds other numbers. Choose another detector.")
TOGETHER = N_("This detector cannot judge this series with these settings. Take back the last change.")


def refused(t: Text, error: ValueError) -> str:
    """Why a detector does not take a series, in the reader's language."""
    if isinstance(error, OutOfRange):
        return out_of_range(t, error)
    return t(REFUSED if "not a whole number" in str(error) else TOGETHER)
