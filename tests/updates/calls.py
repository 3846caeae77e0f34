"""By which calls each type of resource is read, and what of the answers says nothing about an update."""

from collections.abc import Mapping
from typing import Any

Call = tuple[str, str, Mapping[str, Any]]
"""A service, an operation and its parameters, in which `{id}` is the resource and `{api}` its stack's API."""
VERSION = "AWS::Lambda::Version"
POLICY = "get_bucket_policy"
"""What tells a bucket's policy, a resource of its own that is not kept with the bucket."""


def _bucket(*operations: str) -> list[Call]:
    return [("s3", operation, {"Bucket": "{id}"}) for operation in operations]


CALLS: dict[str, list[Call]] = {
    "AWS::ApiGateway::RestApi": [
        ("apigateway", "get_rest_api", {"restApiId": "{id}"}),
        ("apigateway", "get_resources", {"restApiId": "{id}", "embed": ["methods"]}),
        ("apigateway", "get_gateway_responses", {"restApiId": "{id}"}),
    ],
    "AWS::ApiGateway::Stage": [("apigateway", "get_stage", {"restApiId": "{api}", "stageName": "{id}"})],
    "AWS::Backup::BackupPlan": [("backup", "get_backup_plan", {"BackupPlanId": "{id}"})],
    "AWS::Backup::BackupVault": [("backup", "describe_backup_vault", {"BackupVaultName": "{id}"})],
    "AWS::CloudWatch::Alarm": [
        ("cloudwatch", "describe_alarms", {"AlarmNames": ["{id}"], "AlarmTypes": ["MetricAlarm"]})
    ],
    "AWS::CloudWatch::Dashboard": [("cloudwatch", "get_dashboard", {"DashboardName": "{id}"})],
    "AWS::DynamoDB::Table": [
        ("dynamodb", "describe_table", {"TableName": "{id}"}),
        ("dynamodb", "describe_time_to_live", {"TableName": "{id}"}),
        ("dynamodb", "scan", {"TableName": "{id}"}),
    ],
    "AWS::ECR::Repository": [
        ("ecr", "describe_repositories", {"repositoryNames": ["{id}"]}),
        ("ecr", "get_lifecycle_policy", {"repositoryName": "{id}"}),
    ],
    "AWS::Events::Rule": [
        ("events", "describe_rule", {"Name": "{id}"}),
        ("events", "list_targets_by_rule", {"Rule": "{id}"}),
    ],
    "AWS::IAM::Role": [
        ("iam", "get_role", {"RoleName": "{id}"}),
        ("iam", "list_role_policies", {"RoleName": "{id}"}),
    ],
    "AWS::KMS::Key": [
        ("kms", "describe_key", {"KeyId": "{id}"}),
        ("kms", "get_key_policy", {"KeyId": "{id}", "PolicyName": "default"}),
    ],
    "AWS::Lambda::Alias": [
        ("lambda", "get_function", {"FunctionName": "{id}"}),
        ("lambda", "get_policy", {"FunctionName": "{id}"}),
    ],
    "AWS::Lambda::EventSourceMapping": [("lambda", "get_event_source_mapping", {"UUID": "{id}"})],
    "AWS::Lambda::Function": [("lambda", "get_function", {"FunctionName": "{id}"})],
    "AWS::Lambda::Version": [("lambda", "get_function", {"FunctionName": "{id}"})],
    "AWS::Logs::LogGroup": [("logs", "describe_log_groups", {"logGroupNamePrefix": "{id}"})],
    "AWS::S3::Bucket": _bucket(
        "get_bucket_encryption",
        "get_bucket_lifecycle_configuration",
        "get_bucket_notification_configuration",
        POLICY,
        "get_bucket_versioning",
        "get_public_access_block",
        "list_objects_v2",
    ),
    "AWS::SNS::Topic": [("sns", "get_topic_attributes", {"TopicArn": "{id}"})],
    "AWS::SQS::Queue": [("sqs", "get_queue_attributes", {"QueueUrl": "{id}", "AttributeNames": ["All"]})],
    "AWS::SSM::Parameter": [("ssm", "get_parameter", {"Name": "{id}"})],
}
CONTAINED = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Resource",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
)
"""Types that the description of another resource shows, such as a queue its policy."""
ABSENT = frozenset(
    {
        "LifecyclePolicyNotFoundException",
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "ResourceNotFoundException",
    }
)
"""Answers for what a resource does not have."""
VOLATILE = frozenset(
    {
        "CodeSha256",  # MiniStack's is no hash
        "ResponseMetadata",
        "RevisionId",
        "Tags",  # CloudFormation's own
        "VersionId",
        "lastUpdatedDate",
        "tags",
    }
)
COUNTED = (
    "AlarmConfigurationUpdated",
    "ApproximateNumberOf",
    "ItemCount",
    "LastModified",
    "LastProcessingResult",
    "LastUpdateStatus",
    "StateReason",
    "StateUpdated",
    "TableSize",
    "lastEvaluatedAt",
    "storedBytes",
)
"""Beginnings of the names of what a resource counts or dates by itself."""
