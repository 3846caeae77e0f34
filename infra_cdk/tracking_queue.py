"""The queue between the buckets' events and the tracker, and the queues for messages that could not be delivered."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.nag_suppressions import suppress
from infra_cdk.names import added_rule_prefix
from infra_cdk.settings import QueueProfile
from size_history.budgets import MAX_RECEIVES
from size_history.messages import OBJECT_EVENTS, Message, ReconcileEveryBucket, WatchEveryBucket

RETENTION = Duration.days(7)
DEAD_LETTER_RETENTION = Duration.days(14)
"""SQS's maximum. A dead letter's age counts from its first sending, so it has to outlast the queue that it was in."""


class TrackingQueue(Construct):
    """A standard queue, its dead-letter queue, and a queue for events that EventBridge could not deliver."""

    def __init__(self, scope: Construct, construct_id: str, *, visibility: Duration) -> None:
        super().__init__(scope, construct_id)
        self._rules: list[events.CfnRule] = []
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
        self._rule(
            construct_id,
            description="Changes of the listings of tracked buckets",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": list(OBJECT_EVENTS),
                "detail": {"bucket": {"name": list(buckets)}},
            },
        )

    def reconcile_daily(self) -> None:
        """Compare every tracked bucket with its listing once a day."""
        self._send(
            "DailyReconcile",
            ReconcileEveryBucket(),
            every=events.Schedule.rate(Duration.days(1)),
            description="Compares tracked buckets with their listings",
        )

    def watch(self, minutes: int) -> None:
        """Check every few minutes whether the events of every tracked bucket arrive."""
        self._send(
            "WatchBuckets",
            WatchEveryBucket(),
            every=events.Schedule.rate(Duration.minutes(minutes)),
            description="Checks whether the events of tracked buckets arrive",
        )

    def admit_rules(self, target: str) -> None:
        """Let all rules made so far, and those that `make track` adds to a target later, send to the queue."""
        added = Stack.of(self).format_arn(
            service="events", resource="rule", resource_name=f"{added_rule_prefix(target)}*"
        )
        for queue in (self.queue, self.rule_dlq):
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={
                        "ArnLike": {"aws:SourceArn": [*(rule.attr_arn for rule in self._rules), added]}
                    },
                )
            )

    def feed(self, function: lambda_.IFunction, profile: QueueProfile) -> None:
        """Call the function with batches. It may report single messages of a batch as failed."""
        # The CDK's own event source also grants what Lambda never does to a queue. Its id stays, because another id would
        # be a second mapping of the same queue to the same function, which Lambda refuses.
        self.queue.grant(function, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        function.add_event_source_mapping(
            f"SqsEventSource:{Names.node_unique_id(self.queue.node)}",
            event_source_arn=self.queue.queue_arn,
            batch_size=profile.batch_size,
            max_batching_window=Duration.seconds(profile.window_seconds) if profile.window_seconds else None,
            max_concurrency=profile.concurrency,
            report_batch_item_failures=True,
        )

    def _send(self, construct_id: str, message: Message, *, every: events.Schedule, description: str) -> None:
        self._rule(
            construct_id,
            description=description,
            schedule_expression=every.expression_string,
            message=message.to_json(),
        )

    def _rule(self, construct_id: str, *, message: str | None = None, **rule: Any) -> None:
        # The CDK's own target of a rule would add a statement to the queues' policies for each rule.
        target = events.CfnRule.TargetProperty(
            id="Target0",
            arn=self.queue.queue_arn,
            input=message,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.rule_dlq.queue_arn),
        )
        scope = Construct(self, construct_id)
        self._rules.append(events.CfnRule(scope, "Resource", state="ENABLED", targets=[target], **rule))

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
            retention_period=RETENTION if dead_letter_queue else DEAD_LETTER_RETENTION,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )
