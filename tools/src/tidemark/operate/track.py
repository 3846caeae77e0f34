"""`make track BUCKET=`: tracks an existing bucket, whatever it holds, without disturbing what it already notifies.

Everything here may be repeated: what is there already stays, and the bucket's own configuration is added to.
A bucket that is to stay tracked across deployments belongs into the settings as well.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from botocore.exceptions import ClientError

from infra_cdk.names import OBJECT_EVENTS, added_rule_prefix
from tidemark.aws.account import caller_of
from tidemark.aws.arguments import bucket_of
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.aws.owned_bucket import NotOursError, region_of
from tidemark.errors import CommandError
from tidemark.operate.additions import ADDED_POLICY_PREFIX
from tidemark.operate.reconcile import reconcile

INLINE_POLICIES = 10_240
"""Characters of all inline policies of a role, blanks not counted (an AWS limit)."""
MOST_ADDED = 35
"""About as many buckets fill that, with names of common length, beside what the tracker may do anyway."""
_RULE_DIGITS = 12


class NoBucketError(CommandError):
    """There is no such bucket (yet)."""


def track(deployment: Deployment, bucket: str) -> None:
    """Let the tracker look at the bucket, have its events reach the queue, then adopt it.

    Rule and permissions of a bucket that the settings name are the stack's. The bucket is touched last, once nothing else
    can refuse.
    """
    require_here(deployment, bucket)
    if bucket not in named(deployment):
        _allow(deployment, bucket)
        _route(deployment, bucket)
    announce_changes(deployment.client("s3"), bucket)
    print(f"{bucket}: events on, rule and permissions in place; adopting what it holds")
    reconcile(deployment, bucket)


def require_here(deployment: Deployment, bucket: str) -> None:
    """Raise CommandError unless the bucket is the deployment's account's and region's: no other's events reach it."""
    try:
        region = region_of(deployment.client("s3"), bucket, account=caller_of(deployment).account)
    except NotOursError as error:
        raise CommandError(
            f"bucket {bucket} belongs to another account, whose events do not come here, or these credentials may not "
            "list it: deploy to that account, or allow s3:ListBucket"
        ) from error
    if region is None:
        raise NoBucketError(f"there is no bucket {bucket} here")
    if region != deployment.region:
        raise CommandError(
            f"bucket {bucket} is in {region}, and its events stay there; this deployment is in {deployment.region}: "
            f"make deploy TARGET={deployment.target} AWS_REGION={region}, then track it there"
        )


def named(deployment: Deployment) -> tuple[str, ...]:
    """Return the buckets that the settings of the deployed stacks name (`trackedBuckets`)."""
    return tuple(name for name in deployment.outputs.get("TrackedBuckets", "").split(",") if name)


def announce_changes(s3: Any, bucket: str) -> None:
    """Turn on EventBridge beside whatever the bucket notifies already: a put replaces the whole configuration.

    Raises CommandError where the credentials may not.
    """
    try:
        configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
        configuration.pop("ResponseMetadata", None)
        if "EventBridgeConfiguration" in configuration:
            return
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={**configuration, "EventBridgeConfiguration": {}},
            SkipDestinationValidation=True,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        raise CommandError(
            f"the credentials may not turn on the events of bucket {bucket} ({error.operation_name}): allow "
            "s3:GetBucketNotification and s3:PutBucketNotification"
        ) from error


def _allow(deployment: Deployment, bucket: str) -> None:
    """Let the tracker look at the bucket, by an inline policy of its own beside those of the stack."""
    functions = deployment.client("lambda")
    name = deployment.outputs["SizeTrackingFunctionName"]
    role = functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    arn = f"arn:{_partition(deployment)}:s3:::{bucket}"
    statements = [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/*"},
    ]
    try:
        deployment.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=ADDED_POLICY_PREFIX + _digest(bucket),
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "LimitExceeded":
            raise
        raise CommandError(
            f"the tracker's role {role} has no room for {bucket}: IAM allows {INLINE_POLICIES:,} characters of inline "
            f"policies, which about {MOST_ADDED} tracked buckets fill; nothing was changed: track it with another target"
        ) from error


def _route(deployment: Deployment, bucket: str) -> None:
    """Send the bucket's changes to the queue, whose policy admits rules of this name."""
    rules, sqs = deployment.client("events"), deployment.client("sqs")
    rule = added_rule_prefix(deployment.target) + _digest(bucket)
    pattern = {"source": ["aws.s3"], "detail-type": OBJECT_EVENTS, "detail": {"bucket": {"name": [bucket]}}}
    rules.put_rule(Name=rule, EventPattern=json.dumps(pattern), Description=f"Changes of {bucket}"[:512])
    queue, undelivered = (
        sqs.get_queue_attributes(QueueUrl=deployment.outputs[output], AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        for output in ("QueueUrl", "RuleDlqUrl")
    )
    target = {"Id": "queue", "Arn": queue, "DeadLetterConfig": {"Arn": undelivered}}
    answer = rules.put_targets(Rule=rule, Targets=[target])
    if answer["FailedEntryCount"]:
        raise CommandError(f"rule {rule} did not take its target: {answer['FailedEntries']}")


def _partition(deployment: Deployment) -> str:
    return str(deployment.client("sts").get_caller_identity()["Arn"].split(":")[1])


def _digest(bucket: str) -> str:
    return blake2b(bucket.encode()).hexdigest()[:_RULE_DIGITS]


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    bucket = bucket_of(options.bucket, f"make track TARGET={deployment.target} BUCKET=name")
    if bucket == deployment.outputs["PlotBucketName"]:
        raise CommandError("the plot bucket is not to be tracked: every plot would change what it shows")
    track(deployment, bucket)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("track", "Track an existing bucket, whatever it holds.")
    made.add_argument("--bucket", required=True)
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
