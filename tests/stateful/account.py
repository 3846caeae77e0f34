"""The account around the buckets: which of them exist, which send their events, and whether the rule passes these on.

It is a stand-in for the three clients of `EventPath`. The objects are elsewhere, in a `storage` of world.py.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.stateful.faults import Fault, Faulty
from tests.stateful.memory import exceptions_of, failure

_RULE = {
    "Name": "tracking",
    "Arn": "arn:aws:events:us-east-1:000000000000:rule/tracking",
    "EventPattern": json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created", "Object Deleted"]}),
}
_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:tracking"
_POLICY = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Condition": {"ArnEquals": {"aws:SourceArn": _RULE["Arn"]}},
        }
    ]
}
_READING = (Fault.THROTTLED, Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.CRASH)
FITTING: Mapping[str, tuple[Fault, ...]] = dict.fromkeys(
    (
        "ListBuckets",
        "HeadBucket",
        "GetBucketNotificationConfiguration",
        "ListRules",
        "ListRuleNamesByTarget",
        "GetQueueAttributes",
    ),
    _READING,
)
"""The operations of a check, and their possible faults."""


class MemoryAccount:
    """What a check looks at. `created` has the creation date of every bucket that exists."""

    def __init__(self, buckets: Iterable[str]) -> None:
        self.exceptions = exceptions_of("s3")
        self.rule_enabled = True
        self._made = 0
        self.created: dict[str, datetime] = {}
        self._sending: set[str] = set()
        for bucket in buckets:
            self.make(bucket)
            self.switch(bucket, on=True)

    def make(self, bucket: str) -> None:
        """Make a bucket, anew if it exists. Nobody has turned its events on yet."""
        self._made += 1
        self.created[bucket] = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._made)
        self._sending.discard(bucket)

    def switch(self, bucket: str, *, on: bool) -> None:
        """Turn a bucket's events on or off."""
        (self._sending.add if on else self._sending.discard)(bucket)

    def hears(self, bucket: str) -> bool:
        """Return whether a change of the bucket sends an event to the queue."""
        return self.rule_enabled and bucket in self._sending

    # --- the clients' methods ---

    def list_buckets(self) -> Any:
        return {"Buckets": [{"Name": name, "CreationDate": date} for name, date in self.created.items()]}

    def head_bucket(self, *, Bucket: str) -> Any:
        if Bucket not in self.created:
            raise failure("s3", "HeadBucket", "404", 404)
        return {}

    def get_bucket_notification_configuration(self, *, Bucket: str) -> Any:
        return {"EventBridgeConfiguration": {}} if Bucket in self._sending else {}

    def list_rules(self) -> Any:
        return {"Rules": [{**_RULE, "State": "ENABLED" if self.rule_enabled else "DISABLED"}]}

    def list_rule_names_by_target(self, *, TargetArn: str) -> Any:
        return {"RuleNames": [_RULE["Name"]] if TargetArn == _QUEUE_ARN else []}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Any:
        return {"Attributes": {"QueueArn": _QUEUE_ARN, "Policy": json.dumps(_POLICY)}}


class FaultyAccount(Faulty):
    """The account as one of the clients, into whose requests faults are injected."""

    def get_paginator(self, operation: str) -> Any:
        name = "".join(part.title() for part in operation.split("_"))
        method = getattr(self._client, operation)
        return SimpleNamespace(paginate=lambda **query: iter([self._ask(name, method, query)]))
