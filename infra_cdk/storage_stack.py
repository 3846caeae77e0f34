"""What must survive: the data bucket, the plot bucket, the history and the ledger."""

from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk import wiring
from infra_cdk.settings import Settings
from size_history import items, keys

_STRING = dynamodb.AttributeType.STRING
_NUMBER = dynamodb.AttributeType.NUMBER
TIME_TO_LIVE = "expiry"
"""The Ledger's attribute (seconds since 1970) after which DynamoDB removes a tombstone."""


class StorageStack(Stack):
    """The stateful resources: retained when the stack goes, unless the settings call them ephemeral."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        self._settings = settings

        data_bucket = self._bucket("DataBucket")
        _announce_changes(data_bucket)
        plot_bucket = self._bucket("PlotBucket")
        history = self._history()
        ledger = self._ledger()

        for name, output, value in (
            (wiring.DATA_BUCKET, "DataBucketName", data_bucket.bucket_name),
            (wiring.PLOT_BUCKET, "PlotBucketName", plot_bucket.bucket_name),
            (wiring.HISTORY_TABLE, "HistoryTableName", history.table_name),
            (wiring.LEDGER_TABLE, "LedgerTableName", ledger.table_name),
        ):
            wiring.publish(self, settings, name, value)
            CfnOutput(self, output, value=value)

    def _bucket(self, construct_id: str) -> s3.Bucket:
        ephemeral = self._settings.ephemeral
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal,
            # A custom resource empties the bucket, and LocalStack runs none: its deployer empties it.
            auto_delete_objects=True if ephemeral and not self._settings.emulated else None,
        )

    def _history(self) -> dynamodb.Table:
        table = self._table("HistoryTable", partition=items.BUCKET_NAME, sort=items.TIME)
        table.add_global_secondary_index(
            index_name=items.SIZE_INDEX,
            partition_key=dynamodb.Attribute(name=items.BUCKET_NAME, type=_STRING),
            sort_key=dynamodb.Attribute(name=items.TOTAL_SIZE, type=_NUMBER),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        return table

    def _ledger(self) -> dynamodb.Table:
        return self._table("LedgerTable", partition=keys.PK, sort=keys.SK, time_to_live=TIME_TO_LIVE)

    def _table(
        self, construct_id: str, *, partition: str, sort: str, time_to_live: str | None = None
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=dynamodb.Attribute(name=partition, type=_STRING),
            sort_key=dynamodb.Attribute(name=sort, type=_STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=time_to_live,
            deletion_protection=not self._settings.ephemeral,
            removal_policy=self._removal,
        )

    @property
    def _removal(self) -> RemovalPolicy:
        return RemovalPolicy.DESTROY if self._settings.ephemeral else RemovalPolicy.RETAIN


def _announce_changes(bucket: s3.Bucket) -> None:
    # Not event_bridge_enabled=True: that makes a custom resource, which LocalStack skips without a word.
    resource = bucket.node.default_child
    if not isinstance(resource, s3.CfnBucket):
        raise TypeError(f"{bucket.node.path} is no bucket of this stack")
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
