"""The queue between a bucket's events and the tracker, with a place for what neither could deliver."""

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.settings import QueueProfile
from size_history.messages import ReconcileEveryBucket

RECEIVES = 5
"""How often a message is tried before it goes to the dead-letter queue."""
RETENTION = Duration.days(14)
"""SQS's longest, so that a fortnight's absence loses no message."""

# What changes the listing: a delete marker, a lifecycle expiry and a resurfacing version are "Deleted" too.
# Restores, tags, ACLs and storage classes change no size.
CHANGES = ["Object Created", "Object Deleted"]


def added_rule_prefix(target: str) -> str:
    """Return how the names of rules begin that `make track` adds to a deployment."""
    return f"tidemark-{target}-track-"


class TrackingQueue(Construct):
    """A standard queue; its dead-letter queue; and one for events that EventBridge could not put in it."""

    def __init__(self, scope: Construct, construct_id: str, *, visibility: Duration) -> None:
        super().__init__(scope, construct_id)
        self.dlq = self._queue("DeadLetters")
        self.rule_dlq = self._queue("UndeliveredEvents")
        self.queue = self._queue(
            "Queue",
            visibility_timeout=visibility,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dlq, max_receive_count=RECEIVES),
        )

    def collect(self, construct_id: str, bucket: s3.IBucket) -> None:
        """Send the bucket's changes to the queue."""
        events.Rule(
            self,
            construct_id,
            description="Changes of a tracked bucket's listing",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=CHANGES,
                detail={"bucket": {"name": [bucket.bucket_name]}},
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.rule_dlq)],
        )

    def admit_added_rules(self, target: str) -> None:
        """Let rules that are added later, one per further bucket, send to the queue as the stack's own may."""
        stack = Stack.of(self)
        rules = stack.format_arn(
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

    def reconcile_daily(self) -> None:
        """Have every tracked bucket compared with its listing once a day."""
        # The message is data to EventBridge as it is to us: from_object keeps it the JSON that the tracker reads.
        message = events.RuleTargetInput.from_object(json.loads(ReconcileEveryBucket().to_json()))
        events.Rule(
            self,
            "DailyReconcile",
            description="Compares every tracked bucket with its listing",
            schedule=events.Schedule.rate(Duration.days(1)),
            targets=[targets.SqsQueue(self.queue, message=message, dead_letter_queue=self.rule_dlq)],
        )

    def feed(self, function: lambda_.Function, profile: QueueProfile) -> None:
        """Have the function called with batches, of which it may fail single messages."""
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
