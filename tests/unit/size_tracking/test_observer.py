"""What each answer of S3 means; the answers are stubbed below botocore's client."""

from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from size_history.deadline import OutOfTimeError
from size_tracking.observer import OBSERVERS, Observer, RefusedError
from size_tracking.values import ABSENT, Observation

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENTRY = {"ETag": '"e"', "LastModified": WHEN}
SEEN = Observation(7, '"e"', "2026-01-02T03:04:05Z")
LISTED = Observation(7, '"e"', "2026-01-02T03:04:05Z", listed=True)


@pytest.fixture
def s3():
    return boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def stub(s3):
    with Stubber(s3) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def observe(s3, key="k"):
    return Observer(s3).observe("b", [key])


def test_a_present_object_is_seen_with_its_size(s3, stub):
    stub.add_response("head_object", {"ContentLength": 7, **ENTRY}, {"Bucket": "b", "Key": "k"})

    assert observe(s3) == ({"k": SEEN}, {})


def test_the_version_and_the_second_of_an_object_are_seen(s3, stub, elsewhere):
    later = datetime(2026, 1, 2, 12, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=9)))
    stub.add_response(
        "head_object", {"ContentLength": 7, "ETag": '"e"', "LastModified": later, "VersionId": "v"}
    )
    stub.add_response("head_object", {"ContentLength": 0, "LastModified": WHEN})

    assert observe(s3)[0]["k"] == Observation(7, '"e"', "2026-01-02T03:04:05Z", "v")
    assert observe(s3)[0]["k"] == Observation(0, "", "2026-01-02T03:04:05Z", "")


def test_a_listed_object_may_lack_an_etag(s3, stub):
    stub.add_response("list_objects_v2", {"Contents": [{"Key": "k", "Size": 0, "LastModified": WHEN}]})

    page = Observer(s3).page("b", "", 5)

    assert page.objects == (("k", Observation(0, "", "2026-01-02T03:04:05Z", "", listed=True)),)
    assert page.more is False


def test_a_key_that_is_not_asked_for_any_more_is_an_error_of_its_own(s3, monkeypatch):
    def refuse(**_):
        raise OutOfTimeError("out of time")

    monkeypatch.setattr(s3, "head_object", refuse)

    seen, errors = Observer(s3).observe("b", ["k", "l"])

    assert (seen, set(errors)) == ({}, {"k", "l"})


def test_a_bug_is_not_taken_for_an_error_of_a_key(s3, monkeypatch):
    monkeypatch.setattr(s3, "head_object", lambda **_: {})

    with pytest.raises(KeyError):
        observe(s3)


def test_many_keys_are_asked_for_at_the_same_time(s3, monkeypatch):
    together = Barrier(OBSERVERS, timeout=10)

    def wait(**_):
        together.wait()
        return {"ContentLength": 7, **ENTRY}

    monkeypatch.setattr(s3, "head_object", wait)

    seen, _ = Observer(s3).observe("b", [f"k{number}" for number in range(OBSERVERS)])

    assert len(seen) == OBSERVERS == 16


@pytest.mark.parametrize("status", [399, 500])
def test_only_a_refusal_is_looked_up_in_the_listing(s3, stub, status):
    stub.add_client_error("head_object", str(status), http_status_code=status)

    assert isinstance(observe(s3)[1]["k"], ClientError)


def test_a_refused_key_says_what_s3_answered(s3, stub):
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)

    error = observe(s3)[1]["k"]

    assert str(error).startswith("S3 refuses HEAD (403) and listing: ")
    assert "AccessDenied" in str(error)


def test_404_alone_means_absent(s3, stub):
    stub.add_client_error("head_object", "404", http_status_code=404)

    assert observe(s3) == ({"k": ABSENT}, {})


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_any_other_refusal_is_an_error_of_its_key_and_never_an_absence(s3, stub, status):
    stub.add_client_error("head_object", str(status), http_status_code=status)

    seen, errors = observe(s3)

    assert seen == {}
    assert isinstance(errors["k"], ClientError)


