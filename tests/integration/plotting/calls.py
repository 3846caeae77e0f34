"""What a tracker would have written, and calls of the handler as API Gateway makes them."""

import base64
import json
import time
from types import SimpleNamespace

from plotting import handler as module
from size_history import items
from size_history.items import Peak, Sample, State, Totals

SECOND = 1_000_000
CONTEXT = SimpleNamespace(aws_request_id="request-1")


def track(world, *sizes, bucket="data-bucket", peak=None, state=State.LIVE):
    """Record samples of sizes, the last one a second ago and a second apart, as the tracker does."""
    last = time.time_ns() // 1000 - SECOND
    times = [last - (len(sizes) - 1 - index) * SECOND for index in range(len(sizes))]
    for instant, size in zip(times, sizes, strict=True):
        world.dynamodb.put_item(
            TableName=world.tables.history, Item=Sample(bucket, instant, size, int(size > 0)).to_item()
        )
    totals = Totals(0, 0, 0, 0, 0, max(sizes, default=0), last if sizes else 0, 1, state)
    world.dynamodb.put_item(TableName=world.tables.ledger, Item=totals.to_item(bucket))
    if peak is not None:
        world.dynamodb.put_item(TableName=world.tables.ledger, Item=Peak(peak, "other", last).to_item())
    return times


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
    """Write prefix rows of sizes, with one object each where there is a byte."""
    for name, size in sizes.items():
        row = {
            **items.prefix_key(bucket, name),
            "size": items.number(size),
            "count": items.number(int(size > 0)),
        }
        world.dynamodb.put_item(TableName=world.tables.ledger, Item=row)


def list_bucket(world, bucket):
    """Write the row that says that a bucket is tracked."""
    world.dynamodb.put_item(TableName=world.tables.ledger, Item=items.bucket_key(bucket))


def count_calls(world):
    """Return a dictionary of how often the handler asks DynamoDB for what, from now on."""
    counted = {}

    def count(model, **_):
        counted[model.name] = counted.get(model.name, 0) + 1

    module.sources().history._client.meta.events.register("before-call.dynamodb", count)
    return counted
