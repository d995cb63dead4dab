"""The typeface that comes with the project: the same letters, and the same widths, in every picture and page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import vl_convert

# Not its successor "Source Sans 3": vl-convert measures no family whose name ends in a digit, and guesses.
FAMILY = "Source Sans Pro"
STACK = f"{FAMILY}, sans-serif"
_WEIGHTS = {"400": "Regular", "600": "Semibold", "700": "Semibold"}


def folder() -> Path:
    """Where the font files are."""
    return Path(str(files("dashboard").joinpath("fonts")))


@cache
def register() -> None:
    """Make the typeface known to the renderer of charts, once."""
    vl_convert.register_font_directory(str(folder()))


def in_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart's specification that is set in the typeface."""
    config = spec.get("config", {})
    return spec | {"config": config | {"font": STACK, "text": config.get("text", {}) | {"font": STACK}}}


def css() -> str:
    """The @font-face rules, with the files' own addresses."""
    rule = "@font-face {{ font-family: '{family}'; font-weight: {weight}; src: url('{file}'); }}"
    return "\n".join(
        rule.format(family=FAMILY, weight=weight, file=(folder() / f"SourceSansPro-{style}.ttf").as_uri())
        for weight, style in _WEIGHTS.items()
    )