def test_a_timeout_is_an_error_of_its_key(s3, monkeypatch):
    def hang(**_):
        raise ReadTimeoutError(endpoint_url="s3")

    monkeypatch.setattr(s3, "head_object", hang)

    seen, errors = observe(s3)

    assert (seen, set(errors)) == ({}, {"k"})


@pytest.mark.parametrize("status", [400, 403, 405, 412])
def test_an_object_that_head_refuses_is_looked_up_in_the_listing(s3, stub, status):
    """A policy denies it (403), or a customer's key encrypts it (400)."""
    stub.add_client_error("head_object", str(status), http_status_code=status)
    entries = [{"Key": "k", "Size": 7, **ENTRY}]
    stub.add_response("list_objects_v2", {"Contents": entries}, {"Bucket": "b", "Prefix": "k", "MaxKeys": 1})

    assert observe(s3) == ({"k": LISTED}, {})


def test_a_key_that_the_listing_refuses_too_is_refused(s3, stub):
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)

    seen, errors = observe(s3)

    assert seen == {}
    assert isinstance(errors["k"], RefusedError)


def test_a_listing_that_fails_after_a_refused_head_is_an_error_that_passes(s3, stub):
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)

    _, errors = observe(s3)

    assert isinstance(errors["k"], ClientError)


def test_a_bucket_that_went_away_after_a_refused_head_has_no_object(s3, stub):
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_client_error("list_objects_v2", "NoSuchBucket", http_status_code=404)

    assert observe(s3) == ({"k": ABSENT}, {})


def test_a_listing_that_only_knows_a_longer_key_means_absent(s3, stub):
    stub.add_client_error("head_object", "400", http_status_code=400)
    stub.add_response("list_objects_v2", {"Contents": [{"Key": "k2", "Size": 7, **ENTRY}]})

    assert observe(s3) == ({"k": ABSENT}, {})


def test_a_page_says_whether_the_bucket_goes_on(s3, stub):
    answer = {"Contents": [{"Key": "k", "Size": 7, **ENTRY}], "IsTruncated": True}
    stub.add_response("list_objects_v2", answer, {"Bucket": "b", "MaxKeys": 5, "StartAfter": "a"})

    page = Observer(s3).page("b", "a", 5)

    assert (page.objects, page.more) == ((("k", LISTED),), True)


def test_a_truncated_answer_without_keys_is_continued(s3, stub):
    request = {"Bucket": "b", "MaxKeys": 5, "StartAfter": "a"}
    for more, next_token in (({}, "t1"), ({"ContinuationToken": "t1"}, "t2")):
        answer = {"IsTruncated": True, "NextContinuationToken": next_token}
        stub.add_response("list_objects_v2", answer, {**request, **more})
    answer = {"Contents": [{"Key": "k", "Size": 7, **ENTRY}], "IsTruncated": True}
    stub.add_response("list_objects_v2", answer, {**request, "ContinuationToken": "t2"})

    page = Observer(s3).page("b", "a", 5)

    assert (page.objects, page.more) == ((("k", LISTED),), True)


def test_an_object_is_absent_only_at_the_end_of_its_listing(s3, stub):
    stub.add_client_error("head_object", "400", http_status_code=400)
    stub.add_response("list_objects_v2", {"IsTruncated": True, "NextContinuationToken": "t"})
    stub.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": "k", "Size": 7, **ENTRY}]},
        {"Bucket": "b", "Prefix": "k", "MaxKeys": 1, "ContinuationToken": "t"},
    )

    assert observe(s3) == ({"k": LISTED}, {})


def test_a_bucket_that_does_not_exist_lists_nothing(s3, stub):
    stub.add_client_error("list_objects_v2", "NoSuchBucket", http_status_code=404)

    page = Observer(s3).page("b", "", 5)

    assert (page.objects, page.more) == ((), False)


def test_an_empty_bucket_lists_nothing(s3, stub):
    stub.add_response("list_objects_v2", {"IsTruncated": False})

    assert Observer(s3).page("b", "", 5).objects == ()


def test_an_empty_listing_means_absent(s3, stub):
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_response("list_objects_v2", {"IsTruncated": False})

    assert observe(s3) == ({"k": ABSENT}, {})
