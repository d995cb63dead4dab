"""What the arguments of the command line mean: days, weeks, filters, settings, the store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from data_sources.indicators import INDICATORS
from data_sources.ingest import default_as_of, open_store
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES
from surveillance import draft, plan_file
from surveillance.plan import DEFAULT_PLAN, Plan
from surveillance.settings import store_folder


class UsageError(Exception):
    """An argument that cannot be used; the message says which and what would do."""


def add_filters(sub: argparse.ArgumentParser) -> None:
    """The options that choose a day and series."""
    sub.add_argument("--as-of", type=day, metavar="DATE", help="as known on this day (YYYY-MM-DD)")
    sub.add_argument("--indicator", action="append", default=[], metavar="ID")
    sub.add_argument("--geography", action="append", default=[], metavar="CODE", help="such as US-AZ or MX-SON")
    sub.add_argument("--substance", action="append", default=[], metavar="CODE")


def check_filters(arguments: argparse.Namespace) -> None:
    """UsageError where an option of `add_filters` names nothing."""
    known(arguments.indicator, INDICATORS, "indicator")
    known(arguments.geography, GEOGRAPHIES, "geography")
    known(arguments.substance, SUBSTANCES, "substance")


def filtered(rows: pd.DataFrame, arguments: argparse.Namespace) -> pd.DataFrame:
    """The rows of the series that were asked for."""
    for column in ("indicator", "geography", "substance"):
        if wanted := getattr(arguments, column):
            rows = rows[rows[column].isin(wanted)]
    return rows


def known(values: Sequence[str], held: Collection[str], what: str) -> None:
    """UsageError for a value that is none of those that there are, with some that are near it."""
    for value in values:
        if value not in held:
            near = ", ".join(key for key in held if value.lower()[:5] in key.lower()) or ", ".join(list(held)[:6])
            raise UsageError(f"no {what} {value!r}; there are, among others, {near}")


def add_settings(sub: argparse.ArgumentParser) -> None:
    """The option that puts a file of settings in the place of the panel's."""
    sub.add_argument(
        "--settings", type=Path, metavar="FILE", help="a plan as YAML in place of the panel's; see docs/settings.md"
    )


def plan(arguments: argparse.Namespace) -> Plan:
    """The plan of --settings; the panel's where none is given."""
    if arguments.settings is None:
        return DEFAULT_PLAN
    try:
        asked = plan_file.read_bytes(arguments.settings.read_bytes(), name=arguments.settings.name)
    except plan_file.PlanError as error:
        raise UsageError(str(error)) from None
    count = len(draft.changes(DEFAULT_PLAN, asked))
    if count:
        print(
            f"settings: {asked.name}, {asked.digest}; modified ({count} changes), not for publication",
            file=sys.stderr,
        )
    return asked


def store(arguments: argparse.Namespace) -> Store:
    """The store of --store; the usual one where none is given."""
    return open_store(arguments.store or store_folder())


def as_of(arguments: argparse.Namespace, held: Store) -> date:
    """The day of --as-of; the newest that the store can answer for where none is given."""
    if arguments.as_of and arguments.as_of > today():
        raise UsageError(f"{arguments.as_of} is in the future: nothing is known as of that day")
    return arguments.as_of or default_as_of(held, today())


def ended(arguments: argparse.Namespace, held: Store) -> date:
    """The day asked for, or the last Sunday that has passed."""
    if arguments.week:
        return _week(arguments.week)
    asked = as_of(arguments, held)
    return asked if arguments.as_of else last_sunday(asked)


def _week(text: str) -> date:
    """The Sunday that ends an ISO week."""
    try:
        year, week = text.split("-W")
        sunday = date.fromisocalendar(int(year), int(week), 7)
    except ValueError:
        raise UsageError(f"{text!r} is not an ISO week such as 2026-W47") from None
    if sunday >= today():
        raise UsageError(f"week {text} has not ended: its Sunday is {sunday}")
    return sunday


def last_sunday(until: date) -> date:
    """The newest Sunday up to a day."""
    return until - timedelta(days=(until.weekday() + 1) % 7)


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()


def day(text: str) -> date:
    """A day from its text, for argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-22") from None


def workers(text: str) -> int:
    """A number of processes from its text, for argparse."""
    if not (text.isdecimal() and 1 <= int(text) <= 512):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 512")
    return int(text)
