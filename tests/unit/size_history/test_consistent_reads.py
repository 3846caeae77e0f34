"""Every read of a table is strongly consistent, or is listed here with the reason why it is not.

A stale read of an object row, of the totals or of a run costs a retry at best. At worst a run seems to go on that has ended,
or an answer shows an older number than the one before. Every public method of every adapter is called here on a client that
keeps the requests, so that a new method and a new request are held to this too.
"""

import ast
import inspect
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from driver.history import Clock
from driver.history import History as DriverHistory
from driver.scenario import Weight
from plotting.hierarchy import Span
from plotting.history import History as PlottingHistory
from plotting.ledger import Ledger as PlottingLedger
from plotting.parsing import HistoryQuery, Range
from plotting.rollups import Rollups
from size_history import items
from size_history.batch_get import batch_get
from size_history.deadline import Deadline
from size_history.items import Peak, Recomputed, Rollup, Sample, State, Totals, number
from size_history.rollups import Unit
from size_history.sources import Source
from size_tracking.ledger import Ledger as TrackingLedger
from size_tracking.values import Run, Transaction

NOW = 1_800_000_000_000_000
TOTALS = Totals(1, 1, 0, 0, 0, max_size=1, last_time=NOW, revision=2, state=State.LIVE)
RUN = Run("r", 1, started=5, moved=5, ended=6)
READS = {"get_item", "batch_get_item", "query", "scan", "transact_get_items", "batch_execute_statement"}
WRITES = {"put_item", "transact_write_items"}
INDEX = "DynamoDB cannot read an index strongly consistent; the totals make up for it"
EVENTUAL = {"plotting.history.History.largest_size": INDEX}
"""The methods whose read is not strongly consistent, and why."""


class Client:
    """Answers every request with rows that fit, and keeps it."""

    exceptions = None

    def __init__(self):
        self.requests = []

    def __getattr__(self, operation):
        assert operation in READS | WRITES, f"{operation} is neither a known read nor a known write"

        def request(**arguments):
            self.requests.append((operation, arguments))
            return self._answer(operation, arguments)

        return request

    def get_paginator(self, operation):
        return Paginator(getattr(self, operation))

    def _answer(self, operation, arguments):
        if operation == "batch_get_item":
            ((table, request),) = arguments["RequestItems"].items()
            rows = [row for row in ROWS if any(key.items() <= row.items() for key in request["Keys"])]
            return {"Responses": {table: rows}}
        if operation == "get_item":
            rows = [row for row in ROWS if arguments["Key"].items() <= row.items()]
            return {"Item": rows[0]} if rows else {}
        wanted = arguments.get("TableName")
        if wanted == "history":
            return {"Items": SAMPLES}
        if "#rollup#" in str(arguments.get("ExpressionAttributeValues")):
            return {"Items": [ROLLUP.to_item("b")]}
        return {"Items": [items.bucket_key("b") | Source(1).to_item("b")]}


class Paginator:
    def __init__(self, request):
        self.request = request

    def paginate(self, **arguments):
        return [self.request(**arguments)]


SAMPLE = Sample("b", NOW, 18, 1)
SAMPLES = [SAMPLE.to_item()]
ROLLUP = Rollup.of(Unit.MINUTE, SAMPLE)
ROWS = [
    TOTALS.to_item("b"),
    Peak(1, "b", NOW).to_item(),
    Source(1).to_item("b"),
    {
        **items.reconcile_key("b"),
        **items.numbers_of(RUN, ("page_size", "started", "moved", "revision", "ended")),
        **{name: items.text("r") for name in ("run_id", "cursor", "previous")},
    },
    {**items.object_key("b", "k"), "revision": number(1)},
]
RANGE = Range("b", NOW - 10, NOW, live=False)
CALLS = {
    TrackingLedger: {
        "rows": lambda it: it.rows("b", ["k"]),
        "totals_and_peak": lambda it: it.totals_and_peak("b"),
        "header": lambda it: it.header("b"),
        "objects_between": lambda it: [
            list(it.objects_between("b", "00", after, until))
            for after, until in (("", None), ("a", None), ("", "z"), ("a", "z"))
        ],
        "commit": lambda it: it.commit(Transaction("b"), now=NOW),
        "create_totals": lambda it: it.create_totals("b", None, now=NOW),
        "tracked_buckets": lambda it: list(it.tracked_buckets()),
        "sources": lambda it: it.sources(["b"]),
        "put_source": lambda it: it.put_source("b", Source(1)),
        "run": lambda it: it.run("b"),
        "put_run": lambda it: it.put_run("b", RUN),
        "last_sample_time": lambda it: it.last_sample_time("b"),
        "samples": lambda it: list(it.samples("b", NOW, NOW + 10)),
        "rollups": lambda it: it.rollups("b", Unit.MINUTE, 0, NOW),
        "put_rollups": lambda it: it.put_rollups("b", [ROLLUP]),
        "put_recomputed": lambda it: it.put_recomputed("b", Recomputed(NOW, 1)),
    },
    PlottingLedger: {
        "rows": lambda it: it.rows("b"),
        "peak": lambda it: it.peak(),
        "buckets": lambda it: it.buckets("", 5),
        "prefixes": lambda it: it.prefixes("b", TOTALS, "a", 5),
    },
    PlottingHistory: {
        "first_samples": lambda it: it.first_samples("b", NOW - 10, NOW + 1, 5),
        "page": lambda it: it.page(HistoryQuery(RANGE, descending=True, after=None, limit=5, format="json")),
        "sample_before": lambda it: [it.sample_before("b", NOW, whole=whole) for whole in (True, False)],
        "largest_size": lambda it: it.largest_size("b"),
    },
    Rollups: {
        "of": lambda it: it.of("b", Span(Unit.MINUTE, 0, NOW)),
        "at": lambda it: it.at("b", [(Unit.MINUTE, 0)]),
        "first_minute": lambda it: it.first_minute("b", 0, NOW),
        "last_minutes": lambda it: it.last_minutes("b", NOW),
    },
    DriverHistory: {
        "last_pass": lambda it: it.last_pass(),
        "wait_for_baseline": lambda it: it.wait_for_baseline(after=1),
        "wait_for": lambda it: it.wait_for("step", Weight(18, 1), after=1),
        "latest": lambda it: it.latest(),
        "pause": lambda it: it.pause(1),
    },
}
WITHOUT_READ = {
    "commit",
    "create_totals",
    "put_source",
    "put_run",
    "put_rollups",
    "put_recomputed",
    "pause",
}


