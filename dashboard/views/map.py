"""Map: where a state stands against its own past, on both sides of the line, and what lies across from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import data, filters, text
from dashboard.chart_block import Block, draw
from dashboard.charts_map import MapWords, map_chart
from dashboard.filters import Selection
from dashboard.geo.border import BORDER, LABELS
from dashboard.text import N_, Text
from dashboard.views import map_place, picker
from dashboard.views.map_rows import CHOICES, Measured, area_rows, legend, measured, offered, state_rows
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES

_ON_PAST = N_(
    "Colour is the distance from each state’s own last three years. The two countries use **different "
    "measures** (grade D): compare a state with its own past, never across the line."
)
_ON_RATE = N_(
    "Colour is the rate within each country. The two countries use **different measures** (grade D): their "
    "colours must not be compared across the line."
)
STATES = tuple(code for code, place in GEOGRAPHIES.items() if place.kind == "state")
_SHADES = {"own": N_("Deviation from own history"), "rate": N_("Rate per 100,000")}
_BRIEF = {"above": N_("above"), "below": N_("below"), "unclear": N_("unclear"), "unknown": N_("not judged")}
_SCOPES = {"border": N_("Border states"), "all": N_("All states")}


def render(selection: Selection) -> None:
    """The map for a selection; what is shaded and how far it reaches are in the address's `view`."""
    t = text.of(selection.language)
    title = st.container()
    held = offered(selection)
    if not any(held.values()):
        title.title(t("No figures were known on this date"), anchor=False)
        st.info(t("Choose a later date above, or import the publishers' files."))
        return
    title_words = title.empty()
    asked = (selection.view or "").split(".")
    note = st.container()
    rate, wide, areas, names = _controls(t, selection, asked, held)
    note.markdown(t(_ON_RATE if rate else _ON_PAST))
    found = [measured(selection, name) for name in names if name]
    scope = STATES if wide else BORDER
    rows = state_rows(t, selection, found, scope, rate=rate)
    heading = _finding(t, rows, wide=wide, rate=rate)
    title_words.title(text.escape_markdown(heading), anchor=False)
    selected = _selected(t, selection)
    left, right = st.columns([13, 8], gap="small")
    with left.container(border=True, gap="xsmall"):
        _map(t, selection, heading, rows, found, scope, selected, rate=rate, areas=areas)
    with right.container(border=True, gap="xsmall", height="stretch"):
        _twin(t, rows, rate=rate)
        _choose(t, selection, selected, rows)
        if selected:
            map_place.summary(t, selection, rows, selected, rate=rate)
    if selected:
        map_place.lanes(t, selection, found, selected)


def _controls(
    t: Text, selection: Selection, asked: Sequence[str], held: dict[str, list[str]]
) -> tuple[bool, bool, bool, list[str | None]]:
    """What is shaded, how far the map reaches, whether CBP areas are drawn, and the measure of each country."""
    rate, wide, areas = "rate" in asked, "all" in asked, "plain" not in asked
    names = [next((name for name in asked if name in some), some[0] if some else None) for some in held.values()]
    key = f"{selection.view}-{t.language}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        shade = st.segmented_control(
            t("Shaded by"), list(_SHADES), default="rate" if rate else "own", required=True,
            format_func=lambda name: t(_SHADES[name]), key=f"map-shade-{key}",
        )  # fmt: skip
        scope = st.segmented_control(
            t("States"), list(_SCOPES), default="all" if wide else "border", required=True,
            format_func=lambda name: t(_SCOPES[name]), key=f"map-scope-{key}",
        )  # fmt: skip
        circles = st.toggle(t("CBP areas"), value=areas, key=f"map-areas-{key}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        picked = [
            st.selectbox(
                label, some, index=some.index(name), width=340, key=f"map-{country}-{key}",
                format_func=lambda one: t(CHOICES[one].label),
            )
            if name
            else None
            for (country, some), name, label in zip(
                held.items(), names, (t("Measure, United States"), t("Measure, Mexico")), strict=True
            )
        ]  # fmt: skip
    parts = [
        "rate" if shade == "rate" else "", "all" if scope == "all" else "", "" if circles else "plain",
        *(name for name, some in zip(picked, held.values(), strict=True) if name and name != some[0]),
    ]  # fmt: skip
    view = ".".join(part for part in parts if part) or None
    if view != (".".join(part for part in asked if part in (*CHOICES, "rate", "all", "plain")) or None) and (
        (shade == "rate", scope == "all", circles, picked) != (rate, wide, areas, names)
    ):
        _go(selection, view=view)
    return rate, wide, areas, names


