"""Supply: what was seized, in how many events, by year of either kind, and whether it comes before deaths."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import data, text
from dashboard.chart_block import Block, draw, kept
from dashboard.charts_supply import correlations_chart, months_chart, years_chart
from dashboard.filters import Selection
from dashboard.text import N_, Text
from dashboard.views import picker, supply_parts
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES
from surveillance.lead_lag import LeadLag, lead_lag
from surveillance.supply import Year, per_event, years

WEIGHT, EVENTS, DEATHS = "us_cbp_seizure_weight", "us_cbp_seizure_events", "us_overdose_deaths_monthly"
BORDER = "US-CBP-southwest-border"
PAIRS = 2  # weight, events: both looked at, so the bounds are of two comparisons
_LAGS = N_(
    "Fentanyl at the southwest border against synthetic-opioid deaths in the United States; months by which deaths "
    "follow (right) or come first (left). Grey: chance for all lags at once. Open and filled dots: first and "
    "second half of the months."
)
_KINDS: dict[Year, str] = {
    "calendar": N_("Calendar years, lb; hatched: part of a year, compared with nothing"),
    "fiscal": N_("US fiscal years (October to September), lb; hatched: part of a year, compared with nothing"),
}
_VERDICTS = {
    "none": N_("No reliable lead here: no correlation of seizures with later deaths is beyond chance"),
    "one_half": N_("No reliable lead here: a correlation is beyond chance, but not in both halves of the months"),
    "too_little_history": N_("No verdict: fewer than 60 months in common"),
    "no_variation": N_("No verdict: a series does not vary"),
}


def render(selection: Selection) -> None:
    """The page for a selection: substance and place from the address."""
    t = text.of(selection.language)
    title = st.empty()
    as_of = selection.as_of.isoformat()
    wide, counts = data.wide(as_of, WEIGHT), data.wide(as_of, EVENTS)
    if wide is None:
        title.title(t("No figures were known on this date"), anchor=False)
        st.info(t("Choose a later date above, or import the publishers' files."))
        return
    st.warning(
        t("Seizures measure enforcement and flow together: more seized can mean more sought, more moved, or both."),
        icon=":material/balance:",
    )
    chosen = _pick(t, selection, wide.observed)
    place, substance = chosen.geographies[0], str(chosen.substance)
    events = (
        None if counts is None or (place, substance) not in counts.observed else counts.observed[place, substance]
    )
    rows = per_event(wide.observed[place, substance], pd.Series(dtype=float) if events is None else events)
    rows = rows.reindex(wide.observed.index).rename_axis("period").reset_index()
    rows["provisional"] = wide.provisional[place, substance].to_numpy()
    name = f"{t.place(place)} · {t.substance(substance)}"
    source = picker.source_of(t, as_of, WEIGHT)
    newest = rows.dropna(subset=["weight"]).iloc[-1]
    heading = t(
        "{series}: {value} lb seized in {month}", series=name, value=t.number(round(newest["weight"])),
        month=t.month(newest["period"]),
    )  # fmt: skip
    title.title(text.escape_markdown(heading), anchor=False)
    supply_parts.facts(t, newest, held=events is not None)
    caption = t(
        "Source: {source}. Data to {month}, as known on {day}. Gross weight, not purity-adjusted. Comparability "
        "across the border: grade {grade}.",
        source=source, month=t.month(newest["period"]), day=t.date(selection.as_of), grade="C",
    )  # fmt: skip
    with st.container(border=True, gap="xsmall"):
        draw(t, chosen, kept("supply months", lambda: _months(t, chosen, name, rows, caption), chosen))
    _years(t, chosen, name, wide.observed[place, substance], caption)
    with st.container(border=True, gap="xsmall"):
        _leads(t, chosen)
    supply_parts.areas(t, chosen, wide.observed, None if counts is None else counts.observed)
    supply_parts.precursors(t)


def _pick(t: Text, selection: Selection, observed: pd.DataFrame) -> Selection:
    """The substance and the place, from those that are held."""
    held = observed.columns[observed.notna().any()]
    substances = [code for code in SUBSTANCES if code in held.get_level_values(1)]
    substance = selection.substance if selection.substance in substances else "fentanyl"
    substance = substance if substance in substances else substances[0]
    places = [code for code in GEOGRAPHIES if (code, substance) in held]
    place = next((code for code in selection.geographies if code in places), None)
    place = place or (BORDER if BORDER in places else places[0])
    left, right = st.columns(2)
    drug = left.selectbox(
        t("Substance"), substances, index=substances.index(str(substance)), format_func=t.substance,
        key=f"supply-substance-{substance}-{t.language}",
    )  # fmt: skip
    where = right.selectbox(
        t("Place"), places, index=places.index(place), format_func=t.place,
        key=f"supply-place-{place}-{substance}-{t.language}",
    )  # fmt: skip
    if (drug, where) != (substance, place):
        picker.go(replace(selection, substance=drug, geographies=(where,)))
    return replace(selection, substance=substance, geographies=(place,))


def _months(t: Text, selection: Selection, name: str, rows: pd.DataFrame, caption: str) -> Block:
    table = rows[::-1]
    return Block(
        key=f"supply_months_{selection.substance}",
        title=supply_parts.change_finding(t, name, rows.set_index("period")["weight"]),
        subtitle=t("Weight by month, lb. The change is that of the newest 3 months, with its 80 % interval."),
        chart=months_chart(rows, unit=t("lb"), language=selection.language, dark=data.dark()),
        caption=caption,
        table=pd.DataFrame(
            {
                t("Month"): [t.month(day) for day in table["period"]],
                t("Weight, lb"): table["weight"].round(1),
                t("Events"): table["events"],
                t("Mean per event, lb"): table["mean"].round(2),
                t("Largest event, at least, %"): (100 * table["least_share"]).round(1),
            }
        ),
        about=[(t("Largest event"), t(supply_parts.LARGEST))],
        export=table,
    )  # fmt: skip


def _years(t: Text, selection: Selection, name: str, months: pd.Series, caption: str) -> None:
    """Calendar and US fiscal years side by side, each compared with its own kind only."""
    parts: dict[Year, pd.DataFrame] = {"calendar": years(months, "calendar"), "fiscal": years(months, "fiscal")}
    top = max(float(part["total"].max()) for part in parts.values())
    for column, kind in zip(st.columns(2, gap="xsmall"), parts, strict=True):
        make = partial(_years_of, t, selection, name, kind, parts[kind], top, caption)
        with column.container(border=True, gap="xsmall", height="stretch"):
            draw(t, selection, kept("supply years", make, selection, kind))


def _years_of(
    t: Text, selection: Selection, name: str, kind: Year, found: pd.DataFrame, top: float, caption: str
) -> Block:
    labels = [t("FY{year}", year=year) if kind == "fiscal" else str(year) for year in found["year"]]
    short = [t("FY{year}", year=f"{year % 100:02d}") if kind == "fiscal" else str(year) for year in found["year"]]
    return Block(
        key=f"supply_{kind}_years_{selection.substance}",
        title=_year_finding(t, name, found, labels),
        subtitle=t(_KINDS[kind]),
        chart=years_chart(
            found.assign(label=short), top=top, language=selection.language, dark=data.dark()
        ),
        caption=caption,
        table=pd.DataFrame(
            {
                t("Year"): labels, t("Weight, lb"): found["total"].round(0), t("Months held"): found["months"],
                t("Whole year"): [t("yes") if whole else t("part of a year") for whole in found["whole"]],
                t("Change on the year before, %"): (100 * found["change"]).round(0),
            }
        ),
        about=[(t("Years"), t("Calendar and fiscal years are never mixed, and a part of a year is not compared "
                              "with a whole one. Sums of the months that are held."))],
        export=found.assign(kind=kind),
    )  # fmt: skip


def _year_finding(t: Text, name: str, table: pd.DataFrame, labels: list[str]) -> str:
    whole = table[table["whole"] & table["change"].notna()]
    if whole.empty:
        return t("{series}: no two whole years to compare", series=name)
    last = whole.iloc[-1]
    return t(
        "{series}: {value} lb in {year}, {change} on the year before", series=name,
        value=t.number(round(last["total"])), year=labels[table.index.get_loc(whole.index[-1])],
        change=("+" if last["change"] > 0 else "") + t.percent(last["change"]),
    )  # fmt: skip


def _leads(t: Text, selection: Selection) -> None:
    """Whether fentanyl seized at the southwest border comes before synthetic-opioid deaths of the nation."""
    as_of = selection.as_of.isoformat()
    st.header(t("Do fentanyl seizures come before deaths?"), anchor=False)
    for indicator, what in ((WEIGHT, t("weight seized")), (EVENTS, t("seizure events"))):
        found = data.computed("lead_lag", _lead, as_of, indicator)
        if found is None:
            st.markdown(f":small[{t('{what}: not held on this day.', what=what)}]")
            continue
        heading = _lead_finding(t, what, found)
        if found.table.empty or found.start is None or found.end is None:
            st.markdown(text.escape_markdown(heading))
            continue
        make = partial(_lead_block, t, selection, indicator, heading, found, found.start, found.end)
        draw(t, selection, kept("lead", make, selection, indicator))


def _lead(as_of: str, indicator: str) -> LeadLag | None:
    first, second = data.wide(as_of, indicator), data.wide(as_of, DEATHS)
    one, other = (BORDER, "fentanyl"), ("US", "synthetic_opioids")
    if first is None or second is None or one not in first.observed or other not in second.observed:
        return None
    return lead_lag(first.observed[one], second.observed[other], comparisons=PAIRS)


def _lead_finding(t: Text, what: str, found: LeadLag) -> str:
    if found.verdict == "lead":
        verdict = t(
            "Seizures come {n} months before deaths (correlation {r}); a lead is no cause", n=found.lag,
            r=t.number(found.correlation, 2),
        )  # fmt: skip
    else:
        verdict = t(_VERDICTS[found.verdict])
    return t("{what}: {verdict}", what=what[:1].upper() + what[1:], verdict=verdict[:1].lower() + verdict[1:])


def _lead_block(
    t: Text, selection: Selection, indicator: str, heading: str, found: LeadLag, start: pd.Timestamp,
    end: pd.Timestamp,
) -> Block:  # fmt: skip
    as_of = selection.as_of.isoformat()
    return Block(
        key=f"lead_{indicator}",
        title=heading,
        subtitle=t(_LAGS),
        chart=correlations_chart(
            found.table, found.bound, language=selection.language, dark=data.dark(),
            before=t("deaths first"), after=t("seizures first"),
        ),
        caption=t(
            "{n} months, {start} to {end}. Sources: {one}; {two}.", n=found.months, start=t.month(start),
            end=t.month(end), one=picker.source_of(t, as_of, indicator), two=picker.source_of(t, as_of, DEATHS),
        ),
        table=found.table.round(3).rename(
            columns={
                "lag": t("Lag, months"), "correlation": t("Correlation"), "first": t("First half"),
                "second": t("Second half"),
            }
        ),
        about=[
            (t("Method"), t(supply_parts.LEADS)),
            (t("Bound"), t("±{bound} at 95 % over all 25 lags and both measures; order of the filter {order}.",
                           bound=t.number(found.bound, 2), order=found.order)),
        ],
    )  # fmt: skip
