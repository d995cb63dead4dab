"""Long work cut into pieces that stay in the processor's cache, over all its cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
CORES = os.cpu_count() or 1


def slices(start: int, stop: int, size: int) -> list[slice]:
    """From *start* to *stop* in steps of *size*."""
    return [slice(at, min(at + size, stop)) for at in range(start, stop, size)]


def over(work: Callable[[T], None], pieces: Sequence[T], *, cores: int | None = None) -> None:
    """*work* done on each piece, on threads if there are several: numpy lets them run side by side.

    The pieces must not write where others do. The first error is raised.
    """
    workers = min(cores or CORES, len(pieces))
    if workers <= 1:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, pieces):
            pass
