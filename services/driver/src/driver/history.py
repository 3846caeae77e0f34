"""Reads one bucket's history and state, and waits for them to change."""

import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from driver.scenario import Weight
from size_history import items, times
from size_history.budgets import POLL_SECONDS
from size_history.deadline import Deadline
from size_history.items import Item, Sample, State, Totals

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


class StepError(Exception):
    """A step of the demonstration failed, or did not appear in the history; the text names it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The source of time: `now` in microseconds since 1970, `sleep` in seconds."""

    now: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class History:
    """One bucket's samples and state. No wait goes on after the deadline."""

    client: "DynamoDBClient"
    _: KW_ONLY
    history_table: str
    ledger_table: str
    bucket: str
    deadline: Deadline
    clock: Clock

    def last_pass(self) -> int:
        """Return when the last pass of the bucket's reconcile runs began; 0 before the first."""
        run = self._ledger_item(items.reconcile_key(self.bucket))
        return items.int_of(run, "started") if run else 0

    def wait_for_baseline(self, *, after: int) -> None:
        """Wait until another pass than the one that began at `after` has ended and the totals are complete.

        A pass that was going on when this one was asked for may have missed an earlier change. A recovering bucket needs
        no more: the pass has seen all that this function is about to change.
        """

        def reconciled() -> bool | None:
            run = self._ledger_item(items.reconcile_key(self.bucket))
            ended = run is not None and "ended" in run and items.int_of(run, "started") != after
            return (ended and self._is_live()) or None

        self._wait("baseline", "the end of a reconcile", reconciled)

    def wait_for(self, step: str, weight: Weight, *, after: int) -> Sample:
        """Return the first sample later than `after` (microseconds) with this weight. Raises StepError at the deadline."""
        expected = f"a sample of {weight.size} bytes in {weight.count} objects"
        return self._wait(step, expected, lambda: self._sample(weight, after))

    def latest(self) -> Sample:
        """Return the last sample. Raises StepError if there is none."""
        answer = self.client.query(
            TableName=self.history_table,
            KeyConditionExpression="bucket_name = :bucket",
            ExpressionAttributeValues={":bucket": items.text(self.bucket)},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
        )
        if not answer["Items"]:
            raise StepError(f"baseline: bucket {self.bucket} is live but has no sample")
        return Sample.from_item(answer["Items"][0])

    def pause(self, seconds: float) -> None:
        """Wait so long, but not beyond the deadline."""
        self.clock.sleep(max(0.0, min(seconds, self.deadline.left())))

    def _wait(self, step: str, expected: str, look: Callable[[], T | None]) -> T:
        while (found := look()) is None:
            self.pause(POLL_SECONDS)
            if self.deadline.left() <= 0:
                raise StepError(
                    f"{step}: {expected} did not show up for bucket {self.bucket} in time; "
                    "look at the size-tracking function's log and at the dead-letter queue"
                )
        return found

    def _ledger_item(self, key: Item) -> Item | None:
        answer: Any = self.client.get_item(TableName=self.ledger_table, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def _is_live(self) -> bool:
        item = self._ledger_item(items.totals_key(self.bucket))
        return item is not None and Totals.from_item(item).state is State.LIVE

    def _sample(self, weight: Weight, after: int) -> Sample | None:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.history_table,
            KeyConditionExpression="bucket_name = :bucket AND #time > :after",
            ExpressionAttributeNames={"#time": items.TIME},
            ExpressionAttributeValues={
                ":bucket": items.text(self.bucket),
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
