"""The rollup rows of the Ledger for the readers: closed intervals by range and by key, strongly consistent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plotting.hierarchy import Span
from size_history import keys, times
from size_history.batch_get import batch_get
from size_history.items import Rollup, rollup_key, text
from size_history.rollups import Unit

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Rollups:
    """The closed intervals of every bucket, read through a DynamoDB client."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of(self, bucket: str, span: Span) -> list[Rollup]:
        """Return the closed intervals of a span, in time order. A page of 1 MB holds ten years of days."""
        found: list[Rollup] = []
        more: dict[str, Any] = {}
        while True:
            page = self._query(bucket, span.unit or Unit.MINUTE, span.start, span.end - 1, **more)
            found += map(Rollup.from_item, page["Items"])
            if "LastEvaluatedKey" not in page:
                return found
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def at(self, bucket: str, starts: Sequence[tuple[Unit, int]]) -> list[Rollup]:
        """Return the closed intervals with these units and starts, at most 100, in any order."""
        wanted = [rollup_key(bucket, unit, start) for unit, start in starts]
        return list(map(Rollup.from_item, batch_get(self._client.batch_get_item, self._table, wanted)))

    def first_minute(self, bucket: str, start: int, end: int) -> Rollup | None:
        """Return the first closed minute that begins from `start` to before `end`."""
        found = self._query(bucket, Unit.MINUTE, start, end - 1, Limit=1)["Items"]
        return Rollup.from_item(found[0]) if found else None

    def last_minutes(self, bucket: str, instant: int) -> list[Rollup]:
        """Return the last two closed minutes that begin at or before an instant, the later one first."""
        found = self._query(bucket, Unit.MINUTE, 0, max(instant, 0), ScanIndexForward=False, Limit=2)["Items"]
        return list(map(Rollup.from_item, found))

    def _query(self, bucket: str, unit: Unit, first: int, last: int, **more: Any) -> Any:
        return self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": text(keys.rollup_pk(bucket, unit)),
                ":first": text(times.to_text(first)),
                ":last": text(times.to_text(last)),
            },
            # Without the counters, which are a quarter of a row and of the time to read it.
            ProjectionExpression="pk, sk, minimum, maximum, #last, sample_cnt",
            ExpressionAttributeNames={"#last": "last"},  # a reserved word
            ConsistentRead=True,
            **more,
        )
