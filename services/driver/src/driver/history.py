"""What the tables say of one bucket, and waiting until they say it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from driver.scenario import Weight
from size_history import items, times
from size_history.items import Item, Sample, State, Totals

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

POLL_SECONDS = 0.1

T = TypeVar("T")


class StepError(Exception):
    """A step of the demonstration did not show up in the history; the text names it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from: seconds that only rise, and pauses in seconds."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class History:
    """One bucket's samples and state. Every wait ends at `deadline` (the clock's seconds) at the latest."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        history_table: str,
        ledger_table: str,
        bucket: str,
        deadline: float,
        clock: Clock,
    ) -> None:
        self._client = client
        self._history = history_table
        self._ledger = ledger_table
        self._bucket = bucket
        self._deadline = deadline
        self._clock = clock

    def reconcile_revision(self) -> int:
        """Return a number that rises with every step of the bucket's reconcile runs (0: there was none)."""
        item = self._ledger_item(items.reconcile_key(self._bucket))
        return items.int_of(item, "revision") if item else 0

    def wait_for_baseline(self, *, after: int) -> None:
        """Wait until a reconcile that moved past revision `after` has ended, and the bucket is live."""

        def reconciled() -> bool | None:
            run = self._ledger_item(items.reconcile_key(self._bucket))
            ended = run is not None and "ended" in run and items.int_of(run, "revision") > after
            return (ended and self._is_live()) or None

        self._wait("baseline", "the end of a reconcile", reconciled)

    def wait_for(self, step: str, weight: Weight, *, after: int) -> Sample:
        """Return the first sample later than `after` (microseconds) with this weight. Raises StepError at the deadline."""
        expected = f"a sample of {weight.size} bytes in {weight.count} objects"
        return self._wait(step, expected, lambda: self._sample(weight, after))

    def latest(self) -> Sample:
        """Return the last sample. Raises StepError where there is none."""
        answer = self._client.query(
            TableName=self._history,
            KeyConditionExpression="bucket_name = :bucket",
            ExpressionAttributeValues={":bucket": items.text(self._bucket)},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
        )
        if not answer["Items"]:
            raise StepError(f"baseline: bucket {self._bucket} is live but has no sample")
        return Sample.from_item(answer["Items"][0])

    def _wait(self, step: str, expected: str, look: Callable[[], T | None]) -> T:
        while (found := look()) is None:
            if self._clock.monotonic() >= self._deadline:
                raise StepError(
                    f"{step}: {expected} did not show up for bucket {self._bucket} in time; "
                    "look at the size-tracking function's log and at the dead-letter queue"
                )
            self._clock.sleep(POLL_SECONDS)
        return found

    def _ledger_item(self, key: Item) -> Item | None:
        answer: Any = self._client.get_item(TableName=self._ledger, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def _is_live(self) -> bool:
        item = self._ledger_item(items.totals_key(self._bucket))
        return item is not None and Totals.from_item(item).state is State.LIVE

    def _sample(self, weight: Weight, after: int) -> Sample | None:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._history,
            KeyConditionExpression="bucket_name = :bucket AND #time > :after",
            ExpressionAttributeNames={"#time": items.TIME},
            ExpressionAttributeValues={
                ":bucket": items.text(self._bucket),
                ":after": items.text(times.to_text(after)),
            },
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                sample = Sample.from_item(item)
                if Weight(sample.total_size, sample.object_cnt) == weight:
                    return sample
        return None
