"""Parts of the Supply page: the newest month in four facts, the areas, and the precursor watchlist."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import text
from dashboard.filters import Selection
from dashboard.text import MISSING, N_, Text
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.precursors import MEXICO_LISTED, VERSION, watchlist
from surveillance.situation import change, direction
from surveillance.supply import by_area

LARGEST = N_(
    "Publishers give monthly sums, so one event’s weight is not known. Among n events the largest holds at least "
    "1/n of the month, and all of it where there was one event; above that it cannot be known."
)
LEADS = N_(
    "Both series: logarithm, first differences, less each calendar month’s mean. An autoregression fitted to the "
    "seizures filters both (prewhitening), so that shared trend, season and inertia are no relation. Bounds hold "
    "for all lags at once, by 1,999 reorderings. A lead is claimed only beyond the bound and in both halves. Box "
    "and Jenkins 1976; Dean and Dunsmuir 2016, doi:10.3758/s13428-015-0611-2."
)
SEEN = {
    "21 CFR 1310.02 (excerpt)": N_("21 CFR 1310.02 (excerpt)"),
    "DEA alphabetical list (copy, excerpt)": N_("DEA alphabetical list (copy, excerpt)"),
    "Press list (lodehoy.com.mx)": N_("Press list (lodehoy.com.mx)"),
    "Press report (elfinanciero.com.mx, 2021-05-13)": N_("Press report (elfinanciero.com.mx, 2021-05-13)"),
    "Press report on the DOF notice (opportimes.com)": N_("Press report on the DOF notice (opportimes.com)"),
}
STATUSES = {
    "article_4": N_("precursor, federal law on precursors, article 4"),
    "announced": N_("announced; official text not seen"),
    "list_1": N_("List I"),
    "list_2": N_("List II"),
    "schedule_2": N_("Schedule II, immediate precursor"),
}


_CHANGES = {
    "higher": N_("{series}: {share} above the same months of a year before ({low} to {high})"),
    "lower": N_("{series}: {share} below the same months of a year before ({low} to {high})"),
    "unclear": N_("{series}: no clear change from the same months of a year before ({low} to {high})"),
}


def facts(t: Text, newest: pd.Series, *, held: bool) -> None:
    """The newest month: weight, events, pills, mean per event and the largest event's share."""
    events = newest["events"]
    if not held:
        count, mean, share = t("not held"), MISSING, t("cannot be known")
    elif pd.isna(events) or events == 0:
        count, mean, share = t.number(events), MISSING, t("no event")
    else:
        count, mean = t.number(events), t("{value} lb", value=t.number(newest["mean"], 3))
        if events == 1:
            share = t("100 % (one event)")
        else:
            share = t("at least {share}; above that not known", share=t.percent(newest["least_share"]))
    lines = [
        (t("Weight"), t("{value} lb", value=t.number(round(newest["weight"])))),
        (t("Events"), count),
        (t("Pills"), t("not published")),
        (t("Mean per event"), mean),
        (t("Largest event’s share"), share),
    ]
    grid = st.grid(5, gap="xsmall", min_column_width=150)
    for label, value in lines:
        with grid.container(border=True, gap="xxsmall", height="stretch"):
            st.markdown(f":small[:gray[{label}]]")
            st.markdown(f"**{text.escape_markdown(value)}**")


def change_finding(t: Text, name: str, months: pd.Series) -> str:
    """How the newest three months compare with the same of a year before, as the tiles say it, or that they do not.

    A direction only where the interval excludes no change.
    """
    line = months.loc[: months.last_valid_index()]
    ratio, low, high = change(line, INDICATORS["us_cbp_seizure_weight"])
    if (found := direction(low, high)) == "unknown":
        return t("{series}: no comparison with the same months of a year before", series=name)
    ends = {"low": t.percent(low - 1), "high": t.percent(high - 1)}
    return t(_CHANGES[found], series=name, share=t.percent(abs(ratio - 1)), **ends)


def areas(t: Text, selection: Selection, weight: pd.DataFrame, events: pd.DataFrame | None) -> None:
    """The areas that are held of the substance, by their newest twelve months."""
    substance = str(selection.substance)
    mine = [place for place, drug in weight.columns if drug == substance and GEOGRAPHIES[place].kind == "cbp_area"]
    if not mine:
        return

    def of_areas(frame: pd.DataFrame | None) -> pd.DataFrame | None:
        if frame is None:
            return None
        here = frame.loc[:, frame.columns.get_level_values(1) == substance].droplevel(1, axis=1)
        return here[[place for place in mine if place in here]]

    found_weight = of_areas(weight)
    assert found_weight is not None  # of a frame
    table = by_area(found_weight, of_areas(events))
    last = found_weight.dropna(how="all").index[-1]
    heading = t("By area, 12 months to {month}", month=t.month(last))
    st.header(heading, anchor=False)
    held = {} if events is None else {t("Events"): table["events"], t("Mean per event, lb"): table["mean"].round(2)}
    st.dataframe(
        pd.DataFrame(
            {
                t("Area"): [t.place(code) for code in table["area"]],
                t("Weight, lb"): table["weight"].round(0),
                t("Share of the areas’ weight, %"): (100 * table["share"]).round(1),
                **held,
            }
        ),
        hide_index=True, width="stretch", height=320, alt=heading,
        column_config={t("Weight, lb"): st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip


def precursors(t: Text) -> None:
    """The watchlist, with its version and what it lacks."""
    table = watchlist()
    mexico = int((table["country"] == "MX").sum())
    heading = t("Precursor watchlist, version {version}: partial", version=VERSION)
    st.header(heading, anchor=False)
    st.markdown(
        t(
            "The {all} substances that Mexico is said to list are not public as found; {n} are listed here, from "
            "press reports. Of the US lists, {us} are, from excerpts. What is not here may still be controlled.",
            all=MEXICO_LISTED, n=mexico, us=len(table) - mexico,
        )
    )  # fmt: skip
    st.dataframe(
        pd.DataFrame(
            {
                t("Country"): [t.country(code) for code in table["country"]],
                t("Substance"): table["substance"],
                t("Legal status"): [t(STATUSES[status]) for status in table["status"]],
                t("Date"): [day or t("not seen") for day in table["date"]],
                t("DEA code"): table["dea_code"],
                t("Seen in"): [t(SEEN[source]) if source in SEEN else source for source in table["source"]],
            }
        ),
        hide_index=True, width="stretch", height=300, alt=heading,
    )  # fmt: skip
