"""Lab: other settings for one series at once, then for all; never published, always labelled."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import data, text
from dashboard.filters import BUDGETS, Selection
from dashboard.sentences import series_name
from dashboard.text import Text
from dashboard.views import lab_all, lab_controls, lab_own, lab_past, lab_preview, lab_share, picker
from surveillance import lab
from surveillance.assessment import Assessment
from surveillance.draft import changes
from surveillance.plan import DEFAULT_PLAN, Plan


def render(selection: Selection) -> None:
    """The page of the Lab for a selection."""
    t = text.of(selection.language)
    title = st.container()
    panel = data.assessment(selection.as_of.isoformat(), DEFAULT_PLAN.budget)
    if panel.series.empty:
        title.title(t("No series can be tried on this date"), anchor=False)
        st.info(t("Choose a later date above, or import the publishers' files."))
        return
    own = lab_own.chosen(t)
    chosen = lab_own.measure(t, selection) if own else picker.pick(selection, several=False, watched=True)
    watched = chosen is not None and chosen.indicator in {watch.indicator for watch in DEFAULT_PLAN.watches}
    wide = data.wide(chosen.as_of.isoformat(), str(chosen.indicator)) if chosen and watched and not own else None
    if chosen is None or (wide is None and not own):
        title.title(t("No series can be tried on this date"), anchor=False)
        return
    indicator = str(chosen.indicator)
    draft = lab_controls.current(t, selection)
    left, centre, right = st.columns([5, 11, 6])
    with left, st.container(border=True):
        draft, below = lab_controls.controls(t, chosen, draft, indicator, _alpha(selection, panel, draft))
        lab_controls.remember(selection, draft)
        with below:
            applied = None if own else lab_all.button(t, selection, panel, draft)
    alpha = applied.trial.alpha if applied else _alpha(selection, panel, draft)
    inflation = applied.trial.inflation if applied else panel.plan.inflation
    asked = lab_preview.Asked(
        selection=chosen, panel=panel, draft=draft, alpha=alpha, inflation=inflation.get(indicator, 1.0),
        changes=changes(DEFAULT_PLAN, draft),
    )  # fmt: skip
    with centre:
        if wide is None:
            shown = lab_own.part(t, asked)
            title.title(t("Your own series under the panel's settings and a draft"), anchor=False)
        else:
            shown = lab_preview.part(t, asked, wide)
            name = series_name(t, chosen.geographies[0], str(chosen.substance))
            found = applied.found if applied else None
            title.title(text.escape_markdown(_finding(t, asked, shown, name, found)), anchor=False)
            if applied:
                lab_all.part(t, selection, applied)
    with right:
        past = st.container(gap=None)
        lab_share.part(t, selection, asked)  # the label first: the backtest takes longer than the preview
        if shown:
            with past:
                lab_past.part(t, asked, shown.wide, own=own)
    for budget in BUDGETS:  # the page is drawn: now what the dial's next move needs
        _alpha(selection, panel, replace(DEFAULT_PLAN, budget=budget))


def _alpha(selection: Selection, panel: Assessment, draft: Plan) -> float:
    """What the draft's dial allows each judgement, on the fits of the panel's own detectors."""
    if draft.fixed_alpha is not None:
        return draft.fixed_alpha
    if draft.budget == panel.plan.budget:
        return panel.alpha

    def make(day: str, budget: float) -> float:
        fitted = [some for watch in DEFAULT_PLAN.watches if (some := data.fits(day, watch)) is not None]
        return lab.dialled(draft, fitted)[0]

    found: float = data.computed("lab-alpha", make, selection.as_of.isoformat(), draft.budget)
    return found


def _finding(
    t: Text, asked: lab_preview.Asked, shown: lab_preview.Shown | None, name: str, of_all: lab.Comparison | None
) -> str:
    """What the draft does: over all series once they are judged, else to the one shown."""
    if of_all is not None:
        gained, lost = (t.number(len(rows)) for rows in (of_all.gained, of_all.lost))
        return t(
            "This draft gains {gained} and loses {lost} alarms against the panel default", gained=gained, lost=lost
        )
    if shown is None:
        return t("{series}: this draft cannot judge it", series=name)
    if not asked.changes:
        return t("{series}: the panel's settings; nothing is changed yet", series=name)
    found, months = shown.found, lab_preview.RECENT
    if not len(found.gained) and not len(found.lost):
        return t("{series}: this draft changes no alarm of the last {n} months", series=name, n=months)
    return t(
        "{series}: this draft gains {gained} and loses {lost} alarms of the last {n} months",
        series=name, gained=len(found.gained), lost=len(found.lost), n=months,
    )  # fmt: skip
