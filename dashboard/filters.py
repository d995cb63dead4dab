"""From the address bar to a Selection, and back: every state of a page is a link."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from dashboard import text
from data_sources.indicators import INDICATORS
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES, Language
from surveillance.plan import DEFAULT_PLAN

EARLIEST = date(2015, 1, 1)
MOST_PLACES = 6
BUDGETS = (2.0, 6.0, 12.0)  # the sensitivity dial: expected false signals a quarter


@dataclass(frozen=True)
class Selection:
    """What is looked at. `problems` are sentences about parameters that could not be used."""

    language: Language
    as_of: date
    latest: date
    budget: float = DEFAULT_PLAN.budget
    indicator: str | None = None
    geographies: tuple[str, ...] = ()
    substance: str | None = None
    view: str | None = None
    signal: str | None = None
    problems: tuple[str, ...] = ()
    settings: str | None = None  # the digest of saved settings, in whose place nothing else is asked

    @property
    def replay(self) -> bool:
        """Whether the as-of date is not the latest."""
        return self.as_of != self.latest

    @property
    def modified(self) -> bool:
        """Whether the settings are not the panel's."""
        return self.settings is not None or self.budget != DEFAULT_PLAN.budget


def parse(
    params: Mapping[str, str], *, latest: date, locale: str | None = None, saved: Container[str] = ()
) -> Selection:
    """The selection that URL parameters ask for; what is invalid falls back and is said in `problems`.

    Without `lang` the language follows the browser's *locale*. *saved* holds the digests of saved settings; where
    `settings` asks for one of them, its own budget holds and `budget` is not looked at.
    """
    asked = params.get("lang")
    browser: Language = "es" if (locale or "").lower().startswith("es") else "en"
    language: Language = "en" if asked == "en" else "es" if asked == "es" else browser
    t = text.of(language)
    problems = []
    if asked not in (None, "en", "es"):
        problems.append(t("There is no language {value}; there are English and Spanish.", value=asked[:20]))

    def choose(name: str, valid: Callable[[str], Any], default: Any, complaint: str) -> Any:
        value = params.get(name)
        if value is None:
            return default
        try:
            return valid(value)
        except (KeyError, ValueError):
            problems.append(t(complaint, value=value[:40]))
            return default

    def kept(digest: str) -> str | None:
        if digest != DEFAULT_PLAN.digest and digest not in saved:
            raise KeyError(digest)
        return None if digest == DEFAULT_PLAN.digest else digest

    settings = choose("settings", kept, None, _NO_SETTINGS)
    return Selection(
        language=language,
        as_of=choose("as_of", lambda value: _day(value, latest), latest, _NO_DATE),
        latest=latest,
        budget=DEFAULT_PLAN.budget if settings else choose("budget", _budget, DEFAULT_PLAN.budget, _NO_BUDGET),
        indicator=choose("indicator", lambda value: INDICATORS[value].id, None, _NO_INDICATOR),
        geographies=choose("place", _places, (), _NO_PLACE),
        substance=choose("substance", lambda value: SUBSTANCES[value].code, None, _NO_SUBSTANCE),
        view=params.get("view"),
        signal=params.get("signal"),
        problems=tuple(problems),
        settings=settings,
    )


_NO_DATE = text.N_("{value} is not a date this page can go back to; the latest figures are shown.")
_NO_BUDGET = text.N_("{value} is not one of the settings 2, 6 or 12; the panel's own is used.")
_NO_SETTINGS = text.N_("No settings {value} are saved here; the panel's own are used.")
_NO_INDICATOR = text.N_("There is no measure {value}; another one is shown.")
_NO_PLACE = text.N_("There is no place {value}; another one is shown.")
_NO_SUBSTANCE = text.N_("There is no substance {value}; another one is shown.")


def _day(value: str, latest: date) -> date:
    day = date.fromisoformat(value)
    if not EARLIEST <= day <= latest:
        raise ValueError(value)
    return day


def _budget(value: str) -> float:
    if float(value) not in BUDGETS:
        raise ValueError(value)
    return float(value)


def _places(value: str) -> tuple[str, ...]:
    return tuple(GEOGRAPHIES[code].code for code in value.split(",")[:MOST_PLACES])


def parameters(selection: Selection) -> dict[str, str]:
    """The URL parameters of a selection; what is as by default is left out, but the language."""
    found: dict[str, str] = {"lang": selection.language}
    if selection.replay:
        found["as_of"] = selection.as_of.isoformat()
    if selection.settings:
        found["settings"] = selection.settings
    elif selection.modified:
        found["budget"] = f"{selection.budget:g}"
    if selection.indicator:
        found["indicator"] = selection.indicator
    if selection.geographies:
        found["place"] = ",".join(selection.geographies)
    if selection.substance:
        found["substance"] = selection.substance
    if selection.view:
        found["view"] = selection.view
    if selection.signal:
        found["signal"] = selection.signal
    return found


def link(selection: Selection, page: str, **changes: Any) -> str:
    """The address of a page with the selection, changed as given."""
    return f"/{page}?{urlencode(parameters(replace(selection, **changes)))}"
