"""What the checks find in what CDK Pipelines makes, and why it is kept."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_s3 as s3

from infra_cdk.nag_findings import keep, keep_wildcard

_IDENTITIES = "arn:*:iam::<AWS::AccountId>:role/*"


def keep_what_pipelines_make(stack: Stack, artifacts: s3.IBucket) -> None:
    """Acknowledge the findings that come with a pipeline and its projects. Call it when the pipeline is built."""
    for action in ("s3:GetObject*", "s3:GetBucket*", "s3:List*", "s3:DeleteObject*", "s3:Abort*"):
        keep(stack, f"IAM5[Action::{action}]", because="Reading and writing artifacts, as the CDK grants it")
    keep_wildcard(stack, artifacts.arn_for_objects("*"), because="Artifacts, whose keys CodePipeline makes")
    for construct in stack.node.find_all():
        if isinstance(construct, codebuild.CfnProject):
            _keep_project(stack, construct)
    self_update = stack.node.find_child("Pipeline").node.find_child("UpdatePipeline")
    for rule in (f"IAM5[Resource::{_IDENTITIES}]", "IAM5[Resource::*]"):
        keep(
            self_update,
            rule,
            because="It deploys by the bootstrap's roles, on which a condition holds it, and looks for stacks and buckets",
        )


def _keep_project(stack: Stack, project: codebuild.CfnProject) -> None:
    made = project.node.scope
    if made is None:
        raise ValueError(f"{project.node.path} stands alone")
    keep(made, "CB4", because="A build reads the artifact bucket and leaves nothing that it does not hold")
    log = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"/aws/codebuild/{project.ref}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    keep_wildcard(made, log, because="A project's own log streams, whose names CodeBuild makes")
    reports = stack.format_arn(service="codebuild", resource="report-group", resource_name=f"{project.ref}-*")
    keep_wildcard(made, reports, because="A project's own reports, whose names CodeBuild makes")
