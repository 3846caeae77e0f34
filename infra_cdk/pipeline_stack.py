"""The stack of the pipeline that delivers a branch.

It deploys the same stage as `make deploy`, down to the last logical id, so the two may take turns. It does not deploy
the registry, because images are pushed before the stacks that run them are deployed.
"""

import json
import shlex
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack, Stage, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.images import SERVICES, repository
from infra_cdk.nag_suppressions import suppress, suppress_wildcard
from infra_cdk.settings import HERE, Settings

NAME = "Tidemark-PipelineStack"
PYTHON = "3.13"
PYTHON_IMAGE = "public.ecr.aws/docker/library/python:3.13-slim"
"""The base of the images, from AWS's copy: Docker Hub limits how often the shared addresses of build machines may pull."""
DIGESTS = "pushed"
"""The directory that takes images.json from the step that pushes the images to the step that synthesizes."""
OUTPUT = "infra_cdk/cdk.out"
ARTIFACT_RETENTION = Duration.days(30)
FAST_TESTS = ".venv/bin/python -m pytest tests/unit tests/infra"
"""The tests that need no emulator."""


class PipelineStack(Stack):
    """Source → test → images → synth → self-update → deploy, all in the pipeline's own account and region."""

    def __init__(self, scope: Construct, *, settings: Settings, deployed: Stage, **stack: Any) -> None:
        super().__init__(scope, NAME, **stack)
        self._settings = settings
        source = self._source()
        tested = self._step("Test", source, ["make check", FAST_TESTS])
        images = self._images(source)
        images.add_step_dependency(tested)
        artifacts = self._artifacts()
        pipeline = pipelines.CodePipeline(
            self,
            "Pipeline",
            synth=self._synth(source, images),
            artifact_bucket=artifacts,
            cli_version=_cli_version(),
            use_pipeline_role_for_actions=True,
        )
        pipeline.add_stage(deployed)
        pipeline.build_pipeline()
        pipeline.pipeline.add_to_role_policy(self._connect())
        suppress(images.project, "CB3", reason="It builds container images, and the Docker engine needs it")
        suppress(images.project, "IAM5[Resource::*]", reason="ecr:GetAuthorizationToken knows no resource")
        _suppress_findings_of_cdk_pipelines(self, artifacts)

    def _source(self) -> pipelines.CodePipelineSource:
        return pipelines.CodePipelineSource.connection(
            str(self._settings.source_repository),
            self._settings.source_branch,
            connection_arn=str(self._settings.connection_arn),
            code_build_clone_output=True,  # a clone, because images.json records the commit
        )

    def _images(self, source: pipelines.IFileSetProducer) -> pipelines.CodeBuildStep:
        architecture = self._settings.architecture
        build_image = {
            "x86_64": codebuild.LinuxBuildImage.STANDARD_7_0,
            "arm64": codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0,
        }[architecture]
        return self._step(
            "Images",
            source,
            [
                f"make push-images ARCHITECTURE={architecture}",
                f"mkdir {DIGESTS}",
                f"mv images.json {DIGESTS}/",
            ],
            output=DIGESTS,
            environment=codebuild.BuildEnvironment(build_image=build_image, privileged=True),
            variables={"PYTHON_IMAGE": PYTHON_IMAGE},
            allow=self._push(),
        )

    def _synth(
        self, source: pipelines.IFileSetProducer, images: pipelines.CodeBuildStep
    ) -> pipelines.CodeBuildStep:
        context = shlex.join(part for pair in self._context() for part in ("-c", pair))
        return self._step(
            "Synth",
            source,
            [f"mv {DIGESTS}/images.json .", f".venv/bin/python -m infra_cdk.app {context} -o {OUTPUT}"],
            output=OUTPUT,
            inputs={DIGESTS: images},
        )

    def _context(self) -> list[str]:
        # The first deployment may have taken these from a command line. The pipeline must pass them on, or its own stack
        # would be missing from what it synthesizes.
        return [
            f"target={self._settings.target}",
            f"architecture={self._settings.architecture}",
            f"connectionArn={self._settings.connection_arn}",
            f"sourceRepository={self._settings.source_repository}",
            f"sourceBranch={self._settings.source_branch}",
        ]

    def _step(
        self,
        name: str,
        source: pipelines.IFileSetProducer,
        commands: list[str],
        *,
        output: str | None = None,
        inputs: dict[str, pipelines.IFileSetProducer] | None = None,
        environment: codebuild.BuildEnvironment | None = None,
        variables: dict[str, str] | None = None,
        allow: list[iam.PolicyStatement] | None = None,
    ) -> pipelines.CodeBuildStep:
        return pipelines.CodeBuildStep(
            name,
            input=source,
            additional_inputs=inputs,
            install_commands=["make install"],
            commands=commands,
            primary_output_directory=output,
            build_environment=environment,
            env=variables,
            role_policy_statements=[self._connect(), *(allow or [])],
            partial_build_spec=codebuild.BuildSpec.from_object(
                {"phases": {"install": {"runtime-versions": {"python": PYTHON}}}}
            ),
        )

    def _connect(self) -> iam.PolicyStatement:
        # The CDK allows this only under the service's former name, codestar-connections.
        return iam.PolicyStatement(
            actions=["codeconnections:UseConnection"], resources=[str(self._settings.connection_arn)]
        )

    def _push(self) -> list[iam.PolicyStatement]:
        repositories = [
            self.format_arn(service="ecr", resource="repository", resource_name=repository(service))
            for service in SERVICES
        ]
        return [
            iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            iam.PolicyStatement(
                actions=[
                    "ecr:DescribeRepositories",
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:InitiateLayerUpload",
                    "ecr:UploadLayerPart",
                    "ecr:CompleteLayerUpload",
                    "ecr:PutImage",
                ],
                resources=repositories,
            ),
        ]

    def _artifacts(self) -> s3.Bucket:
        artifacts = s3.Bucket(
            self,
            "Artifacts",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=ARTIFACT_RETENTION)],
            removal_policy=RemovalPolicy.RETAIN,
        )
        suppress(artifacts, "S1", reason="Sources and templates of a month, which only CodePipeline writes")
        return artifacts


