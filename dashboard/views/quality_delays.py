"""When figures became known and how much they changed: reporting triangle, changes by lag, revisions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, data, text
from dashboard.chart_block import Block
from dashboard.charts_quality import lags_chart, triangle_chart
from dashboard.filters import Selection
from dashboard.look import Country
from dashboard.sentences import series_name
from dashboard.text import MISSING, Text
from dashboard.views import picker
from data_sources.indicators import INDICATORS
from data_sources.registry import SOURCES
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import prints
from surveillance.revisions import sizes, typical
from surveillance.triangle import VALIDATED_FROM, validations


def _prints(selection: Selection) -> pd.DataFrame:
    def make(indicator: str, day: object) -> pd.DataFrame:
        return prints.prints(data.store(), indicator, selection.as_of)

    found: pd.DataFrame = data.computed("prints", make, selection.indicator, selection.as_of)
    return found


def _country(selection: Selection) -> Country:
    return "us" if GEOGRAPHIES[selection.geographies[0]].country == "US" else "mx"


def triangle(t: Text, selection: Selection) -> None:
    """What was printed of each month by when, for one series; hatched where no publication is held."""
    chosen = picker.pick(selection, several=False)
    if chosen is None:
        st.info(t("No figures were known on this date"))
        return
    if INDICATORS[str(chosen.indicator)].frequency != "MS":
        st.info(t("Only monthly measures have a reporting triangle; choose another measure."))
        return
    found = _prints(chosen)
    of_series = found[(found["geography"] == chosen.geographies[0]) & (found["substance"] == chosen.substance)]
    source = prints.best_documented(of_series)
    if source is None:
        st.info(t("No publication held gives a figure of this series within two years of its month."))
    else:
        chart_block.draw(t, chosen, _triangle(t, chosen, of_series[of_series["source"] == source], source))
    _nowcasts(t, chosen)


def _triangle(t: Text, selection: Selection, found: pd.DataFrame, source: str) -> Block:
    cells = prints.triangle(found, selection.as_of)
    cells = cells.sort_values(["period", "lag"], ascending=[False, True], ignore_index=True)
    name = series_name(t, selection.geographies[0], str(selection.substance))
    held = int(cells["held"].sum())
    title = t.n(
        "{series}: {n} publication of these two years is held, which fills {held} of {all} cells",
        "{series}: {n} publications of these two years are held, which fill {held} of {all} cells",
        int(cells.loc[cells["held"], "published"].nunique()),
        series=name,
        held=t.number(held),
        all=t.number(len(cells)),
    )
    shown = cells.assign(
        month=[t.month(day) for day in cells["period"]],
        printed=[_share(t, share) for share in cells["share"]],
        said=[
            t(
                "{month}, {lag} months later: {value}, {share} % of the newest figure",
                month=t.month(row.period), lag=row.lag, value=t.figure(row.value), share=_share(t, row.share),
            )
            if row.held
            else t("{month}, {lag} months later: no publication held", month=t.month(row.period), lag=row.lag)
            for row in cells.itertuples()
        ],
    )  # fmt: skip
    known = cells[cells["held"]]
    return Block(
        key="triangle",
        title=title,
        subtitle=t(
            "Each row is a month, each column the months passed when it was printed. The number is the figure as "
            "printed then, in % of the newest one. Stripes: no publication of that date is held. Empty: still "
            "to come."
        ),
        chart=triangle_chart(
            shown[["month", "lag", "share", "held", "printed", "said"]],
            country=_country(selection), language=t.language, dark=data.dark(),
            title=t("months after the period"),
        ),
        caption=t(
            "Source: {source}. As known on {day}. Of several publications in one month the newest counts.",
            source=t(SOURCES[source].title),
            day=t.date(selection.as_of),
        ),
        table=pd.DataFrame(
            {
                t("Month"): [t.month(day) for day in known["period"]],
                t("Months later"): known["lag"].to_numpy(),
                t("Figure"): known["value"].to_numpy(),
                t("% of the newest"): (100 * known["share"].astype(float)).round(1).to_numpy(),
            }
        ),
        about=[
            (t.short(str(selection.indicator)), t.caution(str(selection.indicator)) or t("none recorded")),
            (t("First figures"), t("A first figure is never compared with a settled one; changes are computed "
                                   "at equal age.")),
        ],
        export=cells[cells["held"]].drop(columns="held"),
    )  # fmt: skip


def _share(t: Text, share: float) -> str:
    """A share of the newest figure in per cent: whole where exact, one decimal where it rounds to a hundred."""
    if pd.isna(share):
        return MISSING
    percent = 100 * float(share)
    return t.number(round(percent, 1) if percent != round(percent) else round(percent))


def revisions(t: Text, selection: Selection) -> None:
    """How far figures were from the newest, by their age; and the revisions of one series."""
    chosen = picker.pick(selection, several=False)
    if chosen is None:
        st.info(t("No figures were known on this date"))
        return
    found = _prints(chosen)
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
            country=_country(chosen), language=t.language, dark=data.dark(),
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


def _nowcasts(t: Text, selection: Selection) -> None:
    """From how many vintages of its own each source's delay can be known."""
    made = data.computed("validations", lambda day: validations(data.store(), SOURCES, day), selection.as_of)
    title = t("How well each source's reporting delay is known")
    st.header(title, anchor=False)
    note = t(
        "A nowcast says what an incomplete period will come to. It can be judged on a source's own revisions once "
        "{n} monthly vintages of that source are stored.",
        n=t.number(VALIDATED_FROM),
    )
    st.markdown(f":small[:gray[{note}]]")
    st.dataframe(
        pd.DataFrame(
            {
                t("Source"): [t(SOURCES[each.source].title) for each in made],
                t("Monthly vintages stored"): [each.vintages for each in made],
                t("Nowcast"): [t(text.VALIDATION[each.enough]) for each in made],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=title,
    )
