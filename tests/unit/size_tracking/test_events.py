import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from size_history import times
from size_history.messages import (
    MAX_WATCHED,
    RecomputeRollups,
    ReconcileEveryBucket,
    ReconcileRequest,
    ReconcileStep,
    Watch,
    WatchEveryBucket,
)
from size_tracking.events import Hint, MalformedMessageError, parse


def s3_event(key, bucket="data", **more):
    return {"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": {"key": key}}, **more}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("a", id="short"),
        pytest.param("with space", id="space"),
        pytest.param("per%20cent", id="a percent sign is not decoded"),
        pytest.param("plus+plus", id="plus"),
        pytest.param("new\nline", id="newline"),
        pytest.param("ünï/🪣", id="four-byte UTF-8"),
        pytest.param("tail/", id="trailing slash"),
        pytest.param("k" * 1024, id="1,024 bytes"),
    ],
)
def test_a_key_is_taken_as_it_stands(key):
    assert parse(json.dumps(s3_event(key))) == Hint("data", key)


@pytest.mark.parametrize(
    ("time", "microseconds"),
    [
        ("1970-01-01T00:00:02Z", 2_000_000),
        ("1970-01-01T01:00:02+01:00", 2_000_000),
        ("1970-01-01T00:00:02", None),
        ("yesterday", None),
        (None, None),
        (5, None),
    ],
)
def test_the_time_of_an_event_is_read_and_does_not_distinguish_hints(time, microseconds):
    hint = parse(json.dumps(s3_event("k", time=time)))

    assert hint.time == microseconds
    assert not isinstance(hint.time, float)
    assert hint == Hint("data", "k")


def test_any_detail_type_is_a_hint():
    assert parse(json.dumps(s3_event("k", **{"detail-type": "Object Restore Completed"}))) == Hint(
        "data", "k"
    )


def test_our_messages_come_back_as_they_were_sent():
    for message in (
        ReconcileEveryBucket(),
        WatchEveryBucket(),
        Watch(("data",)),
        Watch(tuple(f"b{number:02}" for number in range(MAX_WATCHED))),
        ReconcileRequest("data"),
        ReconcileRequest("data", 20),
        ReconcileRequest("data", second=True),
        RecomputeRollups("data"),
        RecomputeRollups("data", 0),
        RecomputeRollups("data", times.LATEST, 10**6, gaps=True, asked=times.LATEST),
        ReconcileStep("data", "run", ""),
        ReconcileStep("data", "run", "a\x01\n🪣"),
    ):
        assert parse(message.to_json()) == message


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("{", "JSON"),
        ("[1]", "list"),
        ("{}", "source=None"),
        (json.dumps({"Event": "s3:TestEvent"}), "source=None"),
        (json.dumps({"source": "aws.s3"}), "detail"),
        (json.dumps({"source": "aws.s3", "detail": {"bucket": {"name": "data"}}}), "object"),
        (json.dumps(s3_event("")), "key"),
        (json.dumps(s3_event(7)), "key"),
        (json.dumps(s3_event("k" * 1025)), "1025"),
        (json.dumps(s3_event("ü" * 513)), "1026"),
        (json.dumps(s3_event("\ud800")), "UTF-8"),
        (json.dumps(s3_event("k", bucket="data#object#00")), "data#object#00"),
        (json.dumps(s3_event("k", bucket="*")), "'*'"),
        (json.dumps({"tidemark": "rewind", "bucket": "data"}), "rewind"),
        (json.dumps({"tidemark": "reconcile"}), "bucket"),
        (json.dumps({"tidemark": "reconcile", "bucket": "data", "page_size": 0}), "page_size"),
        (json.dumps({"tidemark": "reconcile", "bucket": "data", "page_size": True}), "page_size"),
        (json.dumps({"tidemark": "reconcile", "bucket": "data", "run_id": "r"}), "cursor"),
        (
            json.dumps({"tidemark": "reconcile", "bucket": "data", "page_size": "7"}),
            "page_size is not a whole number: '7'",
        ),
        (
            json.dumps({"tidemark": "reconcile", "bucket": "data", "page_size": 1001}),
            "from 1 to 1000, not 1001",
        ),
        (
            json.dumps({"tidemark": "reconcile", "bucket": "data", "run_id": ""}),
            "run_id is missing or not text",
        ),
        (json.dumps({"tidemark": "reconcile", "bucket": "data", "run_id": "r", "cursor": 7}), "cursor"),
        (json.dumps({"tidemark": "recompute-rollups"}), "bucket is missing or not text"),
        (
            json.dumps({"tidemark": "recompute-rollups", "bucket": "data", "since": -1}),
            "since is not a whole",
        ),
        (
            json.dumps({"tidemark": "recompute-rollups", "bucket": "data", "since": True}),
            "since is not a whole",
        ),
        (
            json.dumps({"tidemark": "recompute-rollups", "bucket": "data", "since": "0"}),
            "since is not a whole",
        ),
        (
            json.dumps({"tidemark": "recompute-rollups", "bucket": "data", "since": times.LATEST + 1}),
            f"from 0 to {times.LATEST}: {times.LATEST + 1}",
        ),
        (
            json.dumps({"tidemark": "recompute-rollups", "bucket": "data", "differing": 0.5}),
            "differing is not",
        ),
        (json.dumps({"tidemark": "watch"}), "^buckets is missing or not a list$"),
        (json.dumps({"tidemark": "watch", "buckets": "data"}), "buckets is missing or not a list"),
        (json.dumps({"tidemark": "watch", "buckets": {"data": 1}}), "buckets is missing or not a list"),
        (json.dumps({"tidemark": "watch", "buckets": []}), "names 1 to 25 buckets, not 0"),
        (json.dumps({"tidemark": "watch", "buckets": ["data"] * 26}), "names 1 to 25 buckets, not 26"),
        (json.dumps({"tidemark": "watch", "buckets": ["data", 7]}), "name is missing or not text"),
        (json.dumps({"tidemark": "watch", "buckets": ["data", None]}), "name is missing or not text"),
        (json.dumps({"tidemark": "watch", "buckets": ["data", "a#b"]}), "not a bucket name: 'a#b'"),
        (json.dumps({"tidemark": None}), "unknown tidemark message: None"),
        (json.dumps({"source": "aws.ec2"}), "source='aws.ec2'"),
        (json.dumps({"source": "aws.s3", "detail": []}), "detail is missing or not an object"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_malformed_message_is_named(body, names):
    with pytest.raises(MalformedMessageError, match=names.replace("*", r"\*")):
        parse(body)


@given(
    st.text()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: st.dictionaries(
            st.sampled_from(
                [
                    "tidemark",
                    "source",
                    "detail",
                    "bucket",
                    "object",
                    "key",
                    "name",
                    "run_id",
                    "cursor",
                    "page_size",
                ]
            ),
            x | st.sampled_from(["aws.s3", "reconcile", "data"]),
        ),
    ).map(json.dumps)
)
def test_garbage_raises_malformed_message_and_nothing_else(body):
    with contextlib.suppress(MalformedMessageError):
        parse(body)


def test_a_key_of_1024_bytes_in_more_bytes_than_characters_is_taken():
    assert parse(json.dumps(s3_event("ü" * 512))) == Hint("data", "ü" * 512)


def test_the_first_key_of_a_run_is_after_no_key():
    body = json.dumps({"tidemark": "reconcile", "bucket": "data", "run_id": "r", "cursor": ""})

    assert parse(body) == ReconcileStep("data", "r", "")
