"""The panel's pieces on many processes or machines, by dask.distributed (an optional extra).

What a worker fitted stays with it; if it dies, the scheduler has its pieces fitted anew elsewhere. The pieces and
their order are those of one process, and so are the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from surveillance import chunks
from surveillance.hands import Each


class ClusterError(RuntimeError):
    """The cluster cannot be had; the message says what to try."""


class Workers:
    """Hands of a dask client; *each* goes over the results as they come (a bar)."""

    def __init__(self, client: Any, each: Each = list) -> None:
        self.client, self.each = client, each

    def map(self, work: Callable[..., Any], pieces: Sequence[Any], *arguments: Any) -> Sequence[Any]:
        futures: Sequence[Any] = [
            self.client.submit(_alone, work, piece, *arguments, pure=False) for piece in pieces
        ]
        return futures

    def gather(self, results: Sequence[Any]) -> list[Any]:
        return [future.result() for future in self.each(results)]


def _alone(work: Callable[..., Any], piece: Any, *arguments: Any) -> Any:
    """*work* on one core: the workers are as many as the cores already."""
    chunks.CORES = 1
    return work(piece, *arguments)


@contextmanager
def cluster(*, workers: int | None = None, scheduler: str | None = None, each: Each = list) -> Iterator[Workers]:
    """Hands of *workers* processes of this machine, or of those behind a *scheduler* (tcp://host:port).

    Raises ClusterError where dask.distributed is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise ClusterError(
            "dask.distributed, an optional library, is missing; try: .venv/bin/python -m pip install distributed"
        ) from error
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout="10s")
        except (OSError, ValueError) as error:
            raise ClusterError(f"no scheduler answers at {scheduler}: {error}; is it running there?") from error
        with client:
            yield Workers(client, each)
        return
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**options) as local, Client(local) as client:
        yield Workers(client, each)
