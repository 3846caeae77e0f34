"""A bucket with a history for the API's benchmark, written directly into the tables and removed afterwards."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from size_history import items
from size_history.items import Item, Sample
from size_history.rollups import Point
from tests.unit.plotting.stored import written

SECOND = 1_000_000
BATCH = 25
"""Maximum number of items that DynamoDB writes at once."""
PREFIXES = 40


@dataclass(frozen=True)
class Tables:
    """The two tables, and a client of the engine that holds them."""

    client: Any
    history: str
    ledger: str


@contextmanager
def tracked(tables: Tables, bucket: str, samples: int, keys: Sequence[str] = ()) -> Iterator[list[int]]:
    """Write a bucket with samples one second apart, up to now. Yield their times (microseconds since 1970)."""
    last = time.time_ns() // 1000
    times = [last - (samples - 1 - number) * SECOND for number in range(samples)]
    points = [Point((number * 7919) % 1_000_003, number % 50, at) for number, at in enumerate(times)]
    rows = [
        Sample(bucket, at.time, at.size, at.count, changed_keys=tuple(keys), changed_cnt=1).to_item()
        for at in points
    ]
    totals, rollups = written(points)
    prefixes = [
        items.prefix_key(bucket, f"p{number:03d}/")
        | {"size": items.number(number + 1), "count": items.number(1)}
        for number in range(PREFIXES)
    ]
    closed = [rollup.to_item(bucket) for rollup in rollups]
    ledger: list[Item] = [totals.to_item(bucket), items.bucket_key(bucket), *prefixes, *closed]
    try:
        _write(tables, tables.history, [{"PutRequest": {"Item": row}} for row in rows])
        _write(tables, tables.ledger, [{"PutRequest": {"Item": row}} for row in ledger])
        yield times
    finally:
        sample_keys = [{name: row[name] for name in (items.BUCKET_NAME, items.TIME)} for row in rows]
        ledger_keys = [{name: row[name] for name in ("pk", "sk")} for row in ledger]
        _write(tables, tables.history, [{"DeleteRequest": {"Key": key}} for key in sample_keys])
        _write(tables, tables.ledger, [{"DeleteRequest": {"Key": key}} for key in ledger_keys])


def change(tables: Tables, bucket: str) -> None:
    """Raise the revision of the bucket's totals, so that the function reads the prefixes again."""
    tables.client.update_item(
        TableName=tables.ledger,
        Key=items.totals_key(bucket),
        UpdateExpression="ADD #revision :one",
        ExpressionAttributeNames={"#revision": "revision"},
        ExpressionAttributeValues={":one": items.number(1)},
    )


def _write(tables: Tables, table: str, requests: Sequence[Any]) -> None:
    for begin in range(0, len(requests), BATCH):
        wanted: Any = {table: requests[begin : begin + BATCH]}
        while wanted:
            wanted = tables.client.batch_write_item(RequestItems=wanted).get("UnprocessedItems")
