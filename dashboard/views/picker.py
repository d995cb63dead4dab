"""The series picker: measure, substance and places, kept in the address bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, filters, text, trend_state
from dashboard.filters import MOST_PLACES, Selection
from dashboard.text import Text
from dashboard.trend_state import STREAMS
from data_sources.indicators import INDICATORS
from data_sources.ingest import EMBEDDED
from data_sources.observations import SERIES
from data_sources.published.figures import publishers
from data_sources.registry import SOURCES
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES

_FIRST = ("us_overdose_deaths_12m", "us_cbp_seizure_weight", "us_overdose_ed_rate")


def known_series(as_of: str) -> pd.DataFrame:
    """Every series that had a figure on *as_of*: indicator, geography, substance."""

    def make(day: str) -> pd.DataFrame:
        return data.store().known_on(date.fromisoformat(day))[SERIES].drop_duplicates()

    found: pd.DataFrame = data.computed("known_series", make, as_of)
    return found


def source_of(t: Text, as_of: str, indicator: str) -> str:
    """The publishers behind an indicator's figures as known on *as_of*; those of embedded figures too."""

    def make(day: str, name: str) -> list[str]:
        return sorted(data.store().known_on(date.fromisoformat(day), [name])["source"].unique())

    used = data.computed("sources_of", make, as_of, indicator)
    found = []
    for name in used:
        who = publishers()[indicator] if name == EMBEDDED else (SOURCES[name].publisher,)
        found.append(f"{', '.join(map(t, who))}, {t(SOURCES[name].title)}")
    return "; ".join(found)


def pick(selection: Selection, *, several: bool, watched: bool = False, streams: bool = False) -> Selection | None:
    """The selection with a measure, a substance and places that exist; None where nothing is known at all.

    With *several* up to six places; with *watched* only measures that the plan judges; with *streams* a filter of
    the measures by their stream. A choice is written to the address and the page drawn again.
    """
    t = text.of(selection.language)
    known = known_series(selection.as_of.isoformat())
    if watched:
        known = data.judged(selection).series[SERIES]
    if known.empty:
        return None
    asked, selection = selection, _existing(selection, known)
    for sentence in _mended(asked, selection):
        st.info(sentence, icon=":material/info:")
    measures = _in_order(INDICATORS, known["indicator"])
    if streams:
        measures = _of_stream(t, selection, measures)
    columns = st.columns([4, 3, 4], vertical_alignment="bottom")
    with columns[0]:
        _select(t("Measure"), "indicator", measures, selection, t.indicator)
    of_measure = known[known["indicator"] == selection.indicator]
    substances = _in_order(SUBSTANCES, of_measure["substance"])
    with columns[1]:
        _select(t("Substance"), "substance", substances, selection, t.substance)
    of_substance = of_measure[of_measure["substance"] == selection.substance]
    places = _in_order(GEOGRAPHIES, of_substance["geography"])
    with columns[2]:
        if several:
            chosen = st.multiselect(
                t("Places, up to {n}", n=MOST_PLACES),
                places,
                default=list(selection.geographies),
                format_func=t.place,
                max_selections=MOST_PLACES,
                key=f"pick-places-{'.'.join(selection.geographies)}-{selection.language}",
            )
            if chosen and tuple(chosen) != selection.geographies:
                go(replace(selection, geographies=tuple(chosen)))
        else:
            selection = replace(selection, geographies=selection.geographies[:1])
            _select(t("Place"), "place", places, selection, t.place)
    return selection


def _in_order(names: Iterable[str], held: pd.Series) -> list[str]:
    """Those of *names* that are *held*."""
    found = set(held)
    return [name for name in names if name in found]


