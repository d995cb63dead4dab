"""What people add to a bulletin: highlights, a note of each country, a correction; kept in its folder as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dashboard.text import LANGUAGES, N_, Text, of
from data_sources.vocabulary import Language

FILE = "edition.json"
COUNTRIES = ("US", "MX")
MOST_HIGHLIGHTS = 5
LONGEST_HIGHLIGHT = 300  # characters, so that a bulletin keeps to its pages
LONGEST_NOTE = 1_200
Words = Mapping[Language, str]
ENGLISH = of("en")
_ONLY: Words = {"en": N_("{words}: given in English only"), "es": N_("{words}: given in Spanish only")}


@dataclass(frozen=True)
class Edition:
    """The words of people in one bulletin, in both languages.

    `highlights` None: those that follow from the ranking. `notes`: by country. `correction`: its number, 0 for the
    first issue of a week, and `reason`, what was wrong. `replay`: made for a week that is not the newest one.
    `previous`: the folder's name of the issue that its CHANGES compare with.
    """

    highlights: Mapping[Language, tuple[str, ...]] | None = None
    notes: Mapping[str, Words] = field(default_factory=dict)
    correction: int = 0
    reason: Words = field(default_factory=dict)
    replay: bool = False
    previous: str = ""

    def problems(self, t: Text = ENGLISH) -> list[str]:
        """What keeps these words from being printed, in sentences; most of all one language without the other."""
        found = []
        highlights = self.highlights or {}
        counts = {language: len(highlights.get(language, ())) for language in LANGUAGES}
        if len(set(counts.values())) > 1:
            found.append(t("highlights: {en} in English, {es} in Spanish; both need the same", **counts))
        if max(counts.values()) > MOST_HIGHLIGHTS:
            found.append(t("highlights: {n}; at most {most} fit", n=max(counts.values()), most=MOST_HIGHLIGHTS))
        found += [
            t("a highlight of {n} characters; at most {most} fit", n=len(line), most=LONGEST_HIGHLIGHT)
            for lines in highlights.values()
            for line in lines
            if len(line) > LONGEST_HIGHLIGHT
        ]
        named = {t("note of {country}", country=t.country(country)): words for country, words in self.notes.items()}
        for name, words in (named | {t("reason of the correction"): self.reason}).items():
            given = [language for language in LANGUAGES if words.get(language, "").strip()]
            if len(given) == 1:
                found.append(t(_ONLY[given[0]], words=name))
            longest = max((len(text) for text in words.values()), default=0)
            if longest > LONGEST_NOTE:
                found.append(
                    t("{words}: {n} characters; at most {most} fit", words=name, n=longest, most=LONGEST_NOTE)
                )
        if self.correction and not self.reason:
            found.append(t("a correction needs its reason in both languages"))
        return found


def write(edition: Edition, folder: Path) -> None:
    """Keep the edition in a bulletin's folder, where a re-rendering finds it."""
    text = json.dumps(asdict(edition), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Edition:
    """The edition of a bulletin's folder; ValueError where its file cannot be read as one."""
    held: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
    try:
        highlights = held.pop("highlights")
        lines = None if highlights is None else {name: tuple(part) for name, part in highlights.items()}
        return Edition(highlights=lines, **held)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder.name}/{FILE} is not a bulletin's edition ({error})") from error


def paragraphs(text: str) -> list[str]:
    """A note's paragraphs: what stands between empty lines."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
