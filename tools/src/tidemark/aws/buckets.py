"""What the commands do with whole buckets, on AWS and on LocalStack."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def region_of(client: "S3Client", bucket: str, *, account: str, fix: str) -> str | None:
    """Return the region of a bucket of the account, or None if there is no such bucket.

    A deployment hears only of the buckets of its own account and region. Raises CommandError with the `fix` if the bucket
    is another account's.
    """
    try:
        found = client.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        code = code_of(error)
        if code in {"404", "NoSuchBucket"}:
            return None
        if code in {"403", "AccessDenied"}:
            raise CommandError(
                f"bucket {bucket} belongs to another account, or these credentials may not list it: {fix}, or allow "
                "s3:ListBucket"
            ) from error
        raise
    return str(found.get("BucketRegion") or client.meta.region_name)


def exists(client: "S3Client", bucket: str) -> bool:
    """Return whether there is a bucket of this name that the credentials may see."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) not in {"404", "403"}:
            raise
        return False
    return True


def sends_events(client: "S3Client", bucket: str) -> bool:
    """Return whether a bucket tells EventBridge of its changes."""
    return "EventBridgeConfiguration" in client.get_bucket_notification_configuration(Bucket=bucket)


def turn_on_events(client: "S3Client", bucket: str) -> None:
    """Have a bucket tell EventBridge of its changes, and keep what it notifies already: a put replaces all of it."""
    configuration: Any = client.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata", None)
    if "EventBridgeConfiguration" not in configuration:
        configuration["EventBridgeConfiguration"] = {}
        client.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True
        )


def empty_bucket(client: "S3Client", bucket: str) -> int:
    """Delete every version, delete marker and incomplete upload; return how many there were.

    A bucket that does not exist is empty. Raises CommandError if something cannot be deleted.
    """
    deleted, before = 0, None
    try:
        # Only ever the first page: LocalStack's listing of versions loses the pages behind a key that needs quoting.
        while any(page := (_versions(client, bucket), _uploads(client, bucket))):
            versions, uploads = page
            if page == before:
                stuck = (versions or uploads)[0]["Key"]
                raise CommandError(f"'{stuck}' of {bucket} is still there after it was deleted")
            if versions:
                _delete(client, bucket, versions)
            for upload in uploads:
                client.abort_multipart_upload(Bucket=bucket, **upload)
            deleted, before = deleted + len(versions) + len(uploads), page
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
    return deleted


def _versions(client: "S3Client", bucket: str) -> list[Any]:
    page = client.list_object_versions(Bucket=bucket)
    entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def _uploads(client: "S3Client", bucket: str) -> list[Any]:
    # Unlike the listing of versions, botocore reads this one's keys as they are, and XML cannot hold all of them.
    page = client.list_multipart_uploads(Bucket=bucket, EncodingType="url")
    return [{"Key": unquote(each["Key"]), "UploadId": each["UploadId"]} for each in page.get("Uploads", [])]


def _delete(client: "S3Client", bucket: str, versions: Sequence[Any]) -> None:
    try:
        deletions: Any = {"Objects": versions, "Quiet": True}
        errors = client.delete_objects(Bucket=bucket, Delete=deletions).get("Errors", [])
    except ClientError:
        # XML cannot hold every character that a key may have, and S3 and LocalStack refuse such a batch in different
        # ways. The address of a single request can. If the refusal has another reason, the first one is refused too.
        for version in versions:
            client.delete_object(Bucket=bucket, **version)
        return
    for each in errors:
        raise CommandError(f"object '{each.get('Key')}' of {bucket} cannot be deleted: {each.get('Message')}")
