"""How soon figures become visible, in words: the rows of B13 and its table."""

from __future__ import annotations

import pandas as pd

from dashboard.text import MISSING, N_, Text
from surveillance.timeliness import AGES, INDICATIVE

STREAMS = {
    "harm": N_("deaths"),
    "use": N_("emergency visits"),
    "supply": N_("seizures"),
    "enforcement": N_("case files"),
}
REASONS = {
    "not_measured": N_("not measured"),
    "no_figure": N_("no figure held"),
    "embedded": N_("single figures only, no whole publication"),
    "": N_("no figure in any whole publication held"),
}


def timeliness_title(t: Text, table: pd.DataFrame) -> str:
    """The finding of the chart of timeliness."""
    days = table["days"].dropna()
    missing = int(len(table) - len(days))
    if days.empty:
        return t("How soon figures become visible cannot be measured yet: no whole publication is held")
    return t.n(
        "New periods become visible after {low} to {high} days; {n} stream cannot be measured",
        "New periods become visible after {low} to {high} days; {n} streams cannot be measured",
        missing,
        low=t.number(days.min()),
        high=t.number(days.max()),
    )


def stream(t: Text, row: pd.Series) -> str:
    """A stream of one country: "MX · case files, federal"."""
    names = {
        "mx_federal_drug_case_files": N_("federal case files"),
        "mx_retail_drug_case_files_rnid": N_("drug-dealing case files"),
    }
    return f"{t.country(row['country'])} · {t(names.get(row['indicator'], STREAMS[row['stream']]))}"


def timeliness_table(t: Text, table: pd.DataFrame) -> pd.DataFrame:
    """The table of timeliness with headings in the reader's language; what cannot be measured says why."""

    def days(row: pd.Series) -> str:
        if pd.isna(row["days"]):
            return t(REASONS[row["reason"]])
        said = t.n("{days} ({n} publication)", "{days} ({n} publications)", int(row["publications"]),
                   days=t.number(row["days"]))  # fmt: skip
        return t("{days}, indicative", days=said) if row["publications"] < INDICATIVE else said

    def complete(row: pd.Series, age: int) -> str:
        if pd.isna(row[f"complete_{age}"]):
            return t("not available")
        share = t.percent(row[f"complete_{age}"])
        return t.n("{share} ({n} period)", "{share} ({n} periods)", int(row[f"periods_{age}"]), share=share)

    rows = [row for _, row in table.iterrows()]
    return pd.DataFrame(
        {
            t("Stream"): [stream(t, row) for row in rows],
            t("Days to visible"): [days(row) for row in rows],
            t("Usual delay, as documented"): [t.number(row["usual_days"]) for row in rows],
            **{t("Complete at {n} days", n=age): [complete(row, age) for row in rows] for age in AGES},
            t("Newest period"): [_newest(t, row) for row in rows],
            t("Its age in days"): [t.number(row["age_days"]) for row in rows],
        }
    )


def timeliness_brief(t: Text, table: pd.DataFrame) -> pd.DataFrame:
    """The same in four columns, for a card."""
    whole = timeliness_table(t, table)
    shares = [f"complete_{age}" for age in AGES]

    def complete(row: pd.Series) -> str:
        if row[shares].isna().all():
            return t("not available")
        said = " · ".join(t("not available") if pd.isna(row[name]) else t.percent(row[name]) for name in shares)
        periods = int(max(row[f"periods_{age}"] for age in AGES))
        return t.n("{share} ({n} period)", "{share} ({n} periods)", periods, share=said)

    return pd.DataFrame(
        {
            t("Stream"): whole[t("Stream")],
            t("Days to visible"): whole[t("Days to visible")],
            t("Complete at 30 · 60 · 180 days"): [complete(row) for _, row in table.iterrows()],
            t("Newest period, its age"): [
                t("{period}, {n} days", period=_newest(t, row), n=t.number(row["age_days"]))
                if pd.notna(row["newest"])
                else MISSING
                for _, row in table.iterrows()
            ],
        }
    )


def _newest(t: Text, row: pd.Series) -> str:
    if pd.isna(row["newest"]):
        return MISSING
    return str(row["newest"].year) if row["indicator"].startswith("annual") else t.month(row["newest"])


def timeliness_rows(t: Text, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the chart draws: name, country, days, low, high, usual, said."""
    words = timeliness_table(t, table)[t("Days to visible")]
    return pd.DataFrame(
        {
            "name": [stream(t, row) for _, row in table.iterrows()],
            "country": table["country"].str.lower().to_numpy(),
            "days": table["days"].to_numpy(dtype=float),
            "low": table["days_low"].to_numpy(dtype=float),
            "high": table["days_high"].to_numpy(dtype=float),
            "usual": table["usual_days"].to_numpy(dtype=float),
            "said": words.to_numpy(),
        }
    )
