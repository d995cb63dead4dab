"""Trends: one measure in up to six places, with what was expected, the alarms and what may follow."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import data, text, trend_state
from dashboard.filters import Selection
from dashboard.text import Text
from dashboard.trend_state import BY, LAYERS, MEASURES, State
from dashboard.views import picker, trend_read
from dashboard.views.trend_panel import Panel
from surveillance.measures import By, Measure, aggregations, measures
from surveillance.series import Wide


def render(selection: Selection) -> None:
    """The page of trends for a selection."""
    t = text.of(selection.language)
    title = st.container()
    chosen = picker.pick(selection, several=True, streams=True)
    if chosen is None:
        title.title(t("No figures were known on this date"))
        st.info(t("Choose a later date above, or import the publishers' files."))
        return
    assessment = data.judged(chosen)
    wide = data.wide(chosen.as_of.isoformat(), str(chosen.indicator))
    if wide is None:
        title.title(t("No figures were known on this date"))
        return
    state = _controls(t, chosen, wide)
    if not state.plain:
        finding = trend_read.draw(t, chosen, assessment, wide, state)
        title.title(text.escape_markdown(finding), anchor=False)
        return
    panels = [Panel(t, chosen, assessment, wide, place, state) for place in chosen.geographies]
    if len(panels) == 1:
        title.title(text.escape_markdown(panels[0].title), anchor=False)
    else:
        above = sum(panel.above for panel in panels)
        title.title(
            t.n(
                "{measure}: {above} of {n} place above its alarm line",
                "{measure}: {above} of {n} places above their alarm lines",
                len(panels),
                measure=t.indicator(str(chosen.indicator)),
                above=above,
            ),
            anchor=False,
        )
    since = min(panel.first for panel in panels)
    for panel in panels:
        panel.draw(titled=len(panels) > 1, since=since if len(panels) > 1 else None)


def _controls(t: Text, selection: Selection, wide: Wide) -> State:
    """The state that the address asks for, as far as the series allows it; a choice is another address."""
    asked = trend_state.parse(selection.view)
    by, ways = aggregations(wide.indicator), _ways(selection, wide)
    state = trend_state.allowed(asked, by, ways)
    if (asked.by, asked.measure) != (state.by, state.measure):
        st.info(
            t("This series cannot be read so: sums of twelve months and rates stay as published."),
            icon=":material/info:",
        )
    key = f"{selection.view}-{selection.indicator}-{selection.language}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        picked_by: By = state.by
        if len(by) > 1:
            picked_by = st.segmented_control(
                t("Summed"), by, default=state.by, format_func=lambda name: t(BY[name]), key=f"by-{key}",
                label_visibility="collapsed",
            ) or state.by  # fmt: skip
        picked_measure: Measure = state.measure
        if len(ways) > 1:
            picked_measure = st.segmented_control(
                t("Read as"), ways, default=state.measure, format_func=lambda name: t(MEASURES[name]),
                key=f"measure-{key}", label_visibility="collapsed",
            ) or state.measure  # fmt: skip
    layers = st.pills(
        t("Show as well"), list(LAYERS), selection_mode="multi", default=list(state.layers),
        format_func=lambda name: t(LAYERS[name]), label_visibility="collapsed", key=f"layers-{key}",
    )  # fmt: skip
    chosen = replace(
        state, by=picked_by, measure=picked_measure, layers=tuple(name for name in LAYERS if name in layers)
    )
    if chosen != state:
        picker.go(replace(selection, view=trend_state.view(chosen)))
    return state


def _ways(selection: Selection, wide: Wide) -> tuple[Measure, ...]:
    """The measures that every chosen place allows."""
    found = [
        measures(wide, place, str(selection.substance), trend_read.population(selection.as_of, place))
        for place in selection.geographies
    ]
    return tuple(way for way in found[0] if all(way in each for each in found))
