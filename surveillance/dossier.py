"""A signal's dossier: everything that explains it, collected from the store and the assessment of one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Literal

import numpy as np
import pandas as pd

from data_sources.indicators import INDICATORS, Indicator
from data_sources.observations import SERIES, period_end
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES
from surveillance.artefacts import Check, Known, artefacts, first_failing
from surveillance.assessment import FAMILIES, Assessment
from surveillance.contributions import Contributions, contributions
from surveillance.corroboration import Cell, corroboration
from surveillance.evidence import Evidence, evidence
from surveillance.explain import Facts, facts, with_ranges
from surveillance.situation import calendar
from surveillance.states import TRACK

Series = tuple[str, str, str]
# signal and last_known: open. passed: alarmed, and a later figure is back inside. inside: no alarm by what is known
# on this day. unjudged: the figure is there without a verdict. not_held: no such figure is known on this day.
Status = Literal["signal", "last_known", "passed", "inside", "unjudged", "not_held"]
Step = Literal["ask_source", "wait", "watch", "both_countries", "review", "none"]
_PARTS = 5


class UnknownSignal(ValueError):
    """The text is not the id of a signal that this application could ever raise."""


@dataclass(frozen=True)
class Name:
    """What a signal's id says: its series, the first period of its run, and the family of its detector."""

    series: Series
    since: pd.Timestamp
    family: str


