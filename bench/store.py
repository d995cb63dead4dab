"""Sixty monthly vintages of the whole VSRR table in a store: seconds, memory and bytes.

`python bench/store.py [FOLDER OF THE THREE REAL VINTAGES]` starts from the newest real vintage and makes 59
more, each a month later. From month to month cells change as often, and by as much, as they did between the
real vintages of April and October 2019, for each indicator and age of the period; a row in a hundred goes
blank or comes back as there. Every vintage keeps the real number of rows: the newest month comes in, the
oldest goes out.
"""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data_sources.observations import SERIES, check
from data_sources.source import Publication
from data_sources.store import Store
from data_sources.us.cdc_overdose_deaths import ID, parse

VINTAGES = 60
FIRST, SECOND, NEWEST = "2019-04-24", "2019-10-15", "2025-07-16"
MONTHS_BETWEEN = 6  # of the two vintages of 2019
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "us" / "vsrr"
CELL = [*SERIES, "period"]


def real(folder: Path, day: str) -> tuple[bytes, pd.DataFrame]:
    """A real vintage: its bytes, uncompressed, and its observations."""
    raw = gzip.decompress((folder / f"vsrr_full_{day}.csv.gz").read_bytes())
    return raw, parse(raw, date.fromisoformat(day))


def age(rows: pd.DataFrame) -> pd.Series:
    """Months between a row's period and the newest period of the table."""
    period = rows["period"].dt
    month = period.year * 12 + period.month
    return month.max() - month


def revision_rates(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Per indicator and age: the share of cells that change in a month, and the sizes of their changes."""
    both = first.assign(age=age(first)).merge(second, on=CELL, suffixes=("", "_later"))
    ratio = both["value_later"] / both["value"]
    changed = (both["value"].fillna(-1) != both["value_later"].fillna(-1)) & ~(both["value"] == 0)
    both = both.assign(changed=changed, ratio=ratio.where(changed & ratio.notna()))
    rates = both.groupby(["indicator", "age"]).agg(share=("changed", "mean"), ratios=("ratio", list))
    return rates.assign(share=1 - (1 - rates["share"].clip(upper=0.99)) ** (1 / MONTHS_BETWEEN))


def vintages(newest: pd.DataFrame, rates: pd.DataFrame, count: int, seed: int = 20) -> Iterator[pd.DataFrame]:
    """The real table, then one a month later, and so on; every frame checked."""
    rng = np.random.default_rng(seed)
    oldest_age = rates.index.get_level_values("age").max()
    table = newest
    yield table
    for _ in range(count - 1):
        as_of = table["as_of"].iloc[0] + pd.DateOffset(months=1)
        last = table["period"].max()
        coming = table[table["period"] == last].assign(period=last + pd.DateOffset(months=1))
        staying = table[table["period"] > table["period"].min()]
        table = pd.concat([staying, coming], ignore_index=True).assign(as_of=as_of)
        cells = pd.MultiIndex.from_arrays([table["indicator"], age(table).clip(upper=oldest_age)])
        rate = rates.reindex(cells)
        changes = rng.random(len(table)) < rate["share"].to_numpy()
        value = table["value"].to_numpy().copy()
        for row in np.flatnonzero(changes):
            ratios = [ratio for ratio in rate["ratios"].iat[row] if ratio == ratio] or [1.01]
            value[row] *= ratios[int(rng.integers(len(ratios)))]
        percent = table["indicator"].str.endswith("_pct").to_numpy()
        value = np.where(percent, np.minimum(value, 100.0).round(6), value.round())
        blank = changes & (rng.random(len(table)) < 0.01) & ~percent
        back = changes & np.isnan(value) & ~blank
        value = np.where(blank, np.nan, np.where(back, 10.0, value))
        why = table["status"].where(table["status"] != "reported", "not_reported")
        status = why.where(np.isnan(value), "reported")
        # A year's final file takes its twelve months out of the provisional ones at once.
        final = as_of.month == 12
        provisional = table["provisional"] & ~(final & (table["period"] < f"{as_of.year - 1}-01-01"))
        table = check(table.assign(value=value, status=status, provisional=provisional))
        yield table


def build(root: Path, folder: Path, count: int) -> tuple[float, int, int]:
    """Add the vintages to a store in *root*; seconds spent in add, rows each, the newest one's bytes."""
    raw, newest = real(folder, NEWEST)
    rates = revision_rates(real(folder, FIRST)[1], real(folder, SECOND)[1])
    store, seconds = Store(root), 0.0
    for step, rows in enumerate(vintages(newest, rates, count)):
        as_of = rows["as_of"].iloc[0].date()
        retrieved = datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=UTC)
        publication = Publication(ID, f"vsrr_full_{as_of}.csv", raw, as_of, retrieved, "bench")
        publication = replace(publication, raw=raw + f"vintage {step}\n".encode())
        started = time.perf_counter()
        store.add(publication, rows)
        seconds += time.perf_counter() - started
    return seconds, len(newest), len(raw)


def size(root: Path, pattern: str) -> float:
    """Megabytes in the files of one name."""
    return sum(path.stat().st_size for path in root.rglob(pattern)) / 1e6


def peak_memory() -> float:
    """The most memory this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory on Linux
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def read(root: Path) -> None:
    """What a fresh process needs: prints seconds (four questions), peak memory in MB, and rows known."""
    store, day = Store(root), date(2100, 1, 1)
    idle = peak_memory()
    seconds = []
    for ask in (
        lambda: store.known_on(day),
        lambda: store.known_on(day),
        lambda: store.vintage(ID, "us_overdose_deaths_12m", day),
        lambda: Store(root).known_on(day, ["us_overdose_deaths_12m"]),
    ):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    print(*seconds, idle, peak_memory(), len(store.known_on(day)))


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--read"]:
        read(Path(arguments[1]))
        return
    folder = Path(arguments[0]) if arguments else REAL
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        seconds, rows, newest = build(root, folder, VINTAGES)
        command = [sys.executable, __file__, "--read", str(root)]
        runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(5)]
        figures = np.median([[float(word) for word in run.split()] for run in runs], axis=0)
        cold, warm, vintage, one, idle, peak, known = figures
        held = Store(root).publications()
        for label, value in [
            ("vintages", f"{len(held)}"),
            ("observations in each", f"{rows:,}"),
            ("of them new or changed after the first, mean", f"{held['changed'].iloc[1:].mean():,.0f}"),
            ("seconds to add one, mean", f"{seconds / len(held):.2f}"),
            ("known_on, fresh process, s (target 0.5)", f"{cold:.3f}"),
            ("known_on again, s", f"{warm:.3f}"),
            ("known_on of one indicator, fresh store, s", f"{one:.3f}"),
            ("vintage of one indicator, s", f"{vintage:.3f}"),
            ("rows known", f"{known:,.0f}"),
            ("peak memory, MB (target 500)", f"{peak:.0f} (of which {idle:.0f} before the first call)"),
            ("observations on disk, MB (target 14)", f"{size(root, 'changes.parquet'):.1f}"),
            ("publication records on disk, MB", f"{size(root, 'publication.json'):.2f}"),
            ("publishers' files on disk, MB", f"{size(root, 'raw.*'):.1f}"),
            ("newest vintage, uncompressed, MB", f"{newest / 1e6:.1f}"),
        ]:
            print(f"{label:<48}{value}")


if __name__ == "__main__":
    main(sys.argv[1:])
