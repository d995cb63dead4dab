"""The long texts of Data & quality and of Methods: structured files, one per language where they are translated."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from data_sources.vocabulary import Language

WORDS = re.compile(r"\\(text|mathrm)\{([^}]*)\}")


def methods(language: Language) -> dict[str, Any]:
    """Detectors, measures, reasons, terms and rules in one language."""
    return _read(f"methods_{language}.yaml")


def formulas() -> dict[str, Any]:
    """Formula (LaTeX, its words English) and references of each detector and measure, and the words in Spanish."""
    return _read("formulas.yaml")


def formula(language: Language, part: str, name: str) -> str:
    """One formula, its words in the language."""
    exact: str = formulas()[part][name]["formula"]
    if language == "en":
        return exact
    words = formulas()["words"]

    def said(found: re.Match[str]) -> str:
        word = found[2].strip()
        return f"\\{found[1]}{{{found[2].replace(word, words.get(word, word))}}}"

    return WORDS.sub(said, exact)


def definitions() -> dict[str, Any]:
    """The crosswalk of definitions between the two countries, with its version."""
    return _read("definitions.yaml")


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files("dashboard").joinpath("content", name).read_text(encoding="utf-8"))
    return found
