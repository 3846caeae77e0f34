"""A stand-in for DynamoDB that answers plotting's queries from lists or by computation, and keeps count of them.

It knows the conditions that plotting asks for, pages of 1 MB by DynamoDB's item sizes, limits, order, and reads by key.
"""

from bisect import bisect_left, bisect_right
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from size_history import items, keys, times
from size_history.items import SIZE_INDEX, Sample, State, Totals
from size_history.rollups import opened_by
from tests.bench.item_size import item_bytes

PAGE_BYTES = 1024 * 1024
BUCKET = "photos"
HISTORY, LEDGER = "history", "ledger"


@dataclass(frozen=True)
class Asked:
    """A request: the operation, and the items that it read with their bytes."""

    operation: str
    rows: int
    bytes: int


class Listed:
    """The rows of a partition as a list of (sort key, item)."""

    def __init__(self, rows=()):
        self.rows = sorted(rows, key=itemgetter(0))
        self.keys = [key for key, _ in self.rows]

    def between(self, first, last, *, descending):
        """Yield the rows from `first` to `last`."""
        found = range(bisect_left(self.keys, first), bisect_right(self.keys, last))
        return (self.rows[index] for index in (reversed(found) if descending else found))


class Engine:
    """Answers like DynamoDB's client; `partitions` are by table and partition key, `largest` is the index's first row."""

    def __init__(self, partitions, largest=None, page_bytes=PAGE_BYTES):
        self.partitions = partitions
        self.largest = largest
        self.page_bytes = page_bytes
        self.asked = []

    def query(self, **request: Any):
        """Answer a page of rows."""
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        if request.get("IndexName") == SIZE_INDEX:
            return self._answer(
                "Query", [] if self.largest is None else [{"total_size": items.number(self.largest)}]
            )
        assert request["ConsistentRead"] is True
        table, pk = request["TableName"], values.get(":bucket") or values[":pk"]
        first, last = values.get(":first", "0001-01-01T00:00:00.000000Z"), values.get(":last")
        if last is None:
            last = times.to_text(times.from_text(values[":instant"]) - 1)
        assert first <= last, "DynamoDB refuses a BETWEEN whose bounds are the wrong way round"
        descending = not request.get("ScanIndexForward", True)
        after = request.get("ExclusiveStartKey")
        partition = self.partitions[table].get(pk, Listed())
        rows = iter(partition.between(after or first, last, descending=descending))
        found, size = [], 0
        for key, item in rows:
            if key == after:
                continue
            found.append((key, item))
            size += item_bytes(item)
            if len(found) == request.get("Limit") or size > self.page_bytes:
                # As DynamoDB does, even if nothing follows.
                return {**self._answer("Query", [one for _, one in found]), "LastEvaluatedKey": key}
        return self._answer("Query", [one for _, one in found])

    def get_item(self, **request: Any):
        """Answer a row by its key, or none."""
        (found,) = (
            self.batch_get_item({request["TableName"]: {"Keys": [request["Key"]], "ConsistentRead": True}})[
                "Responses"
            ].values(),
        )
        rows = [row for of_table in found for row in of_table]
        return {"Item": rows[0]} if rows else {}

    def batch_get_item(self, RequestItems):
        """Answer rows by key."""
        ((table, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"] is True
        assert 0 < len(wanted["Keys"]) <= 100
        found = []
        for key in wanted["Keys"]:
            pk, sk = key[keys.PK]["S"], key[keys.SK]["S"]
            rows = self.partitions[table].get(pk, Listed()).between(sk, sk, descending=False)
            found += [item for _, item in rows]
        return {"Responses": self._answer("BatchGetItem", found, of=table)}

    def _answer(self, operation, found, of="Items"):
        self.asked.append(Asked(operation, len(found), sum(map(item_bytes, found))))
        return {of: found}


class AtOnce(Executor):
    """Runs a task when it is submitted."""

    def submit(self, task, /, *arguments, **named):
        """Run it."""
        future = Future()
        try:
            future.set_result(task(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - the future raises it
            future.set_exception(error)
        return future


def written(points):
    """Return what the tracker makes of samples: the totals, and the rollups of the intervals that they closed."""
    totals = Totals(0, 0, 0, 0, 0, 0, 0, 0, State.LIVE, ())
    rollups = []
    for number, point in enumerate(points, start=1):
        rollups += totals.closed_by(point.time)
        highest = max(totals.max_size, point.size)
        opened = opened_by(totals.open, point)
        totals = Totals(
            point.size, point.count, number, 0, 0, highest, point.time, number, State.LIVE, opened
        )
    return totals, rollups


def engine_of(points, rollups, page_bytes=PAGE_BYTES, changed_keys=()):
    """Return an engine that holds samples and rollup rows."""
    samples = [
        Sample(BUCKET, point.time, point.size, point.count, changed_keys=changed_keys) for point in points
    ]
    ledger: dict[str, list[Any]] = {}
    for rollup in rollups:
        item = rollup.to_item(BUCKET)
        ledger.setdefault(item[keys.PK]["S"], []).append((item[keys.SK]["S"], item))
    history = Listed((times.to_text(sample.time), sample.to_item()) for sample in samples)
    return Engine(
        {HISTORY: {BUCKET: history}, LEDGER: {pk: Listed(rows) for pk, rows in ledger.items()}},
        max((point.size for point in points), default=None),
        page_bytes,
    )
