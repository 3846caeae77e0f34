"""Looks at the path of a bucket's events: the bucket sends them, a rule routes them, the queue admits the rule."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from size_history.messages import OBJECT_EVENTS
from size_tracking.watch_plan import Look

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_EVENTBRIDGE = "events.amazonaws.com"
_ARN_OPERATORS = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
_SAME_FOR_ALL = frozenset({"account", "region"})
"""Members of an event that are the same for all buckets that a deployment can hear. Others may leave some events out."""
_FIX = "make track BUCKET={bucket} repairs it"


@dataclass(frozen=True, slots=True)
class Route:
    """A rule whose target is the tracking queue: the pattern of its events, and what keeps it from passing them on."""

    name: str
    pattern: Mapping[str, Any]
    fault: str = ""

    def takes(self, detail_type: str, bucket: str) -> bool:
        """Return whether the rule takes every such event of the bucket."""
        event = {"source": "aws.s3", "detail-type": detail_type, "detail": {"bucket": {"name": bucket}}}
        return all(
            name in _SAME_FOR_ALL or (name in event and _matches(part, event[name]))
            for name, part in self.pattern.items()
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """What all buckets share: the account's buckets with their creation dates, and the rules to the tracking queue."""

    created: Mapping[str, str]
    routes: Sequence[Route]


@dataclass(frozen=True, slots=True)
class EventPath:
    """The parts of the path, through one client each."""

    s3: "S3Client"
    events: "EventBridgeClient"
    sqs: "SQSClient"
    queue_url: str

    def configuration(self) -> Configuration:
        """Return what all buckets share, as it is now."""
        return Configuration(self._created(), self._routes())

    def look(self, bucket: str, configuration: Configuration) -> Look:
        """Return what is found for a bucket, with a configuration that was read just before."""
        created = configuration.created.get(bucket, "")
        # The list of buckets may lack one that was just made.
        if not (created or self.exists(bucket)):
            return Look(exists=False)
        fault = self._unsent(bucket) or _unrouted(bucket, configuration.routes)
        return Look(created=created, fault=fault)

    def exists(self, bucket: str) -> bool:
        """Return whether there is such a bucket. Raises ClientError if S3 does not tell."""
        try:
            self.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def _created(self) -> dict[str, str]:
        """Return every bucket of the account with its creation date."""
        pages = self.s3.get_paginator("list_buckets").paginate()
        return {
            bucket["Name"]: bucket["CreationDate"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for page in pages
            for bucket in page.get("Buckets", [])
        }

    def _unsent(self, bucket: str) -> str:
        """Return what keeps the bucket from sending its events, or nothing."""
        try:
            configuration = self.s3.get_bucket_notification_configuration(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return f"the tracker may not read whether it sends events: {_FIX.format(bucket=bucket)}"
        if "EventBridgeConfiguration" in configuration:
            return ""
        return f"it does not send its events to EventBridge: {_FIX.format(bucket=bucket)}"

    def _routes(self) -> list[Route]:
        """Return the rules that have the queue as a target."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["QueueArn", "Policy"]
        )["Attributes"]
        policy = json.loads(attributes.get("Policy", "{}"))
        names = set(self._every("list_rule_names_by_target", "RuleNames", TargetArn=attributes["QueueArn"]))
        return [_route(rule, policy) for rule in self._every("list_rules", "Rules") if rule["Name"] in names]

    def _every(self, operation: str, member: str, **query: Any) -> list[Any]:
        pages = self.events.get_paginator(operation).paginate(**query)  # type: ignore[call-overload]
        return [each for page in pages for each in page[member]]


def _route(rule: Mapping[str, Any], policy: Mapping[str, Any]) -> Route:
    return Route(rule["Name"], json.loads(rule.get("EventPattern", "{}")), _fault(rule, policy))


def _fault(rule: Mapping[str, Any], policy: Mapping[str, Any]) -> str:
    """Return what keeps a rule from passing its events on, or nothing."""
    if rule["State"] == "DISABLED":
        return f"rule {rule['Name']} is disabled"
    if not admits(policy, rule["Arn"]):
        return f"the queue's policy does not admit rule {rule['Name']}"
    return ""


def _unrouted(bucket: str, routes: Sequence[Route]) -> str:
    """Return what keeps some of the bucket's events from the queue, or nothing."""
    for detail_type in OBJECT_EVENTS:
        taking = [route for route in routes if route.pattern and route.takes(detail_type, bucket)]
        if not taking:
            return (
                f"no rule sends its {detail_type} events to the tracking queue: {_FIX.format(bucket=bucket)}"
            )
        if all(route.fault for route in taking):
            return f"{taking[0].fault}: enable or deploy it again"
    return ""


def admits(policy: Mapping[str, Any], rule_arn: str) -> bool:
    """Return whether a queue's policy lets EventBridge send messages for a rule. Unknown conditions are taken to hold."""
    concerned = [each for each in _listed(policy.get("Statement", [])) if _concerns(each)]
    denied = any(each["Effect"] == "Deny" and not each.get("Condition") for each in concerned)
    return not denied and any(each["Effect"] == "Allow" and _holds(each, rule_arn) for each in concerned)


def _concerns(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    # A missing member is None, which is neither a principal nor an action.
    named = (
        ["*"] if principal == "*" else [*_listed(principal.get("Service")), *_listed(principal.get("AWS"))]
    )
    actions = [str(action).lower() for action in _listed(statement.get("Action"))]
    return bool({"*", _EVENTBRIDGE} & set(named)) and any(
        fnmatchcase("sqs:sendmessage", action) for action in actions
    )


def _holds(statement: Mapping[str, Any], rule_arn: str) -> bool:
    conditions = statement.get("Condition", {})
    return all(
        any(fnmatchcase(rule_arn, pattern) for pattern in _listed(value))
        for operator in _ARN_OPERATORS
        for name, value in conditions.get(operator, {}).items()
        if name.lower() == "aws:sourcearn"
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _matches(pattern: Any, value: Any) -> bool:
    """Return whether an event's value matches its part of a pattern; an operator that is not known here does not match."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            _matches(part, value.get(name)) for name, part in pattern.items()
        )
    return isinstance(value, str) and any(_alternative(each, value) for each in pattern)


def _alternative(alternative: Any, value: str) -> bool:
    match alternative:
        case str():
            return alternative == value
        case {"prefix": str(prefix)}:
            return value.startswith(prefix)
        case {"wildcard": str(wildcard)}:
            # In EventBridge only the asterisk is special, and no bucket's name has another special character.
            return fnmatchcase(value, wildcard)
        case _:
            return False