def _of_stream(t: Text, selection: Selection, measures: list[str]) -> list[str]:
    """The measures of the stream that is chosen; all of them where none is, or the shown one is of another."""
    state = trend_state.parse(selection.view)
    shown = INDICATORS[str(selection.indicator)].kind
    stream = state.stream if state.stream == shown else None
    kinds = [kind for kind in STREAMS if any(INDICATORS[name].kind == kind for name in measures)]
    picked = st.segmented_control(
        t("Stream"), kinds, default=stream, format_func=t.stream,
        label_visibility="collapsed", key=f"stream-{stream}-{selection.indicator}-{selection.language}",
    )  # fmt: skip
    if picked != stream:
        view = trend_state.view(replace(state, stream=picked))
        if picked is None or picked == shown:
            go(replace(selection, view=view))
        first = next(name for name in (*_FIRST, *measures) if name in measures and INDICATORS[name].kind == picked)
        go(replace(selection, view=view, indicator=first, substance=None, geographies=()))
    return measures if stream is None else [name for name in measures if INDICATORS[name].kind == stream]


def go(selection: Selection) -> None:
    """Show another selection on the same page, with an address of its own."""
    if selection.view is None and "view" in st.query_params:
        del st.query_params["view"]
    st.query_params.update(filters.parameters(selection))
    st.rerun()


def leave(selection: Selection, path: str, **changes: Any) -> None:
    """Show another page with the selection, changed as given; `filters.link` is the same as a link."""
    page = st.Page(lambda: None, url_path=path)  # the app's page of this path: Streamlit knows it by that alone
    st.switch_page(page, query_params=filters.parameters(replace(selection, **changes)))


def _select(label: str, name: str, options: Sequence[str], selection: Selection, say) -> None:  # type: ignore[no-untyped-def]
    now = selection.geographies[0] if name == "place" else getattr(selection, name)
    # The key holds the present value: a link to another series must not meet the widget's old state.
    picked = st.selectbox(
        label, options, index=options.index(now), format_func=say, key=f"pick-{name}-{now}-{selection.language}"
    )
    if picked == now:
        return
    if name == "indicator":
        go(replace(selection, indicator=picked, substance=None, geographies=()))
    go(replace(selection, geographies=(picked,)) if name == "place" else replace(selection, substance=picked))


def _existing(selection: Selection, known: pd.DataFrame) -> Selection:
    """The nearest selection that exists: asked values where they hold, else the usual first ones."""
    measures = set(known["indicator"])
    first = next((name for name in (*_FIRST, *INDICATORS) if name in measures), None)
    indicator = selection.indicator if selection.indicator in measures else first
    of_measure = known[known["indicator"] == indicator]
    substances = set(of_measure["substance"])
    places = _in_order(dict.fromkeys(selection.geographies), of_measure["geography"])
    if selection.substance in substances:
        substance = selection.substance
    else:
        at_place = set(of_measure.loc[of_measure["geography"].isin(places), "substance"]) or substances
        substance = next(code for code in ("all", "fentanyl", *SUBSTANCES) if code in at_place)
    here = set(of_measure.loc[of_measure["substance"] == substance, "geography"])
    kept = tuple(code for code in places if code in here)
    return replace(
        selection,
        indicator=indicator,
        substance=substance,
        geographies=kept or (next(code for code in GEOGRAPHIES if code in here),),
    )


def _mended(asked: Selection, found: Selection) -> list[str]:
    """A sentence for each part of a link that names no series held."""
    t = text.of(asked.language)
    sentences = []
    if asked.indicator and asked.indicator != found.indicator:
        sentences.append(
            t(
                "{asked} holds no series here on this date; {found} is shown.",
                asked=t.indicator(asked.indicator),
                found=t.indicator(str(found.indicator)),
            )
        )
    if asked.substance and asked.substance != found.substance:
        sentences.append(
            t(
                "This measure has no series of {asked}; {found} is shown.",
                asked=t.substance(asked.substance),
                found=t.substance(str(found.substance)),
            )
        )
    gone = [code for code in asked.geographies if code not in found.geographies]
    if gone and asked.indicator == found.indicator:
        sentences.append(
            t(
                "There is no such series for {asked}; {found} is shown.",
                asked=", ".join(t.place(code) for code in gone),
                found=", ".join(t.place(code) for code in found.geographies),
            )
        )
    return [text.escape_markdown(sentence) for sentence in sentences]
