"""Gradual delivery: a new version gets a tenth of the calls first, and the old one gets them back if an alarm goes off."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.nag_findings import keep

ROLL_OUT = codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES
WAITED_SECONDS = 120
"""How old a message may grow while a version is tried: less than a failed one rests before its next try (180 s).

The tracker reports a message that it failed without failing itself, so a version that fails them shows only here; and
this must show within the canary's five minutes.
"""

_POLICY = "AWSCodeDeployRoleForLambdaLimited"  # which the CDK gives to a deployment group's role
_MINUTE = Duration.minutes(1)


class Canary(Construct):
    """One CodeDeploy application; a deployment group for each alias that is given to it.

    Its alarms tell nobody: those of the ObservabilityStack do. They live here because a deployment group must name them,
    and this stack is deployed before that one.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._application = codedeploy.LambdaApplication(self, "Application")
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        keep(
            self._role,
            f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{_POLICY}]",
            because="AWS's own policy for this very use: it moves aliases and reads alarms",
        )

    def watch_errors(self, service: str, alias: lambda_.Alias) -> cloudwatch.Alarm:
        """Return an alarm for any call of the alias that fails, in whichever version."""
        return self._alarm(f"{service}-errors", alias.metric_errors(period=_MINUTE, statistic="Sum"), above=0)

    def watch_queue(self, queue: sqs.IQueue) -> cloudwatch.Alarm:
        """Return an alarm for messages that are not handled in time."""
        oldest = queue.metric_approximate_age_of_oldest_message(period=_MINUTE, statistic="Maximum")
        return self._alarm("oldest-message", oldest, above=WAITED_SECONDS)

    def roll_out(self, alarms: Mapping[str, tuple[lambda_.Alias, Sequence[cloudwatch.IAlarm]]]) -> None:
        """Have each service's alias move to a new version by a canary that these alarms end."""
        for service, (alias, watched) in alarms.items():
            codedeploy.LambdaDeploymentGroup(
                self,
                service,
                application=self._application,
                role=self._role,
                alias=alias,
                deployment_config=ROLL_OUT,
                alarms=list(watched),
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
