"""Where the tracker spends its time under full batches: in our code, in botocore, in the engine, or waiting.

    python -m tests.bench.profiling

Processor time is measured per process, so the engine's share is exact. A profile over all threads then splits ours by function.
"""

import cProfile
import io
import pstats
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import report
from tests.bench.command import Dry, run
from tests.bench.cost import Bench
from tests.engine import running_engine

SIZES = (10, 48)
BATCHES = 30
OBJECTS = 500


@dataclass(frozen=True)
class Spent:
    """Seconds of some batches: by the wall clock, of our processor time and of the engine's."""

    batch: int
    batches: int
    wall: float
    ours: float
    engine: float


def spent(bench: Bench, size: int, batches: int) -> Spent:
    """Time full batches, after three to warm up."""
    for _ in range(3):
        bench.track(bench.events(size))
    wall = ours = engine = 0.0
    for _ in range(batches):
        events = bench.events(size)
        cpu, engine_before, began = time.process_time(), bench.engine.cpu_seconds(), time.perf_counter()
        bench.track(events)
        wall += time.perf_counter() - began
        ours += time.process_time() - cpu
        engine += bench.engine.cpu_seconds() - engine_before
    return Spent(size, batches, wall, ours, engine)


class Profiled:
    """A profile of work in several threads, each with its own profiler."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._profiles: list[cProfile.Profile] = []

    def wrap(self, work: Callable[..., object]) -> Callable[..., object]:
        """Return the work, profiled by the processor time of the thread that runs it."""

        def profiled(*arguments: object) -> object:
            profile = cProfile.Profile(time.thread_time)
            profile.enable()
            try:
                return work(*arguments)
            finally:
                profile.disable()
                with self._lock:
                    self._profiles.append(profile)

        return profiled

    def stats(self) -> pstats.Stats:
        """Return all profiles as one."""
        stats = pstats.Stats(self._profiles[0], stream=io.StringIO())
        stats.add(*self._profiles[1:])
        return stats


def profile(bench: Bench, size: int, batches: int) -> pstats.Stats:
    """Profile batches, including the threads of the observer."""
    profiled = Profiled()
    observer = bench.tracker.tracker.observer
    look = observer._look
    observer._look = profiled.wrap(look)
    track = profiled.wrap(bench.track)
    try:
        for _ in range(batches):
            track(bench.events(size))
    finally:
        observer._look = look
    return profiled.stats()


def sdk_share(stats: pstats.Stats) -> float:
    """Return the share of our process's time that calls of AWS's SDK take. The rest is the tracker's own."""
    own = sum(row[2] for row in stats.stats.values())
    calls = sum(row[3] for (_, _, name), row in stats.stats.items() if name == "_api_call")
    return float(calls / own)


def _row(took: Spent, sdk: float) -> tuple[str, ...]:
    per = 1000 / took.batches
    rest = max(0.0, took.wall - took.ours - took.engine)
    figures = (took.wall, took.ours, took.ours * sdk, took.ours * (1 - sdk), took.engine, rest)
    wall, ours, of_sdk, of_tracker, engine, waiting = (f"{seconds * per:.1f}" for seconds in figures)
    return str(took.batch), wall, ours, f"{of_sdk} ({sdk:.0%})", of_tracker, engine, waiting


def main(functions: int = 0, *, dry: Dry = False) -> None:
    """Measure and write docs/benchmarks.md. Also print this number of functions of each profile."""
    rows = []
    with running_engine() as engine:
        bench = Bench(engine)
        bench.grow(OBJECTS)
        for size in SIZES:
            took = spent(bench, size, BATCHES)
            stats = profile(bench, size, BATCHES)
            rows.append(_row(took, sdk_share(stats)))
            if functions:
                stats.stream = sys.stdout
                stats.sort_stats("tottime").print_stats(functions)
                stats.sort_stats("cumtime").print_stats(2 * functions)
    columns = (
        "batch:", "ms/batch:", "processor of our process:", "of it AWS's SDK:", "of it the tracker:",
        "processor of the engine:", "the rest, waiting:",
    )  # fmt: skip
    text = f"""## Where a full batch spends its time

`python -m tests.bench.profiling`. {report.circumstances()}

{report.table(columns, rows)}

Milliseconds. Processor time is measured per process. A profile over all threads splits it between the SDK (botocore and all that it
calls) and the tracker. The rest is time spent waiting for the engine's answers, or for a processor that other work had."""
    report.publish("profile", text, dry=dry)


if __name__ == "__main__":
    run(main)
