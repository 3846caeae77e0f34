"""`tidemark resources`: makes the data bucket and both tables by boto3 alone, as the storage stack does, or removes them.

They go where boto3's own settings lead: credentials, AWS_REGION, and AWS_ENDPOINT_URL for a local endpoint.
"""

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from size_history import tables
from tidemark.aws.buckets import empty_bucket, region_of, turn_on_events
from tidemark.aws.refusals import code_of, explained
from tidemark.aws.session import session_of_caller
from tidemark.aws.tables import await_deletion, create_table, delete_table, finish_table
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

_CONFIG = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
# A part of a bucket's name, which is lower case and has at most 63 characters (an AWS limit).
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")
_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_BACKUP_ATTEMPTS = 60
_BACKUP_PAUSE_SECONDS = 2


class Names(NamedTuple):
    """The names of one set of resources."""

    data_bucket: str
    history_table: str
    ledger_table: str


def names_of(account: str, region: str, name: str) -> Names:
    """Return the names of the set `name` in an account and a region, always the same ones. Raises CommandError.

    All accounts share the names of buckets, hence the digest.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(
            f"'{name}' is no name: a name has up to 20 small letters, digits and hyphens, and no hyphen at an end"
        )
    digest = blake2b(f"{account}/{region}/{name}".encode(), digest_size=6).hexdigest()
    return Names(*(f"tidemark-{name}-{role}-{digest}" for role in ("data", "history", "ledger")))


class DataBucket:
    """The data bucket in the caller's account. `partition` is the first word of its ARN: aws, aws-cn or aws-us-gov."""

    title = "data bucket"

    def __init__(self, s3: "S3Client", name: str, *, account: str, partition: str = "aws") -> None:
        self._s3 = s3
        self.name = name
        self._account = account
        self._arn = f"arn:{partition}:s3:::{name}"

    def exists(self) -> bool:
        """Return whether it exists. Raises CommandError if it is another account's."""
        fix = "choose another --name"
        return region_of(self._s3, self.name, account=self._account, fix=fix) is not None

    def create(self) -> bool:
        """Make it if it is missing, and give it its settings; return whether it was missing. An existing policy is kept."""
        if missing := not self.exists():
            region = self._s3.meta.region_name
            # S3 accepts every region's name but that of us-east-1, its default.
            place: Any = {"CreateBucketConfiguration": {"LocationConstraint": region}}
            elsewhere = {} if region == "us-east-1" else place
            try:
                self._s3.create_bucket(Bucket=self.name, ObjectOwnership="BucketOwnerEnforced", **elsewhere)
            except self._s3.exceptions.BucketAlreadyExists as error:
                why = f"bucket name {self.name} is taken by another account: choose another --name"
                raise CommandError(why) from error
            self._s3.get_waiter("bucket_exists").wait(Bucket=self.name)
        blocked: Any = dict.fromkeys(_BLOCKED, True)
        self._s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=blocked)
        encryption: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        self._s3.put_bucket_encryption(
            Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [encryption]}
        )
        try:
            self._s3.get_bucket_policy(Bucket=self.name)
        except ClientError as error:
            if code_of(error) != "NoSuchBucketPolicy":
                raise
            statement = {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "s3:*",
                "Resource": [self._arn, f"{self._arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            self._s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))
        turn_on_events(self._s3, self.name)
        return missing

    def content(self) -> str | None:
        """Return the name of an object that it holds, or None if it holds no object, version or delete marker."""
        page = self._s3.list_object_versions(Bucket=self.name, MaxKeys=1)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        return f"object '{entries[0]['Key']}'" if entries else None

    def delete(self) -> None:
        """Empty it and remove it. Raises CommandError if something cannot be removed."""
        empty_bucket(self._s3, self.name)
        self._s3.delete_bucket(Bucket=self.name)
        self._s3.get_waiter("bucket_not_exists").wait(Bucket=self.name)


class Table:
    """One of the two tables in the caller's account and region."""

    def __init__(self, client: "DynamoDBClient", title: str, name: str, schema: tables.TableSchema) -> None:
        self._client = client
        self.title = title
        self.name = name
        self._schema = schema

    def exists(self) -> bool:
        """Return whether it exists. Raises CommandError if a table with another schema has its name."""
        try:
            found = self._client.describe_table(TableName=self.name)["Table"]
        except self._client.exceptions.ResourceNotFoundException:
            return False
        if found["TableStatus"] == "DELETING":
            await_deletion(self._client, self.name)
            return False
        if _keys(found) != _keys(self._schema.definition()):
            raise CommandError(
                f"table {self.name} has other keys or indexes than the {self.title}: "
                "delete it, or choose another --name"
            )
        return True

    def create(self) -> bool:
        """Make it if it is missing, and give it its settings; return whether it was missing."""
        if missing := not self.exists():
            create_table(self._client, self.name, self._schema, SSESpecification={"Enabled": True})
        finish_table(self._client, self.name, self._schema)
        for left in reversed(range(_BACKUP_ATTEMPTS)):
            try:
                self._client.update_continuous_backups(
                    TableName=self.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                )
            except self._client.exceptions.ContinuousBackupsUnavailableException:
                # AWS prepares the backups of a new table for some seconds.
                if not left:
                    raise
                time.sleep(_BACKUP_PAUSE_SECONDS)
            else:
                break
        return missing

    def content(self) -> str | None:
        """Return the name of an item that it holds, or None if it is empty."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self.name, ConsistentRead=True, PaginationConfig={"PageSize": 1}
        )
        keys = (self._schema.partition.name, self._schema.sort.name)
        items = (", ".join(item[key]["S"] for key in keys) for page in pages for item in page["Items"])
        return next((f"item {item}" for item in items), None)

    def delete(self) -> None:
        """Delete it with all its items."""
        delete_table(self._client, self.name)


def _keys(definition: Any) -> tuple[Any, ...]:
    indexes = definition.get("GlobalSecondaryIndexes", [])
    return definition["KeySchema"], [(index["IndexName"], index["KeySchema"]) for index in indexes]


def resources_of(session: boto3.Session, name: str) -> "list[DataBucket | Table]":
    """Return the resources of the set `name`, whether they exist or not, and print where they are.

    Raises botocore's errors, and ValueError for an endpoint that is no URL.
    """
    region, endpoint = session.region_name, os.environ.get("AWS_ENDPOINT_URL")
    caller = session.client("sts", config=_CONFIG).get_caller_identity()
    account, partition = caller["Account"], caller["Arn"].split(":")[1]
    print(f"account {account}, {region}, {f'at {endpoint}' if endpoint else 'on AWS'}:", flush=True)
    names = names_of(account, region, name)
    s3, dynamodb = session.client("s3", config=_CONFIG), session.client("dynamodb", config=_CONFIG)
    return [
        DataBucket(s3, names.data_bucket, account=account, partition=partition),
        Table(dynamodb, "history table", names.history_table, tables.HISTORY),
        Table(dynamodb, "ledger table", names.ledger_table, tables.LEDGER),
    ]


def create(resources: "Sequence[DataBucket | Table]") -> int:
    """Make the missing ones, and print for each whether it is empty; return 0, or 1 if one is not."""
    held = 0
    for resource in resources:
        state = "created" if resource.create() else "exists"
        content = resource.content()
        held += content is not None
        holds = f"holds {content} and maybe more" if content else "empty"
        _say(resource, f"{state}, {holds}")
    if held:
        hint = "--delete --with-data removes them with what they hold"
        print(f"resources: {held} of them not empty: {hint}", file=sys.stderr)
    return 1 if held else 0


def delete(resources: "Sequence[DataBucket | Table]", *, with_data: bool) -> int:
    """Remove the resources that exist; return 0.

    Raises CommandError, and removes nothing, if one of them is not empty and `with_data` is false.
    """
    found = [resource for resource in resources if resource.exists()]
    for resource in [] if with_data else found:
        if content := resource.content():
            raise CommandError(
                f"{resource.title} {resource.name} holds {content} and maybe more, so nothing was deleted: "
                "--with-data deletes that too"
            )
    # The tables first: a bucket that cannot be emptied can be tried again.
    for resource in reversed(resources):
        if resource in found:
            resource.delete()
        _say(resource, "deleted" if resource in found else "not there")
    return 0


def _say(resource: "DataBucket | Table", what: str) -> None:
    print(f"  {resource.title:<15}{resource.name}  {what}", flush=True)


def command(
    *,
    name: Annotated[str, typer.Option(help="Tells several sets apart.")] = "laptop",
    region: Annotated[
        str | None, typer.Option(help="Where they go (default: AWS_REGION, or the profile's region).")
    ] = None,
    remove: Annotated[bool, typer.Option("--delete", help="Remove them instead, if they are empty.")] = False,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="With --delete: also if they are not empty.")
    ] = False,
) -> int:
    """Make the data bucket and both tables with boto3 alone, or remove them; a repeated run finds them."""
    try:
        resources = resources_of(session_of_caller(region), name)
        return delete(resources, with_data=with_data) if remove else create(resources)
    except (BotoCoreError, ClientError) as error:
        local = '; for the local environment run: eval "$(make -s env)"'
        hint = local if isinstance(error, NoCredentialsError) else ""
        raise CommandError(explained(error, region) + hint) from error
    except ValueError as error:  # an endpoint that is no URL
        raise CommandError(str(error)) from error
