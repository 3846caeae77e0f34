"""The alarms: when people are told, and in which words. A new alarm goes here."""

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra_cdk.images import SERVICES
from infra_cdk.metrics import Metrics

MAX_MESSAGE_AGE_SECONDS = 300
"""More than the pause between two tries of a message (180 s), so that one failed try raises no alarm."""
BYTES_PER_GIB = 2**30
UNWATCHED_PERIODS = 3
"""Periods of the watch without a check until this is told: 15 minutes, after which readers call every bucket deaf."""

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_NO_DATA_IS_WELL = cloudwatch.TreatMissingData.NOT_BREACHING
_NO_DATA_CHANGES_NOTHING = cloudwatch.TreatMissingData.IGNORE
_NO_DATA_IS_BAD = cloudwatch.TreatMissingData.BREACHING
_DEAD_LETTERS = {
    "DeadLetters": "The tracker failed five times with a message",
    "UndeliveredEvents": "EventBridge could not put an event into the queue",
}


_RECONCILES = {
    "DriftHealedKeys": "A reconcile healed keys of a live bucket: events were lost and sizes were wrong until then",
    "ReconcileRefusedKeys": "A reconcile could not read every key, so sizes may be wrong",
}


class Alarms(Construct):
    """Alarms that write to a topic when they begin and when they end."""

    def __init__(
        self, scope: Construct, construct_id: str, *, metrics: Metrics, topic: sns.ITopic, threshold_gib: int
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(topic)
        self.all: list[cloudwatch.Alarm] = []
        self._on_queues(metrics)
        self._on_watch(metrics)
        self._on_reconciles(metrics)
        self._on_functions(metrics)
        self._on_api(metrics)
        self._on_sizes(metrics, threshold_gib)
        self._on_backups(metrics)

    def _on_queues(self, metrics: Metrics) -> None:
        for name, queue in metrics.dead_letter_queues.items():
            # SQS stops counting a queue that nobody touched for six hours, although its messages are still there.
            self._alarm(
                name,
                metrics.of_queue(queue, "ApproximateNumberOfMessagesVisible"),
                f"{_DEAD_LETTERS[name]}: sizes may be wrong until make redrive",
                missing=_NO_DATA_CHANGES_NOTHING,
            )
        self._alarm(
            "Oldest",
            metrics.of_queue(metrics.queue_name, "ApproximateAgeOfOldestMessage"),
            f"A change has waited for more than {MAX_MESSAGE_AGE_SECONDS} s: the history is late",
            above=MAX_MESSAGE_AGE_SECONDS,
            periods=3,
        )

    def _on_watch(self, metrics: Metrics) -> None:
        self._alarm(
            "Unheard",
            metrics.unheard_buckets("Maximum"),
            "The events of a tracked bucket do not arrive: make validate names it and the fix",
            missing=_NO_DATA_CHANGES_NOTHING,
        )
        self._alarm(
            "Unwatched",
            metrics.unheard_buckets("SampleCount"),
            "Nobody checks whether events arrive: see that the tracker runs and its watch rule is enabled",
            periods=UNWATCHED_PERIODS,
            below=1,
            missing=_NO_DATA_IS_BAD,
        )

    def _on_reconciles(self, metrics: Metrics) -> None:
        # A bucket's own alarm lasts until a run finds nothing. The alarm of all buckets cannot last, as their runs alternate.
        for metric, description in _RECONCILES.items():
            for construct_id, bucket in metrics.buckets.items():
                self._alarm(
                    f"{construct_id}-{metric}",
                    metrics.of_bucket(bucket, metric),
                    f"{description} (bucket {bucket})",
                    missing=_NO_DATA_CHANGES_NOTHING,
                )
            self._alarm(
                metric, metrics.of_every_run(metric), f"{description}: the dashboard names the bucket"
            )

        self._alarm(
            "RollupDrift",
            metrics.of_every_run("RollupDrift"),
            "The daily check found rollups that were not those of the samples, and corrected them: its log names the bucket",
        )

    def _on_functions(self, metrics: Metrics) -> None:
        for service in SERVICES:
            errors, throttles = (metrics.of_function(service, name) for name in ("Errors", "Throttles"))
            self._alarm(f"{service}-errors", errors, f"{service} fails: its log says why")
            used_up = f"Lambda throttles {service}: the account's concurrency is used up"
            self._alarm(f"{service}-throttles", throttles, used_up)

    def _on_api(self, metrics: Metrics) -> None:
        description = "The API answered with a server error: plotting's log says why"
        self._alarm("ApiServerErrors", metrics.of_api("5XXError"), description)

    def _on_sizes(self, metrics: Metrics, threshold_gib: int) -> None:
        for construct_id, bucket in metrics.buckets.items():
            # The tracker records a size only when it changes, so without data the last one still holds.
            self._alarm(
                f"{construct_id}-size",
                metrics.of_bucket(bucket, "TotalSize"),
                f"Bucket {bucket} weighs more than {threshold_gib} GiB",
                above=threshold_gib * BYTES_PER_GIB,
                missing=_NO_DATA_CHANGES_NOTHING,
            )

    def _on_backups(self, metrics: Metrics) -> None:
        failed = metrics.failed_backups()
        if failed is not None:
            self._alarm(
                "Backups", failed, "A backup of the tables failed: AWS Backup's list of jobs says why"
            )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        above: float = 0,
        below: float | None = None,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = _NO_DATA_IS_WELL,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=above if below is None else below,
            evaluation_periods=periods,
            comparison_operator=_ABOVE if below is None else _BELOW,
            treat_missing_data=missing,
            alarm_description=f"{Stack.of(self).stack_name}: {description}",
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.all.append(alarm)
