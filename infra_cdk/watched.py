"""What is watched: the other stacks' queues, functions, tables and buckets, by the names that they publish."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk import wiring
from infra_cdk.images import SERVICES
from infra_cdk.settings import Settings

NAMESPACE = "Tidemark"
"""Where the functions' own metrics are, by CloudWatch's embedded metric format."""
MINUTE = Duration.minutes(1)


class Watched(Construct):
    """Names, and metrics by what they say."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)

        def published(name: str) -> str:
            return wiring.published(self, settings, name)

        self.queue = published(wiring.QUEUE)
        self.dead_letters = {
            "DeadLetters": published(wiring.DLQ),
            "UndeliveredEvents": published(wiring.RULE_DLQ),
        }
        self.functions: Mapping[str, str] = {
            service: published(wiring.function(service)) for service in SERVICES
        }
        self.api = published(wiring.API)
        self.buckets: Mapping[str, str] = {
            "DataBucket": published(wiring.DATA_BUCKET),
            **{name: name for name in settings.tracked_buckets},
        }
        self.vault = published(wiring.BACKUP_VAULT) if settings.backed_up else None

    def of_queue(
        self, name: str, metric: str, *, statistic: str = "Maximum", label: str | None = None
    ) -> cloudwatch.Metric:
        """Return a metric of a queue, as SQS counts it each minute."""
        return _metric("AWS/SQS", metric, {"QueueName": name}, statistic, label)

    def of_function(
        self, service: str, metric: str, *, statistic: str = "Sum", label: str | None = None
    ) -> cloudwatch.Metric:
        """Return a metric of a service's function, as Lambda counts it."""
        return _metric("AWS/Lambda", metric, {"FunctionName": self.functions[service]}, statistic, label)

    def of_api(self, metric: str, *, statistic: str = "Sum", label: str | None = None) -> cloudwatch.Metric:
        """Return a metric of the API, as API Gateway counts it."""
        return _metric("AWS/ApiGateway", metric, {"ApiName": self.api}, statistic, label)

    def of_bucket(
        self, name: str, metric: str, *, statistic: str = "Maximum", label: str | None = None
    ) -> cloudwatch.Metric:
        """Return what the tracker says of a bucket."""
        return _metric(NAMESPACE, metric, {"Bucket": name}, statistic, label)

    def of_vault(self, name: str, metric: str) -> cloudwatch.Metric:
        """Return a metric of a backup vault, as AWS Backup counts it every five minutes."""
        return _metric("AWS/Backup", metric, {"BackupVaultName": name}, "Sum").with_(
            period=Duration.minutes(5)
        )

    def answer_times(self) -> cloudwatch.MathExpression:
        """Return how long plotting takes for an answer (p99, in milliseconds), one line for each route."""
        function = self.functions["plotting"]
        return _search("Function,Route", f'MetricName="AnswerTime" Function="{function}"', "p99")


def of_every_bucket(metric: str, statistic: str) -> cloudwatch.MathExpression:
    """Return what trackers say of every bucket that had a change lately, one line each: for graphs, not for alarms."""
    return _search("Bucket", f'MetricName="{metric}"', statistic)


def _search(dimensions: str, terms: str, statistic: str) -> cloudwatch.MathExpression:
    search = f"SEARCH('{{{NAMESPACE},{dimensions}}} {terms}', '{statistic}')"
    return cloudwatch.MathExpression(expression=search, label="", period=MINUTE)


def _metric(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, label: str | None = None
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        period=MINUTE,
        label=label,
    )
