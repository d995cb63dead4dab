"""The command line: fetch · import · observations · assess · snapshot · bulletin · serve · sources."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from dashboard import cli_arguments as given
from data_sources.errors import SourceError, StoreError
from data_sources.ingest import AsOfNeeded, default_as_of, fetch, import_file, open_store
from data_sources.registry import SOURCES
from data_sources.store import Store
from surveillance import pipeline
from surveillance.assessment import Assessment
from surveillance.cluster import ClusterError, cluster
from surveillance.settings import store_folder

DONE, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 a source failed or the store cannot be used, 2 usage."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("data_sources").setLevel(logging.INFO)  # what a source left out, and how much
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except given.UsageError as error:
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
    sub.add_argument("--as-of", type=given.day, metavar="DATE", help="when the file was public (YYYY-MM-DD)")

    sub = command("observations", _observations, "Print the observations as known on a day.")
    given.add_filters(sub)
    sub.add_argument("--format", choices=("csv", "json", "parquet"), default="csv")

    sub = command("assess", _assess, "Print the verdict on every watched series.")
    given.add_filters(sub)
    sub.add_argument("--all", action="store_true", help="every judged period, not only the newest")
    given.add_settings(sub)
    hands = sub.add_mutually_exclusive_group()
    hands.add_argument("--workers", type=given.workers, metavar="N", help="on N processes of this machine")
    hands.add_argument("--scheduler", metavar="ADDRESS", help="on a dask cluster, such as tcp://host:8786")
    sub.add_argument("--format", choices=("table", "csv", "json"), default="table")

    sub = command("snapshot", _snapshot, "Write the weekly snapshot: tables, pages and manifest.")
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--week", metavar="YYYY-Www", help="an ISO week that has ended, such as 2026-W47")
    which.add_argument("--as-of", type=given.day, metavar="DATE")
    sub.add_argument("--out", type=Path, required=True, metavar="DIR")
    given.add_settings(sub)

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


def _bar(steps: Iterable[Any]) -> Iterable[Any]:
    """*steps*, with a progress bar on stderr where a person looks on and it takes over a second."""
    return tqdm(steps, delay=1, leave=False, disable=None)


def _fetch(arguments: argparse.Namespace) -> int:
    given.known(arguments.sources, SOURCES, "source")
    failed = False
    for outcome in fetch(given.store(arguments), [SOURCES[name] for name in arguments.sources or SOURCES]):
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
    given.known([arguments.source], SOURCES, "source")
    store, failed = given.store(arguments), False
    for path in _bar(arguments.files):
        try:
            outcome = import_file(store, SOURCES[arguments.source], path, arguments.as_of, now=datetime.now(UTC))
        except AsOfNeeded as error:
            raise given.UsageError(str(error)) from None
        except (SourceError, OSError) as error:
            failed = True
            print(f"{arguments.source}: refused. {error}", file=sys.stderr)
            continue
        done = f"{outcome.rows} observations" if outcome.added else "already held, nothing changed"
        print(f"{outcome.source}: {outcome.name}, as of {outcome.as_of}, {done}", file=sys.stderr)
    return FAILED if failed else DONE


def _observations(arguments: argparse.Namespace) -> int:
    given.check_filters(arguments)
    store = given.store(arguments)
    rows = store.known_on(given.as_of(arguments, store), arguments.indicator or None)
    _write(given.filtered(rows, arguments), arguments.format)
    return DONE


def _assess(arguments: argparse.Namespace) -> int:
    given.check_filters(arguments)
    store = given.store(arguments)
    assessment = _assessed(arguments, store)
    rows = assessment.verdicts if arguments.all else assessment.newest
    _write(given.filtered(rows, arguments), arguments.format)
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
    as_of, plan = given.as_of(arguments, store), given.plan(arguments)
    if arguments.workers is None and arguments.scheduler is None:
        return pipeline.run(store, as_of, plan, each=_bar)
    with cluster(workers=arguments.workers, scheduler=arguments.scheduler, each=_bar) as hands:
        return pipeline.run(store, as_of, plan, each=_bar, hands=hands)


def _snapshot(arguments: argparse.Namespace) -> int:
    from dashboard import bulletin
    from dashboard.bulletin_edition import Edition

    store = given.store(arguments)
    as_of = given.ended(arguments, store)
    assessment = pipeline.run(store, as_of, given.plan(arguments), each=_bar)
    edition = Edition(replay=as_of < given.last_sunday(default_as_of(store, given.today())))
    written = bulletin.write(assessment, store, arguments.out, edition=edition)
    if written.no_pdf:
        print(f"drug-trends: {written.no_pdf} The pages are there as HTML.", file=sys.stderr)
    print(written.path)
    return DONE


def _bulletin(arguments: argparse.Namespace) -> int:
    from dashboard import cli_bulletin
    from dashboard.publishing import PublishingError

    store = given.store(arguments)
    arguments.as_of = None
    try:
        return DONE if cli_bulletin.run(arguments, store, given.ended(arguments, store)) else FAILED
    except (PublishingError, ValueError) as error:
        print(f"drug-trends: {error}", file=sys.stderr)
        return FAILED


def _serve(arguments: argparse.Namespace) -> int:
    from dashboard.serve import serve

    if not 1 <= arguments.port <= 65535:
        raise given.UsageError(f"port must be from 1 to 65535, not {arguments.port}")
    folder = arguments.store or store_folder()
    open_store(folder)
    serve(folder, arguments.port)


def _sources(arguments: argparse.Namespace) -> int:
    held = given.store(arguments).publications().groupby("source")["as_of"].agg(["size", "max"])
    for source in SOURCES.values():
        count = int(held["size"].get(source.id, 0))
        newest = f", newest {held['max'][source.id]:%Y-%m-%d}" if count else ""
        print(f"{source.id}\n  {source.title}. {source.publisher}, {source.country}; {source.licence}")
        print(f"  {count} vintages held{newest}; by hand from {source.homepage}")
    return DONE


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