def adapter(kind, client, threads):
    if kind is TrackingLedger:
        return TrackingLedger(client, ledger_table="ledger", history_table="history")
    if kind is PlottingLedger:
        return PlottingLedger(client, "ledger", threads)
    if kind is Rollups:
        return Rollups(client, "ledger")
    if kind is PlottingHistory:
        return PlottingHistory(client, "history", "index")
    clock = Clock(now=lambda: NOW, sleep=lambda _: None)
    return DriverHistory(
        client,
        history_table="history",
        ledger_table="ledger",
        bucket="b",
        deadline=Deadline(clock.now),
        clock=clock,
    )


def public_methods(kind):
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def consistent(operation, request):
    if operation == "batch_get_item":
        return all(part.get("ConsistentRead") is True for part in request["RequestItems"].values())
    return request.get("ConsistentRead") is True


@pytest.mark.parametrize("kind", CALLS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_method_of_an_adapter_is_called_here(kind):
    assert set(CALLS[kind]) == public_methods(kind)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        pytest.param(kind, method, id=f"{kind.__module__}.{kind.__name__}.{method}")
        for kind, methods in CALLS.items()
        for method in methods
    ],
)
def test_a_read_is_strongly_consistent_or_listed_with_its_reason(kind, method):
    client = Client()

    with ThreadPoolExecutor(2) as threads:
        CALLS[kind][method](adapter(kind, client, threads))

    reads = [(operation, request) for operation, request in client.requests if operation in READS]
    name = f"{kind.__module__}.{kind.__qualname__}.{method}"
    assert bool(reads) is (method not in WITHOUT_READ)
    assert all(operation != "scan" for operation, _ in reads)
    assert all(consistent(operation, request) is (name not in EVENTUAL) for operation, request in reads)


def test_only_what_cannot_be_consistent_is_listed():
    client = Client()

    PlottingHistory(client, "history", "index").largest_size("b")

    assert [request.get("IndexName") for _, request in client.requests] == ["index"]
    assert set(EVENTUAL) == {"plotting.history.History.largest_size"}


def test_the_read_of_many_keys_is_strongly_consistent():
    client = Client()

    batch_get(client.batch_get_item, "ledger", [items.totals_key("b")])

    assert [consistent(*request) for request in client.requests] == [True]


def reading(node):
    """Return whether code asks DynamoDB for a read: by a call, by a method that is passed on, or by a paginator."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in READS:
            return True
        case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=name)]):
            return name in READS
        case ast.Attribute(attr=name):
            return name in READS - {"query"}  # a request of the API has a query, too
    return False


def test_no_service_reads_a_table_elsewhere():
    """Another module with a client of its own would have to be listed above."""
    services = Path(__file__).parents[3] / "services"
    modules = {
        str(path.relative_to(services))
        for path in services.glob("*/src/**/*.py")
        if any(reading(node) for node in ast.walk(ast.parse(path.read_text())))
    }

    assert modules == {
        "driver/src/driver/history.py",
        "plotting/src/plotting/history.py",
        "plotting/src/plotting/ledger.py",
        "plotting/src/plotting/rollups.py",
        "size_tracking/src/size_tracking/ledger.py",
    }
