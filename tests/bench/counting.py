"""Counts the requests of a session's clients in botocore, below our code and above the network."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import boto3

_METERED = ("TransactWriteItems", "PutItem", "UpdateItem")


@dataclass(frozen=True)
class Counted:
    """Requests by `service.Operation`, including retries, and the DynamoDB capacity units they consumed.

    `cancelled` counts the transactions that another writer cancelled.
    """

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0
    write_units: float = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """Return the number of all requests."""
        return self.requests.total()

    def since(self, earlier: "Counted") -> "Counted":
        """Return what was added after an earlier count."""
        return Counted(
            self.requests - earlier.requests,
            self.read_units - earlier.read_units,
            self.write_units - earlier.write_units,
            self.cancelled - earlier.cancelled,
        )

    def plus(self, other: "Counted") -> "Counted":
        """Return the sum of both."""
        return Counted(
            self.requests + other.requests,
            self.read_units + other.read_units,
            self.write_units + other.write_units,
            self.cancelled + other.cancelled,
        )


class Meter:
    """Counts for every client that the session makes from now on.

    Write units are those that the engine reports by DynamoDB's rules: twice the size in KB for an item of a
    transaction, once for its index. Each key read is one read unit, because no row reaches the 4 KB of a unit.
    """

    def __init__(self, session: boto3.Session) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._reads = 0
        self._writes = 0.0
        self._cancelled = 0
        session.events.register("before-send", self._sent)
        session.events.register("provide-client-params.dynamodb.BatchGetItem", self._read)
        for operation in _METERED:
            session.events.register(f"provide-client-params.dynamodb.{operation}", self._asking)
            session.events.register(f"after-call.dynamodb.{operation}", self._answered)

    def counted(self) -> Counted:
        """Return what was counted so far."""
        with self._lock:
            return Counted(Counter(self._requests), self._reads, self._writes, self._cancelled)

    def _sent(self, event_name: str, **_: Any) -> None:
        with self._lock:
            self._requests[event_name.removeprefix("before-send.")] += 1

    def _read(self, params: dict[str, Any], **_: Any) -> None:
        with self._lock:
            self._reads += sum(len(table["Keys"]) for table in params["RequestItems"].values())

    def _asking(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def _answered(self, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        code = parsed.get("Error", {}).get("Code")
        with self._lock:
            for table in consumed if isinstance(consumed, list) else [consumed]:
                self._writes += table["CapacityUnits"]
            self._cancelled += code == "TransactionCanceledException"
