"""Cost per event of this tracker and of one that lists the bucket at every event: requests, time and dollars.

    make bench

Both process the same events in this process against a local engine, wired as in their functions. Queue and rules are left out.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Annotated

import boto3
import typer

from size_history.messages import ReconcileRequest
from size_tracking.handler import wire
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.settings import Settings
from tests.bench import cost_tables, listing_tracker, report
from tests.bench.command import Dry, run, say
from tests.bench.cost_tables import Measured
from tests.bench.counting import Meter
from tests.engine import Engine, create_tables, running_engine, session_of
from tests.integration.size_tracking.world import World, batch_of, drain, event, record
from tests.tracked import EVERY_BUCKET
from tidemark.errors import CommandError

SIZES = (1_000, 5_000, 10_000)
TURNS = 20
"""Events that both trackers process by turns, one by one, at each size."""
BATCHES = {10: 20, 48: 8}
"""Batch sizes, and the number of batches of each that this tracker processes at each size."""
WARM_UP = 3
BUCKET = "bench-cost"


class Bench:
    """One growing bucket, a tracker of each kind, and a meter of their requests."""

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
        self.tracker = wire(
            Settings(tables.history, tables.ledger, "http://unused", EVERY_BUCKET.named), metered
        )
        os.environ["HISTORY_TABLE"] = tables.history
        boto3.DEFAULT_SESSION = metered  # the session that the listing tracker finds

    def grow(self, objects: int) -> None:
        """Put objects until the bucket has this many, and let the Ledger know them as after an adoption."""
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
        """Overwrite random objects and return their messages."""
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
        """Process events, and add what they took."""
        before, engine = self.meter.counted(), self.engine.cpu_seconds()
        cpu, began = time.process_time(), time.perf_counter()
        work(events)
        measured.seconds += time.perf_counter() - began
        measured.cpu += time.process_time() - cpu
        measured.engine_cpu += self.engine.cpu_seconds() - engine
        measured.counted = measured.counted.plus(self.meter.counted().since(before))
        measured.events += len(events)

    def assert_exact(self) -> None:
        """Raise RuntimeError if the recorded totals differ from a listing."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        sizes = [entry["Size"] for page in pages for entry in page["Contents"]]
        totals = self.ledger.header(BUCKET).totals
        if totals is None or (totals.size, totals.count) != (sum(sizes), len(sizes)):
            raise RuntimeError(
                f"totals {totals}, but the listing has {sum(sizes)} bytes, {len(sizes)} objects"
            )


def measure(bench: Bench, objects: int) -> tuple[list[Measured], Measured]:
    """Measure this tracker at each batch size, and the lister, at one number of objects."""
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


def main(
    sizes: Annotated[list[int], typer.Option(metavar="OBJECTS")] = list(SIZES),  # noqa: B006 - typer reads it
    *,
    dry: Dry = False,
) -> None:
    """Measure at each number of objects, and write docs/benchmarks.md. Fail if a figure misses its goal."""
    rows = []
    with running_engine() as engine:
        bench = Bench(engine)
        for objects in sorted(sizes):
            say(f"bench: {objects:,} objects")
            rows.append(measure(bench, objects))
    report.publish("cost", cost_tables.page(rows), dry=dry)
    if missed := cost_tables.missed(rows):
        raise CommandError("missed: " + "; ".join(missed))


if __name__ == "__main__":
    run(main)
