"""What tells people how it goes: one topic, the alarms that write to it, one dashboard."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra_cdk.alarm_topic import AlarmTopic
from infra_cdk.alarms import Alarms
from infra_cdk.dashboard import dashboard
from infra_cdk.settings import Settings
from infra_cdk.watched import Watched


class ObservabilityStack(Stack):
    """Alarms and dashboard of one target. It reads names that the other stacks publish, and holds nothing."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        watched = Watched(self, "Watched", settings=settings)

        topic = AlarmTopic(self, "AlarmTopic", emails=settings.alarm_emails)
        alarms = Alarms(self, "Alarms", topic=topic.topic)
        alarms.on_queues(watched)
        alarms.on_functions(watched)
        alarms.on_api(watched)
        alarms.on_sizes(watched, settings.bucket_threshold_gib)
        alarms.on_backups(watched)
        board = dashboard(self, watched, alarms.all)

        CfnOutput(self, "AlarmTopicArn", value=topic.topic.topic_arn)
        CfnOutput(self, "DashboardName", value=board.dashboard_name)
