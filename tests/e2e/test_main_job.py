"""The main job on real input: S3 change → EventBridge → SQS → size-tracking → DynamoDB → plotting → plot bucket."""

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from driver.scenario import OBJECTS
from tests.e2e.environment import Environment, Weight, assert_exact

PICTURE = Path(".local") / "plot.png"
CHANGES = [Weight(0, 0), Weight(18, 1), Weight(27, 1), Weight(0, 0), Weight(2, 1)]


def drive(environment: Environment) -> dict:
    answer = environment.client("lambda").invoke(
        FunctionName=environment.driver_function, LogType="Tail", Payload=b"{}"
    )
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, f"{result}\n{base64.b64decode(answer['LogResult']).decode()}"
    return result


def others(environment: Environment) -> Weight:
    """Return the size and count of all objects but the driver's own."""
    sizes = [size for key, size in environment.listing(environment.data_bucket).items() if key not in OBJECTS]
    return Weight(sum(sizes), len(sizes))


def expected(baseline: Weight) -> list[Weight]:
    return [Weight(baseline.size + weight.size, baseline.count + weight.count) for weight in CHANGES]


def shown(result: dict) -> list[Weight]:
    return [Weight(sample["total_size"], sample["object_cnt"]) for sample in result["history"]]


def table(result: dict) -> str:
    rows = [
        f"  {sample['time']}  {sample['total_size']:>12} B  {sample['object_cnt']:>6}"
        for sample in result["history"]
    ]
    return "\n".join([f"\n  {'time (UTC)':<27}  {'total size':>14}  objects", *rows])


def test_the_driver_shows_0_18_27_0_2_above_the_baseline(environment, show):
    baseline = others(environment)

    result = drive(environment)

    show(table(result))
    assert shown(result) == expected(baseline)
    assert result["plot"]["status"] == 200
    assert result["plot"]["bucket"] == environment.plot_bucket
    assert result["plot"]["key"] == "plot"
    assert result["plot"]["bucket_maximum"] >= baseline.size + 27
    assert result["plot"]["any_bucket_maximum"] >= result["plot"]["bucket_maximum"]
    times = [sample["time"] for sample in result["history"]]
    assert times == sorted(set(times))
    assert_exact(environment, environment.data_bucket)

    stored = environment.client("s3").get_object(Bucket=environment.plot_bucket, Key="plot")
    picture = stored["Body"].read()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(picture)
    show(f"\n  this bucket's maximum  {result['plot']['bucket_maximum']:>12} B")
    show(f"  any bucket's maximum   {result['plot']['any_bucket_maximum']:>12} B")
    show(f"  the picture            {PICTURE}  (s3://{environment.plot_bucket}/plot)\n")
    assert stored["ContentType"] == "image/png"
    assert_is_a_plot(picture)


def test_a_second_run_removes_what_the_first_left_and_shows_the_same(environment):
    baseline = others(environment)

    result = drive(environment)

    assert shown(result) == expected(baseline)


def test_a_bucket_that_was_not_empty_keeps_its_baseline(environment):
    s3 = environment.client("s3")
    s3.put_object(Bucket=environment.data_bucket, Key="e2e/was here before", Body=b"x" * 1000)
    try:
        baseline = others(environment)

        result = drive(environment)

        assert baseline.size >= 1000
        assert shown(result) == expected(baseline)
    finally:
        s3.delete_object(Bucket=environment.data_bucket, Key="e2e/was here before")
    environment.wait_until_quiet()
    assert_exact(environment, environment.data_bucket)


def test_the_picture_comes_straight_from_the_api_as_well(environment):
    answer = environment.call("GET", "plot", params={"window": "60"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert_is_a_plot(answer.content)


def test_health_answers_without_a_table(environment):
    answer = environment.call("GET", "health")

    assert answer.status_code == 200
    assert "versions" in answer.json()


@pytest.mark.parametrize(
    ("method", "request_", "status", "names"),
    [
        ("GET", {"params": {"window": "soon"}}, 400, "window"),
        ("GET", {"params": {"window": "-1"}}, 400, "window"),
        ("GET", {"params": {"bucket": "no-such-bucket"}}, 404, "no-such-bucket"),
        ("POST", {"data": b"{"}, 400, "JSON"),
        ("POST", {"json": {"window": 1e12}}, 400, "window"),
        ("POST", {"json": {"bucket": "no-such-bucket"}}, 404, "no-such-bucket"),
        ("POST", {"json": {"from": "yesterday"}}, 400, "from"),
    ],
)
def test_bad_input_gets_a_problem_that_names_it(environment, method, request_, status, names):
    answer = environment.call(method, "plot", **request_)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert names in answer.json()["detail"]


def assert_is_a_plot(picture: bytes) -> None:
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (1200, 675)
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 24)) > 10
