"""The week's answer: every verdict, the state of every watched series, and the signals in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveillance.calibration import Calibration
from surveillance.plan import Plan

VERDICT_COLUMNS = (
    "as_of", "indicator", "geography", "substance", "period", "observed", "expected", "upper", "pvalue",
    "pvalue_low", "exceedance", "alarm", "detector", "reason",
)  # fmt: skip
SERIES_COLUMNS = (
    "indicator", "geography", "substance", "state", "reason", "late", "period", "since", "run", "age_days",
    "observed", "expected", "upper", "pvalue", "qvalue", "pvalue_low", "fall", "exceedance", "detector", "alarms",
    "judged",
)  # fmt: skip
# A signal keeps its name when a detector's parameters change, or its variant: series, first period, family.
FAMILIES = {
    "FarringtonFlexible": "farrington", "Farrington1996": "farrington", "EarsC1": "ears", "EarsC2": "ears",
    "EarsC3": "ears", "SeasonalRegression": "regression", "TwelveMonthEnding": "sums", "Cusum": "cusum",
    "GlrPoisson": "ratio", "GlrNegBin": "ratio", "LrNegBin": "ratio", "Rki": "rki", "Bayes": "bayes",
    "HistoricalLimits": "limits", "SeasonalTrend": "regression", "LevelShift": "shift",
}  # fmt: skip
STATES = ("signal", "last_known", "quiet", "not_judgeable")


@dataclass(frozen=True)
class Assessment:
    """Every watched series as judged on *as_of*.

    `verdicts`: one row per series and period that was looked at (VERDICT_COLUMNS, and `complete`: published
    and no longer filling); `alarm` is boolean with NA, and NA is never "no alarm". `series`: one row per
    watched series (SERIES_COLUMNS): its `state` at its newest complete period (`signal`, `last_known` for a
    signal in a late source, `quiet`, `not_judgeable` with a reason); `since` and `run`, the first period and
    length of the current run of alarms; `alarms` of `judged`, its track record over the last 36 judged
    periods before that run; `qvalue`, shown and never a gate, of its newest period among all judged ones; `fall`,
    whether its newest value is as far below what was expected as an alarm is above (NA: could not be judged).
    `alpha` is what the budget allows each judgement; `expected_false` the false signals a quarter that follow
    from it; `calibration` how well each indicator's p-values held, whose inflation is in them; `filling` the
    nowcasts of periods that still fill, where a source's own vintages allow any (provisional.COLUMNS).
    """

    as_of: date
    plan: Plan
    alpha: float
    expected_false: float
    verdicts: pd.DataFrame
    series: pd.DataFrame
    failures: Mapping[str, str]
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    filling: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def of_nothing(cls, plan: Plan, as_of: date, failures: Mapping[str, str]) -> Assessment:
        """The answer on a day on which nothing was known: no series, no verdict."""
        dates = {"as_of", "period", "since"}
        numbers = {"observed", "expected", "upper", "pvalue", "qvalue", "pvalue_low", "exceedance"}

        def empty(columns: Sequence[str]) -> pd.DataFrame:
            kinds = dict.fromkeys(dates, "datetime64[s]") | dict.fromkeys(numbers, "float64")
            kinds |= {"alarm": "boolean", "fall": "boolean", "complete": "bool", "late": "bool"}
            return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "object")) for name in columns})

        return cls(
            as_of=as_of,
            plan=plan,
            alpha=plan.watches[0].detector.alpha,
            expected_false=0.0,
            verdicts=empty((*VERDICT_COLUMNS, "complete")),
            series=empty(SERIES_COLUMNS),
            failures=failures,
        )

    @cached_property
    def signals(self) -> pd.DataFrame:
        """New signals first, then last known ones; within each by p-value, ties by observed − expected."""
        open_ = self.series[self.series["state"].isin(["signal", "last_known"])]
        open_ = open_.assign(excess=open_["observed"] - open_["expected"], new=open_["state"] == "signal")
        ranked = open_.sort_values(["new", "pvalue", "excess"], ascending=[False, True, False], kind="stable")
        return ranked.assign(id=_ids(ranked)).drop(columns=["excess", "new"]).reset_index(drop=True)

    def signal_ids(self, indicator: str, geography: str, substance: str) -> dict[pd.Timestamp, str]:
        """By the period of every alarm of a series, the id of its signal, open or past: that of its whole run."""
        rows = self.of(indicator, geography, substance)
        rows = rows[rows["complete"]]
        alarm = rows["alarm"].astype("boolean").fillna(False).astype(bool)
        runs = rows[alarm].groupby((~alarm).cumsum()[alarm])
        named = rows[alarm].assign(
            since=runs["period"].transform("min"), detector=runs["detector"].transform("last")
        )
        return dict(zip(named["period"], _ids(named), strict=True))

    @cached_property
    def falls(self) -> pd.DataFrame:
        """Series whose newest value is unusually low, lowest p-value first: possible data loss, then a fall."""
        low = self.series[self.series["fall"].fillna(False)]
        return low.sort_values("pvalue_low", kind="stable").reset_index(drop=True)

    @cached_property
    def newest(self) -> pd.DataFrame:
        """Of every watched series, the verdict on its newest complete period."""
        series = ["indicator", "geography", "substance"]
        rows = self.verdicts[self.verdicts["complete"]].drop_duplicates(series, keep="last")
        return self.series[series].merge(rows, on=series)[list(VERDICT_COLUMNS)]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many watched series are in each state, `judged` in all, and `quiet_late` in late sources."""
        states = self.series["state"].value_counts()
        counts = {state: int(states.get(state, 0)) for state in STATES}
        judged = sum(counts.values()) - counts["not_judgeable"]
        quiet_late = int(((self.series["state"] == "quiet") & self.series["late"]).sum())
        return counts | {"judged": judged, "quiet_late": quiet_late, "watched": len(self.series)}

    @cached_property
    def not_judgeable(self) -> pd.DataFrame:
        """Reasons why series cannot be judged, with how many each: columns reason, series."""
        out = self.series.loc[self.series["state"] == "not_judgeable", "reason"].value_counts()
        return out.rename_axis("reason").rename("series").reset_index()

    def of(self, indicator: str, geography: str, substance: str) -> pd.DataFrame:
        """The verdicts of one series, by period."""
        rows = self.verdicts.iloc[self._positions.get((indicator, geography, substance), [])]
        return rows.sort_values("period").reset_index(drop=True)

    @cached_property
    def _positions(self) -> Mapping[tuple[str, str, str], NDArray[np.intp]]:
        """Where each series' rows are in `verdicts`: looked up, not searched for at every change of a control."""
        return self.verdicts.groupby(["indicator", "geography", "substance"], sort=False).indices

    def select(
        self,
        *,
        indicators: Sequence[str] = (),
        geographies: Sequence[str] = (),
        substances: Sequence[str] = (),
    ) -> pd.DataFrame:
        """The verdicts that match all filters; an empty filter matches everything."""
        rows = self.verdicts
        for column, values in (
            ("indicator", indicators),
            ("geography", geographies),
            ("substance", substances),
        ):
            if values:
                rows = rows[rows[column].isin(list(values))]
        return rows


def _ids(rows: pd.DataFrame) -> pd.Series:
    """The ids of signals: series, first period (since), family of the detector."""
    series = rows["indicator"] + "." + rows["geography"] + "." + rows["substance"]
    return series + "." + rows["since"].dt.strftime("%Y-%m-%d") + "." + rows["detector"].map(FAMILIES)
