"""CHANGES.md of a bulletin: what is different from the issue before, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dashboard import sentences
from dashboard.text import LANGUAGES, MISSING, Text, escape_markdown, of
from data_sources.indicators import INDICATORS
from surveillance.changes_between import Differences, between

FILE = "CHANGES.md"
MOST = 40  # revised figures that are named; how many there are in all is said


def write(folder: Path, provenance: Mapping[str, object], previous: Path | None) -> None:
    """Write CHANGES.md into a bulletin's folder, against the issue before, if there is one."""
    found = None if previous is None else between(previous, folder, provenance)
    parts = [words(of(language), found) for language in LANGUAGES]
    (folder / FILE).write_text("\n".join(parts), encoding="utf-8")


def words(t: Text, found: Differences | None) -> str:
    """The differences as Markdown, in one language."""
    if found is None:
        return f"# {t('Changes')}\n\n{t('No earlier issue.')}\n"
    parts = [f"# {t('Changes from {before} to {after}', before=found.before, after=found.after)}"]
    for heading, lines in (
        (t("Signals opened"), _signals(t, found.opened)),
        (t("Signals closed"), _signals(t, found.closed)),
        (t("Signals continuing"), _signals(t, found.continuing)),
        (t("New periods"), _newer(t, found.newer)),
        (t("Revised values"), _revised(t, found.revised)),
        (t("Settings"), _apart(found.settings)),
        (t("Code"), _apart(found.versions)),
    ):
        said = "\n".join(f"- {line}" for line in lines) or t("None.")
        parts.append(f"## {heading}\n\n{said}")
    return "\n\n".join(parts) + "\n"


def _signals(t: Text, rows: pd.DataFrame) -> list[str]:
    return [f"{escape_markdown(sentences.headline(t, row))} (`{row['id']}`)" for _, row in rows.iterrows()]


def _newer(t: Text, rows: pd.DataFrame) -> list[str]:
    return [
        escape_markdown(
            t(
                "{measure}: {before} to {after}, {n} figures",
                measure=t.indicator(str(row.indicator)),
                before=_period(t, str(row.indicator), row.before),
                after=_period(t, str(row.indicator), row.after),
                n=t.number(row.figures),
            )
        )
        for row in rows.itertuples()
    ]


def _revised(t: Text, rows: pd.DataFrame) -> list[str]:
    lines = []
    for row in rows.head(MOST).itertuples():
        name = str(row.indicator)
        series = sentences.series_name(t, str(row.geography), str(row.substance))
        period = _period(t, name, row.period)
        if pd.isna(row.after):
            said = t("{series}, {period}: no longer reported", series=series, period=period)
        else:
            said = t("{series}, {period}: {before} to {after}", series=series, period=period,
                     before=t.figure(row.before), after=t.figure(row.after))  # fmt: skip
        lines.append(escape_markdown(f"{t.short(name)}: {said}"))
    if len(rows) > MOST:
        lines.append(t.n("{n} more", "{n} more", len(rows) - MOST))
    return lines


def _apart(pairs: Mapping[str, tuple[str, str]]) -> list[str]:
    return [
        f"`{name}`: {escape_markdown(then) or MISSING} → {escape_markdown(now) or MISSING}"
        for name, (then, now) in pairs.items()
    ]


def _period(t: Text, name: str, period: pd.Timestamp) -> str:
    return t.period(period, INDICATORS[name].frequency)
