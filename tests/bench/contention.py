"""How often trackers of one bucket conflict at its totals, and how much speed that costs.

    make bench

Each tracker is a process of its own that does nothing but commit: what S3 shows is invented on the spot, so commits
meet as often as they can. For comparison, the same trackers run with a bucket each and share only the engine.
"""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from threading import Barrier

from size_history.messages import ReconcileRequest
from size_tracking.ledger import Ledger
from tests.bench import report, scale
from tests.bench.command import Dry, run, say
from tests.bench.counting import Counted, Meter
from tests.engine import Tables, create_tables, running_engine, session_of
from tests.integration.size_tracking.world import World, batch_of, drain, event, record

TRACKERS = (1, 2, 4, 8)
BATCH = 10
START_SECONDS = 120
NAMES = Tables()


@dataclass(frozen=True)
class Done:
    """What one tracker did: its events, what it sent, the messages it handed back, and the final size of its objects."""

    events: int
    seconds: float
    counted: Counted
    handed_back: int
    size: int


@dataclass(frozen=True)
class Run:
    """Some trackers that worked at the same time."""

    trackers: int
    done: tuple[Done, ...]

    @property
    def cancelled(self) -> int:
        """Return the transactions that another tracker cancelled."""
        return sum(done.counted.cancelled for done in self.done)

    @property
    def commits(self) -> int:
        """Return the transactions that succeeded."""
        sent = sum(done.counted.requests["dynamodb.TransactWriteItems"] for done in self.done)
        return sent - self.cancelled

    @property
    def handed_back(self) -> int:
        """Return the messages that were handed back."""
        return sum(done.handed_back for done in self.done)

    @property
    def rate(self) -> float:
        """Return the events per second, by the time of the slowest tracker."""
        events = sum(done.events for done in self.done) - self.handed_back
        return events / max(done.seconds for done in self.done)


def work(url: str, bucket: str, number: int, seconds: float, barrier: Barrier) -> Done:
    """Be one tracker: change ten keys of its own, commit them, and repeat until the time is over."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the tracker prints its metrics
    session = session_of(url)
    meter = Meter(session)
    world = World()
    batch = batch_of(world, _ledger(session.client("dynamodb")))
    keys = [f"tracker-{number}/{key}" for key in range(BATCH)]
    events = [event(key, bucket=bucket) for key in keys]
    barrier.wait(START_SECONDS)
    before, began, rounds, handed_back = meter.counted(), time.perf_counter(), 0, 0
    while time.perf_counter() - began < seconds:
        rounds += 1
        for key in keys:
            world.put(key, 1 + rounds % 2, bucket)
        handed_back += len(batch.handle(events, remaining_ms=60_000))
    took = time.perf_counter() - began
    size = sum(seen.size or 0 for seen in world.objects[bucket].values())
    return Done(rounds * BATCH, took, meter.counted().since(before), handed_back, size)


def measure(url: str, trackers: int, seconds: float, *, shared: bool) -> Run:
    """Run trackers on one bucket, or on one bucket each. Raises RuntimeError if the recorded totals are wrong."""
    name = f"bucket-{trackers}-{'shared' if shared else 'own'}"
    buckets = [name if shared else f"{name}-{number}" for number in range(trackers)]
    ledger = _ledger(session_of(url).client("dynamodb"))
    for bucket in set(buckets):
        _adopt_empty(ledger, bucket)
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(trackers, mp_context=context) as pool:
        barrier = manager.Barrier(trackers)
        jobs = [pool.submit(work, url, bucket, n, seconds, barrier) for n, bucket in enumerate(buckets)]
        done = tuple(job.result() for job in jobs)
    recorded, true = sum(_size(ledger, bucket) for bucket in set(buckets)), sum(each.size for each in done)
    if recorded != true:
        raise RuntimeError(f"{name}: {recorded} bytes are recorded, {true} are true")
    return Run(trackers, done)


def _ledger(client: "object") -> Ledger:
    return Ledger(client, ledger_table=NAMES.ledger, history_table=NAMES.history)


def _adopt_empty(ledger: Ledger, bucket: str) -> None:
    world = World()
    batch = batch_of(world, ledger)
    batch.handle([record(ReconcileRequest(bucket))], remaining_ms=60_000)
    with redirect_stdout(sys.stderr):  # the adoption's metric
        drain(world, batch)


def _size(ledger: Ledger, bucket: str) -> int:
    totals = ledger.header(bucket).totals
    return totals.size if totals else 0


def page(runs: list[tuple[Run, Run]]) -> str:
    """Return the section, from pairs of a run on one bucket and a run with a bucket each."""
    columns = (
        "trackers:", "commits:", "conflicts:", "conflicts per commit:", "events/s:", "handed back:",
        "a bucket each: conflicts per commit:", "events/s:",
    )  # fmt: skip
    rows = [
        (
            shared.trackers,
            f"{shared.commits:,}",
            f"{shared.cancelled:,}",
            f"{shared.cancelled / shared.commits:.2f}",
            f"{shared.rate:,.0f}",
            shared.handed_back,
            f"{own.cancelled / own.commits:.2f}",
            f"{own.rate:,.0f}",
        )
        for shared, own in runs
    ]
    return f"""## Contention for one bucket's totals

`make bench`. {report.circumstances()}

{report.table(columns, rows)}

Each tracker is a process that does nothing but commit batches of {BATCH} changed keys, and no two trackers share a key. This is the
worst case, because S3 answers at once. A conflict cancels a transaction. It costs one more read of totals and peak, a random
pause and one more commit, but never a HEAD; AWS also bills the write units of the cancelled transaction. After every run the
recorded total was the true one. With a bucket each, the trackers share only the peak, the processors and the engine, which is
one process. If the last column does not grow with the trackers, the engine and the machine limit it, not the totals."""


def main(seconds: float = 6.0, *, dry: Dry = False) -> None:
    """Measure; write docs/benchmarks.md and docs/scale.md, which quotes it. Each run lasts for `seconds`."""
    runs = []
    with running_engine() as engine:
        create_tables(session_of(engine.url).client("dynamodb"), NAMES)
        for trackers in TRACKERS:
            say(f"bench-contention: {trackers} trackers")
            shared, own = (measure(engine.url, trackers, seconds, shared=one) for one in (True, False))
            runs.append((shared, own))
    report.publish("contention", page(runs), dry=dry)
    if not dry:
        scale.write()


if __name__ == "__main__":
    run(main)
