"""The caller's session on AWS."""

import os

import boto3
from botocore.exceptions import NoRegionError


def session_of_caller(region: str | None = None) -> boto3.Session:
    """Return a session with the caller's credentials, for `region` or the shell's.

    boto3 itself reads AWS_DEFAULT_REGION and the profile's region, but not AWS_REGION. Raises NoRegionError.
    """
    session = boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
    if session.region_name is None:
        raise NoRegionError
    return session
