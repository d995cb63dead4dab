"""Data & quality: where the figures come from, how current they are, how much they change, what is watched."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import charts, data, text
from dashboard.filters import Selection
from dashboard.sentences import series_name
from dashboard.text import Text
from dashboard.views import held_up, picker
from data_sources.indicators import INDICATORS, successor
from data_sources.registry import SOURCES
from data_sources.vocabulary import GEOGRAPHIES
from surveillance.explain import rounded
from surveillance.freshness import freshness
from surveillance.plan import DEFAULT_PLAN
from surveillance.revisions import sizes, typical
from surveillance.triangle import VALIDATED_FROM, validations


def render(selection: Selection) -> None:
    """The page of data and quality for a selection."""
    t = text.of(selection.language)
    table = data.computed("freshness", lambda day: freshness(data.store(), SOURCES, day), selection.as_of)
    held = table[table["publications"] > 0]
    late = int((held["days_late"].fillna(0) > 0).sum())
    st.title(
        t.n(
            "{held} of {n} source is held, {late} late",
            "{held} of {n} sources are held, {late} late",
            len(table),
            held=len(held),
            late=late,
        )
    )
    names = [
        t("Sources"),
        t("Coverage"),
        t("Revisions"),
        t("Unusually low"),
        t("Calibration"),
        t("What is watched"),
        t("Method breaks"),
        t("Refused files"),
    ]
    sources, coverage, revisions, low, calibrated, watched, breaks, refused = st.tabs(names)
    with sources:
        _sources(t, table)
    with coverage:
        _coverage(t, selection)
    with revisions:
        _revisions(t, selection)
        _nowcasts(t, selection)
    with low:
        held_up.falls(t, selection)
    with calibrated:
        held_up.calibration(t, selection)
    with watched:
        _watched(t, selection)
    with breaks:
        _breaks(t)
    with refused:
        _refused(t)


def _sources(t: Text, table: pd.DataFrame) -> None:
    records = [SOURCES[name] for name in table["source"]]
    late = [_late(t, row.publications, row.days_late) for row in table.itertuples()]
    st.dataframe(
        pd.DataFrame(
            {
                t("Source"): [t(record.title) for record in records],
                t("State"): late,
                t("Last period"): [t.month(day) for day in table["last_period"]],
                t("Last publication"): [t.date(day) for day in table["published"]],
                t("Last pull"): [t.date(day) for day in table["retrieved"]],
                t("Next due"): [t.date(day) for day in table["due"]],
                t("Publications held"): table["publications"],
                t("Cadence"): [t.n("every {n} day", "every {n} days", record.cadence_days) for record in records],
                t("Owner"): [record.publisher for record in records],
                t("Country"): [record.country for record in records],
                t("Licence"): [record.licence for record in records],
                t("Where to get the file"): [record.homepage for record in records],
            }
        ),
        hide_index=True,
        width="stretch",
        column_config={t("Where to get the file"): st.column_config.LinkColumn()},
        alt=t("Sources, how current they are, their owners and licences"),
    )
    for row in table.dropna(subset=["error"]).itertuples():
        said = t(
            "The last fetch of {source} failed: {reason}", source=t(SOURCES[row.source].title), reason=row.error
        )
        st.warning(text.escape_markdown(said), icon=":material/cloud_off:")
    st.header(t("Definitions and cautions"))
    _written(
        {
            t("Measure"): [t.indicator(name) for name in INDICATORS],
            t("Unit"): [t.unit(name) for name in INDICATORS],
            t("Caution"): [t.caution(name) for name in INDICATORS],
            t("Comparability"): [record.grade for record in INDICATORS.values()],
            t("Usual delay"): [t.n("{n} day", "{n} days", record.delay_days) for record in INDICATORS.values()],
        }
    )
    note = t(
        "Comparability across the border: A same definition, B and C nearly, D shapes only. Seizures measure "
        "enforcement and flow together."
    )
    st.markdown(f":small[:gray[{note}]]")


def _late(t: Text, publications: int, days: int | None) -> str:
    if not publications:
        return t("nothing held")
    if pd.isna(days) or not days:
        return t("current")
    return t.n("{n} day late", "{n} days late", int(days))


def _coverage(t: Text, selection: Selection) -> None:
    def make(day: str) -> pd.DataFrame:
        known = data.store().known_on(pd.Timestamp(day).date())
        known = known[known["value"].notna()]
        spans = known.groupby("indicator").agg(
            first=("period", "min"),
            last=("period", "max"),
            places=("geography", "nunique"),
            figures=("value", "size"),
        )
        return spans.reset_index()

    spans = data.computed("coverage", make, selection.as_of.isoformat())
    if spans.empty:
        st.info(t("No figures were known on this date"))
        return
    spans = spans.sort_values("last", ascending=False, ignore_index=True)
    title = t("What is held of each measure, and the time since that is not yet published")
    st.header(title)
    rows = spans.assign(
        label=[t.indicator(name) for name in spans["indicator"]],
        country=["mx" if str(name).startswith("mx_") else "us" for name in spans["indicator"]],
    )
    chart = charts.coverage_chart(
        rows[["label", "country", "first", "last"]],
        language=selection.language,
        dark=data.dark(),
        until=selection.as_of,
        not_published=t("not yet published"),
    )
    st.altair_chart(chart, width="stretch", theme=None, alt=title, key="coverage")
    note = t("Blue: US and international. Green: Mexico. Hatched: not yet published, or closed by its publisher.")
    st.markdown(f":small[:gray[{note}]]")
    st.dataframe(
        pd.DataFrame(
            {
                t("Measure"): rows["label"],
                t("From"): [t.month(day) for day in rows["first"]],
                t("To"): [t.month(day) for day in rows["last"]],
                t("Places"): rows["places"],
                t("Figures"): rows["figures"],
            }
        ),
        hide_index=True,
        width="stretch",
        alt=title,
    )


def _revisions(t: Text, selection: Selection) -> None:
    chosen = picker.pick(selection, several=False)
    if chosen is None:
        st.info(t("No figures were known on this date"))
        return
    place, substance = chosen.geographies[0], str(chosen.substance)
    log = data.store().revisions(str(chosen.indicator), place, substance)
    log = log[log["as_of"] <= pd.Timestamp(chosen.as_of)]
    changes = sizes(log)
    name = series_name(t, place, substance)
    if changes.empty:
        vintages = log["as_of"].nunique()
        st.header(text.escape_markdown(t("{series}: no figure has changed yet", series=name)))
        st.markdown(
            t.n(
                "{n} publication date of this series is held. Sizes of revisions appear once a later publication "
                "changes a figure.",
                "{n} publication dates of this series are held, and no later one changed a figure.",
                vintages,
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
    st.header(text.escape_markdown(title))
    country = GEOGRAPHIES[place].country
    chart = charts.revision_chart(
        changes.dropna(subset=["change"])[["period", "change"]],
        country="us" if country == "US" else "mx",
        language=selection.language,
        dark=data.dark(),
        title=t("change from the first figure to the newest, %"),
    )
    st.altair_chart(chart, width="stretch", theme=None, alt=title, key="revisions")
    newest = changes[::-1]
    st.dataframe(
        pd.DataFrame(
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
        hide_index=True,
        width="stretch",
        height=300,
        alt=title,
    )


def _nowcasts(t: Text, selection: Selection) -> None:
    """From how many vintages of its own each source's delay can be known."""
    made = data.computed("validations", lambda day: validations(data.store(), SOURCES, day), selection.as_of)
    title = t("How well each source's reporting delay is known")
    st.header(title)
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


