"""The long texts of Data & quality and of Methods: structured files, one per language where they are translated."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from data_sources.vocabulary import Language


def methods(language: Language) -> dict[str, Any]:
    """Detectors, measures, reasons, terms and rules in one language."""
    return _read(f"methods_{language}.yaml")


def formulas() -> dict[str, Any]:
    """Formula (LaTeX) and references of each detector and measure: the same in every language."""
    return _read("formulas.yaml")


def definitions() -> dict[str, Any]:
    """The crosswalk of definitions between the two countries, with its version."""
    return _read("definitions.yaml")


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files("dashboard").joinpath("content", name).read_text(encoding="utf-8"))
    return found
