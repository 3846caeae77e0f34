"""S3, DynamoDB and SQS in memory: the client methods that the tracker's adapters call.

A request to the local engine takes milliseconds, so thousands of histories would take hours; here a request takes
microseconds. The stand-in must not be more lenient than DynamoDB: it has its conditions, its cancellations with their
reasons, the limit of 100 items, and the ban on writing an item twice. An expression that it does not know is an error.
test_memory.py sends random requests to it and to the engine and compares every answer.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3

from size_history import items, keys

Item = dict[str, Any]
KEY_NAMES = {"ledger": (keys.PK, keys.SK), "history": (items.BUCKET_NAME, items.TIME)}
MAX_TRANSACTION = 100


@functools.cache
def exceptions_of(service: str) -> Any:
    """Return the exception classes of a service's real client."""
    session = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    return session.client(service).exceptions


def failure(service: str, operation: str, code: str, status: int, **more: Any) -> Exception:
    """Return the error that a real client raises for this answer."""
    error = {"Code": code, "Message": code}
    answer = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return exceptions_of(service).from_code(code)(answer, operation)


class MemoryDynamoDB:
    """Both tables. A page of a query has at most `page_rows` rows."""

    page_rows = 10**9

    def __init__(self) -> None:
        self.exceptions = exceptions_of("dynamodb")
        self.tables: dict[str, dict[tuple[str, str], Item]] = {name: {} for name in KEY_NAMES}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        ((table, request),) = RequestItems.items()
        wanted = [_key(table, key) for key in request["Keys"]]
        if len(set(wanted)) < len(wanted) or len(wanted) > MAX_TRANSACTION:
            raise failure("dynamodb", "BatchGetItem", "ValidationException", 400)
        rows = self.tables[table]
        return {"Responses": {table: [rows[key] for key in wanted if key in rows]}, "UnprocessedKeys": {}}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Any:
        row = self.tables[TableName].get(_key(TableName, Key))
        return {"Item": row} if row else {}

    def put_item(self, **put: Any) -> Any:
        if not self._holds(put):
            raise failure("dynamodb", "PutItem", "ConditionalCheckFailedException", 400)
        self._put(put)
        return {}

    def transact_write_items(self, *, TransactItems: list[Mapping[str, Any]]) -> Any:
        writes = [next(iter(write.items())) for write in TransactItems]
        touched = {(write["TableName"], self._key_of(write)) for _, write in writes}
        if len(touched) < len(writes) or len(writes) > MAX_TRANSACTION:
            raise failure("dynamodb", "TransactWriteItems", "ValidationException", 400)
        held = [self._holds(write) for _, write in writes]
        if not all(held):
            reasons = [{"Code": "None" if holds else "ConditionalCheckFailed"} for holds in held]
            code = "TransactionCanceledException"
            raise failure("dynamodb", "TransactWriteItems", code, 400, CancellationReasons=reasons)
        for kind, write in writes:
            self._put(write) if kind == "Put" else self._add(write)
        return {}

    def get_paginator(self, operation: str) -> "MemoryDynamoDB":
        assert operation == "query", operation
        return self

    def paginate(self, **query: Any) -> Iterator[Any]:
        found = self.query(**query)["Items"]
        for start in range(0, max(1, len(found)), self.page_rows):
            more = {"LastEvaluatedKey": {}} if start + self.page_rows < len(found) else {}
            yield {"Items": found[start : start + self.page_rows], **more}

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Mapping[str, Any],
        FilterExpression: str | None = None,
        ScanIndexForward: bool = True,
        Limit: int | None = None,
        **_consistency_and_names: Any,
    ) -> Any:
        values = {name: value["S"] for name, value in ExpressionAttributeValues.items()}
        within = _RANGES[KeyConditionExpression]
        partition = next(values[name] for name in (":pk", ":every", ":bucket") if name in values)
        assert FilterExpression in {None, "attribute_exists(#size)"}, FilterExpression
        rows = [
            row
            for (pk, sk), row in sorted(self.tables[TableName].items(), reverse=not ScanIndexForward)
            if pk == partition and within(sk, values)
        ]
        return {"Items": [row for row in rows[:Limit] if FilterExpression is None or "size" in row]}

    def _key_of(self, write: Mapping[str, Any]) -> tuple[str, str]:
        return _key(write["TableName"], write.get("Item") or write["Key"])

    def _holds(self, write: Mapping[str, Any]) -> bool:
        row = self.tables[write["TableName"]].get(self._key_of(write))
        values = write.get("ExpressionAttributeValues", {})
        condition = write.get("ConditionExpression")
        if condition is None:
            return True
        return _CONDITIONS[condition](row, {name: int(value["N"]) for name, value in values.items()})

    def _put(self, put: Mapping[str, Any]) -> None:
        self.tables[put["TableName"]][self._key_of(put)] = put["Item"]

    def _add(self, update: Mapping[str, Any]) -> None:
        assert update["UpdateExpression"] == "ADD #size :size, #count :count", update
        key = self._key_of(update)
        row = self.tables[update["TableName"]].get(key, update["Key"])
        values = update["ExpressionAttributeValues"]
        added = {
            name: items.number(items.int_of(row, name) + int(values[f":{name}"]["N"]))
            for name in ("size", "count")
        }
        self.tables[update["TableName"]][key] = {**row, **added}


