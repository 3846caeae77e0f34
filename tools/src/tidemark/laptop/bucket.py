"""The data bucket by boto3: made as the storage stack makes it, looked into, emptied and removed."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidemark.aws.owned_bucket import NotOursError, region_of
from tidemark.errors import CommandError
from tidemark.laptop.errors import code_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_US_EAST_1 = "us-east-1"
_TLS_ONLY = "TlsOnly"


class DataBucket:
    """One bucket of the caller's account. `partition` is the first word of its ARNs: aws, aws-cn or aws-us-gov."""

    title = "data bucket"

    def __init__(
        self, s3: "S3Client", name: str, *, account: str, region: str, partition: str = "aws"
    ) -> None:
        self._s3 = s3
        self.name = name
        self._account = account
        self._region = region
        self._arn = f"arn:{partition}:s3:::{name}"

    def exists(self) -> bool:
        """Whether the caller's account has it. Raises CommandError where the name or another region is in the way."""
        try:
            where = region_of(self._s3, self.name, account=self._account)
        except NotOursError as error:
            raise CommandError(
                f"bucket {self.name} belongs to another account, or these credentials may not list it: "
                "choose another --name, or allow s3:ListBucket"
            ) from error
        if where is None:
            return False
        if where != self._region:
            raise CommandError(
                f"bucket {self.name} is in {where}, not in {self._region}: give --region {where}"
            )
        return True

    def create(self) -> bool:
        """Make it where it is missing, and give it its settings; return whether it was missing."""
        missing = not self.exists()
        if missing:
            self._make()
        self._close_to_the_public()
        self._demand_tls()
        self._announce_changes()
        return missing

    def content(self) -> str | None:
        """Return what it holds first, in words, or None where it is empty: no object, version or delete marker."""
        page = self._s3.list_object_versions(Bucket=self.name, MaxKeys=1)
        for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            return f"object '{entry['Key']}'"
        return None

    def delete(self) -> None:
        """Empty it, whatever it holds, and remove it. Raises CommandError where something cannot be removed."""
        for batch in self._held():
            answer = self._s3.delete_objects(Bucket=self.name, Delete={"Objects": batch, "Quiet": True})  # type: ignore[typeddict-item]
            for refused in answer.get("Errors", []):
                raise CommandError(
                    f"object '{refused.get('Key')}' of {self.name} cannot be deleted: {refused.get('Message')}"
                )
        for upload in self._uploads():
            self._s3.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])
        try:
            self._s3.delete_bucket(Bucket=self.name)
        except ClientError as error:
            if code_of(error) != "BucketNotEmpty":
                raise
            raise CommandError(
                f"something was put into {self.name} while it was emptied: stop that, then repeat"
            ) from error
        self._s3.get_waiter("bucket_not_exists").wait(Bucket=self.name)

    def _make(self) -> None:
        # us-east-1 is the one region that must not be named (an AWS rule).
        elsewhere: Any = (
            {}
            if self._region == _US_EAST_1
            else {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        )
        try:
            self._s3.create_bucket(Bucket=self.name, ObjectOwnership="BucketOwnerEnforced", **elsewhere)
        except ClientError as error:
            if code_of(error) == "BucketAlreadyOwnedByYou":
                return
            if code_of(error) != "BucketAlreadyExists":
                raise
            raise CommandError(
                f"bucket name {self.name} is taken by another account: choose another --name"
            ) from error
        self._s3.get_waiter("bucket_exists").wait(Bucket=self.name)

    def _close_to_the_public(self) -> None:
        self._s3.put_public_access_block(
            Bucket=self.name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        self._s3.put_bucket_encryption(
            Bucket=self.name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )

    def _demand_tls(self) -> None:
        statements = self._statements()
        if any(statement.get("Sid") == _TLS_ONLY for statement in statements):
            return
        statements.append(
            {
                "Sid": _TLS_ONLY,
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "s3:*",
                "Resource": [self._arn, f"{self._arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
        policy = {"Version": "2012-10-17", "Statement": statements}
        self._s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))

    def _statements(self) -> list[dict[str, Any]]:
        try:
            policy = json.loads(self._s3.get_bucket_policy(Bucket=self.name)["Policy"])
        except ClientError as error:
            if code_of(error) != "NoSuchBucketPolicy":
                raise
            return []
        statements = policy["Statement"]
        return statements if isinstance(statements, list) else [statements]

    def _announce_changes(self) -> None:
        # A put replaces the whole configuration, so what somebody added meanwhile is put again.
        configuration: Any = self._s3.get_bucket_notification_configuration(Bucket=self.name)
        configuration.pop("ResponseMetadata", None)
        if "EventBridgeConfiguration" in configuration:
            return
        configuration["EventBridgeConfiguration"] = {}
        self._s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration=configuration
        )

    def _held(self) -> Iterator[list[dict[str, str]]]:
        """Yield every version and delete marker, as many at a time as one request deletes."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if entries:
                yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]

    def _uploads(self) -> Iterator[dict[str, str]]:
        for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name):
            for upload in page.get("Uploads", []):
                yield {"Key": upload["Key"], "UploadId": upload["UploadId"]}
