"""Who does the work: this process, or others that are handed the same pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

Each = Callable[[Iterable[Any]], Iterable[Any]]


class Hands(Protocol):
    """`map` does a function on each of some pieces and leaves the results where they were made; `gather` brings
    them here, in order."""

    def map(self, work: Callable[..., Any], pieces: Sequence[Any], *arguments: Any) -> Sequence[Any]: ...

    def gather(self, results: Sequence[Any]) -> list[Any]: ...


class Here:
    """This process; *each* goes over the pieces (a bar)."""

    def __init__(self, each: Each = list) -> None:
        self.each = each

    def map(self, work: Callable[..., Any], pieces: Sequence[Any], *arguments: Any) -> Sequence[Any]:
        return [work(piece, *arguments) for piece in self.each(pieces)]

    def gather(self, results: Sequence[Any]) -> list[Any]:
        return list(results)