class MemoryS3:
    """Buckets of objects with a size but without a body."""

    def __init__(self) -> None:
        self.exceptions = exceptions_of("s3")
        self.buckets: dict[str, dict[str, Item]] = {}

    def put(self, bucket: str, key: str, size: int, etag: str, now: int) -> None:
        self.buckets[bucket][key] = {
            "Size": size,
            "ETag": etag,
            "LastModified": datetime.fromtimestamp(now // 1_000_000, UTC),
        }

    def head_object(self, *, Bucket: str, Key: str) -> Any:
        found = self.buckets.get(Bucket, {}).get(Key)
        if found is None:
            raise failure("s3", "HeadObject", "404", 404)
        return {**found, "ContentLength": found["Size"]}

    def list_objects_v2(self, *, Bucket: str, MaxKeys: int, StartAfter: str = "", Prefix: str = "") -> Any:
        if Bucket not in self.buckets:
            raise failure("s3", "ListObjectsV2", "NoSuchBucket", 404)
        rest = [
            {"Key": key, **found}
            for key, found in sorted(self.buckets[Bucket].items())
            if key > StartAfter and key.startswith(Prefix)
        ]
        return {"Contents": rest[:MaxKeys], "IsTruncated": len(rest) > MaxKeys}


class MemorySQS:
    """A queue that passes every message to `send`, with its delay in seconds."""

    def __init__(self, send: Callable[[str, int], None]) -> None:
        self.exceptions = exceptions_of("sqs")
        self._send = send

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> Any:
        self._send(MessageBody, DelaySeconds)
        return {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Mapping[str, str]]) -> Any:
        for entry in Entries:
            self._send(entry["MessageBody"], 0)
        return {}


def _key(table: str, item: Mapping[str, Any]) -> tuple[str, str]:
    partition, sort = KEY_NAMES[table]
    return item[partition]["S"], item[sort]["S"]


_CONDITIONS: Mapping[str, Callable[[Item | None, Mapping[str, int]], bool]] = {
    "attribute_not_exists(pk)": lambda row, _: row is None,
    "attribute_not_exists(revision)": lambda row, _: row is None or "revision" not in row,
    "revision = :revision": lambda row, values: (
        row is not None and int(row["revision"]["N"]) == values[":revision"]
    ),
    "attribute_not_exists(pk) OR #size < :size": lambda row, values: (
        row is None or int(row["size"]["N"]) < values[":size"]
    ),
}
_RANGES: Mapping[str, Callable[[str, Mapping[str, str]], bool]] = {
    "pk = :pk": lambda *_: True,
    "pk = :pk AND sk BETWEEN :after AND :until": lambda sk, values: (
        values[":after"] <= sk <= values[":until"]
    ),
    "pk = :pk AND sk BETWEEN :first AND :last": lambda sk, values: values[":first"] <= sk <= values[":last"],
    "#bucket = :bucket": lambda *_: True,
    "#bucket = :bucket AND #time BETWEEN :first AND :last": lambda sk, values: (
        values[":first"] <= sk <= values[":last"]
    ),
    "pk = :pk AND sk <= :until": lambda sk, values: sk <= values[":until"],
    "pk = :pk AND sk > :after": lambda sk, values: sk > values[":after"],
    "pk = :every AND begins_with(sk, :bucket)": lambda sk, values: sk.startswith(values[":bucket"]),
}
