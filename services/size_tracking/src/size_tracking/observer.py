"""Asks S3 about objects: keys one by one, or a page of the listing."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from size_history.deadline import OutOfTimeError
from size_tracking.values import ABSENT, Observation

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_NOT_FOUND = 404
_TRANSIENT = {408, 429}
"""Statuses of a refusal that passes by itself: a timeout, and too many requests."""


class RefusedError(Exception):
    """S3 shows a key neither by HEAD nor in a listing."""


OBSERVERS = 16
"""Number of keys that are requested at the same time."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a listing, in key order. `more` says whether there are keys after the last one."""

    objects: tuple[tuple[str, Observation], ...]
    more: bool


class Observer:
    """S3, through one client whose connection pool holds at least OBSERVERS connections."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(OBSERVERS)

    def observe(
        self, bucket: str, keys: Iterable[str]
    ) -> tuple[dict[str, Observation], dict[str, Exception]]:
        """HEAD every key, in parallel. Return the observations, and the errors of the keys without one."""
        answers = {key: self._pool.submit(self._look, bucket, key) for key in keys}
        seen: dict[str, Observation] = {}
        errors: dict[str, Exception] = {}
        for key, answer in answers.items():
            try:
                seen[key] = answer.result()
            except (ClientError, BotoCoreError, OutOfTimeError, RefusedError) as error:
                errors[key] = error
        return seen, errors

    def page(self, bucket: str, after: str, size: int) -> Page:
        """List up to `size` objects (at most 1,000) after a key. A bucket that does not exist lists nothing."""
        try:
            answer = self._list(Bucket=bucket, MaxKeys=size, StartAfter=after)
        except self._client.exceptions.NoSuchBucket:
            return Page((), more=False)
        listed = answer.get("Contents", [])
        return Page(
            tuple((entry["Key"], _listed(entry)) for entry in listed),
            more=answer.get("IsTruncated", False),
        )

    def _list(self, **query: Any) -> Any:
        """Return the first answer that has a key, or the last one: S3 may send truncated answers without keys."""
        answer = self._client.list_objects_v2(**query)
        while answer.get("IsTruncated") and not answer.get("Contents"):
            answer = self._client.list_objects_v2(**query, ContinuationToken=answer["NextContinuationToken"])
        return answer

    def _look(self, bucket: str, key: str) -> Observation:
        try:
            head = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            status = _status(error)
            if status == _NOT_FOUND:
                return ABSENT
            if not 400 <= status < 500 or status in _TRANSIENT:
                raise
            # S3 refuses to show this object: its policy denies it (403), or a customer's key encrypts it (400). A
            # listing that is asked for now proves as much as a HEAD: it also comes after the row was read.
            return self._in_listing(bucket, key, error)
        last_modified, version = _seconds(head["LastModified"]), head.get("VersionId", "")
        return Observation(head["ContentLength"], head.get("ETag", ""), last_modified, version)

    def _in_listing(self, bucket: str, key: str, refusal: ClientError) -> Observation:
        try:
            # The key itself is the first one with this prefix.
            answer = self._list(Bucket=bucket, Prefix=key, MaxKeys=1)
        except self._client.exceptions.NoSuchBucket:
            return ABSENT
        except ClientError as error:
            if _status(error) != 403:
                raise
            raise RefusedError(f"S3 refuses HEAD ({_status(refusal)}) and listing: {error}") from error
        for entry in answer.get("Contents", []):
            if entry["Key"] == key:
                return _listed(entry)
        return ABSENT


def _listed(entry: Any) -> Observation:
    return Observation(entry["Size"], entry.get("ETag", ""), _seconds(entry["LastModified"]), listed=True)


def _status(error: ClientError) -> int:
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def _seconds(instant: datetime) -> str:
    """Return an instant to the second, because a HEAD is no more precise."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
