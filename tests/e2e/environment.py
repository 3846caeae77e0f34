"""A running environment, as `make -s env` describes it, and readers of its buckets, tables and queue."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from size_history import items, keys
from size_history.items import Peak, Sample, Totals
from size_history.keys import prefix_of
from tests.waiting import until

ON_MINISTACK = os.environ.get("TIDEMARK_SUBSTRATE") == "ministack"
"""Whether the environment runs on MiniStack; see docs/substrates.md."""


class NoEnvironmentError(Exception):
    """The process has no variables of an environment; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes and objects."""

    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Environment:
    """Names and URLs of a running environment. Each comes from the variable of its name, such as `TIDEMARK_API_URL`."""

    api_url: str
    data_bucket: str
    plot_bucket: str
    history_table: str
    ledger_table: str
    queue_url: str
    dlq_url: str
    size_tracking_function: str
    plotting_function: str
    driver_function: str

    @classmethod
    def from_env(cls) -> "Environment":
        variables = {field.name: f"TIDEMARK_{field.name.upper()}" for field in fields(cls)}
        missing = [name for name in variables.values() if not os.environ.get(name)]
        if missing:
            raise NoEnvironmentError(
                f"no environment: run `make e2e` or `make test` ({missing[0]} is missing)"
            )
        return cls(**{field: os.environ[name] for field, name in variables.items()})

    def client(self, service: str) -> Any:
        """Return a client for many threads. It retries, because LocalStack answers 500 if two puts of a key race."""
        retries = {"mode": "standard", "total_max_attempts": 5}
        return boto3.client(
            service, config=Config(max_pool_connections=32, read_timeout=350, retries=retries)
        )

    def call(self, method: str, route: str, **request: Any) -> requests.Response:
        """Call a route of the API, without its leading slash, signed as every route demands."""
        return requests.request(method, self.api_url + route, auth=signed, timeout=30, **request)

    def listing(self, bucket: str) -> dict[str, int]:
        """Return every object's size in bytes."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}

    def samples(self, bucket: str) -> list[Sample]:
        """Return the whole history of a bucket, in order."""
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.history_table,
                KeyConditionExpression="bucket_name = :bucket",
                ExpressionAttributeValues={":bucket": items.text(bucket)},
                ConsistentRead=True,
            )
        )
        return [Sample.from_item(item) for page in pages for item in page["Items"]]

    def ledger_item(self, key: dict[str, Any]) -> Any:
        answer = self.client("dynamodb").get_item(TableName=self.ledger_table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def totals(self, bucket: str) -> Totals | None:
        item = self.ledger_item(items.totals_key(bucket))
        return Totals.from_item(item) if item else None

    def peak(self) -> Peak:
        return Peak.from_item(self.ledger_item(items.PEAK_KEY))

    def reconcile(self, bucket: str) -> dict[str, Any]:
        return self.ledger_item(items.reconcile_key(bucket)) or {}

    def prefixes(self, bucket: str) -> dict[str, Weight]:
        """Return the prefix rows that are not zero."""
        rows = self._partitions(keys.prefix_pk(bucket, shard) for shard in keys.all_shards())
        found = {
            row["sk"]["S"]: Weight(items.int_of(row, "size"), items.int_of(row, "count")) for row in rows
        }
        return {prefix: weight for prefix, weight in found.items() if weight != Weight(0, 0)}

    def rows(self, bucket: str) -> dict[str, int]:
        """Return the size of every object that is present by the Ledger."""
        rows = self._partitions(keys.object_pk(bucket, shard) for shard in keys.all_shards())
        return {row["sk"]["S"]: items.int_of(row, "size") for row in rows if "size" in row}

    def messages(self) -> int:
        """Return how many messages the queue holds, including those in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    def wait_until_quiet(self, *, seconds: float = 180, quiet: float = 1.5) -> None:
        """Wait until the queue has been empty for a while, because events may still be on their way to it."""
        last_busy = time.monotonic()

        def is_quiet() -> bool:
            nonlocal last_busy
            if self.messages():
                last_busy = time.monotonic()
            return time.monotonic() - last_busy > quiet

        until(
            is_quiet,
            lambda: f"the queue stays empty; it holds {self.messages()} messages",
            seconds=seconds,
            pause=0.1,
        )

    def _partitions(self, names: Iterator[str]) -> Iterator[dict[str, Any]]:
        query = self.client("dynamodb").get_paginator("query")
        for name in names:
            pages = query.paginate(
                TableName=self.ledger_table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": items.text(name)},
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign a request of the API with the environment's credentials: an `auth` of requests."""
    session = boto3.Session()
    prepared = AWSRequest(request.method, request.url, data=request.body)
    SigV4Auth(session.get_credentials(), "execute-api", session.region_name).add_auth(prepared)
    request.headers.update(dict(prepared.headers.items()))
    return request


def assert_exact(environment: Environment, bucket: str) -> Weight:
    """Assert that rows, prefixes, totals, the last sample and the bucket's own listing agree to the byte."""
    listing = environment.listing(bucket)
    truth = Weight(sum(listing.values()), len(listing))
    by_prefix_size, by_prefix_count = Counter[str](), Counter[str]()
    for key, size in listing.items():
        by_prefix_size[prefix_of(key)] += size
        by_prefix_count[prefix_of(key)] += 1
    by_prefix = {prefix: Weight(by_prefix_size[prefix], count) for prefix, count in by_prefix_count.items()}
    totals = environment.totals(bucket)
    last = environment.samples(bucket)[-1]

    assert environment.rows(bucket) == listing
    assert totals is not None
    assert Weight(totals.size, totals.count) == truth
    assert Weight(last.total_size, last.object_cnt) == truth
    assert environment.prefixes(bucket) == by_prefix
    return truth
