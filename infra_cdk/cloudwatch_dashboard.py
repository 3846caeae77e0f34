"""The CloudWatch dashboard: sizes, delays, errors. The web page that plotting serves is in services/plotting/page."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.images import SERVICES
from infra_cdk.metrics import MINUTE, Metrics, of_every_bucket
from size_history.messages import MAX_WATCHED

_FULL, _HALF, _THIRD = 24, 12, 8


def cloudwatch_dashboard(
    scope: Construct, metrics: Metrics, alarms: Sequence[cloudwatch.IAlarm]
) -> cloudwatch.Dashboard:
    """Return a dashboard of all alarms and metrics. Its graphs of buckets show every bucket that changed lately."""
    dashboard = cloudwatch.Dashboard(scope, "Dashboard", period_override=cloudwatch.PeriodOverride.AUTO)
    dashboard.add_widgets(
        cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=_FULL, height=3)
    )
    rows = (
        _sizes(),
        _queues(metrics),
        _watch(metrics),
        _reconciles(),
        _functions(metrics),
        _api(metrics),
    )
    for row in rows:
        dashboard.add_widgets(*row)
    return dashboard


def _sizes() -> list[cloudwatch.IWidget]:
    return [
        _graph("Total size", "bytes", of_every_bucket("TotalSize", "Maximum"), width=_HALF),
        _graph("Objects", "objects", of_every_bucket("ObjectCount", "Maximum"), width=_HALF),
    ]


def _queues(metrics: Metrics) -> list[cloudwatch.IWidget]:
    oldest = metrics.of_queue(metrics.queue_name, "ApproximateAgeOfOldestMessage", label="queue")
    messages = [
        metrics.of_queue(name, "ApproximateNumberOfMessagesVisible", label=label)
        for label, name in {"waiting": metrics.queue_name, **metrics.dead_letter_queues}.items()
    ]
    return [
        _graph("Lag from event to commit, p99", "milliseconds", of_every_bucket("EventLag", "p99")),
        _graph("Oldest message", "seconds", oldest),
        _graph("Messages", "messages", *messages),
    ]


def _watch(metrics: Metrics) -> list[cloudwatch.IWidget]:
    heard = of_every_bucket("Heard", "Minimum")
    conflicts = of_every_bucket("CommitConflicts", "Sum")
    return [
        # Each check covers this many buckets at most. A sum would depend on how often they are checked.
        _graph(f"Unheard of {MAX_WATCHED} buckets", "buckets", metrics.unheard_buckets("Maximum")),
        _graph("Heard (1) or not (0)", "heard", heard),
        _graph("Commits repeated after a conflict", "conflicts", conflicts),
    ]


def _reconciles() -> list[cloudwatch.IWidget]:
    return [
        _graph("Keys healed by reconciles", "keys", of_every_bucket("ReconcileHealedKeys", "Sum")),
        _graph("Keys healed in live buckets", "keys", of_every_bucket("DriftHealedKeys", "Sum")),
        _graph("Keys that reconciles could not read", "keys", of_every_bucket("ReconcileRefusedKeys", "Sum")),
    ]


def _functions(metrics: Metrics) -> list[cloudwatch.IWidget]:
    def each(metric: str, statistic: str = "Sum") -> list[cloudwatch.IMetric]:
        return [
            metrics.of_function(service, metric, statistic=statistic, label=service) for service in SERVICES
        ]

    return [
        _graph("Invocations", "invocations", *each("Invocations")),
        _graph("Duration, p99", "milliseconds", *each("Duration", "p99")),
        cloudwatch.GraphWidget(
            title="Errors, and throttles on the right",
            left=each("Errors"),
            right=each("Throttles"),
            left_y_axis=_axis("errors"),
            right_y_axis=_axis("throttles"),
            width=_THIRD,
        ),
    ]


def _api(metrics: Metrics) -> list[cloudwatch.IWidget]:
    answers = {"Count": "requests", "4XXError": "client errors", "5XXError": "server errors"}
    latency = metrics.of_api("Latency", statistic="p99", label="latency")
    return [
        _graph(
            "API", "requests", *(metrics.of_api(metric, label=label) for metric, label in answers.items())
        ),
        _graph("API latency, p99", "milliseconds", latency),
        _graph("Time to answer by route, p99", "milliseconds", metrics.answer_times()),
    ]


def _graph(title: str, unit: str, *lines: cloudwatch.IMetric, width: int = _THIRD) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(lines), left_y_axis=_axis(unit), width=width, period=MINUTE
    )


def _axis(label: str) -> cloudwatch.YAxisProps:
    return cloudwatch.YAxisProps(label=label, min=0, show_units=False)
