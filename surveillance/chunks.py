"""Long work cut into pieces that stay in the processor's cache, over all its cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
CORES = os.cpu_count() or 1


def slices(start: int, stop: int, size: int) -> list[slice]:
    """From *start* to *stop* in steps of *size*."""
    return [slice(at, min(at + size, stop)) for at in range(start, stop, size)]


def over(work: Callable[[T], None], pieces: Sequence[T]) -> None:
    """*work* done on each piece, by this thread and others beside it: numpy lets them run side by side.

    The pieces must not write where others do. An error is raised once the others are done.
    """
    todo = deque(pieces)

    def go() -> None:
        while todo:
            try:
                piece = todo.popleft()
            except IndexError:  # another thread took the last
                return
            work(piece)

    others = min(CORES, len(pieces)) - 1
    if others < 1:
        go()
        return
    with ThreadPoolExecutor(others) as pool:
        beside = [pool.submit(go) for _ in range(others)]
        go()
        for each in beside:
            each.result()
