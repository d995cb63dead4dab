"""One series under the panel's settings and a draft's, judged at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from dashboard import chart_block, charts, data, sentences, text
from dashboard.chart_block import Block
from dashboard.filters import Selection
from dashboard.look import Words
from dashboard.text import Text
from dashboard.views import lab_controls, picker
from data_sources.vocabulary import GEOGRAPHIES
from surveillance import lab
from surveillance.assessment import Assessment
from surveillance.draft import Change
from surveillance.explain import drawn
from surveillance.lab import Comparison
from surveillance.series import Wide
from surveillance.watch import Plan

RECENT = 60  # periods the preview shows


@dataclass(frozen=True)
class Asked:
    """The series looked at, the panel's answer, and the draft with the alpha and inflation it is asked at."""

    selection: Selection
    panel: Assessment
    draft: Plan
    alpha: float
    inflation: float
    changes: Sequence[Change]

    @property
    def indicator(self) -> str:
        return str(self.selection.indicator)


@dataclass(frozen=True)
class Shown:
    """What the preview found: the one series, and what became of its alarms."""

    wide: Wide
    found: Comparison


def part(t: Text, asked: Asked, wide: Wide) -> Shown | None:
    """Write the preview; None, with a sentence on the page, where the draft cannot judge the series."""
    key = replace(asked.selection, signal=None, problems=())
    try:
        shown, block = data.computed(
            "lab-preview", lambda *_: _previewed(t, asked, wide), key, asked.draft.digest, asked.alpha,
            asked.inflation, data.dark(),
        )  # fmt: skip
    except ValueError as error:
        st.error(text.escape_markdown(lab_controls.refused(t, error)))
        return None
    with st.container(border=True, gap="xsmall"):
        chart_block.draw(t, asked.selection, block)
    return shown


def _previewed(t: Text, asked: Asked, wide: Wide) -> tuple[Shown, Block]:
    """The series under both settings; ValueError where the draft cannot judge it."""
    selection = asked.selection
    place, substance = selection.geographies[0], str(selection.substance)
    started = time.perf_counter()
    one = lab.only(wide, place, substance)
    verdicts = lab.judged(asked.draft[asked.indicator], one, alpha=asked.alpha, inflation=asked.inflation)
    panel = asked.panel.of(asked.indicator, place, substance)
    found = lab.compare(panel, verdicts, recent=RECENT)
    took = time.perf_counter() - started
    day = selection.as_of.isoformat()
    rows = data.computed(
        "lab-drawn", lambda *_: drawn(asked.panel, wide, place, substance).tail(RECENT), day, asked.indicator,
        place, substance,
    )  # fmt: skip
    series = asked.panel.series
    chosen = series[(series["geography"] == place) & (series["substance"] == substance)]
    chosen = chosen[chosen["indicator"] == asked.indicator].iloc[0]
    source = picker.source_of(t, day, asked.indicator)
    block = Block(
        key="lab-preview",
        title=counted(t, found),
        subtitle=f"{sentences.series_name(t, place, substance)}. {t.indicator(asked.indicator)}, "
        f"{t.unit(asked.indicator)}",
        chart=charts.series_chart(
            rows,
            unit=t.unit(asked.indicator),
            country="us" if GEOGRAPHIES[place].country == "US" else "mx",
            language=selection.language,
            dark=data.dark(),
            labels=words(t),
            draft=marked(verdicts, found, rows) if asked.changes else None,
            height=280,
        ),
        caption=f"{_note(t, found)} {sentences.caption(t, asked.panel, chosen, rows, source)}",
        table=table(t, rows, verdicts, draft=bool(asked.changes)),
        about=[
            (t("Panel line"), t("What the panel's settings allow; above it, an alarm.")),
            (t("Draft line"), t("The same under the draft, for this series at once. Alpha is {alpha}.",
                                alpha=t.number(asked.alpha, 2))),
            (t("Time"), t("Judged in {ms} ms.", ms=t.number(round(1000 * took)))),
        ],
        notes=[t("Draft settings from the Lab, not for publication. Digest {digest}.", digest=asked.draft.digest)]
        if asked.changes else [],
    )  # fmt: skip
    return Shown(one, found), block


def counted(t: Text, found: Comparison) -> str:
    """How many alarms come, go and stay, as a title."""
    return t(
        "Alarms of the last {n} months: {gained} gained, {lost} lost, {kept} kept",
        n=RECENT, gained=len(found.gained), lost=len(found.lost), kept=len(found.kept),
    )  # fmt: skip


def words(t: Text) -> Words:
    """The words of the preview's chart."""
    return replace(sentences.chart_words(t), line=t("panel line"))


def marked(verdicts: pd.DataFrame, found: Comparison, rows: pd.DataFrame) -> pd.DataFrame:
    """The draft's rows of the periods shown, with what became of each alarm."""
    change = pd.Series("", index=verdicts.index)
    for name in ("gained", "lost", "kept"):
        change[verdicts["period"].isin(getattr(found, name)["period"])] = name
    shown = verdicts["period"].isin(rows["period"])
    return verdicts.assign(change=change).loc[shown, ["period", "observed", "upper", "change"]]


def table(t: Text, rows: pd.DataFrame, verdicts: pd.DataFrame, *, draft: bool) -> pd.DataFrame:
    """The preview's figures, with both lines, newest first."""
    found = rows[["period", "observed", "expected", "upper"]].merge(
        verdicts[["period", "upper"]].astype({"period": rows["period"].dtype}), on="period", how="left",
        suffixes=("", "_draft"),
    )  # fmt: skip
    columns = {
        t("Month"): [t.date(day, "yyyy-MM-dd") for day in found["period"]],
        t("Observed"): found["observed"],
        t("Expected"): found["expected"].round(2),
        t("Panel line"): found["upper"].round(2),
    }
    if draft:
        columns[t("Draft line")] = found["upper_draft"].round(2)
    return pd.DataFrame(columns).iloc[::-1].reset_index(drop=True)


def _note(t: Text, found: Comparison) -> str:
    note = t("Filled: alarm under both. Open: under the draft only. Grey cross: under the panel's settings only.")
    if found.unjudged:
        note += " " + t.n(
            "The draft cannot judge {n} month that the panel's settings judge.",
            "The draft cannot judge {n} months that the panel's settings judge.",
            found.unjudged,
        )
    return note
