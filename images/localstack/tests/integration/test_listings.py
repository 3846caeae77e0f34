"""S3 listings in pages with quoted keys, which every boto3 asks for."""

import pytest

PLAIN = [f"{number}" for number in range(5)]
KEYS = [
    *PLAIN,
    "a b/1",
    "a b/2",
    "a+b",
    "a%20b",
    "new\nline",
    "tail/",
    "with space",
    "ünï/1",
    "ünï/2",
    "日本/🪣",
]
IN_ORDER = sorted(KEYS, key=str.encode)


@pytest.fixture(scope="module")
def s3(localstack):
    return localstack.client("s3")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in KEYS:
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    return name


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pages_list_every_key_once_in_order_whatever_it_is_made_of(s3, bucket, size):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})

    listed = [entry["Key"] for page in pages for entry in page["Contents"]]

    assert listed == IN_ORDER


@pytest.mark.parametrize("after", KEYS)
def test_a_listing_goes_on_after_any_key(s3, bucket, after):
    answer = s3.list_objects_v2(Bucket=bucket, StartAfter=after)

    assert [entry["Key"] for entry in answer.get("Contents", [])] == IN_ORDER[IN_ORDER.index(after) + 1 :]
    assert answer["StartAfter"] == after


def test_prefixes_come_back_as_they_are(s3, bucket):
    answer = s3.list_objects_v2(Bucket=bucket, Prefix="ü", Delimiter="/")

    assert answer["Prefix"] == "ü"
    assert [common["Prefix"] for common in answer["CommonPrefixes"]] == ["ünï/"]
