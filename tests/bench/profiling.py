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
from tests.bench.engine import EngineError, running_engine

SIZES = (10, 48)
BATCHES = 30
OBJECTS = 500
_PARTS = {"size_tracking/": "ours", "size_history/": "ours", "botocore/": "botocore and urllib3"}
_PARTS |= {"boto3/": "botocore and urllib3", "urllib3/": "botocore and urllib3"}


@dataclass(frozen=True)
class Spent:
    """Seconds of some batches: by the wall clock, of this process's processor time and of the engine's."""

    batch: int
    batches: int
    wall: float
    ours: float
    engine: float
    parts: dict[str, float]


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
    return Spent(size, batches, wall, ours, engine, {})


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


def parts_of(stats: pstats.Stats) -> dict[str, float]:
    """Return the share of processor time by whose code it was spent in (built-ins under their own name)."""
    seconds: dict[str, float] = {}
    for (file, _, _), (_, _, own, _, _) in stats.stats.items():
        part = next((name for path, name in _PARTS.items() if path in file), "Python and its library")
        seconds[part] = seconds.get(part, 0) + own
    total = sum(seconds.values())
    return {part: own / total for part, own in sorted(seconds.items(), key=lambda item: -item[1])}


def main(arguments: list[str] | None = None) -> int:
    """Profile and print; the functions that take longest last."""
    parser = argparse.ArgumentParser(prog="bench-profile")
    parser.add_argument("--dry", action="store_true", help="print only, leave docs/benchmarks.md as it is")
    parser.add_argument("--functions", type=int, default=0, help="print so many functions of each profile")
    options = parser.parse_args(arguments)
    lines = [
        "| batch | ms/batch | our process's processor | the engine's | waiting for one of them | our processor time goes to |",
        "|---:|---:|---:|---:|---:|---|",
    ]
    try:
        with running_engine() as engine:
            bench = Bench(engine)
            bench.grow(OBJECTS)
            for size in SIZES:
                took = spent(bench, size, BATCHES)
                stats = profile(bench, size, BATCHES)
                lines.append(_line(took, parts_of(stats)))
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
    "Processor time is the two processes' own; HEADs run in 16 threads, so it may exceed the time by the clock. What is left "
    "of the time is waiting: for the other process, or for a processor that other work had."
)


def _line(took: Spent, parts: dict[str, float]) -> str:
    per = 1000 / took.batches
    rest = max(0.0, took.wall - took.ours - took.engine)
    shares = ", ".join(f"{part} {share:.0%}" for part, share in parts.items())
    return (
        f"| {took.batch} | {took.wall * per:.1f} | {took.ours * per:.1f} | {took.engine * per:.1f} | "
        f"{rest * per:.1f} | {shares} |"
    )


if __name__ == "__main__":
    sys.exit(main())
