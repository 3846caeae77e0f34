"""The topic that alarms write to, and the people who read it."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class AlarmTopic(Construct):
    """An encrypted topic that takes alarms of this account and region; each address must confirm its subscription."""

    def __init__(self, scope: Construct, construct_id: str, *, emails: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Tidemark: alarms on their way to their subscribers",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # it protects messages under way, and nothing that is kept
        )
        self.topic = sns.Topic(self, "Topic", display_name="Tidemark", master_key=key, enforce_ssl=True)
        alarms = iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=self._ours())
        # AWS's own key for SNS admits nobody else: with it, no alarm would ever arrive, and nothing would say so.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[alarms], actions=["kms:Decrypt", "kms:GenerateDataKey*"], resources=["*"]
            )
        )
        # A topic's own policy takes the place of the default one, which admits the account's alarms.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[alarms], actions=["sns:Publish"], resources=[self.topic.topic_arn]
            )
        )
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _ours(self) -> dict[str, dict[str, str]]:
        alarms = Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name="*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return {"ArnLike": {"aws:SourceArn": alarms}}
