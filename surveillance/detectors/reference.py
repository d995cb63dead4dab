"""Which earlier periods a Farrington detector compares a period with, and in which block of the year each lies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveillance.layout import Layout


@dataclass(frozen=True)
class Reference:
    """For one or more judged rows: the rows referred to (one offset for all), and the design they share."""

    judged: NDArray[np.int64]  # (K,)
    offsets: NDArray[np.int64]  # (n,) row − judged row, all negative
    layout: Layout


def by_position(
    rows: NDArray[np.int64], *, years: int, half_window: int, blocks: int, guard: int, periods: int
) -> Reference:
    """The same reference periods for every judged row, a whole number of *periods* back each year."""
    centres = [-year * periods for year in range(years + 1)]
    offsets, labels = _label(centres, half_window, blocks, guard)
    return Reference(rows, offsets, Layout(labels, offsets.astype(float), blocks))


def by_date(
    index: pd.DatetimeIndex,
    rows: NDArray[np.int64],
    *,
    years: int,
    half_window: int,
    blocks: int,
    guard: int,
    weekly: bool,
) -> Iterator[Reference]:
    """Reference periods around the same calendar day of the years before; rows that share a design together.

    29 February becomes 1 March. A week is the one nearest that day; at a tie, the one in the same week from
    Sunday. Times are in units of the first step, from the judged period.
    """
    days = index.to_numpy().astype("datetime64[D]").astype(np.int64)
    step = float(days[1] - days[0])
    designs: dict[bytes, tuple[list[int], NDArray[np.int64], Layout]] = {}
    for row in rows:
        centres = [_same_day(index, int(row), year, weekly) for year in range(years + 1)]
        if min(centres) - half_window < 0:
            continue
        offsets, labels = _label([centre - int(row) for centre in centres], half_window, blocks, guard)
        times = (days[row + offsets] - days[row]) / step
        key = offsets.tobytes() + labels.tobytes() + times.tobytes()
        designs.setdefault(key, ([], offsets, Layout(labels, times, blocks)))[0].append(int(row))
    for together, offsets, layout in designs.values():
        yield Reference(np.array(together), offsets, layout)


def _same_day(index: pd.DatetimeIndex, row: int, years: int, weekly: bool) -> int:
    """The row of the same calendar day *years* before; −1000 where the series does not reach back so far."""
    judged = index[row]
    if years == 0:
        return row
    try:
        day = judged.replace(year=judged.year - years)
    except ValueError:
        day = pd.Timestamp(judged.year - years, 3, 1)
    if weekly:
        ahead = (judged.day_of_week - day.day_of_week) % 7
        day += pd.Timedelta(days=ahead if ahead <= 3 else ahead - 7)
    found = index.get_indexer([day])[0]
    return int(found) if found >= 0 else -1000


def _label(
    centres: list[int], half_window: int, blocks: int, guard: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and blocks, by time: the last block around the centres, the others between them in equal parts."""
    label: dict[int, int] = {}
    for centre in centres:
        for offset in range(centre - half_window, centre + half_window + 1):
            label[offset] = blocks - 1
    if blocks > 1:
        for later, earlier in itertools.pairwise(centres):
            first, length = earlier + half_window + 1, max(later - earlier - 2 * half_window - 1, 0)
            size, longer = divmod(length, blocks - 1)
            place = first
            for block in range(blocks - 1):
                for offset in range(place, place + size + (block < longer)):
                    label[offset] = block
                place += size + (block < longer)
    kept = sorted(offset for offset in label if offset < -guard and offset < 0)
    return np.array(kept), np.array([label[offset] for offset in kept])
