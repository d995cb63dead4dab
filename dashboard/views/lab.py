"""Lab: other settings for one series at once, then for all; never published, always labelled."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import pandas as pd
import streamlit as st

from dashboard import charts, data, filters, text
from dashboard.filters import Selection
from dashboard.sentences import chart_words, series_name
from dashboard.text import N_, Text
from dashboard.views import picker
from dashboard.views.lab_controls import OWN, Draft, change, controls
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import lab
from surveillance.assessment import Assessment
from surveillance.explain import drawn, rounded
from surveillance.lab import Comparison
from surveillance.plan import DEFAULT_PLAN, Watch
from surveillance.series import Wide

RECENT = 60  # periods the preview shows


def render(selection: Selection) -> None:
    """The page of the Lab for a selection."""
    t = text.of(selection.language)
    title = st.container()
    chosen = picker.pick(selection, several=False, watched=True)
    if chosen is None:
        title.title(t("No series can be tried on this date"))
        st.info(t("Choose a later date above, or import the publishers' files."))
        return
    day = chosen.as_of.isoformat()
    panel = data.assessment(day, DEFAULT_PLAN.budget)
    wide = data.wide(day, str(chosen.indicator))
    if wide is None:
        title.title(t("No series can be tried on this date"))
        return
    watch = panel.plan.at(panel.alpha)[str(chosen.indicator)]
    left, centre, right = st.columns([5, 11, 5])
    with left, st.container(border=True):
        draft = controls(t, chosen, watch)
    if draft is None:
        title.title(t("These settings do not go together"))
        return
    place, substance = chosen.geographies[0], str(chosen.substance)
    started = time.perf_counter()
    rows = drawn(panel, wide, place, substance)
    try:
        verdicts = lab.judged(Watch(wide.indicator.id, draft.detector, '', short=draft.short), lab.only(wide, place, substance), alpha=draft.detector.alpha)
    except ValueError as error:  # this detector and this series, or this frequency, do not go together
        title.title(t("These settings do not go together"))
        with centre:
            st.error(t("These settings do not go together: {reason}", reason=text.escape_markdown(str(error))))
        return
    own = panel.of(wide.indicator.id, place, substance)
    found = lab.compare(own, verdicts, recent=RECENT)
    took = time.perf_counter() - started
    title.title(text.escape_markdown(_finding(t, draft, found, series_name(t, place, substance))))
    with centre:
        _preview(t, chosen, rows, verdicts, found, draft)
        _all_series(t, chosen, panel, wide, draft)
    with right:
        _publication(t, chosen, watch, draft, took)


def _finding(t: Text, draft: Draft, found: Comparison, name: str) -> str:
    if not draft.changes:
        return t("{series}: the panel's settings; nothing is changed yet", series=name)
    return t(
        "{series}: this draft gains {gained} and loses {lost} alarms of the last {n} months",
        series=name,
        gained=len(found.gained),
        lost=len(found.lost),
        n=RECENT,
    )


def _preview(
    t: Text, selection: Selection, rows: pd.DataFrame, verdicts: pd.DataFrame, found: Comparison, draft: Draft
) -> None:
    place = selection.geographies[0]
    country = GEOGRAPHIES[place].country
    title = t(
        "Alarms of the last {n} months: {gained} gained, {lost} lost, {kept} kept",
        n=RECENT,
        gained=len(found.gained),
        lost=len(found.lost),
        kept=len(found.kept),
    )
    words = chart_words(t)
    with st.container(border=True, gap="xsmall"):
        st.header(title)
        name = series_name(t, place, str(selection.substance))
        st.markdown(f":small[:gray[{text.escape_markdown(f'{name}. {t.indicator(str(selection.indicator))}')}]]")
        chart = charts.series_chart(
            rows.tail(RECENT),
            unit=t.unit(str(selection.indicator)),
            country="us" if country == "US" else "mx",
            language=selection.language,
            dark=data.dark(),
            labels=replace(words, line=t("panel line")),
            draft=_marked(verdicts, found).tail(RECENT) if draft.changes else None,
        )
        st.altair_chart(chart, width="stretch", theme=None, alt=title, key="lab-preview")
        note = t(
            "Filled: alarm under both. Open: under the draft only. Grey cross: under the panel's settings only."
        )
        if found.unjudged:
            note += " " + t.n(
                "The draft cannot judge {n} month that the panel's settings judge.",
                "The draft cannot judge {n} months that the panel's settings judge.",
                found.unjudged,
            )
        st.markdown(f":small[:gray[{note}]]")


def _marked(verdicts: pd.DataFrame, found: Comparison) -> pd.DataFrame:
    """The draft's rows with what became of each alarm."""
    change = pd.Series("", index=verdicts.index)
    for name in ("gained", "lost", "kept"):
        change[verdicts["period"].isin(getattr(found, name)["period"])] = name
    return verdicts.assign(change=change)[["period", "observed", "upper", "change"]]


