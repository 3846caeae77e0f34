"""Where LocalStack's listings differ from AWS's, made the same."""

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
    self: S3Provider, context: RequestContext, *, encoding_type: EncodingType | None = None, **asked: Any
) -> ListObjectsV2Output:
    """Quote keys in the answer alone.

    LocalStack compares quoted keys with where a page begins, which is raw. So keys get lost between two pages, or are
    listed again for ever, where anything in them has to be quoted; and every boto3 asks for quoted keys.
    """
    answer = _list(self, context, **asked)
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
