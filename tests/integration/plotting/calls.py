"""What a tracker would have written, and calls of the handler as API Gateway makes them."""

import base64
import json
import time
from functools import partial
from types import SimpleNamespace

from plotting import handler as module
from size_history import items
from size_history.items import Peak, Sample, State, Totals
from size_history.sources import Source

SECOND = 1_000_000
CONTEXT = SimpleNamespace(aws_request_id="request-1")


def track(world, *sizes, bucket="data-bucket", peak=None, state=State.LIVE, **source):
    """Record samples of sizes, the last one a second ago and a second apart, as the tracker does.

    `source` are fields of the row that makes the bucket tracked.
    """
    last = time.time_ns() // 1000 - SECOND
    times = [last - (len(sizes) - 1 - index) * SECOND for index in range(len(sizes))]
    put_samples(world, *map(partial(Sample, bucket), times, sizes, [int(size > 0) for size in sizes]))
    size = sizes[-1] if sizes else 0
    totals = Totals(size, int(size > 0), 0, 0, 0, max(sizes, default=0), last if sizes else 0, 1, state)
    put_totals(world, totals, bucket)
    put_source(world, bucket, **source)
    if peak is not None:
        put(world.dynamodb, world.tables.ledger, Peak(peak, "other", last).to_item())
    return times


def put(dynamodb, table, *rows):
    """Write items into a table."""
    for start in range(0, len(rows), 25):
        puts = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})


def put_samples(world, *samples):
    """Write samples."""
    put(world.dynamodb, world.tables.history, *(sample.to_item() for sample in samples))


def put_totals(world, totals, bucket="data-bucket"):
    """Write a bucket's totals."""
    put(world.dynamodb, world.tables.ledger, totals.to_item(bucket))


def event(method, path, *, body=None, query=None):
    """Return API Gateway's event; the API takes every type as binary, so a body comes in base64."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "body": None if body is None else base64.b64encode(json.dumps(body).encode()).decode(),
        "isBase64Encoded": body is not None,
    }


def answer_of(*args, **kwargs):
    """Return the status and the JSON of an answer."""
    answer = module.handler(event(*args, **kwargs), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def call(path, headers=None, **query):
    """Return API Gateway's answer to a GET."""
    texts = {name: str(value) for name, value in query.items()}
    return module.handler({**event("GET", path, query=texts or None), "headers": headers}, CONTEXT)


def json_of(path, **query):
    """Return the status and the JSON of the answer to a GET."""
    answer = call(path, **query)
    return answer["statusCode"], json.loads(answer["body"])


def put_prefixes(world, bucket="data-bucket", **sizes):
    """Write prefix rows of sizes, with one object each if there is a byte."""
    for name, size in sizes.items():
        numbers = {"size": items.number(size), "count": items.number(int(size > 0))}
        put(world.dynamodb, world.tables.ledger, {**items.prefix_key(bucket, name), **numbers})


def put_source(world, bucket="data-bucket", **fields):
    """Write the row that makes a bucket tracked; it is heard unless the fields say otherwise."""
    put(world.dynamodb, world.tables.ledger, Source(**{"since": 1, **fields}).to_item(bucket))


def forget():
    """Let the next call read the environment again, as a new execution environment does."""
    module.sources.cache_clear()
    module._settings.cache_clear()


def count_calls(world):
    """Return a dictionary that counts the handler's requests to DynamoDB by operation from now on."""
    counted = {}

    def count(model, **_):
        counted[model.name] = counted.get(model.name, 0) + 1

    module.sources().history._client.meta.events.register("before-call.dynamodb", count)
    return counted
