"""The stack that an account needs once per region: the image repositories, and API Gateway's role for its logs."""

from typing import Any

from aws_cdk import ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra_cdk.images import SERVICES, repository
from infra_cdk.nag_suppressions import suppress
from infra_cdk.names import camel_case

UNTAGGED_DAYS = 14
_PUSH_TO_LOGS = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


class RegistryStack(Stack):
    """One repository per service, and API Gateway's role for logs.

    It belongs to no target, because images are pushed before the stacks that run them are deployed.
    """

    def __init__(self, scope: Construct, construct_id: str, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        for service in SERVICES:
            images = self._repository(service)
            self._let_lambda_pull(images)
            CfnOutput(self, f"{camel_case(service)}RepositoryUri", value=images.repository_uri)
        self._let_api_gateway_log()

    def _repository(self, service: str) -> ecr.Repository:
        return ecr.Repository(
            self,
            camel_case(service),
            repository_name=repository(service),
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.AES_256,
            # Only untagged images expire: a function that has not run for weeks still pulls its old, tagged image.
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description="Images that lost their tag, or never had one",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=Duration.days(UNTAGGED_DAYS),
                )
            ],
            # ECR deletes no repository that holds images. A retained one would block its name for the next stack.
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _let_lambda_pull(self, images: ecr.Repository) -> None:
        # The stack that makes the repository is the only one that can attach a policy to it.
        functions = self.format_arn(
            service="lambda",
            resource="function",
            resource_name="*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        images.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("lambda.amazonaws.com")],
                actions=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                conditions={"StringLike": {"aws:sourceArn": functions}},
            )
        )

    def _let_api_gateway_log(self) -> None:
        # All APIs of an account and region share this setting, so it stays when the stack goes.
        role = iam.Role(
            self,
            "ApiGatewayLogs",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_PUSH_TO_LOGS)],
        )
        suppress(
            role,
            f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_PUSH_TO_LOGS}]",
            reason="API Gateway uses the role for every API of the account, and AWS asks for this policy",
        )
        account = apigateway.CfnAccount(self, "ApiGatewayAccount", cloud_watch_role_arn=role.role_arn)
        for resource in (role, account):
            resource.apply_removal_policy(RemovalPolicy.RETAIN)
