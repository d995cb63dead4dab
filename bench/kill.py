"""Twenty writers killed in the middle of an import, and what the store holds afterwards.

`python bench/kill.py` imports big publications one after the other in another process, kills it (SIGKILL)
after a random delay, opens the store and compares: every vintage that was reported committed is there and
whole, at most the one being written is there as well, and that one is whole too.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from data_sources.observations import check
from data_sources.source import Publication
from data_sources.store import Store

TRIALS = 20
AHEAD = 12  # publications a writer prepares, so that it does little but write
SOURCE, INDICATOR = "us_cbp_seizures", "us_cbp_seizure_events"
PERIODS = pd.date_range("2000-01-01", periods=240, freq="MS")


def publication(step: int) -> tuple[Publication, pd.DataFrame]:
    """The *step*-th publication: 6 MB of bytes that do not compress, and 240 rows that all change."""
    as_of = date(2021, 1, 1) + timedelta(days=step)
    raw = np.random.default_rng(step).bytes(6_000_000)
    rows = pd.DataFrame(
        {
            "indicator": INDICATOR,
            "geography": "US",
            "substance": "fentanyl",
            "period": PERIODS,
            "source": SOURCE,
            "as_of": pd.Timestamp(as_of),
            "value": np.arange(240.0) + step,
            "status": "reported",
            "provisional": False,
        }
    )
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return Publication(SOURCE, f"{step}.bin", raw, as_of, when, "bench"), check(rows)


def write(root: Path, first: int) -> None:
    """Add AHEAD publications from *first* on; a line when they are ready, and one after each commit."""
    ready = [publication(step) for step in range(first, first + AHEAD)]
    store = Store(root)
    print("ready", flush=True)
    for one, rows in ready:
        store.add(one, rows)
        print(one.name, flush=True)


@dataclass
class Outcome:
    """What one kill left behind."""

    held: int
    lost: int  # reported committed, and gone
    half: int  # there, and not as written
    interrupted: bool  # a vintage was being written


def trial(root: Path, first: int, delay: float) -> Outcome:
    """Start a writer at publication *first* and kill it *delay* seconds after it began to write."""
    command = [sys.executable, __file__, "--write", str(root), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.kill()
        reported = first + len(writer.stdout.read().splitlines())
    store = Store(root)
    held = set(store.publications()["name"])
    lost = {f"{step}.bin" for step in range(reported)} - held
    unexpected = held - {f"{step}.bin" for step in range(reported + 1)}
    torn = [step for step in range(first, len(held)) if not whole(store, step)]
    return Outcome(len(held), len(lost), len(unexpected) + len(torn), any((root / SOURCE).glob(".new-*")))


def whole(store: Store, step: int) -> bool:
    """Whether the *step*-th publication came back as it was written."""
    wanted, rows = publication(step)
    vintage = store.vintage(SOURCE, INDICATOR, wanted.as_of)
    return store.raw(SOURCE, wanted.sha256) == wanted.raw and vintage.equals(rows)


def trials(root: Path, count: int, seed: int = 9) -> Iterator[tuple[float, Outcome]]:
    """One kill after the other on the same store, with the seconds waited before each."""
    rng, held = random.Random(seed), 0
    for _ in range(count):
        delay = rng.uniform(0, 0.25)
        outcome = trial(root, held, delay)
        held = outcome.held
        yield delay, outcome


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--write"]:
        write(Path(arguments[1]), int(arguments[2]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        outcomes = []
        for delay, outcome in trials(Path(scratch), TRIALS):
            outcomes.append(outcome)
            when = "in the middle of a vintage" if outcome.interrupted else "between two vintages"
            print(f"killed {delay * 1000:3.0f} ms after it began, {when}: {outcome.held} held")
    lost, half = sum(outcome.lost for outcome in outcomes), sum(outcome.half for outcome in outcomes)
    interrupted = sum(outcome.interrupted for outcome in outcomes)
    print(f"{TRIALS} trials, {interrupted} in the middle of a vintage: lost {lost}, half-written {half}")


if __name__ == "__main__":
    main(sys.argv[1:])
