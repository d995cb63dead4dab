"""What is checked of a bulletin before it may be published; each check passes or fails, and says what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from dashboard import publishing_withdrawn
from dashboard.bulletin import MOST_PAGES, Written
from dashboard.bulletin_edition import Edition
from dashboard.pdf import NEEDED
from dashboard.publishing_withdrawn import CELL
from dashboard.text import LANGUAGES, N_, Text, _catalogue
from data_sources.store import Store
from surveillance.assessment import Assessment
from surveillance.plan import DEFAULT_PLAN

Name = Literal["settings", "freshness", "reconciliation", "translation", "alt", "suppression", "pages", "words"]
NAMES: Mapping[Name, str] = {
    "settings": N_("Panel's own settings"),
    "freshness": N_("Every source is current"),
    "reconciliation": N_("Tables agree with the store"),
    "translation": N_("Every sentence in both languages"),
    "words": N_("Highlights and notes in both languages"),
    "alt": N_("Every picture is described"),
    "suppression": N_("No suppressed figure is printed"),
    "pages": N_("PDF of at most 6 pages in each language"),
}


@dataclass(frozen=True)
class Check:
    """One check: whether it passed, whether a failure forbids publishing, and what was seen, in words."""

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
    assessment: Assessment, store: Store, written: Written, edition: Edition, untranslated: list[str], t: Text
) -> list[Check]:
    """Every check, in the order in which a person reads them; what was seen is told in *t*."""
    return [
        _settings(t, assessment),
        _freshness(t, assessment),
        _reconciliation(t, assessment, store, written.path),
        _translation(t, untranslated),
        _words(t, edition),
        _alt(t, written.path),
        _suppression(t, store, assessment, written.path),
        _pages(t, written),
    ]


def _settings(t: Text, assessment: Assessment) -> Check:
    own = assessment.plan.digest == DEFAULT_PLAN.digest
    return Check("settings", own, assessment.plan.digest if own else t("the settings are modified"))


def _freshness(t: Text, assessment: Assessment) -> Check:
    """Late sources are printed as such; they forbid nothing."""
    late = assessment.series.groupby("indicator")["late"].min().astype(bool)
    names = [t("late: {measure}", measure=t.short(str(name))) for name in late.index[late]]
    if assessment.series.empty:
        return Check("freshness", False, t("no figures are known on this day"))
    failed = [t("last fetch failed: {source}", source=name) for name in assessment.failures]
    return Check(
        "freshness", not (names or failed), "; ".join([*names, *failed]) or t("all current"), binding=False
    )


def _reconciliation(t: Text, assessment: Assessment, store: Store, folder: Path) -> Check:
    """The tables say what the store says, figure by figure, to the six digits that they carry."""
    table = _read(folder, "observations")
    known = store.known_on(assessment.as_of, sorted(table["indicator"].unique()))[[*CELL, "value", "status"]]
    both = table.merge(known, on=CELL, how="left", suffixes=("", "_store"))
    same = np.isclose(both["value"], both["value_store"], rtol=1e-5, atol=0, equal_nan=True)
    wrong = int((~(same & (both["status"] == both["status_store"]))).sum())
    states = _read(folder, "series")
    wrong += abs(len(states) - len(assessment.series))
    said = t("{n} figures, {wrong} differ", n=t.number(len(both)), wrong=t.number(wrong))
    return Check("reconciliation", wrong == 0, said)


def _translation(t: Text, untranslated: list[str]) -> Check:
    said = "; ".join(untranslated[:5]) or t("every sentence in both languages")
    return Check("translation", not untranslated, said)


def _words(t: Text, edition: Edition) -> Check:
    problems = edition.problems(t)
    return Check("words", not problems, "; ".join(problems) or t("in both languages"))


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


def _alt(t: Text, folder: Path) -> Check:
    pictures = silent = 0
    for file in [*sorted(folder.glob("*.html")), *sorted((folder / "charts").glob("*.svg"))]:
        page = _Page()
        page.feed(file.read_text("utf-8"))
        pictures += page.pictures
        silent += page.silent + (page.titles < page.pictures)
    said = t("{n} pictures, {silent} without a description", n=t.number(pictures), silent=t.number(silent))
    return Check("alt", silent == 0, said)


def _suppression(t: Text, store: Store, assessment: Assessment, folder: Path) -> Check:
    """No table holds a value where the store holds none, and no value that stands now only as suppressed."""
    known = store.known_on(assessment.as_of)
    hidden = known.loc[known["status"] != "reported", CELL]
    printed = publishing_withdrawn.figures(folder)
    found = len(printed.merge(hidden.assign(period=hidden["period"].dt.strftime("%Y-%m-%d")), on=CELL))
    said = t("{n} figures without a value, {printed} printed", n=t.number(len(hidden)), printed=t.number(found))
    return Check("suppression", found == 0, said)


def _pages(t: Text, written: Written) -> Check:
    if written.no_pdf:
        said = t(
            "no PDF: the system's Pango library could not be loaded. "
            "On Debian or Ubuntu: {debian}; on macOS: {macos}.",
            debian=f"apt install {NEEDED}",
            macos="brew install pango",
        )
        return Check("pages", False, said, binding=False)
    long = {language: count for language, count in written.pages.items() if count > MOST_PAGES}
    pages = [
        t("{language}: {n} pages", language=language.upper(), n=written.pages.get(language, 0))
        for language in LANGUAGES
    ]
    return Check("pages", not long, ", ".join(pages))


def _read(folder: Path, name: str) -> pd.DataFrame:
    file = folder / "data" / f"{name}.csv"
    return pd.read_csv(file, keep_default_na=False, na_values=[""], parse_dates=["period"])
