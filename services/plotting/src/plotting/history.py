"""The History table as the readers need it: one method per access pattern, only queries, never a scan."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plotting.parsing import HistoryRequest, Range
from plotting.problems import TOO_MANY_SAMPLES, ProblemError
from size_history import times
from size_history.items import BUCKET_NAME, OBJECT_CNT, TIME, TOTAL_SIZE, Sample, text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MOST_PAGES = 200
"""Pages of at most 1 MB (DynamoDB's limit) that one answer reads."""
MOST_ROWS = 150_000
"""Samples that one answer reads: 60 µs each on a whole processor (measured); API Gateway waits 29 seconds."""

# `time` is a reserved word. The changed keys, most of a row's bytes, are left where they are.
_KEYS = {"#bucket": BUCKET_NAME, "#time": TIME}
_NAMES = {**_KEYS, "#size": TOTAL_SIZE, "#count": OBJECT_CNT}
_PROJECTION = "#time, #size, #count"


class History:
    """The samples of every bucket, read through a DynamoDB client."""

    def __init__(self, client: "DynamoDBClient", table: str, size_index: str) -> None:
        self._client = client
        self._table = table
        self._size_index = size_index

    def samples(self, asked: Range) -> Iterator[list[Sample]]:
        """Yield the samples of a range without their counters, in time order, page by page.

        Raises ProblemError where there are more than MOST_ROWS, or than fit MOST_PAGES pages.
        """
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#bucket = :bucket AND #time >= :start",
            "ExpressionAttributeNames": _NAMES,
            "ExpressionAttributeValues": {
                ":bucket": text(asked.bucket),
                ":start": text(times.to_text(asked.start)),
            },
            "ProjectionExpression": _PROJECTION,
            "ConsistentRead": True,
        }
        if not asked.live:
            query["KeyConditionExpression"] = "#bucket = :bucket AND #time BETWEEN :start AND :last"
            query["ExpressionAttributeValues"][":last"] = text(times.to_text(asked.end - 1))
        rows = 0
        for _ in range(MOST_PAGES):
            page = self._client.query(**query)
            yield [_sample(asked.bucket, item) for item in page["Items"]]
            rows += len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            if rows >= MOST_ROWS:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        raise ProblemError(
            TOO_MANY_SAMPLES,
            f"{asked.bucket} has more samples since {times.to_text(asked.start)} than one answer reads "
            f"({MOST_ROWS}, or {MOST_PAGES} pages of 1 MB): ask for a shorter window.",
        )

    def page(self, request: HistoryRequest) -> tuple[Sequence[Sample], bool]:
        """Return one page of whole samples, and whether more follow. It is one query, so at most 1 MB."""
        asked = request.range
        first, last = asked.start, asked.end - 1
        if request.after is not None:
            first, last = (first, request.after - 1) if request.descending else (request.after + 1, last)
        if first > last:
            return (), False
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#bucket = :bucket AND #time BETWEEN :first AND :last",
            ExpressionAttributeNames=_KEYS,
            ExpressionAttributeValues={
                ":bucket": text(asked.bucket),
                ":first": text(times.to_text(first)),
                ":last": text(times.to_text(last)),
            },
            ScanIndexForward=not request.descending,
            ConsistentRead=True,
            Limit=request.limit + 1,
        )
        samples = [_sample(asked.bucket, item) for item in page["Items"]]
        more = len(samples) > request.limit or "LastEvaluatedKey" in page
        return samples[: request.limit], more

    def sample_before(self, bucket: str, instant: int, *, whole: bool = False) -> Sample | None:
        """Return the last sample before an instant, its counters included if it is to be whole.

        It is what the bucket weighed when the instant came.
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
        """Return the largest total in bytes of any sample, from the index; None where there is no sample.

        An index is eventually consistent: a sample of the last second may be missing.
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
