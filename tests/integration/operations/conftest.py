"""A deployment whose tables, buckets and queue are real engines', and whose rules, role and stack are stand-ins."""

import json
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import MagicMock

import pytest

from infra_cdk.names import added_rule, bucket_digest
from size_history import items
from size_history.sources import Source
from tests.engine import client_of
from tests.unit.tools.operations.stand_ins import StoodIn, refused
from tidemark.operate import track as tracking

DATA, NAMED, MINE = "data-bucket", "named-bucket", "my-bucket"
STACK_RULES = {"rule-of-data": DATA, "rule-of-named": NAMED}
NOTED = frozenset(
    {
        *("PutItem", "DeleteItem", "PutBucketNotificationConfiguration", "SendMessage", "BatchWriteItem"),
        *("put_rule", "put_targets", "remove_targets", "delete_rule", "enable_rule"),
        *("put_role_policy", "delete_role_policy"),
    }
)
"""The calls that change something."""


@dataclass
class Rules:
    """EventBridge's rules and IAM's inline policies, by name."""

    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: set[str] = field(default_factory=set)

    def add(self, bucket: str) -> None:
        """Let a bucket have what `make track` adds."""
        self.rule(added_rule("local", bucket), bucket)
        self.policies.add(f"track-{bucket_digest(bucket)}")

    def rule(self, name: str, bucket: str) -> None:
        pattern = json.dumps({"detail": {"bucket": {"name": [bucket]}}})
        self.rules[name] = {"EventPattern": pattern, "State": "ENABLED", "Targets": [{"Id": "queue"}]}

    def of(self, bucket: str) -> bool:
        """Return whether a bucket has both, or fail if it has one of them."""
        rule, policy = (
            added_rule("local", bucket) in self.rules,
            f"track-{bucket_digest(bucket)}" in self.policies,
        )
        assert rule == policy
        return rule


class World:
    """The deployment, its clients, and the changing calls that were made, in order."""

    def __init__(self, endpoint: str, outputs: dict[str, str], noted: list[str]) -> None:
        self.stood = Rules()
        self.noted = noted
        self.clients = {name: client_of(endpoint, name) for name in ("dynamodb", "s3", "sqs", "sts")}
        for client in self.clients.values():
            client.meta.events.register("before-call", self._note)
        self.clients |= self._stand_ins()
        self.deployment = StoodIn(self.clients, outputs, target="local", endpoint=endpoint)
        self.ledger = outputs["LedgerTableName"]
        for name, bucket in STACK_RULES.items():
            self.stood.rule(name, bucket)

    def _note(self, model: Any, params: Any, **_: Any) -> None:
        if model.name in NOTED:
            self.noted.append(model.name)

    def _stand_ins(self) -> dict[str, Any]:
        events, iam, functions, stacks = (MagicMock() for _ in range(4))
        rules = self.stood.rules

        def describe(Name):
            if Name not in rules:
                raise refused("ResourceNotFoundException")
            return rules[Name]

        pages = {
            "list_rules": lambda NamePrefix: [
                {"Rules": [{"Name": n, **r} for n, r in rules.items() if n.startswith(NamePrefix)]}
            ],
            "list_targets_by_rule": lambda Rule: [{"Targets": rules[Rule]["Targets"]}],
            "list_role_policies": lambda RoleName: [{"PolicyNames": sorted(self.stood.policies)}],
            "list_stack_resources": lambda StackName: [
                {
                    "StackResourceSummaries": [
                        {"ResourceType": "AWS::Events::Rule", "PhysicalResourceId": name}
                        for name in STACK_RULES
                    ]
                }
            ],
        }
        for client in (events, iam, stacks):
            client.get_paginator.side_effect = lambda name: MagicMock(paginate=pages[name])
        events.describe_rule.side_effect = describe
        events.list_targets_by_rule.side_effect = lambda Rule: {"Targets": rules[Rule]["Targets"]}
        functions.get_function_configuration.return_value = {
            "Role": "arn:aws:iam::123456789012:role/tracker",
            "Timeout": 0,
        }
        changes = {
            "put_rule": lambda Name, EventPattern, State, Description: rules.setdefault(Name, {}).update(
                EventPattern=EventPattern, State=State, Targets=rules.get(Name, {}).get("Targets", [])
            ),
            "put_targets": self._put_targets,
            "remove_targets": lambda Rule, Ids: rules[Rule].update(Targets=[]),
            "delete_rule": lambda *, Name: rules.pop(Name),
            "enable_rule": lambda Name: rules[Name].update(State="ENABLED"),
            "put_role_policy": lambda RoleName, PolicyName, PolicyDocument: self.stood.policies.add(
                PolicyName
            ),
            "delete_role_policy": lambda RoleName, PolicyName: self.stood.policies.remove(PolicyName),
        }
        for name, change in changes.items():
            client = iam if "policy" in name else events
            getattr(client, name).side_effect = lambda _name=name, _do=change, **given: (
                self.noted.append(_name) or _do(**given)
            )
        return {"events": events, "iam": iam, "lambda": functions, "cloudformation": stacks}

    def _put_targets(self, Rule, Targets):
        self.stood.rules[Rule]["Targets"] = Targets
        return {"FailedEntryCount": 0}

    def row(self, bucket: str) -> Source | None:
        found = self.clients["dynamodb"].get_item(
            TableName=self.ledger, Key=items.bucket_key(bucket), ConsistentRead=True
        )
        return Source.from_item(found["Item"]) if "Item" in found else None

    def put(self, item: dict[str, Any]) -> None:
        """Put a row of the ledger without noting it."""
        self.clients["dynamodb"].put_item(TableName=self.ledger, Item=item)
        self.noted.clear()

    def messages(self) -> list[str]:
        """Return the bodies of the messages that are not delayed."""
        answer = self.clients["sqs"].receive_message(
            QueueUrl=self.deployment.outputs["QueueUrl"], MaxNumberOfMessages=10
        )
        return [each["Body"] for each in answer.get("Messages", [])]

    def delayed(self) -> int:
        """Return how many messages wait for the end of their delay."""
        name: Any = "ApproximateNumberOfMessagesDelayed"
        answer = self.clients["sqs"].get_queue_attributes(
            QueueUrl=self.deployment.outputs["QueueUrl"], AttributeNames=[name]
        )
        return int(answer["Attributes"][name])


@pytest.fixture
def world(aws_endpoint, tables, s3, sqs, monkeypatch):
    """Yield a deployment with a data bucket, a named bucket and a bucket of the user, none of which is tracked yet."""
    noted: list[str] = []
    for name in (DATA, NAMED, MINE):
        s3.create_bucket(Bucket=name)
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("tracking", "undelivered")}
    outputs = {
        "DataBucketName": DATA,
        "PlotBucketName": "plots",
        "TrackedBuckets": NAMED,
        "HistoryTableName": tables.history,
        "LedgerTableName": tables.ledger,
        "QueueUrl": urls["tracking"],
        "RuleDlqUrl": urls["undelivered"],
        "SizeTrackingFunctionName": "tracker",
    }
    monkeypatch.setattr(StoodIn, "region", "us-east-1")
    made = World(aws_endpoint, outputs, noted)
    monkeypatch.setattr(tracking, "reconcile", tracking.request_reconcile)
    yield made
    for name in (DATA, NAMED, MINE):
        if name in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
            s3.delete_bucket(Bucket=name)
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
