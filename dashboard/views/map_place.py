"""One state of the map: how it stands, who lies across the line, its open signals, and its series in small."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import charts, data, filters, text
from dashboard.filters import Selection
from dashboard.geo.border import ACROSS, areas_of
from dashboard.pictures import picture
from dashboard.sentences import series_name
from dashboard.text import Text
from dashboard.views.map_rows import CHOICES, Measured
from data_sources.vocabulary import GEOGRAPHIES

PERIODS = 60  # months a small line shows
MOST = 8  # small lines


def summary(t: Text, selection: Selection, rows: pd.DataFrame, state: str, *, rate: bool) -> None:
    """The state in a sentence, its neighbours across the line, and links to its signals and to Trends."""
    by_code = rows.set_index("code")
    st.markdown(f"**{text.escape_markdown(t('{place}, selected', place=t.place(state)))}**")
    if state not in by_code.index:
        st.markdown(t("Not among the states that are drawn; choose “All states”."))
        return
    st.markdown(f":small[{text.escape_markdown(by_code.loc[state, 'tip'])}.]")
    across = [code for code in ACROSS.get(state, ()) if code in by_code.index]
    if across:
        said = "; ".join(
            f"{by_code.loc[code, 'name']} {by_code.loc[code, 'text']} ({by_code.loc[code, 'words']})"
            for code in across
        )
        words = t("Across the line, by another measure: {neighbours}.", neighbours=said)
        st.markdown(f":small[{text.escape_markdown(words)}]")
    here = [state, *areas_of(state)]
    signals = data.judged(selection).signals
    mine = signals[signals["geography"].isin(here)]
    for signal in mine.itertuples():
        name = text.escape_markdown(
            f"{series_name(t, signal.geography, signal.substance)}, {t.short(signal.indicator)}"
        )
        link = filters.link(selection, "signal", signal=signal.id)
        st.markdown(f":orange-badge[{t('open signal')}] [{name}]({link})")
    if mine.empty:
        st.markdown(f":small[:gray[{t('No open signal here or in the CBP areas that hold or face it.')}]]")


def lanes(t: Text, selection: Selection, found: Sequence[Measured], state: str) -> None:
    """The state's own series, the CBP areas that hold or face it, and its neighbours', each as a small line."""
    st.header(
        text.escape_markdown(t("{place}: its own series, and across the line", place=t.place(state))), anchor=False
    )
    drawn = [lane for lane in _series(found, state) if _line(selection, *lane) is not None][:MOST]
    if not drawn:
        st.markdown(t("No series of this state is held."))
        return
    grid = st.grid(4, gap="xsmall", min_column_width=235)
    for lane in drawn:
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            _lane(t, selection, *lane)
    st.markdown(f":small[:gray[{t('Each line on its own scale from zero: shapes may be compared, heights not.')}]]")


def _series(found: Sequence[Measured], state: str) -> list[tuple[str, str, str]]:
    country = GEOGRAPHIES[state].country
    own = [(c.indicator, state, c.substance) for c in CHOICES.values() if c.country == country]
    areas = [("us_cbp_seizure_weight", area, "fentanyl") for area in areas_of(state)[:2]]
    other = [one.choice for one in found if one.choice.country != country]
    across = [(c.indicator, code, c.substance) for c in other for code in ACROSS.get(state, ())]
    return [*own, *areas, *across]


def _line(selection: Selection, indicator: str, place: str, substance: str) -> pd.Series | None:
    """The series up to its newest value, as known on the day; None where it has none."""
    wide = data.wide(selection.as_of.isoformat(), indicator)
    if wide is None or (place, substance) not in wide.observed:
        return None
    line = wide.observed[place, substance]
    last = line.last_valid_index()
    return None if last is None else line.loc[:last].tail(PERIODS)


def _lane(t: Text, selection: Selection, indicator: str, place: str, substance: str) -> None:
    line = _line(selection, indicator, place, substance)
    assert line is not None  # only such lanes are drawn
    country = GEOGRAPHIES[place].country
    hue = "blue" if country == "US" else "green"
    name = text.escape_markdown(series_name(t, place, substance))
    st.markdown(f":{hue}-badge[**{t.country(country)}**] :small[**{name}**]")
    value, beside = st.columns([2, 3], vertical_alignment="center", gap="xsmall")
    newest = t.figure(round(float(line.iloc[-1]), 1))
    value.html(f"<span style='font-size:1.25rem;font-weight:600'>{html.escape(newest)}</span>")
    picture(
        charts.sparkline(
            line, colour="us" if country == "US" else "mx", dark=data.dark(), language=selection.language
        ),
        alt=f"{t.indicator(indicator)}, {series_name(t, place, substance)}: {newest}, {t.month(line.index[-1])}",
        key=f"lane-{indicator}-{place}-{substance}", place=beside,
    )  # fmt: skip
    said = text.escape_markdown(f"{t.indicator(indicator)}, {t.month(line.index[-1])}")
    link = filters.link(
        selection, "trends", indicator=indicator, geographies=(place,), substance=substance, view=None
    )
    st.markdown(f":small[:gray[{said}] · [{t('Trends')}]({link})]")
