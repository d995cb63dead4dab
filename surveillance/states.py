"""From verdicts to what the panel reads: the state of every watched series at its newest complete period."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_sources.indicators import INDICATORS, successor
from data_sources.observations import SERIES, period_end
from surveillance.assessment import SERIES_COLUMNS
from surveillance.calibration import qvalues

GRACE_DAYS = 20  # after a release was due, before its source counts as late
OUT_OF_DATE_DAYS = 730  # a series this old says nothing of today, whatever its last verdict was
TRACK = 36  # judged periods that a track record looks back on


def states(rows: pd.DataFrame, as_of: date, alpha: float) -> pd.DataFrame:
    """One row per watched series (SERIES_COLUMNS) from the verdicts of all watches, ordered within a series.

    A series that another indicator continues is left to that one. Where nothing was ever complete the
    series cannot be judged, for want of data. *alpha* is the line for `fall`; the family of `qvalue` are the judged
    newest periods of sources that are not late.
    """
    rows = rows.reset_index(drop=True)
    complete = rows[rows["complete"]]
    table = complete.drop_duplicates(SERIES, keep="last").set_index(SERIES)
    run = _run(complete)
    length = run.groupby([complete[key] for key in SERIES]).sum()
    since = complete[run].groupby(SERIES)["period"].min()
    record = _record(complete[~run])
    everything = rows.drop_duplicates(SERIES).set_index(SERIES).index
    table = table.reindex(everything).assign(run=length, since=since, **record)
    table["run"] = table["run"].fillna(0).astype(int)
    table[["alarms", "judged"]] = table[["alarms", "judged"]].fillna(0).astype(int)
    table = table.reset_index()
    table["age_days"] = _age(table, as_of)
    records = table["indicator"].map(INDICATORS)
    due = records.map(lambda record: record.delay_days + record.cadence_days + GRACE_DAYS)
    table["late"] = (table["age_days"] > due).fillna(True).astype(bool)
    table["reason"] = table["reason"].fillna("no_data")
    stale = (table["age_days"] > OUT_OF_DATE_DAYS).fillna(False).astype(bool)
    table.loc[stale, "reason"] = "out_of_date"
    alarm = table["alarm"].astype("boolean")
    table["state"] = np.select(
        [alarm.isna() | stale, ~alarm.fillna(False), table["late"]],
        ["not_judgeable", "quiet", "last_known"],
        default="signal",
    )
    judged = (table["state"] != "not_judgeable").to_numpy() & table["pvalue_low"].notna().to_numpy()
    table["fall"] = pd.arrays.BooleanArray((table["pvalue_low"] < alpha).to_numpy(dtype=bool), ~judged)
    table = table.loc[~_superseded(table)]
    current = (table["state"] != "not_judgeable") & ~table["late"]
    table = table.assign(qvalue=qvalues(table["pvalue"].where(current)))
    return table[list(SERIES_COLUMNS)].sort_values(SERIES, ignore_index=True)


def _run(complete: pd.DataFrame) -> pd.Series:
    """True for the rows of each series' run of alarms that reaches its newest complete period."""
    alarm = complete["alarm"].astype("boolean").fillna(False).astype(int)
    backwards = alarm[::-1].groupby([complete[key][::-1] for key in SERIES]).cumprod()
    return backwards[::-1].astype(bool)


def _record(before: pd.DataFrame) -> dict[str, pd.Series]:
    """Per series, `alarms` among the last TRACK `judged` periods."""
    judged = before[before["alarm"].notna()].groupby(SERIES).tail(TRACK)
    alarms = judged["alarm"].astype(bool).groupby([judged[key] for key in SERIES])
    return {"alarms": alarms.sum(), "judged": alarms.size()}


def _age(table: pd.DataFrame, as_of: date) -> pd.Series:
    parts = [
        (pd.Timestamp(as_of) - period_end(part["period"], INDICATORS[str(name)].frequency)).dt.days
        for name, part in table.groupby("indicator", sort=False)
    ]
    return pd.concat(parts).reindex(table.index).astype("Int64")


def _superseded(table: pd.DataFrame) -> NDArray[np.bool_]:
    held = set(zip(*(table[key] for key in SERIES), strict=True))
    after = {name: successor(name) for name in table["indicator"].unique()}
    return np.array(
        [
            (next_ := after[name]) is not None and (next_.id, geography, substance) in held
            for name, geography, substance in zip(*(table[key] for key in SERIES), strict=True)
        ],
        dtype=bool,
    )
