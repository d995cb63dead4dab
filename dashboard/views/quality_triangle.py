"""The reporting triangle of one series, and from how many vintages each source's delay is known."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import chart_block, data, text
from dashboard.chart_block import Block
from dashboard.charts_quality import triangle_chart
from dashboard.filters import Selection
from dashboard.look import Country
from dashboard.sentences import series_name
from dashboard.text import MISSING, Text
from dashboard.views import picker
from data_sources.indicators import INDICATORS
from data_sources.registry import SOURCES
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import prints
from surveillance.triangle import VALIDATED_FROM, validations


def printed(selection: Selection) -> pd.DataFrame:
    """Every stored print of the selection's measure, as known on its day."""

    def make(indicator: str, day: object) -> pd.DataFrame:
        return prints.prints(data.store(), indicator, selection.as_of)

    found: pd.DataFrame = data.computed("prints", make, selection.indicator, selection.as_of)
    return found


def country_of(selection: Selection) -> Country:
    """Whose colour the selection's first place has."""
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
    found = printed(chosen)
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
            country=country_of(selection), language=t.language, dark=data.dark(),
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
