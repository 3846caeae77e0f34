"""The History table for the readers: one method per access pattern, only queries, never a scan."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plotting.parsing import HistoryQuery
from size_history import times
from size_history.items import BUCKET_NAME, OBJECT_CNT, TIME, TOTAL_SIZE, Sample, text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_PAGES = 2
"""Maximum number of pages (at most 1 MB each, DynamoDB's limit) of samples that are read at once: 2,000 samples that name
ten changed keys each, unless keys are long."""

_KEYS = {"#bucket": BUCKET_NAME, "#time": TIME}  # `time` is a reserved word
# The projection leaves out the changed keys, which are most of a row's bytes.
_PROJECTED = {
    "ExpressionAttributeNames": {**_KEYS, "#size": TOTAL_SIZE, "#count": OBJECT_CNT},
    "ProjectionExpression": "#time, #size, #count",
}


class History:
    """The samples of every bucket, read through a DynamoDB client."""

    def __init__(self, client: "DynamoDBClient", table: str, size_index: str) -> None:
        self._client = client
        self._table = table
        self._size_index = size_index

    def first_samples(self, bucket: str, start: int, end: int, limit: int) -> tuple[list[Sample], int]:
        """Return the first samples from `start` to before `end` without their counters, and the instant read up to.

        That is the end, unless there are more than `limit` samples or they do not fit into MAX_PAGES pages. One sample
        more than `limit` tells that there are more.
        """
        samples: list[Sample] = []
        more: dict[str, Any] = dict(_PROJECTED)
        instants = {":first": start, ":last": end - 1}
        for _ in range(MAX_PAGES):
            more["Limit"] = limit + 1 - len(samples)
            page, last_key = self._query(bucket, "#time BETWEEN :first AND :last", instants, **more)
            samples += page
            if last_key is None:
                return samples, end
            if len(samples) > limit:
                break
            more["ExclusiveStartKey"] = last_key
        return samples, samples[-1].time + 1

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
