"""Where a bucket of the caller's account is: only there do its events arrive, and only its owner's rules see them."""

from typing import Any

from botocore.exceptions import ClientError


class NotOursError(Exception):
    """The bucket is another account's, or these credentials may not ask for it."""


def region_of(s3: Any, bucket: str, *, account: str) -> str | None:
    """Return the region of a bucket of the account, or None where there is no such bucket. Raises NotOursError."""
    try:
        found = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        code = str(error.response["Error"]["Code"])  # the HTTP status, as an answer to HEAD has no body
        if code in {"404", "NoSuchBucket"}:
            return None
        if code in {"403", "AccessDenied"}:
            raise NotOursError from error
        raise
    return str(found.get("BucketRegion") or s3.meta.region_name)
