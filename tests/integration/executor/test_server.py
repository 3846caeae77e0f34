"""The server's memory of content types: a request is read as its own type says, whichever came before it."""

import uuid

import pytest
import requests

FORM = "application/x-www-form-urlencoded"
ASKED = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sts/aws4_request, "
    "SignedHeaders=host, Signature=unchecked"
}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("form", [FORM, f"{FORM}; charset=utf-8", FORM.upper()])
def test_a_form_is_read_as_one_however_its_type_is_written(localstack, form, times):
    for _ in range(times):
        answer = requests.post(
            localstack.url, data=ASKED, headers={**SIGNED, "Content-Type": form}, timeout=20
        )

        assert answer.status_code == 200
        assert "<Account>000000000000</Account>" in answer.text


def test_each_multipart_form_has_its_own_boundary(localstack):
    s3, bucket = localstack.client("s3"), f"forms-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for number in range(3):
        answer = requests.post(
            f"{localstack.url}/{bucket}",
            data={"key": f"k{number}"},
            files={"file": ("name", b"." * number)},
            timeout=20,
        )
        assert answer.status_code == 204, answer.text

    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert {entry["Key"]: entry["Size"] for entry in listed} == {"k0": 0, "k1": 1, "k2": 2}
