"""Emptying a bucket, seen by an S3 whose listings and deletions have the faults of real ones."""

import re
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from tests.unit.tools.operations.stand_ins import refused
from tidemark.aws.buckets import empty_bucket
from tidemark.errors import CommandError

PAGE = 1000


class Bucket:
    """Stands in for boto3's client. A listing begins at the start, whatever page is asked for."""

    def __init__(self, versions=(), markers=(), uploads=(), stuck=()):
        self.versions = [{"Key": key, "VersionId": "v1"} for key in versions]
        self.markers = [{"Key": key, "VersionId": "m1"} for key in markers]
        self.uploads = [{"Key": key, "UploadId": "u1"} for key in uploads]
        self.stuck = set(stuck)

    def list_object_versions(self, Bucket):
        return {"Versions": self.versions[:PAGE], "DeleteMarkers": self.markers[:PAGE]}

    def list_multipart_uploads(self, Bucket, EncodingType):
        return {"Uploads": self.uploads[:PAGE]}

    def delete_objects(self, Bucket, Delete):
        for version in Delete["Objects"]:
            if re.search("[\x00-\x08]", version["Key"]):
                raise refused("MalformedXML")
        for version in Delete["Objects"]:
            self.delete_object(Bucket, **version)
        return {}

    def delete_object(self, Bucket, Key, VersionId):
        if Key not in self.stuck:
            version = {"Key": Key, "VersionId": VersionId}
            self.versions = [each for each in self.versions if each != version]
            self.markers = [each for each in self.markers if each != version]

    def abort_multipart_upload(self, Bucket, Key, UploadId):
        self.uploads.remove({"Key": Key, "UploadId": UploadId})


def refusing(bucket, code, *calls):
    """Let these calls of a bucket be refused."""
    for call in calls:
        setattr(bucket, call, Mock(side_effect=refused(code)))
    return bucket


def test_versions_delete_markers_and_incomplete_uploads_go():
    bucket = Bucket(versions=["a", "b"], markers=["a"], uploads=["c"])

    assert empty_bucket(bucket, "data") == 4
    assert bucket.versions == bucket.markers == bucket.uploads == []


def test_what_lies_behind_the_first_page_goes_although_no_second_page_is_ever_told():
    bucket = Bucket(versions=[f"date=2026-01-01/part-{number:04}" for number in range(2 * PAGE + 1)])

    assert empty_bucket(bucket, "data") == 2 * PAGE + 1
    assert bucket.versions == []


def test_keys_that_a_batch_cannot_hold_are_deleted_one_by_one():
    bucket = Bucket(versions=["plain", "up\x01load/a\x02b"])

    assert empty_bucket(bucket, "data") == 2
    assert bucket.versions == []


def test_a_bucket_whose_objects_may_not_be_deleted_is_not_taken_for_empty():
    with pytest.raises(ClientError, match="AccessDenied"):
        empty_bucket(
            refusing(Bucket(versions=["a"]), "AccessDenied", "delete_objects", "delete_object"), "data"
        )


def test_a_key_that_is_still_there_after_it_was_deleted_is_an_error():
    with pytest.raises(CommandError, match=r"^'locked' of data is still there after it was deleted$"):
        empty_bucket(Bucket(versions=["locked"], stuck=["locked"]), "data")


def test_a_bucket_that_does_not_exist_is_empty():
    assert empty_bucket(refusing(Bucket(), "NoSuchBucket", "list_object_versions"), "data") == 0


def test_a_bucket_that_may_not_be_listed_is_not_taken_for_empty():
    with pytest.raises(ClientError, match="AccessDenied"):
        empty_bucket(refusing(Bucket(), "AccessDenied", "list_object_versions"), "data")
