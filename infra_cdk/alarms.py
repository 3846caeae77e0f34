"""The alarms: when people are told, and with which words."""

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra_cdk.watched import Watched

OLDEST_SECONDS = 300
"""Beyond the longest that a message waits between two tries (180 s), so that one failed try tells nobody."""
BYTES_PER_GIB = 2**30

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_NO_DATA_IS_WELL = cloudwatch.TreatMissingData.NOT_BREACHING
_NO_DATA_CHANGES_NOTHING = cloudwatch.TreatMissingData.IGNORE


class Alarms(Construct):
    """Alarms that tell a topic when they begin and when they end."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._tell = actions.SnsAction(topic)
        self._stack = Stack.of(scope).stack_name
        self.all: list[cloudwatch.Alarm] = []

    def on_queues(self, watched: Watched) -> None:
        """Tell of dead letters, and of a tracker that does not keep up."""
        for name, queue in watched.dead_letters.items():
            # SQS stops counting a queue that nobody touched for six hours, whatever is in it.
            self._alarm(
                name,
                watched.of_queue(queue, "ApproximateNumberOfMessagesVisible"),
                above=0,
                missing=_NO_DATA_CHANGES_NOTHING,
                says=f"{_WORDS[name]}: sizes may be wrong until make redrive",
            )
        self._alarm(
            "Oldest",
            watched.of_queue(watched.queue, "ApproximateAgeOfOldestMessage"),
            above=OLDEST_SECONDS,
            minutes=3,
            says=f"A change has waited for more than {OLDEST_SECONDS} s: the history is late",
        )

    def on_functions(self, watched: Watched) -> None:
        """Tell of functions that fail, or that Lambda does not start."""
        for service in watched.functions:
            self._alarm(
                f"{service}-errors",
                watched.of_function(service, "Errors"),
                above=0,
                says=f"{service} fails: its log says why",
            )
            self._alarm(
                f"{service}-throttles",
                watched.of_function(service, "Throttles"),
                above=0,
                says=f"Lambda throttles {service}: the account's concurrency is used up",
            )

    def on_api(self, watched: Watched) -> None:
        """Tell of answers that are nobody's fault but ours."""
        self._alarm(
            "ApiServerErrors",
            watched.of_api("5XXError"),
            above=0,
            says="The API answered with a server error: plotting's log says why",
        )

    def on_sizes(self, watched: Watched, threshold_gib: int) -> None:
        """Tell of a bucket that has grown past the threshold, in GiB."""
        for construct_id, bucket in watched.buckets.items():
            # A bucket speaks when it changes, and stays as it is when it says nothing.
            self._alarm(
                f"{construct_id}-size",
                watched.of_bucket(bucket, "TotalSize"),
                above=threshold_gib * BYTES_PER_GIB,
                missing=_NO_DATA_CHANGES_NOTHING,
                says=f"Bucket {bucket} weighs more than {threshold_gib} GiB",
            )

    def on_backups(self, watched: Watched) -> None:
        """Tell of a backup that failed, where there are any."""
        if watched.vault is not None:
            self._alarm(
                "Backups",
                watched.of_vault(watched.vault, "NumberOfBackupJobsFailed"),
                above=0,
                says="A backup of the tables failed: AWS Backup's list of jobs says why",
            )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        *,
        above: float,
        says: str,
        minutes: int = 1,
        missing: cloudwatch.TreatMissingData = _NO_DATA_IS_WELL,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=above,
            evaluation_periods=minutes,
            comparison_operator=_ABOVE,
            treat_missing_data=missing,
            alarm_description=f"{self._stack}: {says}",
        )
        alarm.add_alarm_action(self._tell)
        alarm.add_ok_action(self._tell)
        self.all.append(alarm)


_WORDS = {
    "DeadLetters": "The tracker failed five times with a message",
    "UndeliveredEvents": "EventBridge could not put an event into the queue",
}
