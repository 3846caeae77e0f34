"""Gradual delivery: a new version first gets a tenth of the calls, and an alarm gives them back to the old version."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.nag_suppressions import suppress

ROLL_OUT = codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES
MAX_MESSAGE_AGE_SECONDS = 120
"""The age of a message that takes a new version back. A failed message is tried again only after 180 s.

The tracker reports a failed message without failing itself, so a version that fails messages shows only here, and it
must show within the canary's five minutes.
"""

_POLICY = "AWSCodeDeployRoleForLambdaLimited"  # the CDK gives it to the role of a deployment group
_MINUTE = Duration.minutes(1)


class Canary(Construct):
    """One CodeDeploy application with a deployment group for each alias.

    These alarms notify nobody: the ones of the ObservabilityStack do. They are here because a deployment group must
    name its alarms, and this stack is deployed first.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._application = codedeploy.LambdaApplication(self, "Application")
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        suppress(
            self._role,
            f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{_POLICY}]",
            reason="AWS's own policy for this very use: it moves aliases and reads alarms",
        )

    def alarm_on_errors(self, service: str, alias: lambda_.Alias) -> cloudwatch.Alarm:
        """Return an alarm for any failed call of the alias, in either version."""
        return self._alarm(f"{service}-errors", alias.metric_errors(period=_MINUTE, statistic="Sum"), above=0)

    def alarm_on_old_messages(self, queue: sqs.IQueue) -> cloudwatch.Alarm:
        """Return an alarm for messages that are not handled in time."""
        oldest = queue.metric_approximate_age_of_oldest_message(period=_MINUTE, statistic="Maximum")
        return self._alarm("oldest-message", oldest, above=MAX_MESSAGE_AGE_SECONDS)

    def roll_out(self, service: str, alias: lambda_.Alias, alarms: Sequence[cloudwatch.IAlarm]) -> None:
        """Move the alias to a new version by a canary, which each of these alarms ends."""
        codedeploy.LambdaDeploymentGroup(
            self,
            service,
            application=self._application,
            role=self._role,
            alias=alias,
            deployment_config=ROLL_OUT,
            alarms=list(alarms),
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )

    def _alarm(self, construct_id: str, metric: cloudwatch.IMetric, *, above: float) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=above,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="Rolls a new version of a function back while CodeDeploy tries it",
        )
