"""The two Ledger rows that a picture needs: a bucket's totals, and the peak of all buckets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from size_history.items import PEAK_KEY, Item, Peak, Totals, totals_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Ledger:
    """The Ledger table, read through a DynamoDB client, strongly consistent."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def totals(self, bucket: str) -> Totals | None:
        """Return a bucket's totals; None where it is not tracked."""
        item = self._item(totals_key(bucket))
        return Totals.from_item(item) if item else None

    def peak(self) -> Peak | None:
        """Return the largest total recorded for any bucket; None before the first sample of all."""
        item = self._item(PEAK_KEY)
        return Peak.from_item(item) if item else None

    def _item(self, key: Item) -> Mapping[str, Any]:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