def _go(selection: Selection, **changes: object) -> None:
    """Show the map changed; a parameter that no longer holds leaves the address."""
    changed = replace(selection, **changes)  # type: ignore[arg-type]
    for name in ("view", "place"):
        if name not in filters.parameters(changed) and name in st.query_params:
            del st.query_params[name]
    picker.go(changed)


def _selected(t: Text, selection: Selection) -> str | None:
    """The state in the address, if it is one."""
    asked = selection.geographies[0] if selection.geographies else None
    if asked is None or asked in STATES:
        return asked
    said = t("{place} is no state on this map; choose one below the table.", place=t.place(asked))
    st.info(text.escape_markdown(said), icon=":material/info:")
    return None


def _finding(t: Text, rows: pd.DataFrame, *, wide: bool, rate: bool) -> str:
    if rate:
        return t("Rates per 100,000 people: each country on a scale of its own")
    judged = rows[rows["code"].isin(STATES) & (rows["direction"] != "unknown")]
    if judged.empty:
        return t("No state can be compared with its own past on this day")
    above, below = (int((judged["direction"] == word).sum()) for word in ("above", "below"))
    values = {"above": above, "below": below, "all": len(judged)}
    if wide:
        return t(
            "Of {all} states and territories that can be judged, {above} are above their own last three years "
            "and {below} below",
            **values,
        )
    return t(
        "Of {all} border states that can be judged, {above} are above their own last three years and {below} below",
        **values,
    )


def _map(
    t: Text, selection: Selection, heading: str, rows: pd.DataFrame, found: list[Measured],
    scope: Sequence[str], selected: str | None, *, rate: bool, areas: bool,
) -> None:  # fmt: skip
    def make(_: Selection, dark: bool) -> Block:
        """Some thirty layers take a second to put together: once for all readers of the same map."""
        circles, to = area_rows(t, selection) if areas else (pd.DataFrame(), None)
        legends = [legend(t, one, rows, rate=rate) for one in found]
        words = MapWords(
            signal=t("open signal"), no_data=t("no figure that can be compared"), us=t("UNITED STATES"),
            mx=t("MEXICO"),
        )  # fmt: skip
        return Block(
            key=f"map_{selected or 'all'}",
            title=heading,
            chart=map_chart(
                rows, circles, legends, frame=scope, language=selection.language, dark=dark, words=words,
                selected=selected, labels=LABELS,
            ),
            caption=_caption(t, selection, found, to),
            table=_table(t, rows, rate=rate),
            alt=_said(t, heading, rows),
            about=_about(t, found),
            export=rows.drop(columns=["shade", "short", "text", "tip", "named"]),
            notes=[t.caution(one.indicator) for one in found],
            selects=True,
        )  # fmt: skip

    shown = replace(selection, signal=None, indicator=None, substance=None, problems=())
    block = data.computed("map", make, shown, data.dark())
    picked = draw(t, selection, block, titled=False).get("state")
    code = picked[0].get("code") if picked else None
    if code in STATES and code != selected:
        _go(selection, geographies=(code,))


def _said(t: Text, heading: str, rows: pd.DataFrame) -> str:
    """The map for those who cannot see it: the finding, then each state that has a figure."""
    return " ".join([f"{heading}.", *(f"{tip}." for tip in rows.loc[rows["shade"].notna(), "tip"].head(12))])


def _caption(t: Text, selection: Selection, found: list[Measured], to: pd.Timestamp | None) -> str:
    parts = [t("Hatched: no figure that can be compared. Orange outline: open signal in any stream.")]
    if to is not None:
        parts.append(t("Circles: fentanyl seized by CBP area in the 12 months to {month}, lb.", month=t.month(to)))
    as_of = selection.as_of.isoformat()
    sources = dict.fromkeys(picker.source_of(t, as_of, one.indicator) for one in found)
    parts += [
        t("Source: {source}.", source="; ".join(sources)),
        t("As known on {day}.", day=t.date(selection.as_of)),
        t("Comparability across the border: grade {grade}.", grade="D"),
        t("Boundaries simplified (U.S. Census Bureau, Natural Earth); Alaska, Hawaii and Puerto Rico are in the "
          "table only."),
    ]  # fmt: skip
    return " ".join(parts)


