"""The pipeline that delivers a branch: test, images, synth, itself, then the stacks.

The stage that it deploys is the one that `make deploy` deploys, down to the last logical id, so that either may go on
where the other stopped. The registry is outside of it: images are pushed before anything that runs them.
"""

import json
import shlex
from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack, Stage, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.images import SERVICES, repository
from infra_cdk.nag_findings import keep
from infra_cdk.pipeline_findings import keep_what_pipelines_make
from infra_cdk.settings import Settings

NAME = "Tidemark-PipelineStack"
PYTHON = "3.13"
PUSHED = "pushed"
"""The directory in which the images' digests go from the step that pushed them to the one that synthesizes."""
OUTPUT = "infra_cdk/cdk.out"
ARTIFACTS_KEPT = Duration.days(30)

_HERE = Path(__file__).resolve().parent


class PipelineStack(Stack):
    """Source → test → images → synth → self-update → deploy, in the account and region that it is itself deployed to."""

    def __init__(self, scope: Construct, *, settings: Settings, deployed: Stage, **stack: Any) -> None:
        super().__init__(scope, NAME, **stack)
        self._settings = settings
        source = self._source()
        tested = self._step("Test", source, ["make check test-unit"])
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
        keep(images.project, "CB3", because="It builds container images, and the Docker engine needs it")
        keep(images.project, "IAM5[Resource::*]", because="ecr:GetAuthorizationToken knows no resource")
        keep_what_pipelines_make(self, artifacts)

    def _source(self) -> pipelines.CodePipelineSource:
        return pipelines.CodePipelineSource.connection(
            str(self._settings.source_repository),
            self._settings.source_branch,
            connection_arn=str(self._settings.connection_arn),
            # With its history, for the images are tagged with the commit.
            code_build_clone_output=True,
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
            [f"make push-images ARCHITECTURE={architecture}", f"mkdir {PUSHED}", f"mv images.json {PUSHED}/"],
            output=PUSHED,
            environment=codebuild.BuildEnvironment(build_image=build_image, privileged=True),
            may=self._push(),
        )

    def _synth(
        self, source: pipelines.IFileSetProducer, images: pipelines.CodeBuildStep
    ) -> pipelines.CodeBuildStep:
        context = shlex.join(part for pair in self._context() for part in ("-c", pair))
        return self._step(
            "Synth",
            source,
            [f"mv {PUSHED}/images.json .", f".venv/bin/python -m infra_cdk.app {context} -o {OUTPUT}"],
            output=OUTPUT,
            inputs={PUSHED: images},
        )

    def _context(self) -> list[str]:
        # Said again, for the pipeline must find itself in what it synthesizes, wherever it was first told of these; and
        # the functions are of the architecture that its images are built for, on a machine of that kind.
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
        may: list[iam.PolicyStatement] | None = None,
    ) -> pipelines.CodeBuildStep:
        return pipelines.CodeBuildStep(
            name,
            input=source,
            additional_inputs=inputs,
            install_commands=["make install"],
            commands=commands,
            primary_output_directory=output,
            build_environment=environment,
            role_policy_statements=[self._connect(), *(may or [])],
            partial_build_spec=codebuild.BuildSpec.from_object(
                {"phases": {"install": {"runtime-versions": {"python": PYTHON}}}}
            ),
        )

    def _connect(self) -> iam.PolicyStatement:
        # The CDK allows this under the service's former name only, codestar-connections.
        return iam.PolicyStatement(
            actions=["codeconnections:UseConnection"], resources=[str(self._settings.connection_arn)]
        )

    def _push(self) -> list[iam.PolicyStatement]:
        repositories = [
            self.format_arn(service="ecr", resource="repository", resource_name=repository(service))
            for service in SERVICES
        ]
        return [
            iam.PolicyStatement(
                actions=["ecr:GetAuthorizationToken"], resources=["*"]
            ),  # it knows no resource
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
            lifecycle_rules=[s3.LifecycleRule(expiration=ARTIFACTS_KEPT)],
            removal_policy=RemovalPolicy.RETAIN,
        )
        keep(artifacts, "S1", because="Sources and templates of a month, which CodePipeline alone writes")
        return artifacts


def _cli_version() -> str:
    package = json.loads((_HERE / "package.json").read_text(encoding="utf-8"))
    return str(package["devDependencies"]["aws-cdk"])
