"""One BatchGetItem, repeated until DynamoDB has read every key. The client's method is passed in: no boto3 here.

The services that read several items by key use this function: `batch_get(client.batch_get_item, table, keys)`.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from size_history.budgets import FIRST_READ_PAUSE_SECONDS, MAX_READS
from size_history.items import Item


class UnreadKeysError(Exception):
    """DynamoDB left keys unread in every attempt, because the table is overloaded."""


def batch_get(
    batch_get_item: Callable[..., Any],
    table: str,
    wanted: Sequence[Item],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Item]:
    """Return the items with these primary keys (at most 100) that exist, in any order, strongly consistent.

    Raises UnreadKeysError if keys are still unread after MAX_READS requests.
    """
    found: list[Item] = []
    unread = list(wanted)
    for attempt in range(MAX_READS):
        if not unread:
            return found
        if attempt:
            sleep(FIRST_READ_PAUSE_SECONDS * 2 ** (attempt - 1))
        answer = batch_get_item(RequestItems={table: {"Keys": unread, "ConsistentRead": True}})
        found += answer["Responses"].get(table, [])
        unread = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
    if unread:
        raise UnreadKeysError(f"{len(unread)} keys of {table} were left unread after {MAX_READS} reads")
    return found