def _cli_version() -> str:
    package = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    return str(package["devDependencies"]["aws-cdk"])


def _suppress_findings_of_cdk_pipelines(stack: Stack, artifacts: s3.IBucket) -> None:
    """Suppress the findings in what CDK Pipelines makes. Call it after the pipeline is built."""
    for action in ("s3:GetObject*", "s3:GetBucket*", "s3:List*", "s3:DeleteObject*", "s3:Abort*"):
        suppress(
            stack, f"IAM5[Action::{action}]", reason="Reading and writing artifacts, as the CDK grants it"
        )
    suppress_wildcard(stack, artifacts.arn_for_objects("*"), reason="CodePipeline makes the artifacts' keys")
    for project in stack.node.find_all():
        if isinstance(project, codebuild.CfnProject):
            _suppress_findings_of_project(stack, project)
    self_update = stack.node.find_child("Pipeline").node.find_child("UpdatePipeline")
    for resource in ("arn:*:iam::<AWS::AccountId>:role/*", "*"):
        suppress(
            self_update,
            f"IAM5[Resource::{resource}]",
            reason="It deploys with the bootstrap's roles, which a condition limits, and looks for stacks and buckets",
        )


def _suppress_findings_of_project(stack: Stack, project: codebuild.CfnProject) -> None:
    parent = project.node.scope
    if parent is None:
        raise ValueError(f"{project.node.path} has no parent")
    suppress(
        parent,
        "CB4",
        reason="A build reads the artifact bucket and leaves nothing that the bucket does not hold",
    )
    for service, resource, name, arn_format in (
        ("logs", "log-group", f"/aws/codebuild/{project.ref}:*", ArnFormat.COLON_RESOURCE_NAME),
        ("codebuild", "report-group", f"{project.ref}-*", ArnFormat.SLASH_RESOURCE_NAME),
    ):
        arn = stack.format_arn(service=service, resource=resource, resource_name=name, arn_format=arn_format)
        suppress_wildcard(
            parent, arn, reason="CodeBuild makes the names of a project's log streams and reports"
        )
