"""The draft beside the panel default on one series' own past: outbreaks put in, and stored vintages."""

from __future__ import annotations

import math
from datetime import date

import streamlit as st

from dashboard import data, text
from dashboard.text import N_, Text
from dashboard.views.lab_preview import Asked
from data_sources.indicators import INDICATORS
from surveillance.backtest_live import SIZES, Backtest, Replayed, Setting, backtest, replay
from surveillance.lab import only
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import Wide

VINTAGES = 6  # of the newest publications that are replayed
_REASONS = {
    "too_few_periods": N_("too few periods that both settings can judge"),
    "no_variation": N_("the series does not vary"),
}


def part(t: Text, asked: Asked, wide: Wide, *, own: bool) -> None:
    """Write the backtest of the one series in *wide*; a reader's own series is in no cache."""
    panel, draft = settings(asked)
    with st.container(border=True, gap="xsmall"):
        st.header(t("Backtest"), anchor=False)
        try:
            before, after = _found(asked, wide, panel, draft, own=own)
        except ValueError:
            st.markdown(t("Not available: the draft cannot judge this series."))
            return
        if before.reason:
            said = t("Not available: {reason}.", reason=t(_REASONS[before.reason]))
            st.markdown(text.escape_markdown(said))
        else:
            said = t(
                "{n} rises of three periods, of {sizes} standard deviations in all, put into this series one at a "
                "time; its last {periods} periods as published.",
                n=before.outbreaks, periods=before.periods, sizes=", ".join(t.number(size) for size in SIZES),
            )  # fmt: skip
            st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
            st.markdown(_table(t, before, after))
            said = t("Signals as published may be real. 0 periods: found in the first.")
            st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")
        if not own:
            _vintages(t, asked, panel, draft)


def settings(asked: Asked) -> tuple[Setting, Setting]:
    """The panel's and the draft's setting for the series looked at."""
    name = asked.indicator
    inflation = asked.panel.plan.inflation.get(name, 1.0)
    return (
        Setting(DEFAULT_PLAN[name], asked.panel.alpha, inflation),
        Setting(asked.draft[name], asked.alpha, asked.inflation),
    )


def _found(asked: Asked, wide: Wide, panel: Setting, draft: Setting, *, own: bool) -> list[Backtest]:
    both = [panel, draft]
    if own:
        return backtest(both, wide)
    found: list[Backtest] = data.computed(
        "lab-backtest", lambda *_: backtest(both, wide), asked.selection.as_of, wide.observed.columns[0], *both
    )
    return found


def _table(t: Text, before: Backtest, after: Backtest) -> str:
    def share(value: float) -> str:
        return t("n/a") if math.isnan(value) else t.percent(value)

    def number(value: float) -> str:
        return t("n/a") if math.isnan(value) else t.number(value, 2)

    rows = [
        (t("Rises found"), share(before.sensitivity), share(after.sensitivity)),
        (t("Signals a year"), number(before.signals_a_year), number(after.signals_a_year)),
        (t("Periods to find"), number(before.timeliness), number(after.timeliness)),
    ]
    lines = [f"| | {t('Default')} | {t('Draft')} |", "|:--|--:|--:|"]
    return "\n".join([*lines, *(f"| {name} | {one} | **{two}** |" for name, one, two in rows)])


def _vintages(t: Text, asked: Asked, panel: Setting, draft: Setting) -> None:
    closed = st.expander(
        t("On stored vintages"), on_change="rerun", key=f"lab-vintages-{asked.indicator}-{t.language}"
    )
    if not closed.open:
        return
    with closed:
        with st.spinner(t("Earlier publications are being judged")):
            vintages, today = _known_then(asked)
            found = [replay(setting, vintages, today) for setting in (panel, draft)] if vintages else []
        if not found or not found[0].judged:
            st.markdown(t("Not available: no earlier publication is held in which this series can be judged."))
            return
        st.markdown(_replayed(t, *found))
        said = t("The newest period of each stored publication, judged as known then, against today's figures.")
        st.markdown(f":small[:gray[{text.escape_markdown(said)}]]")


def _known_then(asked: Asked) -> tuple[list[Wide], Wide]:
    """The one series in the newest stored publications before today's, and as known on the selection's day."""
    selection = asked.selection
    place, substance = selection.geographies[0], str(selection.substance)

    def one(day: date) -> Wide | None:
        wide = data.wide(day.isoformat(), asked.indicator)
        known = wide is not None and (place, substance) in wide.observed.columns
        return only(wide, place, substance) if known and wide is not None else None

    store = data.store()
    days = {
        day for source in INDICATORS[asked.indicator].sources for day in store.vintages(source, asked.indicator)
    }
    earlier = sorted(day for day in days if day < selection.as_of)[-VINTAGES:]
    today = one(selection.as_of)
    vintages = [wide for day in earlier if (wide := one(day)) is not None]
    return (vintages, today) if today is not None else ([], vintages[0])


def _replayed(t: Text, before: Replayed, after: Replayed) -> str:
    rows = [
        (t("Publications judged"), before.judged, after.judged),
        (t("Alarms raised then"), before.alarms, after.alarms),
        (t("Stand today"), before.stand, after.stand),
        (t("Gone today"), before.fell, after.fell),
        (t("Alarm only today"), before.late, after.late),
    ]
    lines = [f"| | {t('Default')} | {t('Draft')} |", "|:--|--:|--:|"]
    return "\n".join([*lines, *(f"| {name} | {one} | **{two}** |" for name, one, two in rows)])
