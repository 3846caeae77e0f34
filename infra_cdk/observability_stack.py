"""The stack that tells people how Tidemark is doing: a topic, the alarms that write to it, a CloudWatch dashboard."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra_cdk.alarm_topic import AlarmTopic
from infra_cdk.alarms import Alarms
from infra_cdk.cloudwatch_dashboard import cloudwatch_dashboard
from infra_cdk.metrics import Metrics
from infra_cdk.settings import Settings


class ObservabilityStack(Stack):
    """Alarms and dashboard of one target. It reads the names that other stacks publish and holds no data."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        metrics = Metrics(self, settings)
        topic = AlarmTopic(self, "AlarmTopic", emails=settings.alarm_emails).topic
        alarms = Alarms(
            self, "Alarms", metrics=metrics, topic=topic, threshold_gib=settings.bucket_threshold_gib
        )
        dashboard = cloudwatch_dashboard(self, metrics, alarms.all)

        CfnOutput(self, "AlarmTopicArn", value=topic.topic_arn)
        CfnOutput(self, "DashboardName", value=dashboard.dashboard_name)
