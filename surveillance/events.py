"""Dated events that may stand beside a series: decisions, the pandemic, changes of method; never an explanation."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal, NamedTuple

import pandas as pd

from data_sources.vocabulary import GEOGRAPHIES
from surveillance.versioned import Both, load


class Event(NamedTuple):
    """One event: the day, where, of which kind, and its words."""

    day: pd.Timestamp
    country: Literal["US", "MX", "both"]
    kind: Literal["policy", "pandemic", "method"]
    words: Both
    indicator: str = ""  # the one measure it concerns; "" = every measure of the country


@cache
def events() -> tuple[Event, ...]:
    """Every event of the versioned file, oldest first."""
    found = [
        Event(**{**entry, "day": pd.Timestamp(entry["day"]), "words": Both(**entry["words"])})
        for entry in load("events.yaml")["events"]
    ]
    return tuple(sorted(found, key=lambda event: event.day))


def events_of(indicator: str, geography: str, as_of: date) -> list[Event]:
    """The events that a series may be read beside, as far as they had happened on *as_of*."""
    country = GEOGRAPHIES[geography].country
    return [
        event
        for event in events()
        if event.country in (country, "both")
        and event.indicator in ("", indicator)
        and event.day <= pd.Timestamp(as_of)
    ]
