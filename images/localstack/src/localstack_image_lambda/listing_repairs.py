"""Repairs LocalStack's S3 listings where they differ from AWS's."""

import functools
from typing import Any
from urllib.parse import quote

from localstack.aws.api import RequestContext
from localstack.aws.api.s3 import EncodingType, ListObjectsV2Output
from localstack.services.s3.provider import S3Provider

_list = S3Provider.list_objects_v2


def apply() -> None:
    """Apply the repairs."""
    S3Provider.list_objects_v2 = _listed_by_raw_keys


@functools.wraps(_list)
def _listed_by_raw_keys(
    self: S3Provider, context: RequestContext, *, encoding_type: EncodingType | None = None, **request: Any
) -> ListObjectsV2Output:
    """List raw keys and quote them only in the answer.

    LocalStack compares quoted keys with the raw key at which a page begins. Keys that need quoting are then lost between
    two pages or listed again forever. Every boto3 asks for quoted keys.
    """
    answer = _list(self, context, **request)
    if not encoding_type:
        return answer
    answer["EncodingType"] = EncodingType.url
    for name in {"Prefix", "Delimiter", "StartAfter"} & answer.keys():
        answer[name] = quote(answer[name])
    for listed in answer.get("Contents", []):
        listed["Key"] = quote(listed["Key"])
    for common in answer.get("CommonPrefixes", []):
        common["Prefix"] = quote(common["Prefix"])
    return answer
