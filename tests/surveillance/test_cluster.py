"""The same assessment by two processes as by one, even when one of the two dies on the way."""

from __future__ import annotations

import os
import signal
import sys
from datetime import date
from types import ModuleType

import pandas as pd
import pytest

from data_sources.ingest import open_store
from surveillance import pipeline
from surveillance.cluster import ClusterError, Workers, cluster
from surveillance.snapshot import csv_bytes

AS_OF = date(2026, 10, 4)


@pytest.fixture(scope="module")
def store(embedded):
    return open_store(embedded)


@pytest.fixture(scope="module")
def alone(store):
    return pipeline.run(store, AS_OF)


@pytest.fixture(scope="module")
def plain_main():
    """A worker process starts by importing what ran as `__main__`, which a test of a page may have replaced."""
    before, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="module")
def two_workers(plain_main):
    with cluster(workers=2) as hands:
        yield hands


def same(one, other) -> None:
    assert one.alpha == pytest.approx(other.alpha, rel=1e-9)
    assert one.expected_false == pytest.approx(other.expected_false, rel=1e-9)
    assert repr(one.calibration) == repr(other.calibration)
    pd.testing.assert_frame_equal(one.verdicts, other.verdicts, rtol=1e-9)
    for table in ("verdicts", "series", "signals", "newest"):
        assert csv_bytes(getattr(one, table)) == csv_bytes(getattr(other, table)), table


def test_two_workers_give_the_answer_of_one_process(store, alone, two_workers):
    same(pipeline.run(store, AS_OF, hands=two_workers), alone)


def test_small_pieces_give_the_same_answer(store, alone, monkeypatch):
    monkeypatch.setattr(pipeline, "PIECE", 3)
    same(pipeline.run(store, AS_OF), alone)


class Killing(Workers):
    """Two workers, one of which is killed once it holds fits that are still needed."""

    killed = 0

    def map(self, work, pieces, *arguments):
        results = super().map(work, pieces, *arguments)
        if work is pipeline.fitted:
            self.gather(results)
            victim = min(self.client.run(os.getpid).values())
            os.kill(victim, signal.SIGKILL)
            type(self).killed += 1
        return results


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the killed worker's connections
def test_a_worker_that_is_killed_midway_changes_nothing(store, alone, two_workers):
    same(pipeline.run(store, AS_OF, hands=Killing(two_workers.client)), alone)
    assert Killing.killed == 1


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    import distributed

    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout: client(address, timeout="200ms"))
    with (
        pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"),
        cluster(scheduler="tcp://127.0.0.1:9"),
    ):
        pytest.fail("there is no such scheduler")


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="pip install distributed"), cluster(workers=2):
        pytest.fail("there is no such library")
