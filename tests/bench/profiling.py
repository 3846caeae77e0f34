"""Where the tracker's time goes under full batches: ours, botocore's, the engine's, and what is only waiting.

    python -m tests.bench.profiling

Processor time is read per process, so that the part of the engine needs no guess; the profile then says which functions
ours is spent in, over all threads.
"""

import argparse
import cProfile
import io
import pstats
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import report
from tests.bench.cost import Bench
from tests.engine import EngineError, running_engine

SIZES = (10, 48)
BATCHES = 30
OBJECTS = 500


@dataclass(frozen=True)
class Spent:
    """Seconds of some batches: by the wall clock, of this process's processor time and of the engine's."""

    batch: int
    batches: int
    wall: float
    ours: float
    engine: float


def spent(bench: Bench, size: int, batches: int) -> Spent:
    """Time full batches, then profile as many again."""
    waves = [bench.events(size) for _ in range(3)]
    for wave in waves:
        bench.track(wave)
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
    """A profile of the calling thread and of every thread that it makes work for, each with its own profiler."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._profiles: list[cProfile.Profile] = []

    def wrap(self, work: Callable[..., object]) -> Callable[..., object]:
        """Return the work, profiled by processor time in whichever thread it runs."""

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
    """Return the profile of batches, the observer's threads included."""
    profiled = Profiled()
    observer = bench.tracker.tracker._observer
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
    """Return the part of our process's time that is spent inside calls of AWS's SDK; the rest is the tracker's own."""
    own = sum(row[2] for row in stats.stats.values())
    calls = sum(row[3] for (_, _, name), row in stats.stats.items() if name == "_api_call")
    return float(calls / own)


def main(arguments: list[str] | None = None) -> int:
    """Profile and print; the functions that take longest last."""
    parser = argparse.ArgumentParser(prog="bench-profile")
    parser.add_argument("--dry", action="store_true", help="print only, leave docs/benchmarks.md as it is")
    parser.add_argument("--functions", type=int, default=0, help="print so many functions of each profile")
    options = parser.parse_args(arguments)
    lines = [
        "| batch | ms/batch | processor of our process | of it AWS's SDK | of it the tracker | processor of the engine | the rest: waiting |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    try:
        with running_engine() as engine:
            bench = Bench(engine)
            bench.grow(OBJECTS)
            for size in SIZES:
                took = spent(bench, size, BATCHES)
                stats = profile(bench, size, BATCHES)
                lines.append(_line(took, sdk_share(stats)))
                if options.functions:
                    stats.stream = sys.stdout
                    stats.sort_stats("tottime").print_stats(options.functions)
                    stats.sort_stats("cumtime").print_stats(2 * options.functions)
    except EngineError as error:
        print(f"bench-profile: {error}", file=sys.stderr)
        return 1
    head = f"## Where a full batch spends its time\n\n`python -m tests.bench.profiling`. {report.circumstances()}"
    text = "\n\n".join([head, "\n".join(lines), _NOTE])
    print(text)
    if not options.dry:
        report.write_section("profile", text)
    return 0


_NOTE = (
    "Milliseconds. Processor time is each process's own; the split between the SDK (botocore and what it calls) and the tracker "
    "is a profile's, over all threads. The rest of the time is waiting for the engine's answers, or for a processor that other "
    "work had."
)


def _line(took: Spent, sdk: float) -> str:
    per = 1000 / took.batches
    rest = max(0.0, took.wall - took.ours - took.engine)
    return (
        f"| {took.batch} | {took.wall * per:.1f} | {took.ours * per:.1f} | {took.ours * per * sdk:.1f} ({sdk:.0%}) | "
        f"{took.ours * per * (1 - sdk):.1f} | {took.engine * per:.1f} | {rest * per:.1f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