def _watched(t: Text, selection: Selection) -> None:
    assessment = data.judged(selection)
    watches = assessment.plan.at(assessment.alpha).watches
    st.header(t("What the plan watches, and why"))
    note = t(
        "One alpha for all detectors, {alpha}, follows from the alarm budget: {n} false signals a quarter.",
        alpha=t.number(assessment.alpha, 2),
        n=t.number(assessment.plan.budget),
    )
    st.markdown(f":small[:gray[{note}]]")
    _written(
        {
            t("Measure"): [t.indicator(watch.indicator) for watch in watches],
            t("Why so"): [t(watch.why) for watch in watches],
            t("Substances"): [
                ", ".join(t.substance(code) for code in watch.substances) or t("all") for watch in watches
            ],
            t("Detector"): [repr(rounded(watch.detector)) for watch in watches],
            t("While history is short"): [
                repr(rounded(watch.short)) if watch.short else t("not judged") for watch in watches
            ],
        }
    )
    st.header(t("What it does not watch"))
    _written(
        {
            t("Measure"): [t.indicator(name) for name in DEFAULT_PLAN.not_watched],
            t("Why not"): [t(why) for why in DEFAULT_PLAN.not_watched.values()],
        }
    )


def _written(columns: dict[str, list[str]]) -> None:
    """A table whose long texts wrap; everything in it is shown as it is."""
    cells = {name: [text.escape_markdown(cell) for cell in column] for name, column in columns.items()}
    st.table(pd.DataFrame(cells), border="horizontal", hide_index=True)


def _breaks(t: Text) -> None:
    st.header(t("Nothing is judged across these breaks"))
    lines = []
    for record in INDICATORS.values():
        if record.continues and record.begins:
            sentence = t(
                "{new} continues {old} from {month}. The two are drawn side by side and never added, compared or "
                "judged together.",
                new=t.indicator(record.id),
                old=t.indicator(record.continues),
                month=t.month(pd.Timestamp(record.begins)),
            )
            lines.append(f"- {text.escape_markdown(sentence)}")
        elif record.ended and successor(record.id) is None:
            sentence = t(
                "{measure} was closed by its publisher with {month}.",
                measure=t.indicator(record.id),
                month=t.month(pd.Timestamp(record.ended)),
            )
            lines.append(f"- {text.escape_markdown(sentence)}")
    st.markdown("\n".join(lines))


def _refused(t: Text) -> None:
    refusals = data.store().refusals()
    if refusals.empty:
        st.header(t("No file has been refused"))
        st.markdown(t("A file that cannot be used is listed here with the reason, and the store stays as it was."))
        return
    st.header(t.n("{n} file was refused", "{n} files were refused", len(refusals)))
    _written(
        {
            t("When"): [t.date(day) for day in refusals["when"]],
            t("Source"): [t(SOURCES[name].title) if name in SOURCES else name for name in refusals["source"]],
            t("File"): refusals["name"].to_list(),
            t("Reason"): refusals["error"].to_list(),
        }
    )