def _all_series(t: Text, selection: Selection, panel: Assessment, wide: Wide, draft: Draft) -> None:
    own = panel.select(indicators=[wide.indicator.id])
    count = len(own[["geography", "substance"]].drop_duplicates())
    with st.container(border=True, gap="xsmall"):
        label = t.n("Apply to {n} series of this measure", "Apply to all {n} series of this measure", count)
        key = repr((selection.as_of, wide.indicator.id, draft.detector, draft.short))
        if st.button(label, type="primary", disabled=not draft.changes, width="stretch"):
            started = time.perf_counter()
            watched = own[["geography", "substance"]].drop_duplicates()
            columns = list(watched.itertuples(index=False, name=None))
            verdicts = lab.judged(Watch(wide.indicator.id, draft.detector, '', short=draft.short), lab.several(wide, columns), alpha=draft.detector.alpha)
            st.session_state["lab_applied"] = (key, lab.compare(own, verdicts), time.perf_counter() - started)
        applied = st.session_state.get("lab_applied")
        if applied is None or applied[0] != key:
            note = t("The preview uses one series at once; the others are judged only after Apply.")
            st.markdown(f":small[:gray[{note}]]")
            return
        _, found, took = applied
        st.header(
            t(
                "All {n} series, last {months} months: {gained} alarms gained, {lost} lost, {kept} kept",
                n=count,
                months=lab.RECENT,
                gained=len(found.gained),
                lost=len(found.lost),
                kept=len(found.kept),
            )
        )
        _changed(t, found)
        st.markdown(f":small[:gray[{t('Judged in {seconds} s.', seconds=t.number(round(took, 2)))}]]")


def _changed(t: Text, found: Comparison) -> None:
    parts = [
        part.assign(change=t(word))
        for part, word in ((found.gained, N_("gained")), (found.lost, N_("lost")), (found.kept, N_("kept")))
        if len(part)
    ]
    if not parts:
        st.markdown(t("No alarm under either setting."))
        return
    rows = pd.concat(parts, ignore_index=True)
    table = pd.DataFrame(
        {
            t("Change"): rows["change"],
            t("Series"): [series_name(t, row.geography, row.substance) for row in rows.itertuples()],
            t("Month"): [t.month(day) for day in rows["period"]],
            t("Observed"): rows["observed"],
            t("Expected"): rows["expected"].round(1),
            t("Alarm line"): rows["upper"].round(1),
            t("Distance"): rows["exceedance"].clip(0, 4),
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=320,
        column_config={t("Distance"): st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=4)},
        alt=t("Alarms gained, lost and kept"),
    )
    st.markdown(f":small[:gray[{t('Distance: 1 is the alarm line, 0 what was expected.')}]]")


def _publication(t: Text, selection: Selection, watch: Watch, draft: Draft, took: float) -> None:
    with st.container(border=True, gap="xsmall"):
        st.header(t("Publication"))
        if draft.changes:
            st.badge(
                t.n(
                    "Modified ({n} change), not for publication",
                    "Modified ({n} changes), not for publication",
                    len(draft.changes),
                ),
                icon=":material/lock:",
                color="yellow",
            )
            st.markdown("\n".join(f"- {change(t, name, pair)}" for name, pair in draft.changes.items()))
        else:
            st.badge(t("Panel default v{version}", version=DEFAULT_PLAN.version), color="gray")
        st.markdown(f":small[:gray[{t('Nothing set here reaches a bulletin; only the panel changes its plan.')}]]")
        if st.button(t("Reset"), disabled=not draft.changes):
            for key in [key for key in st.query_params if key.startswith(OWN)]:
                del st.query_params[key]
            st.session_state["lab_reset"] = st.session_state.get("lab_reset", 0) + 1
            st.rerun()
        with st.popover(t("Copy link"), type="tertiary"):
            own = {key: value for key, value in st.query_params.items() if key.startswith(OWN)}
            st.code(
                f"{_origin()}/lab?{urlencode(filters.parameters(selection) | own)}", language=None, wrap_lines=True
            )
        st.markdown(f":small[:gray[{t('One series judged in {ms} ms.', ms=t.number(round(1000 * took)))}]]")
    with st.container(border=True, gap="xsmall"):
        st.header(t("The panel's own settings"))
        st.markdown(f":small[{text.escape_markdown(t(watch.why))}.]")
        st.markdown(f":small[:gray[{text.escape_markdown(repr(rounded(watch.detector)))}]]")


def _origin() -> str:
    """Where the app is served from, so that a copied link works elsewhere; empty where that is not known."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
