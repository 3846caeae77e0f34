"""Turns on the events of existing buckets that the settings name. AWS only: LocalStack runs no custom resources."""

from collections.abc import Mapping

from aws_cdk import CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from infra_cdk.names import bucket_digest

_HANDLER = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834"
"""The CDK's id of its function, one per stack, that changes a bucket's notifications and keeps those of others."""


class BucketEvents(Construct):
    """Has each bucket send its events to EventBridge. A bucket that leaves the settings goes on sending them.

    The CDK's function merges them with what the bucket notifies already. It cannot tell who turned events on, so it
    never turns them off, and the resource is retained: deleting it could only fail, if its bucket is gone.
    """

    def __init__(self, scope: Construct, construct_id: str, *, buckets: Mapping[str, str]) -> None:
        """Take the ARNs of the buckets by their names."""
        super().__init__(scope, construct_id)
        log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        allowed = iam.PolicyStatement(
            actions=["s3:GetBucketNotification", "s3:PutBucketNotification"], resources=list(buckets.values())
        )
        role.add_to_policy(allowed)
        for name in buckets:
            self._turn_on(name, role)
        handler = Stack.of(self).node.find_child(_HANDLER)
        _resource_of(handler).add_property_override("LoggingConfig", {"LogGroup": log.log_group_name})

    def _turn_on(self, name: str, role: iam.Role) -> None:
        bucket = s3.Bucket.from_bucket_attributes(
            self,
            name,
            bucket_name=bucket_digest(name),
            # Without updates, or the CDK would add a managed policy that may write every log.
            notifications_handler_role=role.without_policy_updates(),
        )
        bucket.enable_event_bridge_notification()
        notifications = _resource_of(bucket.node.find_child("Notifications"))
        # The CDK refuses the long names that buckets from before 2018 may have.
        notifications.add_property_override("BucketName", name)
        notifications.apply_removal_policy(RemovalPolicy.RETAIN)
        notifications.node.add_dependency(role)


def _resource_of(construct: IConstruct) -> CfnResource:
    resource = construct.node.find_child("Resource")
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{resource.node.path} is not a resource")
    return resource
