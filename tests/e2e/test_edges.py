"""Versioned and suspended buckets, and the largest batch delete, end to end."""

import pytest

from tests.e2e.disturbances import make_live, put_all
from tests.e2e.environment import Environment, Weight, assert_exact
from tests.e2e.tracked_bucket import tracked_bucket
from tests.waiting import until
from tidemark.aws.buckets import empty_bucket

pytestmark = pytest.mark.long


def weighs(environment: Environment, bucket: str, size: int, count: int) -> None:
    """Wait until the last sample has this size and count, and compare it with the bucket's listing."""

    def last() -> Weight:
        sample = environment.samples(bucket)[-1]
        return Weight(sample.total_size, sample.object_cnt)

    until(lambda: last() == Weight(size, count), f"the history ends at {size} bytes in {count} objects")
    assert assert_exact(environment, bucket) == Weight(size, count)


def test_a_versioned_bucket_weighs_what_its_current_versions_weigh(environment):
    s3 = environment.client("s3")
    with tracked_bucket(environment) as bucket:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        make_live(environment, bucket)
        versions = []
        for size in (1, 20, 300):
            versions.append(s3.put_object(Bucket=bucket, Key="k", Body=b"." * size)["VersionId"])
            weighs(environment, bucket, size, 1)

        marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
        weighs(environment, bucket, 0, 0)
        s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)  # the previous version resurfaces
        weighs(environment, bucket, 300, 1)
        s3.delete_object(Bucket=bucket, Key="k", VersionId=versions[2])  # the current one
        weighs(environment, bucket, 20, 1)
        s3.delete_object(Bucket=bucket, Key="k", VersionId=versions[0])  # an old one, which changes nothing
        environment.wait_until_quiet()
        weighs(environment, bucket, 20, 1)
        totals = environment.totals(bucket)
        assert (totals.created, totals.overwritten, totals.removed) == (2, 3, 1)
        empty_bucket(s3, bucket)
        weighs(environment, bucket, 0, 0)


def test_a_bucket_with_suspended_versioning_weighs_what_its_current_versions_weigh(environment):
    s3 = environment.client("s3")
    with tracked_bucket(environment) as bucket:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        make_live(environment, bucket)
        kept = s3.put_object(Bucket=bucket, Key="k", Body=b"." * 5)["VersionId"]
        weighs(environment, bucket, 5, 1)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

        s3.put_object(Bucket=bucket, Key="k", Body=b"." * 70)  # the null version
        weighs(environment, bucket, 70, 1)
        s3.delete_object(Bucket=bucket, Key="k")  # a marker replaces the null version
        weighs(environment, bucket, 0, 0)
        s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
        weighs(environment, bucket, 5, 1)
        s3.delete_object(Bucket=bucket, Key="k", VersionId=kept)
        weighs(environment, bucket, 0, 0)
        empty_bucket(s3, bucket)


def test_1000_objects_deleted_by_one_request_are_1000_removals(environment, show):
    s3 = environment.client("s3")
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        names = [f"{number % 7}/{number}" for number in range(1000)]
        put_all(environment, bucket, dict.fromkeys(names, 3))
        environment.wait_until_quiet()
        assert assert_exact(environment, bucket) == Weight(3000, 1000)

        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name} for name in names]})
        environment.wait_until_quiet()

        assert len(answer["Deleted"]) == 1000
        assert assert_exact(environment, bucket) == Weight(0, 0)
        totals = environment.totals(bucket)
        assert (totals.created, totals.removed) == (1000, 1000)
        show(f"\n  1,000 objects deleted by one request: {len(environment.samples(bucket))} samples, exact")
