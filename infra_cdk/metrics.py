"""The CloudWatch metrics that alarms and the CloudWatch dashboard read."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk import parameters
from infra_cdk.images import SERVICES
from infra_cdk.settings import MAX_WATCH_MINUTES, Settings

NAMESPACE = "Tidemark"
"""The namespace of the functions' own metrics (CloudWatch's embedded metric format)."""
MINUTE = Duration.minutes(1)
WATCH_PERIOD = Duration.minutes(MAX_WATCH_MINUTES)
"""A period in which the watch checks every bucket at least once."""


class Metrics:
    """Metrics of the other stacks' resources, whose names it reads from their parameters."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        def name(parameter: str) -> str:
            return parameters.read(scope, settings, parameter)

        self.queue_name = name(parameters.QUEUE)
        self.dead_letter_queues = {
            "DeadLetters": name(parameters.DLQ),
            "UndeliveredEvents": name(parameters.RULE_DLQ),
        }
        self._function_names = {service: name(parameters.function(service)) for service in SERVICES}
        self._api_name = name(parameters.API)
        self.buckets = {
            "DataBucket": name(parameters.DATA_BUCKET),
            **{bucket: bucket for bucket in settings.tracked_buckets},
        }
        self._vault_name = name(parameters.BACKUP_VAULT) if settings.backed_up else None

    def of_queue(
        self, name: str, metric: str, *, statistic: str = "Maximum", label: str | None = None
    ) -> cloudwatch.Metric:
        """Return a metric of a queue, from SQS."""
        return _metric("AWS/SQS", metric, {"QueueName": name}, statistic, label)

    def of_function(
        self, service: str, metric: str, *, statistic: str = "Sum", label: str | None = None
    ) -> cloudwatch.Metric:
        """Return a metric of a service's function, from Lambda."""
        return _metric(
            "AWS/Lambda", metric, {"FunctionName": self._function_names[service]}, statistic, label
        )

    def of_api(self, metric: str, *, statistic: str = "Sum", label: str | None = None) -> cloudwatch.Metric:
        """Return a metric of the API, from API Gateway."""
        return _metric("AWS/ApiGateway", metric, {"ApiName": self._api_name}, statistic, label)

    def of_bucket(self, name: str, metric: str) -> cloudwatch.Metric:
        """Return a metric of a tracked bucket, from the tracker."""
        return _metric(NAMESPACE, metric, {"Bucket": name}, "Maximum")

    def of_every_run(self, metric: str) -> cloudwatch.Metric:
        """Return the tracker's metric of its reconciles of all buckets, also of those that `make track` added."""
        return _metric(NAMESPACE, metric, {"Function": self._function_names["size-tracking"]}, "Maximum")

    def unheard_buckets(self, statistic: str) -> cloudwatch.Metric:
        """Return the number of tracked buckets whose events do not arrive, which every check of the watch reports."""
        dimensions = {"Function": self._function_names["size-tracking"]}
        return _metric(NAMESPACE, "UnheardBuckets", dimensions, statistic).with_(period=WATCH_PERIOD)

    def failed_backups(self) -> cloudwatch.Metric | None:
        """Return the number of failed backups, which AWS Backup counts every five minutes, or None without backups."""
        if self._vault_name is None:
            return None
        dimensions = {"BackupVaultName": self._vault_name}
        return _metric("AWS/Backup", "NumberOfBackupJobsFailed", dimensions, "Sum").with_(
            period=Duration.minutes(5)
        )

    def answer_times(self) -> cloudwatch.MathExpression:
        """Return how long plotting takes to answer (p99, milliseconds), one line per route."""
        function = self._function_names["plotting"]
        return _search("Function,Route", f'MetricName="AnswerTime" Function="{function}"', "p99")


def of_every_bucket(metric: str, statistic: str) -> cloudwatch.MathExpression:
    """Return the tracker's metric of every bucket that changed lately, one line per bucket. Alarms cannot use it."""
    return _search("Bucket", f'MetricName="{metric}"', statistic)


def _search(dimensions: str, terms: str, statistic: str) -> cloudwatch.MathExpression:
    search = f"SEARCH('{{{NAMESPACE},{dimensions}}} {terms}', '{statistic}')"
    return cloudwatch.MathExpression(expression=search, label="", period=MINUTE)


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str, label: str | None = None
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=MINUTE,
        label=label,
    )
