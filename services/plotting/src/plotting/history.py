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

_KEYS = {"#bucket": BUCKET_NAME, "#time": TIME}  # `time` is a reserved word
# The projection leaves out the changed keys, which are most of a row's bytes.
_PROJECTED = {
    "ExpressionAttributeNames": {**_KEYS, "#size": TOTAL_SIZE, "#count": OBJECT_CNT},
    "ProjectionExpression": "#time, #size, #count",
}


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
        condition, instants = "#time >= :first", {":first": range_.start}
        if not range_.live:
            condition, instants = "#time BETWEEN :first AND :last", {**instants, ":last": range_.end - 1}
        rows = 0
        start: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            samples, last_key = self._query(range_.bucket, condition, instants, **_PROJECTED, **start)
            yield samples
            rows += len(samples)
            if last_key is None:
                return
            if rows >= MAX_ROWS:
                break
            start = {"ExclusiveStartKey": last_key}
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
        samples, last_key = self._query(
            query.range.bucket,
            "#time BETWEEN :first AND :last",
            {":first": first, ":last": last},
            ScanIndexForward=not query.descending,
            Limit=query.limit + 1,
        )
        return samples[: query.limit], len(samples) > query.limit or last_key is not None

    def sample_before(self, bucket: str, instant: int, *, whole: bool = False) -> Sample | None:
        """Return the last sample before an instant, which gives the bucket's size at that instant.

        Only a `whole` sample has its counters and changed keys.
        """
        more: dict[str, Any] = {} if whole else _PROJECTED
        samples, _ = self._query(
            bucket, "#time < :instant", {":instant": instant}, ScanIndexForward=False, Limit=1, **more
        )
        return samples[0] if samples else None

    def largest_size(self, bucket: str) -> int | None:
        """Return the largest total in bytes of any sample, from the index; None if there is no sample.

        DynamoDB cannot read an index strongly consistent: a sample of the last second may be missing. The totals make
        up for it (`chart.bucket_maximum`).
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

    def _query(
        self, bucket: str, condition: str, instants: Mapping[str, int], **more: Any
    ) -> tuple[list[Sample], Any]:
        """Return one page of a bucket's samples whose time meets a condition, and DynamoDB's key to continue from."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": f"#bucket = :bucket AND {condition}",
            "ExpressionAttributeNames": _KEYS,
            "ExpressionAttributeValues": {
                ":bucket": text(bucket),
                **{name: text(times.to_text(instant)) for name, instant in instants.items()},
            },
            "ConsistentRead": True,
        }
        page: Mapping[str, Any] = self._client.query(**{**request, **more})
        samples = [Sample.from_item({**item, BUCKET_NAME: text(bucket)}) for item in page["Items"]]
        return samples, page.get("LastEvaluatedKey")
