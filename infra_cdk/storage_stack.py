"""The stack of everything that holds data: the data bucket, the plot bucket, the history and the ledger."""

from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk import parameters
from infra_cdk.nag_suppressions import suppress
from infra_cdk.settings import Settings
from size_history import tables
from size_history.tables import Attribute, Kind, TableSchema

_KINDS = {Kind.STRING: dynamodb.AttributeType.STRING, Kind.NUMBER: dynamodb.AttributeType.NUMBER}


class StorageStack(Stack):
    """Buckets and tables. They outlive the stack, unless the settings call their data ephemeral."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        self._settings = settings

        data_bucket = self._bucket("DataBucket")
        _send_events(data_bucket)
        plot_bucket = self._bucket("PlotBucket")
        history = self._table("HistoryTable", tables.HISTORY)
        ledger = self._table("LedgerTable", tables.LEDGER)

        for name, output, value in (
            (parameters.DATA_BUCKET, "DataBucketName", data_bucket.bucket_name),
            (parameters.PLOT_BUCKET, "PlotBucketName", plot_bucket.bucket_name),
            (parameters.HISTORY_TABLE, "HistoryTableName", history.table_name),
            (parameters.LEDGER_TABLE, "LedgerTableName", ledger.table_name),
        ):
            parameters.publish(self, settings, name, value)
            CfnOutput(self, output, value=value)

    def _bucket(self, construct_id: str) -> s3.Bucket:
        ephemeral = self._settings.ephemeral
        bucket = s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal,
            # A custom resource empties the bucket. LocalStack runs none, so the local deployer empties it there.
            auto_delete_objects=True if ephemeral and not self._settings.emulated else None,
        )
        suppress(bucket, "S1", reason="the account's trail of data events tells who reads which object")
        return bucket

    def _table(self, construct_id: str, schema: TableSchema) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            construct_id,
            partition_key=_attribute(schema.partition),
            sort_key=_attribute(schema.sort),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=schema.time_to_live,
            deletion_protection=not self._settings.ephemeral,
            removal_policy=self._removal,
        )
        for index in schema.indexes:
            table.add_global_secondary_index(
                index_name=index.name,
                partition_key=_attribute(index.partition),
                sort_key=_attribute(index.sort),
                projection_type=dynamodb.ProjectionType.ALL,
            )
        return table

    @property
    def _removal(self) -> RemovalPolicy:
        return RemovalPolicy.DESTROY if self._settings.ephemeral else RemovalPolicy.RETAIN


def _attribute(attribute: Attribute) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=attribute.name, type=_KINDS[attribute.kind])


def _send_events(bucket: s3.Bucket) -> None:
    # The CDK's event_bridge_enabled=True makes a custom resource, which LocalStack silently skips.
    resource = bucket.node.default_child
    if not isinstance(resource, s3.CfnBucket):
        raise TypeError(f"{bucket.node.path} is not a bucket of this stack")
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
