"""How often trackers of one bucket get in each other's way at its totals, and what that leaves of their speed.

    make bench

Each tracker is a process of its own and does nothing but commit: what S3 shows is made up on the spot, so that their
commits meet as often as they ever can. Beside it the same trackers with a bucket each, which share only the engine.
"""

import argparse
import multiprocessing
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import TYPE_CHECKING

from size_history.messages import ReconcileRequest
from size_tracking.ledger import Ledger
from tests.bench import report, scale
from tests.bench.counting import Counted, Meter
from tests.engine import EngineError, Tables, create_tables, running_engine, session_of
from tests.integration.size_tracking.world import World, batch_of, drain, event, record

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext

TRACKERS = (1, 2, 4, 8)
BATCH = 10
SECONDS = 6.0
START_SECONDS = 120
NAMES = Tables()


@dataclass(frozen=True)
class Done:
    """What one tracker did: events, transactions committed and voided, and what its objects weigh in the end."""

    events: int
    seconds: float
    counted: Counted
    handed_back: int
    size: int

    @property
    def commits(self) -> int:
        """Return the transactions that went through."""
        return self.counted.requests["dynamodb.TransactWriteItems"] - self.counted.cancelled


@dataclass(frozen=True)
class Run:
    """Some trackers at work at the same time."""

    trackers: int
    done: tuple[Done, ...]

    @property
    def commits(self) -> int:
        """Return the transactions that went through."""
        return sum(done.commits for done in self.done)

    @property
    def cancelled(self) -> int:
        """Return the transactions that another tracker voided."""
        return sum(done.counted.cancelled for done in self.done)

    @property
    def seconds(self) -> float:
        """Return how long the longest of them worked."""
        return max(done.seconds for done in self.done)


def work(
    url: str, bucket: str, number: int, seconds: float, barrier: Barrier, results: "Queue[Done]"
) -> None:
    """Be one tracker: change ten keys of its own, commit them, and again until the time is over."""
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
    results.put(Done(rounds * BATCH, took, meter.counted().since(before), handed_back, size))


def run(url: str, trackers: int, seconds: float, *, shared: bool) -> Run:
    """Run so many trackers on one bucket, or on one each, and return what they did. Raises RuntimeError if inexact."""
    name = f"bucket-{trackers}-{'shared' if shared else 'own'}"
    buckets = [name if shared else f"{name}-{number}" for number in range(trackers)]
    ledger = _ledger(session_of(url).client("dynamodb"))
    for bucket in dict.fromkeys(buckets):
        _begin(ledger, bucket)
    context: SpawnContext = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(trackers), context.Queue()
    processes = [
        context.Process(target=work, args=(url, bucket, number, seconds, barrier, results), daemon=True)
        for number, bucket in enumerate(buckets)
    ]
    for process in processes:
        process.start()
    done = tuple(results.get(timeout=START_SECONDS + 10 * seconds) for _ in processes)
    for process in processes:
        process.join()
    recorded = sum(_size(ledger, bucket) for bucket in dict.fromkeys(buckets))
    if recorded != sum(each.size for each in done):
        raise RuntimeError(
            f"{name}: {recorded} bytes are recorded, {sum(each.size for each in done)} are true"
        )
    return Run(trackers, done)


def _ledger(client: "object") -> Ledger:
    return Ledger(client, ledger_table=NAMES.ledger, history_table=NAMES.history)


def _begin(ledger: Ledger, bucket: str) -> None:
    """Have an empty bucket tracked."""
    world = World()
    batch = batch_of(world, ledger)
    batch.handle([record(ReconcileRequest(bucket))], remaining_ms=60_000)
    with redirect_stdout(sys.stderr):  # the adoption's metric
        drain(world, batch)


def _size(ledger: Ledger, bucket: str) -> int:
    totals, _ = ledger.totals_and_peak(bucket)
    return totals.size if totals else 0


def page(runs: list[tuple[Run, Run]]) -> str:
    """Return the section."""
    lines = [
        "| trackers | commits | voided | voided per commit | events/s | handed back | a bucket each: voided per commit | events/s |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for shared, own in runs:
        lines.append(
            f"| {shared.trackers} | {shared.commits:,} | {shared.cancelled:,} | {shared.cancelled / shared.commits:.2f} | "
            f"{_rate(shared):,.0f} | {sum(done.handed_back for done in shared.done)} | "
            f"{own.cancelled / own.commits:.2f} | {_rate(own):,.0f} |"
        )
    return "\n\n".join(
        [
            f"## Contention for one bucket's totals\n\n`make bench`. {report.circumstances()}",
            "\n".join(lines),
            (
                f"Batches of {BATCH} changed keys, no key shared between trackers, each tracker a process that does nothing "
                "but commit: the worst case, since S3 answers at once. A voided transaction costs one more read of totals "
                "and peak, a pause drawn by lot, and one more commit (AWS bills the voided one's write units too); never a HEAD. After every run the recorded total was "
                "the true one. With a bucket each the trackers share only the peak and the engine, one process on the "
                "same processors: what the last column lacks of a multiple of its first row is the engine's and the "
                "machine's limit, not the totals'."
            ),
        ]
    )


def _rate(run_: Run) -> float:
    return (
        sum(done.events for done in run_.done) - sum(done.handed_back for done in run_.done)
    ) / run_.seconds


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write docs/benchmarks.md and the page that quotes it."""
    parser = argparse.ArgumentParser(prog="bench-contention")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each run lasts")
    parser.add_argument("--dry", action="store_true", help="print only, leave the pages as they are")
    options = parser.parse_args(arguments)
    runs = []
    try:
        with running_engine() as engine:
            create_tables(session_of(engine.url).client("dynamodb"), NAMES)
            for trackers in TRACKERS:
                print(f"bench-contention: {trackers} trackers", file=sys.stderr, flush=True)
                runs.append(
                    tuple(
                        run(engine.url, trackers, options.seconds, shared=shared) for shared in (True, False)
                    )
                )
    except EngineError as error:
        print(f"bench-contention: {error}", file=sys.stderr)
        return 1
    text = page(runs)
    print(text)
    if not options.dry:
        report.write_section("contention", text)
        scale.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
