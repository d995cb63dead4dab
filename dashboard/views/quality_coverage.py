"""Coverage: which places are published under which measure, and the time that is held."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, data
from dashboard.chart_block import Block
from dashboard.charts_quality import matrix_chart
from dashboard.filters import Selection
from dashboard.text import MISSING, N_, Text
from surveillance.coverage import matrix, places, spans

GROUPS = {
    "us": (
        N_("United States, states"),
        ("us_overdose_deaths_12m", "us_overdose_ed_rate"),
    ),
    "cbp": (N_("United States, CBP areas"), ("us_cbp_seizure_weight", "us_cbp_seizure_events")),
    "mx": (
        N_("Mexico, states"),
        ("mx_federal_drug_case_files", "mx_retail_drug_case_files", "mx_retail_drug_case_files_rnid"),
    ),
}
STATES = {
    "published": N_("published"),
    "partly": N_("published in part"),
    "suppressed": N_("suppressed"),
    "not_reported": N_("not reported"),
    "not_collected": N_("not collected"),
    "absent": N_("not in the files held"),
}


def coverage(t: Text, selection: Selection) -> None:
    """The matrix of a group of places, and the spans of time of all measures."""
    group = st.segmented_control(
        t("Places"),
        list(GROUPS),
        default="us",
        required=True,
        format_func=lambda name: t(GROUPS[name][0]),
        label_visibility="collapsed",
        key=f"coverage-{t.language}",
    )
    found = data.computed(
        "matrix", lambda day, name: matrix(data.store(), day, GROUPS[name][1], places(name)), selection.as_of, group
    )
    if found.empty:
        st.info(t("No figures were known on this date"))
    else:
        chart_block.draw(t, selection, _matrix(t, selection, str(group), found))
    made = data.computed("spans", lambda day: spans(data.store(), day), selection.as_of)
    if not made.empty:
        chart_block.draw(t, selection, _spans(t, selection, made))


def _matrix(t: Text, selection: Selection, group: str, found: pd.DataFrame) -> Block:
    counts = found["state"].value_counts()
    title = t(
        "{name}: of {n} pairs of place and measure {full} are published whole, {part} in part; of {none} no figure "
        "is held",
        name=t(GROUPS[group][0]),
        full=t.number(int(counts.get("published", 0))),
        n=t.number(len(found)),
        part=t.number(int(counts.get("partly", 0))),
        none=t.number(int(len(found) - counts.get("published", 0) - counts.get("partly", 0))),
    )
    said = [_said(t, row) for row in found.itertuples()]
    cells = pd.DataFrame(
        {
            "place": [t.place(code) for code in found["geography"]],
            "measure": [t.short(name) for name in found["indicator"]],
            "state": found["state"],
            "share": found["reported"] / found["of"].where(found["of"] > 0, 1),
            "hidden": found["hidden"],
            "said": said,
        }
    )
    wide = cells.assign(words=[t(STATES[state]) for state in found["state"]]).pivot(
        index="place", columns="measure", values="words"
    )
    order, measures = list(dict.fromkeys(cells["place"])), list(dict.fromkeys(cells["measure"]))
    return Block(
        key=f"coverage-{group}",
        title=title,
        subtitle=t(
            "Solid: every figure of the newest year is published. Pale: a part. Open circle: some or all are "
            "suppressed. Dash: not reported. Grey stripes: not collected. Empty: not in the files held."
        ),
        chart=matrix_chart(cells, country="mx" if group == "mx" else "us", language=t.language, dark=data.dark()),
        caption=t(
            "The newest year of each source, all drugs of the measure together, as known on {day}.",
            day=t.date(selection.as_of),
        ),
        table=wide.loc[order, measures].rename_axis(t("Place")).reset_index(),
        about=[
            (t.short(name), t.caution(name) or t("none recorded")) for name in dict.fromkeys(found["indicator"])
        ],
        export=found.drop(columns="hidden"),
    )


def _said(t: Text, row: object) -> str:
    """A cell in one sentence."""
    return t(
        "{place}, {measure}: {state}, {reported} of {of} figures of the newest year; last figure {month}",
        place=t.place(str(row.geography)),  # type: ignore[attr-defined]
        measure=t.short(str(row.indicator)),  # type: ignore[attr-defined]
        state=t(STATES[str(row.state)]),  # type: ignore[attr-defined]
        reported=t.number(int(row.reported)),  # type: ignore[attr-defined]
        of=t.number(int(row.of)),  # type: ignore[attr-defined]
        month=MISSING if pd.isna(row.last) else t.month(row.last),  # type: ignore[attr-defined]
    )


def _spans(t: Text, selection: Selection, found: pd.DataFrame) -> Block:
    title = t("What is held of each measure, and the time since that is not yet published")
    rows = found.assign(
        label=[t.short(name) for name in found["indicator"]],
        country=["mx" if str(name).startswith("mx_") else "us" for name in found["indicator"]],
    )
    return Block(
        key="spans",
        title=title,
        subtitle=t(
            "Blue: US and international. Green: Mexico. Hatched: not yet published, or closed by its publisher."
        ),
        chart=charts.coverage_chart(
            rows[["label", "country", "first", "last"]], language=selection.language, dark=data.dark(),
            until=selection.as_of, not_published=t("not yet published"),
        ),
        caption=t("As known on {day}.", day=t.date(selection.as_of)),
        table=pd.DataFrame(
            {
                t("Measure"): [t.indicator(name) for name in found["indicator"]],
                t("From"): [t.month(day) for day in rows["first"]],
                t("To"): [t.month(day) for day in rows["last"]],
                t("Places"): rows["places"],
                t("Figures"): rows["figures"],
            }
        ),
        about=[(t.short(name), t.indicator(name)) for name in found["indicator"]],
        export=found,
    )  # fmt: skip