def _about(t: Text, found: list[Measured]) -> list[tuple[str, str]]:
    lines = [
        (
            t("Deviation from own history"),
            t(
                "The newest complete value (of monthly figures the mean of the newest three months) against the "
                "mean of the same months in the three years before. Every month of all four years must be "
                "published, by one method. A word for direction, and a colour, only where the 80 % interval "
                "excludes no change; the interval comes from the series’ own month-to-month scatter."
            ),
        ),
        (
            t("Rate per 100,000"),
            t(
                "Deaths in 12 months, or case files at the newest three months’ yearly pace, per 100,000 people "
                "of that year. Emergency visits are a rate already. Only where the population is held."
            ),
        ),
    ]
    for one in found:
        record = INDICATORS[one.indicator]
        lines.append((t.indicator(one.indicator), t.caution(one.indicator) or t("none recorded")))
        if record.ended:
            lines.append((t("Closed"), t.month(pd.Timestamp(record.ended))))
    return lines


def _table(t: Text, rows: pd.DataFrame, *, rate: bool) -> pd.DataFrame:
    """All that the map shows, with the intervals; in per cent."""
    table = {
        t("Country"): [t.country(code) for code in rows["country"]],
        t("State"): rows["name"].to_list(),
        t("Measure"): [t.indicator(name) for name in rows["indicator"]],
        t("To"): [t.month(period) for period in rows["period"]],
        t("Value"): rows["value"].round(1),
        t("Own past, mean"): rows["reference"].round(1),
        t("Deviation, %"): (100 * rows["deviation"]).round(0),
        t("80 % from"): (100 * rows["low"]).round(0),
        t("80 % to"): (100 * rows["high"]).round(0),
        t("In words"): rows["words"].to_list(),
    }
    if rate:
        table[t("Rate")] = rows["rate"].round(1)
    return pd.DataFrame(table)


def _twin(t: Text, rows: pd.DataFrame, *, rate: bool) -> None:
    """The same as a short table beside the map, largest first; a click on a heading sorts it."""
    st.markdown(f"**{t('The same as a table')}**")
    field = "rate" if rate else "deviation"
    held = rows.sort_values(field, ascending=False, na_position="last", kind="stable")
    table = pd.DataFrame(
        {
            " ": [t.country(code) for code in held["country"]],
            t("State"): held["name"].to_list(),
            t("Value"): held["value"].round(1),
            t("Rate") if rate else t("vs own"): held["rate"].round(1)
            if rate
            else (100 * held["deviation"]).round(0),
            t("To"): held["period"].to_list(),
            t("Word"): [t(_BRIEF[word]) for word in held["direction"]],
        }
    )
    st.dataframe(
        table, hide_index=True, width="stretch", height=min(36 + 35 * len(table), 400), row_height=35,
        alt=t("The same as a table"),
        column_config={
            " ": st.column_config.TextColumn(width=36 if t.language == "en" else 56),
            t("State"): st.column_config.TextColumn(width=104),
            t("Value"): st.column_config.NumberColumn(format="localized", width=58),
            t("vs own"): st.column_config.NumberColumn(format="%+d%%", width=62),
            t("Rate"): st.column_config.NumberColumn(format="%.1f", width=64),
            t("To"): st.column_config.DateColumn(format="YYYY-MM", width=62),
        },
    )  # fmt: skip


def _choose(t: Text, selection: Selection, selected: str | None, rows: pd.DataFrame) -> None:
    """A state by the keyboard; a click on the map does the same."""
    options = rows["code"].to_list()
    if selected and selected not in options:
        options.append(selected)
    picked = st.selectbox(
        t("State to look at (or click on the map)"), options, index=options.index(selected) if selected else None,
        format_func=t.place, placeholder=t("Choose a state"), key=f"map-place-{selected}-{t.language}",
    )  # fmt: skip
    if picked != selected:
        _go(selection, geographies=(picked,) if picked else ())
