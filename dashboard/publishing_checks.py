"""What is checked of a bulletin before it may be published; each check passes or fails, and says what it saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from dashboard.bulletin import MOST_PAGES, Written
from dashboard.bulletin_edition import Edition
from dashboard.text import LANGUAGES, Text, _catalogue
from data_sources.observations import SERIES
from data_sources.store import Store
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN

Name = Literal["settings", "freshness", "reconciliation", "translation", "alt", "suppression", "pages", "words"]
_KEY = [*SERIES, "period"]


@dataclass(frozen=True)
class Check:
    """One check: whether it passed, whether a failure forbids publishing, and what was seen (in English)."""

    name: Name
    passed: bool
    detail: str
    binding: bool = True


@dataclass(frozen=True)
class Listening(Text):
    """A language that remembers which messages it has no words for."""

    missing: list[str] = field(default_factory=list, compare=False, hash=False)

    def __call__(self, message: str, **values: object) -> str:
        self._note(message)
        return super().__call__(message, **values)

    def n(self, one: str, many: str, count: int, **values: object) -> str:
        self._note(one)
        return super().n(one, many, count, **values)

    def _note(self, message: str) -> None:
        if self.language != "en" and message and message != "-":
            found = _catalogue(self.language).get(message)
            string = found.string if found is not None else ""
            if not (all(string) if isinstance(string, tuple) else string):
                self.missing.append(message)


def run(
    assessment: Assessment, store: Store, written: Written, edition: Edition, untranslated: list[str]
) -> list[Check]:
    """Every check, in the order in which a person reads them."""
    return [
        _settings(assessment),
        _freshness(assessment),
        _reconciliation(assessment, store, written.path),
        _translation(untranslated),
        _words(edition),
        _alt(written.path),
        _suppression(store, assessment, written.path),
        _pages(written),
    ]


def _settings(assessment: Assessment) -> Check:
    own = assessment.plan.digest == DEFAULT_PLAN.digest
    return Check("settings", own, assessment.plan.digest if own else "the settings are modified")


def _freshness(assessment: Assessment) -> Check:
    """Late sources are printed as such; they forbid nothing."""
    late = assessment.series.groupby("indicator")["late"].min().astype(bool)
    names = [str(name) for name in late.index[late]]
    if assessment.series.empty:
        return Check("freshness", False, "no figures are known on this day")
    failed = [f"last fetch failed: {name}" for name in assessment.failures]
    return Check("freshness", not (names or failed), "; ".join([*names, *failed]) or "all current", binding=False)


def _reconciliation(assessment: Assessment, store: Store, folder: Path) -> Check:
    """The tables say what the store says, figure by figure, to the six digits that they carry."""
    table = _read(folder, "observations")
    known = store.known_on(assessment.as_of, sorted(table["indicator"].unique()))[[*_KEY, "value", "status"]]
    both = table.merge(known, on=_KEY, how="left", suffixes=("", "_store"))
    same = np.isclose(both["value"], both["value_store"], rtol=1e-5, atol=0, equal_nan=True)
    wrong = int((~(same & (both["status"] == both["status_store"]))).sum())
    states = _read(folder, "series")
    wrong += abs(len(states) - len(assessment.series))
    return Check("reconciliation", wrong == 0, f"{len(both)} figures, {wrong} differ")


def _translation(untranslated: list[str]) -> Check:
    return Check("translation", not untranslated, "; ".join(untranslated[:5]) or "every sentence in both languages")


def _words(edition: Edition) -> Check:
    problems = edition.problems()
    return Check("words", not problems, "; ".join(problems) or "in both languages")


class _Page(HTMLParser):
    """Counts pictures, and those that do not say what they show."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures, self.silent, self.titles = 0, 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag in ("svg", "img"):
            self.pictures += 1
            named = held.get("alt") if tag == "img" else held.get("role") == "img" and held.get("aria-labelledby")
            self.silent += not named
        self.titles += tag == "title"


def _alt(folder: Path) -> Check:
    pictures = silent = 0
    for file in [*sorted(folder.glob("*.html")), *sorted((folder / "charts").glob("*.svg"))]:
        page = _Page()
        page.feed(file.read_text("utf-8"))
        pictures += page.pictures
        silent += page.silent + (page.titles < page.pictures)
    return Check("alt", silent == 0, f"{pictures} pictures, {silent} without a description")


def _suppression(store: Store, assessment: Assessment, folder: Path) -> Check:
    """No table holds a value where the store holds none, and no value that stands now only as suppressed."""
    known = store.known_on(assessment.as_of)
    hidden = known.loc[known["status"] != "reported", _KEY]
    found = 0
    for name, column in (("observations", "value"), ("verdicts", "observed"), ("series", "observed"),
                         ("revisions", "before"), ("revisions", "after")):  # fmt: skip
        table = _read(folder, name)
        found += int(table.merge(hidden, on=_KEY)[column].notna().sum())
    return Check("suppression", found == 0, f"{len(hidden)} figures without a value, {found} printed")


def _pages(written: Written) -> Check:
    if written.no_pdf:
        return Check("pages", False, written.no_pdf, binding=False)
    long = {language: count for language, count in written.pages.items() if count > MOST_PAGES}
    detail = ", ".join(f"{language}: {written.pages.get(language, 0)} pages" for language in LANGUAGES)
    return Check("pages", not long, detail)


def _read(folder: Path, name: str) -> pd.DataFrame:
    file = folder / "data" / f"{name}.csv"
    return pd.read_csv(file, keep_default_na=False, na_values=[""], parse_dates=["period"])
