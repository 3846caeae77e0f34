"""This tracker and one that lists the bucket at every event, side by side on the same events: requests, time, dollars.

    make bench

Both run in this process against a local engine, exactly as their functions wire them; queue and rules are not in it.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass

import boto3

from size_history.messages import ReconcileRequest
from size_tracking.handler import wire
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.settings import Settings
from tests.bench import cost_tables, listing_tracker, report
from tests.bench.counting import Counted, Meter
from tests.engine import Engine, EngineError, create_tables, running_engine, session_of
from tests.integration.size_tracking.world import World, batch_of, drain, event, record

SIZES = (1_000, 5_000, 10_000)
TURNS = 20
"""Events that both trackers carry out in turn, one by one, at each size."""
BATCHES = {10: 20, 48: 8}
"""Batch sizes, and how many batches of each this tracker carries out at each size."""
WARM_UP = 3
BUCKET = "bench-cost"


@dataclass
class Measured:
    """What a tracker did: its events, and what they took in seconds and requests."""

    objects: int
    batch: int
    events: int = 0
    seconds: float = 0
    cpu: float = 0
    engine_cpu: float = 0
    counted: Counted = Counted()  # noqa: RUF009  # frozen, and only ever replaced


class Bench:
    """One bucket that grows, a tracker of each kind, and the meter of all that they send."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.session = session_of(engine.url)
        self.s3 = self.session.client("s3")
        dynamodb = self.session.client("dynamodb")
        tables = create_tables(dynamodb)
        self.ledger = Ledger(dynamodb, ledger_table=tables.ledger, history_table=tables.history)
        self.s3.create_bucket(Bucket=BUCKET)
        self.dice = random.Random(4)
        self.objects = 0
        metered = session_of(engine.url)
        self.meter = Meter(metered)
        self.tracker = wire(Settings(tables.history, tables.ledger, "http://unused"), metered)
        os.environ["HISTORY_TABLE"] = tables.history
        boto3.DEFAULT_SESSION = metered  # the session that the listing tracker finds

    def grow(self, objects: int) -> None:
        """Put objects until there are so many, and have the Ledger know them as an adoption would."""
        new = [self.key(number) for number in range(self.objects, objects)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.put, new))
        world, wanted, observer = World(), set(new), Observer(self.s3)
        world.objects[BUCKET], after, more = {}, "", True
        while more:
            page = observer.page(BUCKET, after, 1000)
            world.objects[BUCKET].update(page.objects)
            after, more = page.objects[-1][0], page.more
        seeing = batch_of(world, self.ledger)
        if self.objects == 0:
            seeing.handle([record(ReconcileRequest(BUCKET))], remaining_ms=60_000)
            with redirect_stdout(sys.stderr):  # the adoption's metric
                drain(world, seeing)
        else:
            for start in range(0, len(new), 48):
                chunk = [event(key, bucket=BUCKET) for key in sorted(wanted)[start : start + 48]]
                seeing.handle(chunk, remaining_ms=60_000)
        self.objects = objects

    def key(self, number: int) -> str:
        return f"folder-{number % 20:02}/{number:06}"

    def put(self, key: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=b"." * self.dice.randrange(1, 2000))

    def events(self, count: int) -> list[dict[str, str]]:
        """Overwrite objects drawn by lot, and return the messages that say so."""
        drawn = [self.key(number) for number in self.dice.sample(range(self.objects), count)]
        for key in drawn:
            self.put(key)
        return [event(key, bucket=BUCKET) for key in drawn]

    def track(self, events: list[dict[str, str]]) -> None:
        failed = self.tracker.handle(events, remaining_ms=60_000)
        if failed:
            raise RuntimeError(f"the tracker handed back {len(failed)} of {len(events)} messages")

    def list_all(self, events: list[dict[str, str]]) -> None:
        for _ in events:
            listing_tracker.handler({"detail": {"bucket": {"name": BUCKET}}}, None)

    def timed(
        self, measured: Measured, work: Callable[[list[dict[str, str]]], None], events: list[dict[str, str]]
    ) -> None:
        """Carry out events, and add what they took."""
        before, engine, cpu, began = (
            self.meter.counted(),
            self.engine.cpu_seconds(),
            time.process_time(),
            time.perf_counter(),
        )
        work(events)
        measured.seconds += time.perf_counter() - began
        measured.cpu += time.process_time() - cpu
        measured.engine_cpu += self.engine.cpu_seconds() - engine
        measured.counted = measured.counted.plus(self.meter.counted().since(before))
        measured.events += len(events)

    def assert_exact(self) -> None:
        """Raise RuntimeError unless the recorded totals are what a listing shows."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        sizes = [entry["Size"] for page in pages for entry in page["Contents"]]
        totals, _ = self.ledger.totals_and_peak(BUCKET)
        if totals is None or (totals.size, totals.count) != (sum(sizes), len(sizes)):
            raise RuntimeError(
                f"totals {totals} are not the listing's {sum(sizes)} bytes, {len(sizes)} objects"
            )


def measure(bench: Bench, objects: int) -> tuple[list[Measured], Measured]:
    """Return what this tracker took at each batch size, and what the lister took, at one number of objects."""
    bench.grow(objects)
    for _ in range(WARM_UP):
        events = bench.events(10)
        bench.track(events)
        bench.list_all(events[:1])
    alone, lister = Measured(objects, 1), Measured(objects, 1)
    for _ in range(TURNS):
        events = bench.events(1)
        bench.timed(alone, bench.track, events)
        bench.timed(lister, bench.list_all, events)
    batched = []
    for size, times in BATCHES.items():
        ours = Measured(objects, size)
        for _ in range(times):
            bench.timed(ours, bench.track, bench.events(size))
        batched.append(ours)
    bench.assert_exact()
    return [alone, *batched], lister


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, print it and write it into docs/benchmarks.md; fail where it is below its bar."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="OBJECTS")
    parser.add_argument("--dry", action="store_true", help="print only, leave docs/benchmarks.md as it is")
    options = parser.parse_args(arguments)
    try:
        with running_engine() as engine:
            bench = Bench(engine)
            rows = []
            for objects in sorted(options.sizes):
                print(f"bench: {objects:,} objects", file=sys.stderr, flush=True)
                rows.append(measure(bench, objects))
    except EngineError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    text = cost_tables.page(rows)
    print(text)
    if not options.dry:
        report.write_section("cost", text)
    missed = cost_tables.missed(rows)
    for bar in missed:
        print(f"bench: missed: {bar}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
