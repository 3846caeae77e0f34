"""One service as a Lambda function: its image by digest, its role, its log group."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.images import repository
from infra_cdk.nag_findings import keep_wildcard

LIVE = "live"
"""The alias by which each function is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """What an invocation may use: memory in MiB (the processor comes in proportion) and seconds."""

    memory_mib: int
    timeout_seconds: int


class ImageFunction(Construct):
    """A function from an image, with no more rights than to write its own log."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        digest: str,
        architecture: str,
        allotment: Allotment,
        environment: Mapping[str, str],
        recursive_loop: lambda_.RecursiveLoop | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        # The log goes with its stack; it is a month's evidence and no record of the buckets.
        log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        # An own role, because the default one may write every log of the account.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=f"Tidemark: {service}",
            code=lambda_.DockerImageCode.from_ecr(
                ecr.Repository.from_repository_name(self, "Repository", repository(service)),
                tag_or_digest=digest,
            ),
            architecture=_ARCHITECTURES[architecture],
            memory_size=allotment.memory_mib,
            timeout=Duration.seconds(allotment.timeout_seconds),
            environment=dict(environment),
            log_group=log,
            role=role,
            recursive_loop=recursive_loop,
            # Kept, so that going back is moving the alias: a version of an image costs nothing.
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN),
        )
        self.live = lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)
        """What callers call: the version that is in service."""

    def may(self, *actions: str, on: str | list[str]) -> None:
        """Allow the function these actions on these resources (ARNs), and nothing else by implication."""
        self.function.add_to_role_policy(
            iam.PolicyStatement(actions=list(actions), resources=[on] if isinstance(on, str) else on)
        )

    def may_on_all(self, action: str, *, of: str, because: str) -> None:
        """Allow the function an action on every resource that an ARN ending in `*` stands for, for a reason."""
        self.may(action, on=of)
        keep_wildcard(self, of, because=because)


_ARCHITECTURES = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}
