"""Draft settings against the panel's: one series judged at once, and which alarms come and go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data_sources.observations import SERIES
from surveillance import pipeline
from surveillance.budget import gate
from surveillance.hands import Each
from surveillance.judging import Judgements
from surveillance.pipeline import Part
from surveillance.series import Wide
from surveillance.watch import Plan, Watch

KEY = [*SERIES, "period"]
RECENT = 36  # periods of each series over which alarms are compared


@dataclass(frozen=True)
class Comparison:
    """Alarms under the draft only, under the panel's settings only, and under both; the draft's rows but for lost.

    `unjudged` counts the compared periods that the panel's settings judge and the draft cannot.
    """

    gained: pd.DataFrame
    lost: pd.DataFrame
    kept: pd.DataFrame
    unjudged: int


def compare(panel: pd.DataFrame, draft: pd.DataFrame, *, recent: int = RECENT) -> Comparison:
    """Which alarms of the newest *recent* complete periods of each series the draft gains, loses and keeps.

    Both are verdict rows over the same series and periods. A period that one side cannot judge has no alarm
    there: an alarm lost to NA counts as lost, and `unjudged` says how many periods that may concern.
    """
    before, after = (_recent(rows, recent) for rows in (panel, draft))
    sides = [rows[[*KEY, "alarm"]].assign(row=range(len(rows))) for rows in (before, after)]
    both = sides[0].merge(sides[1], on=KEY, how="outer", suffixes=("_panel", "_draft"))
    was, now = (both[name].astype("boolean") for name in ("alarm_panel", "alarm_draft"))
    old, new = was.fillna(False), now.fillna(False)

    def rows(source: pd.DataFrame, name: str, chosen: pd.Series) -> pd.DataFrame:
        found = source.iloc[both.loc[chosen, name].to_numpy(dtype=int)]
        return found.sort_values(["period", *SERIES], ignore_index=True)

    return Comparison(
        gained=rows(after, "row_draft", new & ~old),
        lost=rows(before, "row_panel", old & ~new),
        kept=rows(after, "row_draft", new & old),
        unjudged=int((was.notna() & now.isna()).sum()),
    )


def _recent(rows: pd.DataFrame, recent: int) -> pd.DataFrame:
    complete = rows[rows["complete"].astype(bool)]
    return complete.sort_values("period", kind="stable").groupby(SERIES, sort=False).tail(recent)


def only(wide: Wide, geography: str, substance: str) -> Wide:
    """*wide* with one of its series; KeyError where it holds no such series."""
    return several(wide, [(geography, substance)])


def several(wide: Wide, columns: Sequence[tuple[str, str]]) -> Wide:
    """*wide* with these of its series (geography, substance); KeyError where it does not hold one."""
    return wide[list(columns)]


def judged(watch: Watch, wide: Wide, *, alpha: float, inflation: float = 1.0) -> pd.DataFrame:
    """Verdict rows on every series of *wide* under a row of a plan at an *alpha* after its *inflation*."""
    return Judgements(watch, wide).rows(alpha, inflation)


@dataclass(frozen=True)
class Fits:
    """One row of a plan fitted to its series, piece by piece: what verdicts at any alpha follow from."""

    pieces: tuple[Judgements, ...]
    parts: tuple[Part, ...]


def fits(watch: Watch, wide: Wide) -> Fits:
    """The series of *wide* fitted, over all periods and at the newest."""
    if watch.substances:
        columns = wide.observed.columns
        wide = wide[[column for column in columns if column[1] in watch.substances]]
    pieces = tuple(pipeline.fitted(piece) for piece in pipeline.pieces([(watch, wide)]))
    return Fits(pieces, tuple(pipeline.reported(piece) for piece in pieces))


@dataclass(frozen=True)
class Trial:
    """All series under a draft: verdict rows, alpha, false signals a quarter, and inflations by indicator."""

    verdicts: pd.DataFrame
    alpha: float
    expected_false: float
    inflation: Mapping[str, float]


def trial(plan: Plan, fitted: Sequence[Fits], *, each: Each = list) -> Trial:
    """The draft *plan* on the fits of its rows: what `pipeline.run` says of the same series, without the store.

    *each* goes over the pieces whose rows are made (a bar). Raises ValueError where *fitted* is empty.
    """
    parts = [part for some in fitted for part in some.parts]
    if not parts:
        raise ValueError("there is no series to judge")
    inflation = {name: found.inflation for name, found in pipeline.pooled(parts).items()}
    alpha, expected = gate(plan, [part.newest for part in parts], inflation)
    pieces: Iterable[Judgements] = each([piece for some in fitted for piece in some.pieces])
    rows = [pipeline.rows(piece, alpha, inflation) for piece in pieces]
    return Trial(pd.concat(rows, ignore_index=True), alpha, expected, inflation)


def dialled(plan: Plan, fitted: Sequence[Fits]) -> tuple[float, float]:
    """The alpha that a plan's budget allows on these fits, and the false signals a quarter that follow."""
    parts = [part for some in fitted for part in some.parts]
    inflation = {name: found.inflation for name, found in pipeline.pooled(parts).items()}
    return gate(plan, [part.newest for part in parts], inflation)
