"""The topic that alarms write to, and its subscribers."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class AlarmTopic(Construct):
    """An encrypted topic for the alarms of this account and region. Each address must confirm its subscription."""

    def __init__(self, scope: Construct, construct_id: str, *, emails: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Tidemark: alarms on their way to their subscribers",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # it encrypts messages on their way and nothing that is kept
        )
        self.topic = sns.Topic(self, "Topic", display_name="Tidemark", master_key=key, enforce_ssl=True)
        # AWS's own key for SNS does not admit CloudWatch: with that key alarms would be lost silently.
        key.add_to_resource_policy(self._statement("*", "kms:Decrypt", "kms:GenerateDataKey*"))
        # Our policy replaces the topic's default one, which admits the account's alarms.
        self.topic.add_to_resource_policy(self._statement(self.topic.topic_arn, "sns:Publish"))
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _statement(self, resource: str, *allowed: str) -> iam.PolicyStatement:
        alarms = Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name="*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        cloudwatch = iam.ServicePrincipal(
            "cloudwatch.amazonaws.com", conditions={"ArnLike": {"aws:SourceArn": alarms}}
        )
        return iam.PolicyStatement(principals=[cloudwatch], actions=list(allowed), resources=[resource])
