"""Any range for `make bench-api`: windows from ten seconds to all of ten years, of a bucket with 10² to 10⁸ samples.

Up to 10⁵ samples are in the local engine; more are on the stand-in that computes them (`tests/unit/plotting/computed.py`),
whose milliseconds are those of the function's own code alone, without DynamoDB and without reading its JSON.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from plotting import routes
from plotting.gateway import Request
from plotting.history import History
from plotting.ledger import Ledger
from plotting.sources import Sources
from size_history.items import SIZE_INDEX, Item
from tests.bench.item_size import item_bytes
from tests.bench.report import table
from tests.engine import client_of, create_tables, running_engine
from tests.unit.plotting.computed import NOW, Steady
from tests.unit.plotting.stored import BUCKET, HISTORY, LEDGER
from tests.unit.plotting.tables import Counts

LOCAL = (10**2, 10**4, 10**5)
COMPUTED = (10**6, 10**8)
WINDOWS = {"10 s": 10, "1 day": 86_400, "31 days": 2_678_400, "1 year": 31_536_000, "all": 3_162_240_000}
FIRST, LAST = "1970-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
BATCH = 25
WRITERS = 4


@dataclass
class Measured:
    """One window of one bucket: what its points are, the requests to DynamoDB, their bytes, and the seconds."""

    samples: int
    engine: str
    window: str
    unit: str
    requests: int
    bytes: int
    seconds: list[float] = field(default_factory=list)


@dataclass
class _Counting:
    """A client that counts its requests, and the bytes of the items that they read."""

    client: Any
    requests: int = 0
    bytes: int = 0

    def query(self, **request: Any) -> Any:
        return self._counted(page := self.client.query(**request), page["Items"])

    def batch_get_item(self, **request: Any) -> Any:
        answer = self.client.batch_get_item(**request)
        return self._counted(answer, [row for rows in answer["Responses"].values() for row in rows])

    def _counted(self, answer: Any, found: Sequence[Item]) -> Any:
        self.requests += 1
        self.bytes += sum(map(item_bytes, found))
        return answer


def measure(rounds: int) -> list[Measured]:
    """Measure every window of every bucket."""
    found: list[Measured] = []
    for samples in LOCAL:
        with local(Steady(samples)) as client:
            found += _windows(samples, "local engine", client, rounds)
    for samples in COMPUTED:
        found += _windows(samples, "stand-in", Steady(samples).engine(), rounds)
    return found


def section(found: Sequence[Measured]) -> str:
    """Return the table of what was measured, and how far apart its ends are."""
    rows = (
        (
            f"{one.samples:,}",
            one.engine,
            one.window,
            one.unit,
            one.requests,
            f"{one.bytes:,}",
            _milliseconds(one),
        )
        for one in found
    )
    fewest, most = min(one.requests for one in found), max(one.requests for one in found)
    shortest = {one.samples: median(one.seconds) for one in found if one.window == "10 s"}
    ratio = shortest[LOCAL[-1]] / shortest[LOCAL[0]]
    columns = ("samples:", "where", "window", "unit", "requests:", "bytes:", "ms:")
    return f"""{table(columns, rows)}

The samples are spread evenly over ten years. Requests are those to DynamoDB. Bytes are those of the items that they
read: whole items on the stand-in, and what is left of them by the projection in the local engine. From {fewest} to {most} requests: at most twice as many (goal). The last 10 seconds of {LOCAL[-1]:,} samples take {ratio:.1f} times as long in the local
engine as those of {LOCAL[0]:,} (goal: 1.5). The stand-in computes its rows, so its milliseconds say nothing about DynamoDB."""


@contextmanager
def local(bucket: Steady) -> Iterator[Any]:
    """Run an engine that holds a bucket with all its rollups, and yield a client of it."""
    with running_engine() as engine:
        client = client_of(engine.url)
        create_tables(client)
        for name, partitions in bucket.engine().partitions.items():
            rows = [
                item
                for of in partitions.values()
                for _, item in of.between(*_ends(name, of), descending=False)
            ]
            batches = [rows[begin : begin + BATCH] for begin in range(0, len(rows), BATCH)]
            with ThreadPoolExecutor(WRITERS) as writers:
                list(writers.map(lambda batch, to=name: _write(client, to, batch), batches))
        yield client


def _ends(name: str, partition: object) -> tuple[str, str]:
    return ("", "\x7f") if name == LEDGER and hasattr(partition, "rows") else (FIRST, LAST)


def _write(client: Any, name: str, rows: Sequence[Item]) -> None:
    client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": row}} for row in rows]})


def _windows(samples: int, engine: str, client: Any, rounds: int) -> Iterator[Measured]:
    with ThreadPoolExecutor(4) as threads:
        for name, seconds in WINDOWS.items():
            counting = _Counting(client)
            history, ledger = History(counting, HISTORY, SIZE_INDEX), Ledger(counting, LEDGER, threads)  # type: ignore[arg-type]
            queues: Any = Counts()
            nowhere: Any = None
            sources = Sources(BUCKET, history, ledger, nowhere, queues, queues, queues, threads)
            request = Request("GET", "/plot", (("window", str(seconds)), ("format", "json")))
            unit = str(routes.answer(sources, request, NOW).body).partition('"unit": "')[2].partition('"')[0]
            one = Measured(samples, engine, name, unit, counting.requests, counting.bytes)
            for _ in range(rounds):
                began = time.perf_counter()
                routes.answer(sources, request, NOW)
                one.seconds.append(time.perf_counter() - began)
            yield one


def _milliseconds(one: Measured) -> str:
    return f"{median(one.seconds) * 1000:,.1f}"
