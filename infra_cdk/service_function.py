"""One service as a Lambda function: its image by digest, its role, its log group, its alias."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.images import repository
from infra_cdk.nag_suppressions import suppress_wildcard

LIVE = "live"
"""The name of the alias that callers use."""
_ARCHITECTURES = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one invocation may use: memory in MiB (the processor comes in proportion) and seconds."""

    memory_mib: int
    timeout_seconds: int


class ServiceFunction(Construct):
    """A function that runs a service's image. At first it may only write its own log.

    `found_names` are the names in its environment that CloudFormation reads from SSM parameters, and no others.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        digest: str,
        architecture: str,
        limits: Limits,
        environment: Mapping[str, str],
        found_names: Sequence[str] = (),
        recursive_loop: lambda_.RecursiveLoop | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        # A role of our own, because the default one may write every log of the account.
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
            memory_size=limits.memory_mib,
            timeout=Duration.seconds(limits.timeout_seconds),
            environment=dict(environment),
            log_group=log,
            role=role,
            recursive_loop=recursive_loop,
            current_version_options=lambda_.VersionOptions(
                # CloudFormation does not see that a name behind an SSM parameter has changed, so it would publish no
                # version, and the alias would keep one with the old name. Another description makes another version.
                description=" ".join(found_names),
                # Old versions cost nothing, and a rollback only moves the alias. But the version of an update that is
                # rolled back has to go: Lambda refuses to publish the same code and configuration twice.
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            ),
        )
        self.live = lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)
        """The version in service. Callers call this and never the function itself."""

    def allow(self, *actions: str, on: str | list[str]) -> None:
        """Allow the function these actions on these resources (ARNs)."""
        self.function.add_to_role_policy(
            iam.PolicyStatement(actions=list(actions), resources=[on] if isinstance(on, str) else on)
        )

    def allow_wildcard(self, action: str, *, on: str, reason: str) -> None:
        """Allow the function an action on every resource that an ARN ending in `*` matches."""
        self.allow(action, on=on)
        suppress_wildcard(self, on, reason=reason)

    def allow_on_everything(self, *actions: str, reason: str) -> None:
        """Allow the function actions that AWS knows on no single resource."""
        self.allow(*actions, on="*")
        suppress_wildcard(self, "*", reason=reason)
