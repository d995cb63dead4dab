"""How long an answer takes when a parameter changes: the newest period of the whole plan, one series' history.

    python bench/live.py [STORE]

STORE is a store's folder; without it, one with the embedded figures is made. Also printed: the alarm budget anew
on fits at hand, and a whole assessment from the store on disk. Medians of 7 runs, milliseconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from data_sources.ingest import default_as_of, open_store
from surveillance import lab, pipeline
from surveillance.assessment import Assessment
from surveillance.budget import spend
from surveillance.judging import Judgements, newest
from surveillance.plan import DEFAULT_PLAN
from surveillance.series import regular


def milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(7):
        clock = time.perf_counter()
        work()
        times.append(time.perf_counter() - clock)
    return 1000 * median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(sys.argv[1] if len(sys.argv) > 1 else folder))
        as_of = default_as_of(store, datetime.now(UTC).date())
        frames = [
            (watch, regular(store, as_of, watch.indicator, watch.substances)) for watch in DEFAULT_PLAN.watches
        ]
        known = [(watch, wide) for watch, wide in frames if wide is not None]
        series = sum(wide.observed.shape[1] for _, wide in known)
        fits = [newest(watch, wide).fit() for watch, wide in known]
        print(f"{series} series of {len(known)} indicators, as known on {as_of}")
        print(f"{'newest period of every series':46}{milliseconds(lambda: _newest(known)):8.1f} ms")
        for watch, wide in known:
            if wide.indicator.id == "us_cbp_seizure_events":
                watch = replace(watch, detector=replace(watch.detector, half_window=2))  # type: ignore[type-var]
                one = wide[slice(0, 1)]
                took = milliseconds(lambda a=watch, b=one: Judgements(a, b).rows(0.003))  # type: ignore[misc]
                print(f"{f'one series, all {len(one.observed)} months (Farrington)':46}{took:8.1f} ms")
        for watch, wide in known:
            took = milliseconds(lambda a=watch, b=wide[slice(0, 1)]: Judgements(a, b).rows(0.003))  # type: ignore[misc]
            print(f"{f'one series of {wide.indicator.id}':46}{took:8.1f} ms")
        print(f"{'alarm budget anew':46}{milliseconds(lambda: spend(6.0, fits)):8.1f} ms")
        panel = pipeline.run(store, as_of)
        kept = {watch.indicator: lab.fits(watch, wide) for watch, wide in known}
        for name, changed in (("the dial", 0), ("one measure changed", 1)):
            took = milliseconds(lambda n=changed: _draft(known, kept, panel, n))  # type: ignore[misc]
            print(f"{f'draft of {name}, all series':46}{took:8.1f} ms")
        print(f"{'whole assessment from disk':46}{milliseconds(lambda: pipeline.run(store, as_of)):8.1f} ms")


def _draft(known: list, kept: dict[str, lab.Fits], panel: Assessment, changed: int) -> None:  # type: ignore[type-arg]
    """A draft applied as the Lab does it: rows that stay the panel's keep their fits."""
    fitted = []
    for place, (watch, wide) in enumerate(known):
        last = place >= len(known) - changed
        fitted.append(lab.fits(watch, wide) if last else kept[watch.indicator])
    lab.compare(panel.verdicts, lab.trial(replace(panel.plan, budget=12.0), fitted).verdicts)


def _newest(known: list) -> None:  # type: ignore[type-arg]
    for watch, wide in known:
        newest(watch, wide).rows(0.003)


if __name__ == "__main__":
    main()
