"""The permissions that S3's operations need.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from collections.abc import Iterator
from urllib.parse import unquote

from localstack_image_lambda.iam.call import Call
from localstack_image_lambda.iam.policies import Permission

_OTHER_NAMES = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "HeadObject": "GetObject",
    "SelectObjectContent": "GetObject",
    "PostObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    **{
        f"{verb}Bucket{kind}Configuration{plural}": f"{'Get' if verb in {'Get', 'List'} else 'Put'}{kind}Configuration"
        for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
        for verb, plural in (("Get", ""), ("List", "s"), ("Put", ""), ("Delete", ""))
    },
}
"""The actions that have another name than their operation."""

_OF_VERSIONS = {
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "GetObjectTorrent": "GetObjectVersionTorrent",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
}
"""The actions that have another name if the call names a version of the object."""

_MORE = {
    "ACL": "PutObjectAcl",
    "Tagging": "PutObjectTagging",
    "ObjectLockMode": "PutObjectRetention",
    "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
}
"""What a put with a parameter needs too."""
_PUTS = ("PutObject", "CopyObject", "CreateMultipartUpload")


def permissions(call: Call) -> Iterator[Permission]:
    """Yield each permission that the call needs."""
    bucket, key, version = call.get("Bucket"), call.get("Key"), call.get("VersionId")
    action = _OTHER_NAMES.get(call.operation, call.operation)
    if source := call.get("CopySource"):
        yield _reading_of(call, source)
    if call.operation == "DeleteObjects":
        for entry in call.parameters.get("Delete", {}).get("Objects", []):
            yield _on_object(call, "DeleteObject", bucket, entry["Key"], entry.get("VersionId"))
    elif key is not None and bucket is not None:
        if call.operation == "GetObjectAttributes":
            yield _on_object(call, "GetObject", bucket, key, version)
        yield _on_object(call, action, bucket, key, version)
    else:
        yield call.permission(f"arn:{call.partition}:s3:::{bucket or '*'}", action)
    if call.operation in _PUTS:
        for parameter, more in _MORE.items():
            if call.get(parameter):
                yield _on_object(call, more, bucket, key, None)


def listing_of(call: Call) -> Permission | None:
    """Return the permission without which S3 does not say that the object of a call is absent, or None."""
    if call.operation not in {"GetObject", "HeadObject", "CopyObject", "GetObjectAttributes"}:
        return None
    bucket = call.get("Bucket")
    if source := call.get("CopySource"):
        bucket = _parts(source)[0]
    return call.permission(f"arn:{call.partition}:s3:::{bucket}", "ListBucket")


def _on_object(call: Call, action: str, bucket: str, key: str, version: str | None) -> Permission:
    named = _OF_VERSIONS.get(action, action) if version else action
    return call.permission(f"arn:{call.partition}:s3:::{bucket}/{key}", named)


def _reading_of(call: Call, source: str) -> Permission:
    bucket, key, version = _parts(source)
    return _on_object(call, "GetObject", bucket, key, version)


def _parts(source: str) -> tuple[str, str, str | None]:
    """Return bucket, key and version of the quoted source of a copy: `bucket/key?versionId=…`."""
    path, _, query = source.partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, query or None
