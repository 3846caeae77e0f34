"""Reads a queue message: a hint that a key may have changed, or a request to reconcile.

A key is used as it is: EventBridge sends it raw, and decoding would break a key that contains `%`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from size_history import times
from size_history.keys import MAX_KEY_BYTES, VALID_BUCKET_NAME
from size_history.messages import (
    KIND,
    RECOMPUTE_ROLLUPS,
    RECONCILE,
    RECONCILE_EVERY_BUCKET,
    WATCH,
    WATCH_EVERY_BUCKET,
    Message,
    RecomputeRollups,
    ReconcileEveryBucket,
    ReconcileRequest,
    ReconcileStep,
    Watch,
    WatchEveryBucket,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MalformedMessageError(ValueError):
    """The body is not a message of this queue; the text says why."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key of a bucket that may have changed.

    `time` is the event's time in microseconds since 1970, or None if it has none. Only the lag metric uses it.
    """

    bucket: str
    key: str
    time: int | None = field(default=None, compare=False)


def parse(body: str) -> Hint | Message:
    """Read a message body. Raises MalformedMessageError, and nothing else, if it cannot."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError(f"the body is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise MalformedMessageError(f"the body is not a JSON object but {type(message).__name__}")
    return _own_message(message) if KIND in message else _s3_event(message)


def _own_message(message: Mapping[str, Any]) -> Message:
    kind = message[KIND]
    if kind == RECONCILE_EVERY_BUCKET:
        return ReconcileEveryBucket()
    if kind == WATCH_EVERY_BUCKET:
        return WatchEveryBucket()
    if kind == WATCH:
        return _watch(message)
    if kind == RECOMPUTE_ROLLUPS:
        return _recompute(message)
    if kind != RECONCILE:
        raise MalformedMessageError(f"unknown {KIND} message: {kind!r}")
    bucket = _bucket(message, "bucket")
    try:
        if "run_id" not in message:
            second = message.get("second") is True
            return ReconcileRequest(bucket, **_page_size(message), second=second)
        run_id, cursor = _text(message, "run_id"), _text(message, "cursor", empty=True)
        return ReconcileStep(bucket, run_id, cursor)
    except ValueError as error:
        raise MalformedMessageError(str(error)) from error


def _watch(message: Mapping[str, Any]) -> Watch:
    buckets = message.get("buckets")
    if not isinstance(buckets, list):
        raise MalformedMessageError("buckets is missing or not a list")
    try:
        return Watch(tuple(_bucket({"name": each}, "name") for each in buckets))
    except ValueError as error:
        raise MalformedMessageError(str(error)) from error


def _recompute(message: Mapping[str, Any]) -> RecomputeRollups:
    bucket = _bucket(message, "bucket")
    since = None if message.get("since") is None else _count(message, "since")
    differing, asked = _count(message, "differing"), _count(message, "asked")
    return RecomputeRollups(bucket, since, differing, gaps=message.get("gaps") is True, asked=asked)


def _count(message: Mapping[str, Any], name: str) -> int:
    value = message.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= times.LATEST:
        raise MalformedMessageError(f"{name} is not a whole number from 0 to {times.LATEST}: {value!r}")
    return value


def _page_size(message: Mapping[str, Any]) -> dict[str, int]:
    if "page_size" not in message:
        return {}
    size = message["page_size"]
    if isinstance(size, bool) or not isinstance(size, int):
        raise MalformedMessageError(f"page_size is not a whole number: {size!r}")
    return {"page_size": size}


def _s3_event(message: Mapping[str, Any]) -> Hint:
    if message.get("source") != "aws.s3":
        raise MalformedMessageError(
            f"neither an S3 event nor a {KIND} message: source={message.get('source')!r}"
        )
    detail = _object(message, "detail")
    bucket = _bucket(_object(detail, "bucket"), "name")
    key = _text(_object(detail, "object"), "key")
    size = len(key.encode())
    if size > MAX_KEY_BYTES:
        raise MalformedMessageError(f"the key is {size} bytes long; S3 takes at most {MAX_KEY_BYTES}")
    return Hint(bucket, key, _time(message))


def _time(message: Mapping[str, Any]) -> int | None:
    try:
        return (datetime.fromisoformat(message["time"]) - _EPOCH) // timedelta(microseconds=1)
    except (KeyError, TypeError, ValueError, OverflowError):  # a TypeError if the time zone is missing, too
        return None


def _object(outer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = outer.get(name)
    if not isinstance(value, dict):
        raise MalformedMessageError(f"{name} is missing or not an object")
    return value


def _bucket(outer: Mapping[str, Any], name: str) -> str:
    bucket = _text(outer, name)
    if not VALID_BUCKET_NAME.fullmatch(bucket):
        raise MalformedMessageError(f"not a bucket name: {bucket!r}")
    return bucket


def _text(outer: Mapping[str, Any], name: str, *, empty: bool = False) -> str:
    value = outer.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise MalformedMessageError(f"{name} is missing or not text")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # a lone surrogate
        raise MalformedMessageError(f"{name} is not UTF-8: {error}") from error
    return value
