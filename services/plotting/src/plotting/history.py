"""The History table for the readers: one method per access pattern, only queries, never a scan."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plotting.parsing import HistoryQuery, Range
from size_history import times
from size_history.items import BUCKET_NAME, OBJECT_CNT, TIME, TOTAL_SIZE, Sample, text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_PAGES = 200
"""Maximum number of pages (at most 1 MB each, DynamoDB's limit) that one answer reads."""
MAX_ROWS = 150_000
"""Maximum number of samples that one answer reads. Each takes 60 µs of a whole processor (measured), and API Gateway
waits 29 seconds."""

# `time` is a reserved word. The projection leaves out the changed keys, which are most of a row's bytes.
_KEYS = {"#bucket": BUCKET_NAME, "#time": TIME}
_NAMES = {**_KEYS, "#size": TOTAL_SIZE, "#count": OBJECT_CNT}
_PROJECTION = "#time, #size, #count"


class TooManySamplesError(Exception):
    """A range has more samples than one answer reads."""


class History:
    """The samples of every bucket, read through a DynamoDB client."""

    def __init__(self, client: "DynamoDBClient", table: str, size_index: str) -> None:
        self._client = client
        self._table = table
        self._size_index = size_index

    def samples(self, range_: Range) -> Iterator[list[Sample]]:
        """Yield the samples of a range without their counters, in time order, page by page.

        Raises TooManySamplesError if there are more than MAX_ROWS, or more than fit into MAX_PAGES pages.
        """
        condition = "#bucket = :bucket AND #time >= :start"
        values = {":bucket": text(range_.bucket), ":start": text(times.to_text(range_.start))}
        if not range_.live:
            condition = "#bucket = :bucket AND #time BETWEEN :start AND :last"
            values[":last"] = text(times.to_text(range_.end - 1))
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": _NAMES,
            "ExpressionAttributeValues": values,
            "ProjectionExpression": _PROJECTION,
            "ConsistentRead": True,
        }
        rows = 0
        for _ in range(MAX_PAGES):
            page = self._client.query(**query)
            yield [_sample(range_.bucket, item) for item in page["Items"]]
            rows += len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            if rows >= MAX_ROWS:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        raise TooManySamplesError(
            f"{range_.bucket} has more samples since {times.to_text(range_.start)} than one answer reads "
            f"({MAX_ROWS}, or {MAX_PAGES} pages of 1 MB)"
        )

    def page(self, query: HistoryQuery) -> tuple[Sequence[Sample], bool]:
        """Return one page of whole samples, and whether more follow. It is one DynamoDB query, so at most 1 MB."""
        first, last = query.range.start, query.range.end - 1
        if query.after is not None:
            first, last = (first, query.after - 1) if query.descending else (query.after + 1, last)
        if first > last:
            return (), False
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#bucket = :bucket AND #time BETWEEN :first AND :last",
            ExpressionAttributeNames=_KEYS,
            ExpressionAttributeValues={
                ":bucket": text(query.range.bucket),
                ":first": text(times.to_text(first)),
                ":last": text(times.to_text(last)),
            },
            ScanIndexForward=not query.descending,
            ConsistentRead=True,
            Limit=query.limit + 1,
        )
        samples = [_sample(query.range.bucket, item) for item in page["Items"]]
        more = len(samples) > query.limit or "LastEvaluatedKey" in page
        return samples[: query.limit], more

    def sample_before(self, bucket: str, instant: int, *, whole: bool = False) -> Sample | None:
        """Return the last sample before an instant, which gives the bucket's size at that instant.

        Only a `whole` sample has its counters and changed keys.
        """
        projection: dict[str, Any] = {"ExpressionAttributeNames": _KEYS}
        if not whole:
            projection = {"ExpressionAttributeNames": _NAMES, "ProjectionExpression": _PROJECTION}
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#bucket = :bucket AND #time < :instant",
            ExpressionAttributeValues={":bucket": text(bucket), ":instant": text(times.to_text(instant))},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
            **projection,
        )
        return _sample(bucket, page["Items"][0]) if page["Items"] else None

    def largest_size(self, bucket: str) -> int | None:
        """Return the largest total in bytes of any sample, from the index; None if there is no sample.

        The index is eventually consistent: a sample of the last second may be missing.
        """
        page = self._client.query(
            TableName=self._table,
            IndexName=self._size_index,
            KeyConditionExpression="#bucket = :bucket",
            ExpressionAttributeNames={"#bucket": BUCKET_NAME, "#size": TOTAL_SIZE},
            ExpressionAttributeValues={":bucket": text(bucket)},
            ProjectionExpression="#size",
            ScanIndexForward=False,
            Limit=1,
        )
        return int(page["Items"][0][TOTAL_SIZE]["N"]) if page["Items"] else None


def _sample(bucket: str, item: Mapping[str, Any]) -> Sample:
    return Sample.from_item({**item, BUCKET_NAME: text(bucket)})
