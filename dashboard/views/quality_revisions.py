"""How much figures changed: by their age over all series of a measure, and month by month for one series."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, data, text
from dashboard.chart_block import Block
from dashboard.charts_quality import lags_chart
from dashboard.filters import Selection
from dashboard.sentences import series_name
from dashboard.text import Text
from dashboard.views import picker
from dashboard.views.quality_triangle import country_of, printed
from data_sources.registry import SOURCES
from surveillance import prints
from surveillance.revisions import sizes, typical


def revisions(t: Text, selection: Selection) -> None:
    """How far figures were from the newest, by their age; and the revisions of one series."""
    chosen = picker.pick(selection, several=False)
    if chosen is None:
        st.info(t("No figures were known on this date"))
        return
    found = printed(chosen)
    table = data.computed(
        "changes_by_lag", lambda *_: prints.changes_by_lag(found), chosen.indicator, chosen.as_of, "pooled"
    )
    if table.empty:
        none = t("{measure}: no later publication is held", measure=t.indicator(str(chosen.indicator)))
        st.header(text.escape_markdown(none), anchor=False)
        st.markdown(
            t("How much figures change by their age appears once two publications of one period are stored.")
        )
    else:
        chart_block.draw(t, chosen, _lags(t, chosen, table))
    _one_series(t, chosen)


def _lags(t: Text, selection: Selection, table: pd.DataFrame) -> Block:
    first = table[table["figures"] >= min(30, table["figures"].max())].iloc[0]
    title = t(
        "{measure}: figures printed {lag} months after their month later changed by {middle} % in the middle of "
        "all cases, eight in ten by {low} to {high} %",
        measure=t.short(str(selection.indicator)),
        lag=int(first["lag"]),
        middle=_signed(t, first["median"]),
        low=_signed(t, first["low10"]),
        high=_signed(t, first["high90"]),
    )
    said = [
        t(
            "{lag} months: middle {middle} %, eight in ten {low} to {high} %, {n} figures",
            lag=int(row.lag), middle=_signed(t, row.median), low=_signed(t, row.low10), high=_signed(t, row.high90),
            n=t.number(row.figures),
        )
        for row in table.itertuples()
    ]  # fmt: skip
    return Block(
        key="changes",
        title=title,
        subtitle=t(
            "Change from the figure as printed to the newest one of the same source, all places and drugs "
            "together. Bar: eight in ten; line: the middle."
        ),
        chart=lags_chart(
            table.assign(said=said)[["lag", "low10", "median", "high90", "said"]],
            country="mx" if str(selection.indicator).startswith("mx_") else "us",
            language=t.language, dark=data.dark(),
            x_title=t("months after the period"), y_title=t("change to the newest figure, %"),
        ),
        caption=t(
            "Figures below {least} and figures that no later publication holds are left out. As known on {day}.",
            least=t.number(prints.LEAST),
            day=t.date(selection.as_of),
        ),
        table=pd.DataFrame(
            {
                t("Months later"): table["lag"],
                t("Figures"): table["figures"],
                t("Middle, %"): table["median"].round(2),
                t("One in ten below, %"): table["low10"].round(2),
                t("One in ten above, %"): table["high90"].round(2),
                t("Smallest, %"): table["least"].round(2),
                t("Largest, %"): table["most"].round(2),
                t("Changed at all, %"): (100 * table["changed"]).round(1),
            }
        ),
        about=[(t.indicator(str(selection.indicator)), t.caution(str(selection.indicator)) or t("none recorded"))],
        export=table,
    )  # fmt: skip


def _signed(t: Text, change: float) -> str:
    rounded = round(float(change), 1)
    return ("+" if rounded > 0 else "") + t.number(rounded).replace("-", "−")


def _one_series(t: Text, chosen: Selection) -> None:
    place, substance = chosen.geographies[0], str(chosen.substance)
    log = data.store().revisions(str(chosen.indicator), place, substance)
    log = log[log["as_of"] <= pd.Timestamp(chosen.as_of)]
    changes = sizes(log)
    name = series_name(t, place, substance)
    if changes.empty:
        st.header(text.escape_markdown(t("{series}: no figure has changed yet", series=name)), anchor=False)
        st.markdown(
            t.n(
                "{n} publication date of this series is held. Sizes of revisions appear once a later publication "
                "changes a figure.",
                "{n} publication dates of this series are held, and no later one changed a figure.",
                log["as_of"].nunique(),
            )
        )
        return
    middle, largest = typical(changes)
    title = t(
        "{series}: a revised figure typically changes by {middle} %, at most by {largest} %",
        series=name,
        middle=t.number(middle, 2),
        largest=t.number(largest, 2),
    )
    newest = changes[::-1]
    block = Block(
        key="revisions",
        title=title,
        subtitle=t("Change from the first figure held to the newest, by month"),
        chart=charts.revision_chart(
            changes.dropna(subset=["change"])[["period", "change"]],
            country=country_of(chosen), language=t.language, dark=data.dark(),
            title=t("change from the first figure to the newest, %"),
        ),
        caption=t("As known on {day}. Sources are never mixed.", day=t.date(chosen.as_of)),
        table=pd.DataFrame(
            {
                t("Month"): [t.month(day) for day in newest["period"]],
                t("First figure"): newest["first"],
                t("Published"): [t.date(day) for day in newest["first_as_of"]],
                t("Newest figure"): newest["newest"],
                t("Last changed"): [t.date(day) for day in newest["newest_as_of"]],
                t("Change, %"): newest["change"].round(2),
                t("Times printed differently"): newest["prints"],
                t("Source"): [t(SOURCES[source].title) for source in newest["source"]],
            }
        ),
        about=[(t.indicator(str(chosen.indicator)), t.caution(str(chosen.indicator)) or t("none recorded"))],
        export=newest,
    )  # fmt: skip
    chart_block.draw(t, chosen, block)
