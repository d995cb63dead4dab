"""The command line: fetch · import · observations · assess · snapshot · bulletin · serve · sources."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from data_sources.errors import SourceError, StoreError
from data_sources.indicators import INDICATORS
from data_sources.ingest import AsOfNeeded, default_as_of, fetch, import_file, open_store
from data_sources.registry import SOURCES
from data_sources.store import Store
from data_sources.vocabulary import GEOGRAPHIES, SUBSTANCES
from surveillance import draft, pipeline, plan_file
from surveillance.assessment import Assessment
from surveillance.cluster import ClusterError, cluster
from surveillance.plan import DEFAULT_PLAN, Plan
from surveillance.settings import store_folder

DONE, FAILED, USAGE = 0, 1, 2


class UsageError(Exception):
    """An argument that cannot be used; the message says which and what would do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 a source failed or the store cannot be used, 2 usage."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("data_sources").setLevel(logging.INFO)  # what a source left out, and how much
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except UsageError as error:
        print(f"drug-trends: {error}", file=sys.stderr)
        return USAGE
    except (StoreError, ClusterError, OSError) as error:
        print(f"drug-trends: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="drug-trends", description="Binational surveillance of public overdose and seizure series."
    )
    parser.add_argument("--store", type=Path, metavar="DIR", help="where vintages are kept")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, help_: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_, description=help_)
        sub.set_defaults(run=run)
        return sub

    sub = command("fetch", _fetch, "Download what is new from the publishers.")
    sub.add_argument("sources", nargs="*", metavar="SOURCE", help="all sources where none is named")

    sub = command("import", _import, "Add files that were downloaded by hand.")
    sub.add_argument("source", metavar="SOURCE", help="see `drug-trends sources`")
    sub.add_argument("files", nargs="+", type=Path, metavar="FILE")
    sub.add_argument("--as-of", type=_date, metavar="DATE", help="when the file was public (YYYY-MM-DD)")

    sub = command("observations", _observations, "Print the observations as known on a day.")
    _filters(sub)
    sub.add_argument("--format", choices=("csv", "json", "parquet"), default="csv")

    sub = command("assess", _assess, "Print the verdict on every watched series.")
    _filters(sub)
    sub.add_argument("--all", action="store_true", help="every judged period, not only the newest")
    _settings_option(sub)
    hands = sub.add_mutually_exclusive_group()
    hands.add_argument("--workers", type=_workers, metavar="N", help="on N processes of this machine")
    hands.add_argument("--scheduler", metavar="ADDRESS", help="on a dask cluster, such as tcp://host:8786")
    sub.add_argument("--format", choices=("table", "csv", "json"), default="table")

    sub = command("snapshot", _snapshot, "Write the weekly snapshot: tables, pages and manifest.")
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--week", metavar="YYYY-Www", help="an ISO week that has ended, such as 2026-W47")
    which.add_argument("--as-of", type=_date, metavar="DATE")
    sub.add_argument("--out", type=Path, required=True, metavar="DIR")
    _settings_option(sub)

    sub = command("bulletin", _bulletin, "List, prepare, publish or verify the frozen weekly bulletins.")
    sub.add_argument("action", choices=("list", "prepare", "publish", "verify"))
    sub.add_argument("--week", metavar="YYYY-Www", help="an ISO week that has ended; the last one by default")
    sub.add_argument("--words", type=Path, metavar="DIR", help="a folder with edition.json: highlights and notes")
    sub.add_argument("--author", default="command line", help="who publishes; nobody vouches for the name")
    sub.add_argument("--note", default="", help="a note for the record, not printed")
    sub.add_argument("--correction", action="store_true", help="publish a week again, as a numbered correction")

    sub = command("serve", _serve, "Open the dashboard in a browser.")
    sub.add_argument("--port", type=int, default=8501)

    command("sources", _sources, "List the sources and what the store holds of each.")
    return parser


def _settings_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--settings", type=Path, metavar="FILE", help="a plan as YAML in place of the panel's; see docs/settings.md"
    )