@dataclass(frozen=True)
class Unknown:
    """One thing that is not known, or that would change the verdict: a code with its numbers and names."""

    code: Literal["closes", "agrees", "late", "provisional", "method_break", "blind", "untested"]
    numbers: Mapping[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    cell: Cell | None = None
    period: pd.Timestamp | None = None


@dataclass(frozen=True)
class Provenance:
    """Where the figure and its verdict come from: publications, settings, code."""

    source: str
    first_published: pd.Timestamp
    confirmed: pd.Timestamp
    prints: int
    plan: str
    version: int
    digest: str
    alpha: float
    inflation: float
    code: str
    as_of: date


@dataclass(frozen=True)
class Dossier:
    """All facts of one signal. For a signal that is `not_held` or `unjudged` only name, status and row are given.

    `row` is the series' row (as `assessment.series`) at the newest period of the signal's run, which is `period`.
    `newest` is the series' newest complete period with its figure and range, where it is not that period.
    """

    id: str
    name: Name
    status: Status
    row: pd.Series
    facts: Facts | None = None
    evidence: Evidence | None = None
    checks: list[Check] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    contributions: Contributions | None = None
    unknowns: list[Unknown] = field(default_factory=list)
    step: Step = "none"
    due: pd.Timestamp | None = None
    overdue_days: int = 0
    provisional: bool = False
    newest: Facts | None = None
    provenance: Provenance | None = None

    @property
    def indicator(self) -> Indicator:
        return INDICATORS[self.name.series[0]]

    @property
    def country(self) -> str:
        return GEOGRAPHIES[self.name.series[1]].country

    @property
    def open(self) -> bool:
        """Whether the signal waits for a decision on this day."""
        return self.status in ("signal", "last_known")

    @property
    def judged(self) -> bool:
        """Whether there is a verdict to explain."""
        return self.facts is not None

    @property
    def beside(self) -> Cell | None:
        """The cell to draw beside the signal: across the border before on this side, nearest in time first."""
        told = [cell for cell in self.cells if cell.stand in ("agrees", "disagrees", "silent")]
        ranked = sorted(told, key=lambda cell: (cell.side == self.country, cell.stand == "silent", abs(cell.lag)))
        return ranked[0] if ranked else None

    @property
    def settings(self) -> pd.DataFrame:
        """The settings that could judge: `alarm`, and `exceedance`, (observed − expected) / (upper − expected)."""
        if self.evidence is None:
            return pd.DataFrame({"alarm": [], "exceedance": []})
        rows = self.evidence.settings
        rows = rows[rows["alarm"].notna() & (rows["upper"] > rows["expected"])]
        span = (rows["upper"] - rows["expected"]).astype(float)
        excess = (self.evidence.observed - rows["expected"].astype(float)) / span
        return pd.DataFrame({"alarm": rows["alarm"].astype(bool), "exceedance": excess}).reset_index(drop=True)

    @property
    def data_change(self) -> Check | None:
        """The first artefact test that fails: the signal is then probably a change in the data."""
        return first_failing(self.checks)


def read(signal_id: str, assessment: Assessment) -> Name:
    """The parts of a signal's id; UnknownSignal where any of them is not one of ours."""
    parts = signal_id.split(".")
    if len(parts) != _PARTS:
        raise UnknownSignal(f"a signal's id has {_PARTS} parts with dots between them, not {len(parts)}")
    indicator, geography, substance, since, family = parts
    watched = {watch.indicator for watch in assessment.plan.watches}
    valid = indicator in watched and geography in GEOGRAPHIES and substance in SUBSTANCES
    if not valid or family not in FAMILIES.values():
        raise UnknownSignal("measure, place, substance or method of this id is not one that is watched")
    try:
        first = pd.Timestamp(date.fromisoformat(since))
    except ValueError as error:
        raise UnknownSignal("the period of this id is not a date") from error
    return Name((indicator, geography, substance), first, family)


def dossier(store: Store, assessment: Assessment, signal_id: str, *, known: Known | None = None) -> Dossier:
    """Everything about one signal as known on the assessment's day; UnknownSignal for a text that is no id.

    A signal that is not open on that day is explained at its own periods: `status` says what became of it. *known*
    gives an indicator's frame as known on that day where the caller keeps one.
    """
    name = read(signal_id, assessment)
    status, row = _row(assessment, signal_id, name)
    if status in ("not_held", "unjudged"):
        return Dossier(signal_id, name, status, row)
    period = pd.Timestamp(row["period"])
    checks = artefacts(store, assessment, name.series, period, known=known)
    cells = corroboration(assessment, name.series, period)
    found = evidence(store, assessment, row)
    provisional, provenance = _origin(store, assessment, name, period)
    newest = _newest(assessment, name, period)
    releases = calendar(assessment)
    release = releases[releases["indicator"] == name.series[0]]
    step = _step(status, bool(row["late"]), checks, cells, found)
    return Dossier(
        id=signal_id,
        name=name,
        status=status,
        row=row,
        facts=facts(assessment, row),
        evidence=found,
        checks=checks,
        cells=cells,
        contributions=contributions(assessment, name.series, period),
        unknowns=_unknowns(assessment, row, checks, cells, newest, provisional=provisional),
        step=step,
        due=None if release.empty else pd.Timestamp(release["expected"].iloc[0]),
        overdue_days=0 if release.empty else int(release["overdue_days"].iloc[0]),
        provisional=provisional,
        newest=newest,
        provenance=provenance,
    )


def _row(assessment: Assessment, signal_id: str, name: Name) -> tuple[Status, pd.Series]:
    """What became of the signal, and the series' row at the newest period of its run."""
    open_ = assessment.signals
    own = open_[open_["id"] == signal_id]
    if len(own):
        return own["state"].iloc[0], own.iloc[0]
    indicator, geography, substance = name.series
    rows = assessment.of(*name.series)
    rows = rows[rows["complete"]]
    alarm = rows["alarm"].astype("boolean")
    after = rows[rows["period"] >= name.since]
    if after.empty or after["period"].iloc[0] != name.since:
        bare = {"indicator": indicator, "geography": geography, "substance": substance, "period": name.since}
        return "not_held", pd.Series(bare)
    run = int(alarm[after.index].fillna(False).astype(int).cumprod().sum())
    last = after.iloc[max(run - 1, 0)]
    before = rows[(rows["period"] < name.since) & alarm.notna()].tail(TRACK)
    end = period_end(last["period"], INDICATORS[indicator].frequency)
    whole = assessment.series[
        (assessment.series[["indicator", "geography", "substance"]] == list(name.series)).all(axis=1)
    ]
    row = last.copy()
    row["state"], row["id"], row["since"], row["run"] = "closed", signal_id, name.since, run
    row["alarms"], row["judged"] = int(before["alarm"].sum()), len(before)
    row["late"] = bool(whole["late"].iloc[0]) if len(whole) else False
    age = (pd.Timestamp(assessment.as_of) - end).days
    row["age_days"] = int(whole["age_days"].iloc[0]) if len(whole) else age  # of the series' newest figure
    if pd.isna(after["alarm"].iloc[0]):
        return "unjudged", row
    return ("passed" if run else "inside"), row


def _origin(
    store: Store, assessment: Assessment, name: Name, period: pd.Timestamp
) -> tuple[bool, Provenance | None]:
    """Whether the figure may still be revised, and the publications and settings behind its verdict."""
    log = store.revisions(*name.series)
    log = log[(log["period"] == period) & (log["as_of"] <= pd.Timestamp(assessment.as_of))]
    if log.empty:
        return False, None
    order = {source: place for place, source in enumerate(INDICATORS[name.series[0]].sources)}
    said = log.assign(place=log["source"].map(order).fillna(len(order))).sort_values(["place", "as_of"])
    own = said[said["source"] == said["source"].iloc[0]]
    known = store.known_on(assessment.as_of, [name.series[0]])
    here = _own(known[known["period"] == period], name)
    plan = assessment.plan
    return bool(own["provisional"].iloc[-1]), Provenance(
        source=str(own["source"].iloc[0]),
        first_published=pd.Timestamp(log["as_of"].min()),
        confirmed=pd.Timestamp(here["confirmed"].iloc[0]) if len(here) else pd.Timestamp(own["as_of"].iloc[-1]),
        prints=len(own),
        plan=plan.name,
        version=plan.version,
        digest=plan.digest,
        alpha=assessment.alpha,
        inflation=plan.inflation.get(name.series[0], 1.0),
        code=version("drug-trends"),
        as_of=assessment.as_of,
    )


def _own(rows: pd.DataFrame, name: Name) -> pd.DataFrame:
    return rows[(rows[SERIES] == list(name.series)).all(axis=1)]


def _newest(assessment: Assessment, name: Name, period: pd.Timestamp) -> Facts | None:
    """The newest complete period's figure and range where it is after the signal's."""
    own = _own(assessment.series, name)
    if own.empty or pd.isna(own["period"].iloc[0]) or own["period"].iloc[0] <= period:
        return None
    return facts(assessment, own.iloc[0])


def _step(status: Status, late: bool, checks: list[Check], cells: list[Cell], found: Evidence) -> Step:
    """What to do next: the first that applies."""
    if status not in ("signal", "last_known"):
        return "none"
    if first_failing(checks) is not None:
        return "ask_source"
    if late:
        return "wait"
    alarms, able = found.robust
    if able and alarms < able / 2:
        return "watch"
    return "both_countries" if any(cell.stand == "agrees" for cell in cells) else "review"


def _unknowns(
    assessment: Assessment, row: pd.Series, checks: list[Check], cells: list[Cell], newest: Facts | None,
    *, provisional: bool,
) -> list[Unknown]:  # fmt: skip
    """What is not known, and the figures that would close or strengthen the signal; the telling ones first."""
    observed = float(row["observed"])
    whole = INDICATORS[str(row["indicator"])].measure == "count"
    found = [Unknown("closes", {"upper": _shown(float(row["upper"]), whole=whole), "observed": observed})]
    if (nearest := _would_agree(assessment, cells)) is not None:
        found.append(nearest)
    if row["late"]:
        last = pd.Timestamp(row["period"]) if newest is None else newest.period
        found.append(Unknown("late", {"age_days": float(row["age_days"])}, period=last))
    if provisional:
        found.append(Unknown("provisional", {"observed": observed}))
    breaks = [check for check in checks if check.name == "method_break" and check.result == "untested"]
    found += [Unknown("method_break", period=check.period) for check in breaks]
    blind = tuple(f"{cell.stream}.{cell.side}" for cell in cells if cell.stand == "blind")
    if blind:
        found.append(Unknown("blind", {"streams": float(len(blind))}, blind))
    untested = tuple(check.name for check in checks if check.result == "untested" and check not in breaks)
    if untested:
        found.append(Unknown("untested", {"tests": float(len(untested))}, untested))
    return found


def _would_agree(assessment: Assessment, cells: list[Cell]) -> Unknown | None:
    """The nearest silent stream for which one series alone speaks, and the value above which it would agree."""
    silent = [cell for cell in cells if cell.stand == "silent" and cell.series == 1]
    for cell in sorted(silent, key=lambda each: abs(each.lag)):
        rows = assessment.of(cell.indicator, cell.geography, cell.substance)
        rows = with_ranges(rows[rows["period"] == cell.period], assessment.plan.at(assessment.alpha))
        above = float(rows["high80"].iloc[0]) if len(rows) else np.nan
        if not np.isnan(above):
            least = _shown(above, whole=INDICATORS[cell.indicator].measure == "count", up=True)
            return Unknown("agrees", {"above": least, "observed": cell.observed}, cell=cell)
    return None


def _shown(value: float, *, whole: bool, up: bool = False) -> float:
    """A limit cut to the digits it is shown with, so that what is said of it holds for the number that is read."""
    places = 0 if whole or value >= 100 else 1 if value >= 10 else 2
    cut = np.ceil if up else np.floor
    return float(np.round(cut(np.round(value * 10**places, 6)) / 10**places, places))
