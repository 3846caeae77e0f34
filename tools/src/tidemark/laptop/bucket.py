"""The data bucket, made by boto3 as the storage stack makes it."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidemark.aws.buckets import NotOursError, empty_bucket, region_of, turn_on_events
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError

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
        """Return whether the account has it. Raises CommandError if it is another account's, or in another region."""
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
        """Make it if it is missing, and give it its settings; return whether it was missing."""
        missing = not self.exists()
        if missing:
            self._make()
        self._block_public_access()
        self._require_tls()
        turn_on_events(self._s3, self.name)
        return missing

    def content(self) -> str | None:
        """Return the name of an object that it holds, or None if it holds no object, version or delete marker."""
        page = self._s3.list_object_versions(Bucket=self.name, MaxKeys=1)
        for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            return f"object '{entry['Key']}'"
        return None

    def delete(self) -> None:
        """Empty it and remove it. Raises CommandError if something cannot be removed."""
        empty_bucket(self._s3, self.name)
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
        # S3 accepts every region's name but that of us-east-1, its default.
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

    def _block_public_access(self) -> None:
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

    def _require_tls(self) -> None:
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