def _plan(arguments: argparse.Namespace) -> Plan:
    """The plan of --settings; the panel's where none is given."""
    if arguments.settings is None:
        return DEFAULT_PLAN
    try:
        plan = plan_file.read(arguments.settings.read_text("utf-8"), name=arguments.settings.name)
    except (plan_file.PlanError, UnicodeDecodeError) as error:
        raise UsageError(str(error)) from None
    count = len(draft.changes(DEFAULT_PLAN, plan))
    if count:
        print(
            f"settings: {plan.name}, {plan.digest}; modified ({count} changes), not for publication",
            file=sys.stderr,
        )
    return plan


def _filters(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--as-of", type=_date, metavar="DATE", help="as known on this day (YYYY-MM-DD)")
    sub.add_argument("--indicator", action="append", default=[], metavar="ID")
    sub.add_argument("--geography", action="append", default=[], metavar="CODE", help="such as US-AZ or MX-SON")
    sub.add_argument("--substance", action="append", default=[], metavar="CODE")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-22") from None


def _workers(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 512):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 512")
    return int(text)


def _known(values: Sequence[str], known: dict, what: str) -> None:
    for value in values:
        if value not in known:
            near = ", ".join(key for key in known if value.lower()[:5] in key.lower()) or ", ".join(list(known)[:6])
            raise UsageError(f"no {what} {value!r}; there are, among others, {near}")


def _store(arguments: argparse.Namespace) -> Store:
    return open_store(arguments.store or store_folder())


def _as_of(arguments: argparse.Namespace, store: Store) -> date:
    today = _today()
    if arguments.as_of and arguments.as_of > today:
        raise UsageError(f"{arguments.as_of} is in the future: nothing is known as of that day")
    return arguments.as_of or default_as_of(store, today)


def _today() -> date:
    return datetime.now(UTC).date()


def _bar(steps: Iterable[Any]) -> Iterable[Any]:
    """*steps*, with a progress bar on stderr where a person looks on and it takes over a second."""
    return tqdm(steps, delay=1, leave=False, disable=None)


def _fetch(arguments: argparse.Namespace) -> int:
    _known(arguments.sources, SOURCES, "source")
    failed = False
    for outcome in fetch(_store(arguments), [SOURCES[name] for name in arguments.sources or SOURCES]):
        if outcome.error:
            failed = True
            print(f"{outcome.source}: failed. {outcome.error}", file=sys.stderr)
        elif outcome.added:
            print(
                f"{outcome.source}: {outcome.name}, as of {outcome.as_of}, {outcome.rows} observations",
                file=sys.stderr,
            )
        else:
            print(f"{outcome.source}: nothing new", file=sys.stderr)
    return FAILED if failed else DONE


def _import(arguments: argparse.Namespace) -> int:
    _known([arguments.source], SOURCES, "source")
    store, failed = _store(arguments), False
    for path in _bar(arguments.files):
        try:
            outcome = import_file(store, SOURCES[arguments.source], path, arguments.as_of, now=datetime.now(UTC))
        except AsOfNeeded as error:
            raise UsageError(str(error)) from None
        except (SourceError, OSError) as error:
            failed = True
            print(f"{arguments.source}: refused. {error}", file=sys.stderr)
            continue
        done = f"{outcome.rows} observations" if outcome.added else "already held, nothing changed"
        print(f"{outcome.source}: {outcome.name}, as of {outcome.as_of}, {done}", file=sys.stderr)
    return FAILED if failed else DONE


def _observations(arguments: argparse.Namespace) -> int:
    _check_filters(arguments)
    store = _store(arguments)
    rows = store.known_on(_as_of(arguments, store), arguments.indicator or None)
    _write(_filtered(rows, arguments), arguments.format)
    return DONE


def _assess(arguments: argparse.Namespace) -> int:
    _check_filters(arguments)
    store = _store(arguments)
    assessment = _assessed(arguments, store)
    rows = assessment.verdicts if arguments.all else assessment.newest
    _write(_filtered(rows, arguments), arguments.format)
    counts = assessment.counts
    print(
        f"as known on {assessment.as_of}: {counts['watched']} series watched, {counts['judged']} judged, "
        f"{counts['signal']} with a new signal, {counts['last_known']} with a signal in a late source, "
        f"{counts['quiet']} quiet, {counts['not_judgeable']} not judgeable",
        file=sys.stderr,
    )
    for row in assessment.not_judgeable.itertuples():
        print(f"  not judgeable, {str(row.reason).replace('_', ' ')}: {row.series}", file=sys.stderr)
    print(
        f"  about {assessment.expected_false:.1f} false signals a quarter expected (alpha {assessment.alpha:.2g})",
        file=sys.stderr,
    )
    return DONE


def _assessed(arguments: argparse.Namespace, store: Store) -> Assessment:
    as_of, plan = _as_of(arguments, store), _plan(arguments)
    if arguments.workers is None and arguments.scheduler is None:
        return pipeline.run(store, as_of, plan, each=_bar)
    with cluster(workers=arguments.workers, scheduler=arguments.scheduler, each=_bar) as hands:
        return pipeline.run(store, as_of, plan, each=_bar, hands=hands)


def _snapshot(arguments: argparse.Namespace) -> int:
    from dashboard import bulletin
    from dashboard.bulletin_edition import Edition

    store = _store(arguments)
    as_of = _ended(arguments, store)
    assessment = pipeline.run(store, as_of, _plan(arguments), each=_bar)
    edition = Edition(replay=as_of < _last_sunday(default_as_of(store, _today())))
    written = bulletin.write(assessment, store, arguments.out, edition=edition)
    if written.no_pdf:
        print(f"drug-trends: {written.no_pdf} The pages are there as HTML.", file=sys.stderr)
    print(written.path)
    return DONE


def _bulletin(arguments: argparse.Namespace) -> int:
    from dashboard import cli_bulletin
    from dashboard.publishing import PublishingError

    store = _store(arguments)
    arguments.as_of = None
    try:
        return DONE if cli_bulletin.run(arguments, store, _ended(arguments, store)) else FAILED
    except (PublishingError, ValueError) as error:
        print(f"drug-trends: {error}", file=sys.stderr)
        return FAILED


def _ended(arguments: argparse.Namespace, store: Store) -> date:
    """The day asked for, or the last Sunday that has passed."""
    if arguments.week:
        return _week(arguments.week)
    as_of = _as_of(arguments, store)
    return as_of if arguments.as_of else _last_sunday(as_of)


def _last_sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _week(text: str) -> date:
    """The Sunday that ends an ISO week."""
    try:
        year, week = text.split("-W")
        sunday = date.fromisocalendar(int(year), int(week), 7)
    except ValueError:
        raise UsageError(f"{text!r} is not an ISO week such as 2026-W47") from None
    if sunday >= _today():
        raise UsageError(f"week {text} has not ended: its Sunday is {sunday}")
    return sunday


def _serve(arguments: argparse.Namespace) -> int:
    from dashboard.serve import serve

    if not 1 <= arguments.port <= 65535:
        raise UsageError(f"port must be from 1 to 65535, not {arguments.port}")
    folder = arguments.store or store_folder()
    open_store(folder)
    serve(folder, arguments.port)


def _sources(arguments: argparse.Namespace) -> int:
    held = _store(arguments).publications().groupby("source")["as_of"].agg(["size", "max"])
    for source in SOURCES.values():
        count = int(held["size"].get(source.id, 0))
        newest = f", newest {held['max'][source.id]:%Y-%m-%d}" if count else ""
        print(f"{source.id}\n  {source.title}. {source.publisher}, {source.country}; {source.licence}")
        print(f"  {count} vintages held{newest}; by hand from {source.homepage}")
    return DONE


def _check_filters(arguments: argparse.Namespace) -> None:
    _known(arguments.indicator, INDICATORS, "indicator")
    _known(arguments.geography, GEOGRAPHIES, "geography")
    _known(arguments.substance, SUBSTANCES, "substance")


def _filtered(rows: pd.DataFrame, arguments: argparse.Namespace) -> pd.DataFrame:
    for column in ("indicator", "geography", "substance"):
        if wanted := getattr(arguments, column):
            rows = rows[rows[column].isin(wanted)]
    return rows


def _write(rows: pd.DataFrame, form: str) -> None:
    if form == "parquet":
        rows.to_parquet(sys.stdout.buffer, index=False)
    elif form == "json":
        rows.to_json(sys.stdout, orient="records", lines=True, date_format="iso", date_unit="s")
    elif form == "csv":
        rows.to_csv(sys.stdout, index=False, float_format="%.6g", lineterminator="\n")
    else:
        print(rows.to_string(index=False, float_format=lambda value: f"{value:.4g}"))


if __name__ == "__main__":
    sys.exit(main())
