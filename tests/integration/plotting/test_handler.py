"""The whole handler, from API Gateway's event to its answer, against real engines of DynamoDB, S3 and SQS."""

import base64
import io
import json
import subprocess
import sys

from PIL import Image

from plotting import handler as module
from plotting.routes import ROUTES
from size_history.items import State
from size_history.times import to_text
from tests.integration.plotting.calls import CONTEXT, answer_of, event, forget, json_of, track


def test_a_plot_is_stored_and_answered_with_its_points_and_both_maxima(world):
    track(world, 0, 18, 27, 0, 2, peak=50)

    status, answer = answer_of("POST", "/plot", body={})

    assert status == 200
    assert answer["bucket"] == "data-bucket"
    assert answer["plot"] == {"bucket": world.plot_bucket, "key": "plot"}
    assert [(point["total_size"], point["object_cnt"]) for point in answer["points"]] == [
        (0, 0), (18, 1), (27, 1), (0, 0), (2, 1)
    ]  # fmt: skip
    assert (answer["bucket_maximum"], answer["any_bucket_maximum"]) == (27, 50)
    assert (answer["state"], answer["queue_age_seconds"], answer["queue_waiting"]) == ("live", 0, 0)
    assert answer["as_of"] == answer["to"]
    stored = world.s3.get_object(Bucket=world.plot_bucket, Key="plot")
    assert stored["ContentType"] == "image/png"
    assert Image.open(io.BytesIO(stored["Body"].read())).size == (1200, 675)


def test_a_plot_from_an_instant_shows_what_was_recorded_from_it_on(world):
    times = track(world, 0, 18, 27)

    status, answer = answer_of("POST", "/plot", body={"from": to_text(times[1])})

    assert status == 200
    assert [point["total_size"] for point in answer["points"]] == [18, 27]
    assert answer["before"]["total_size"] == 0


def test_the_plot_of_another_bucket_is_stored_under_its_name(world):
    track(world, 5, bucket="photos")

    status, answer = answer_of("POST", "/plot", body={"bucket": "photos", "window": 60})

    assert status == 200
    assert answer["plot"]["key"] == "plot/photos"
    assert world.s3.head_object(Bucket=world.plot_bucket, Key="plot/photos")["ContentLength"] > 1000


def test_the_picture_itself_is_answered_in_base64_and_says_how_fresh_it_is(world):
    track(world, 0, 18)

    answer = module.handler(event("GET", "/plot", query={"window": "10"}), CONTEXT)

    assert answer["statusCode"] == 200
    assert answer["isBase64Encoded"] is True
    assert answer["headers"]["Content-Type"] == "image/png"
    assert answer["headers"]["Tidemark-State"] == "live"
    assert Image.open(io.BytesIO(base64.b64decode(answer["body"]))).format == "PNG"


def test_a_bucket_being_adopted_is_drawn_without_a_sample(world):
    track(world, state=State.ADOPTING)

    status, answer = answer_of("POST", "/plot", body={})

    assert status == 200
    assert (answer["state"], answer["points"], answer["bucket_maximum"]) == ("adopting", [], None)


def test_a_queue_that_does_not_answer_costs_only_its_figure_and_is_named(world, monkeypatch):
    track(world, 1)
    monkeypatch.setenv("QUEUE_URL", world.queue_url + "-gone")
    forget()

    status, answer = answer_of("POST", "/plot", body={})

    assert status == 200
    assert answer["queue_waiting"] is None
    assert "NonExistentQueue" in answer["queue_problem"]


def test_no_picture_is_stored_of_a_bucket_that_is_not_tracked(world):
    status, problem = answer_of("POST", "/plot", body={"bucket": "no-such-bucket"})

    assert (status, problem["type"]) == (404, "urn:tidemark:problem:bucket-not-tracked")
    assert world.s3.list_objects_v2(Bucket=world.plot_bucket)["KeyCount"] == 0


def test_a_range_that_needs_rollups_which_are_still_being_made_is_a_503_that_says_when_to_come_again(
    world, monkeypatch
):
    track(world, 1, 2)
    monkeypatch.setattr("plotting.ranges.MAX_SAMPLES", 1)

    answer = module.handler(event("POST", "/plot", body={}), CONTEXT)
    problem = json.loads(answer["body"])

    assert (answer["statusCode"], problem["type"]) == (503, "urn:tidemark:problem:rollups-missing")
    assert answer["headers"]["Retry-After"] == "30"
    assert "make rollups BUCKET=data-bucket" in problem["detail"]


def test_a_bucket_with_a_name_from_before_2018_is_answered_by_every_route(world):
    track(world, 5, bucket="My_Bucket")
    track(world, 6, bucket="photos")

    status, page = json_of("/buckets", limit=1)
    answers = [json_of(path, bucket="My_Bucket") for path in ("/history", "/size", "/count", "/prefixes")]
    answers += [
        json_of("/buckets", cursor=page["next"]),
        answer_of("POST", "/plot", body={"bucket": "My_Bucket"}),
    ]

    assert (status, page["buckets"][0]["bucket"]) == (200, "My_Bucket")
    assert [status for status, _ in answers] == [200] * 6


def test_a_table_that_is_gone_is_a_500_without_internals_and_a_log_with_them(world, caplog):
    track(world, 1)
    world.dynamodb.delete_table(TableName=world.tables.history)

    status, problem = answer_of("POST", "/plot", body={})

    assert (status, problem["type"]) == (500, "urn:tidemark:problem:internal")
    assert problem["detail"] == "The log has the reason, under request request-1."
    assert "ResourceNotFoundException" in caplog.text


def test_the_routes_without_a_picture_answer_without_matplotlib(world):
    """In one process of its own: every GET but the pictures, and what was imported at the end."""
    track(world, 0, 18, 27)
    script = """
import json, sys
from plotting.handler import handler
from plotting.routes import ROUTES

answers = {}
for path, methods in ROUTES.items():
    if "GET" not in methods:
        continue
    event = {"httpMethod": "GET", "resource": path, "path": path}
    for query in ({"format": "json"}, {"format": "csv"}) if path == "/history" else ({"format": "json"},):
        event["queryStringParameters"] = query if path in ("/plot", "/history") else None
        answers.setdefault(path, set()).add(handler(event, None)["statusCode"])
loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"matplotlib", "numpy", "PIL"})
print(json.dumps([{path: sorted(codes) for path, codes in answers.items()}, loaded]))
"""

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=world.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    answers, loaded = json.loads(done.stdout.splitlines()[-1])  # metrics come before it
    assert answers == {path: [200] for path, methods in ROUTES.items() if "GET" in methods}
    assert loaded == []
