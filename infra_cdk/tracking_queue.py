"""The queue between the buckets' events and the tracker, and the queues for messages that could not be delivered."""

import json
from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.nag_suppressions import suppress
from infra_cdk.names import OBJECT_EVENTS, added_rule_prefix
from infra_cdk.settings import QueueProfile
from size_history.messages import Message, ReconcileEveryBucket, ReconcileRequest

MAX_RECEIVES = 5
"""How often a message is tried before it goes to the dead-letter queue."""
RETENTION = Duration.days(14)
"""SQS's maximum."""
MAX_TARGETS_PER_RULE = 5
"""EventBridge's limit."""


class TrackingQueue(Construct):
    """A standard queue, its dead-letter queue, and a queue for events that EventBridge could not deliver."""

    def __init__(self, scope: Construct, construct_id: str, *, visibility: Duration) -> None:
        super().__init__(scope, construct_id)
        self.dlq = self._queue("DeadLetters")
        self.rule_dlq = self._queue("UndeliveredEvents")
        suppress(self.rule_dlq, "SQS3", reason="it is itself where EventBridge puts what it cannot deliver")
        self.queue = self._queue(
            "Queue",
            visibility_timeout=visibility,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dlq, max_receive_count=MAX_RECEIVES),
        )

    def collect(self, construct_id: str, buckets: Sequence[str]) -> None:
        """Send the object events of these buckets, given by name, to the queue."""
        events.Rule(
            self,
            construct_id,
            description="Changes of the listings of tracked buckets",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=list(OBJECT_EVENTS),
                detail={"bucket": {"name": list(buckets)}},
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.rule_dlq)],
        )

    def admit_added_rules(self, target: str) -> None:
        """Let the rules that `make track` adds later send to the queue, as the stack's own rules may."""
        rules = Stack.of(self).format_arn(
            service="events", resource="rule", resource_name=f"{added_rule_prefix(target)}*"
        )
        for queue in (self.queue, self.rule_dlq):
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnLike": {"aws:SourceArn": rules}},
                )
            )

    def reconcile_daily(self, buckets: Sequence[str]) -> None:
        """Compare every tracked bucket with its listing once a day, and these buckets from the first day on."""
        self._send_daily("DailyReconcile", [ReconcileEveryBucket()])
        # A bucket without any event so far is not in the Ledger. A request with its name begins its adoption.
        for start in range(0, len(buckets), MAX_TARGETS_PER_RULE):
            requests = [ReconcileRequest(name) for name in buckets[start : start + MAX_TARGETS_PER_RULE]]
            self._send_daily(f"DailyReconcile{start // MAX_TARGETS_PER_RULE + 1}", requests)

    def _send_daily(self, construct_id: str, messages: Sequence[Message]) -> None:
        # EventBridge takes the message as an object and sends it as the JSON text that the tracker reads.
        events.Rule(
            self,
            construct_id,
            description="Compares tracked buckets with their listings",
            schedule=events.Schedule.rate(Duration.days(1)),
            targets=[
                targets.SqsQueue(
                    self.queue,
                    message=events.RuleTargetInput.from_object(json.loads(message.to_json())),
                    dead_letter_queue=self.rule_dlq,
                )
                for message in messages
            ],
        )

    def feed(self, function: lambda_.IFunction, profile: QueueProfile) -> None:
        """Call the function with batches. It may report single messages of a batch as failed."""
        window = Duration.seconds(profile.window_seconds) if profile.window_seconds else None
        function.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=profile.batch_size,
                max_batching_window=window,
                max_concurrency=profile.concurrency,
                report_batch_item_failures=True,
            )
        )

    def _queue(
        self,
        construct_id: str,
        *,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=RETENTION,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )
