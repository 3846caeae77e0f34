"""The dashboard: how large, how late, how well."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.watched import MINUTE, Watched, of_every_bucket

_HALF = 12
_THIRD = 8


def dashboard(
    scope: Construct, watched: Watched, alarms: Sequence[cloudwatch.IAlarm]
) -> cloudwatch.Dashboard:
    """Return a dashboard of everything that is watched; graphs of buckets show every one that trackers speak of."""
    board = cloudwatch.Dashboard(scope, "Dashboard", period_override=cloudwatch.PeriodOverride.AUTO)
    board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3))
    board.add_widgets(*_sizes())
    board.add_widgets(*_tracking(watched))
    board.add_widgets(*_accounting())
    board.add_widgets(*_functions(watched))
    board.add_widgets(*_answers(watched))
    return board


def _sizes() -> list[cloudwatch.IWidget]:
    return [
        _graph("Total size", [of_every_bucket("TotalSize", "Maximum")], "bytes", _HALF),
        _graph("Objects", [of_every_bucket("ObjectCount", "Maximum")], "objects", _HALF),
    ]


def _tracking(watched: Watched) -> list[cloudwatch.IWidget]:
    return [
        _graph("Lag from event to commit, p99", [of_every_bucket("EventLag", "p99")], "milliseconds", _THIRD),
        _graph(
            "Oldest message",
            [watched.of_queue(watched.queue, "ApproximateAgeOfOldestMessage", label="queue")],
            "seconds",
            _THIRD,
        ),
        _graph(
            "Messages",
            [
                watched.of_queue(name, "ApproximateNumberOfMessagesVisible", label=label)
                for label, name in {"waiting": watched.queue, **watched.dead_letters}.items()
            ],
            "messages",
            _THIRD,
        ),
    ]


def _accounting() -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Commits repeated after a conflict",
            [of_every_bucket("CommitConflicts", "Sum")],
            "conflicts",
            _HALF,
        ),
        _graph("Keys healed by reconciles", [of_every_bucket("ReconcileHealedKeys", "Sum")], "keys", _HALF),
    ]


def _functions(watched: Watched) -> list[cloudwatch.IWidget]:
    def each(metric: str, statistic: str = "Sum") -> list[cloudwatch.IMetric]:
        return [
            watched.of_function(service, metric, statistic=statistic, label=service)
            for service in watched.functions
        ]

    return [
        _graph("Invocations", each("Invocations"), "invocations", _THIRD),
        _graph("Duration, p99", each("Duration", "p99"), "milliseconds", _THIRD),
        cloudwatch.GraphWidget(
            title="Errors, and throttles on the right",
            left=each("Errors"),
            right=each("Throttles"),
            left_y_axis=_axis("errors"),
            right_y_axis=_axis("throttles"),
            width=_THIRD,
        ),
    ]


def _answers(watched: Watched) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "API",
            [
                watched.of_api("Count", label="requests"),
                watched.of_api("4XXError", label="client errors"),
                watched.of_api("5XXError", label="server errors"),
            ],
            "requests",
            _THIRD,
        ),
        _graph(
            "API latency, p99",
            [watched.of_api("Latency", statistic="p99", label="latency")],
            "milliseconds",
            _THIRD,
        ),
        _graph("Time to answer by route, p99", [watched.answer_times()], "milliseconds", _THIRD),
    ]


def _graph(
    title: str, metrics: Sequence[cloudwatch.IMetric], unit: str, width: int
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(metrics), left_y_axis=_axis(unit), width=width, period=MINUTE
    )


def _axis(label: str) -> cloudwatch.YAxisProps:
    return cloudwatch.YAxisProps(label=label, min=0, show_units=False)
