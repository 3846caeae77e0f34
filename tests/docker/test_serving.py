"""Every function works from its real image. So nothing that it needs was pruned, and it writes only below /tmp."""

import base64
import io
import json
import os
import uuid

import pytest
from PIL import Image

from size_history import items
from tests.docker.function import ContainerFunction
from tidemark.images.recipes import FUNCTIONS

SIZE_TRACKING, PLOTTING, DRIVER = (recipe.name for recipe in FUNCTIONS)
WRITABLE_ROOT = ()
"""No restrictions, so that every file that a function writes is a difference to its image."""


@pytest.fixture
def environ_of(environment):
    """Return a deployed function's variables, with the emulator's address and credentials."""
    functions = environment.client("lambda")
    ours = ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION", "DEFAULT_REGION")

    def environ_of(function):
        deployed = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        return {f"AWS_{name}": os.environ[f"AWS_{name}"] for name in ours} | deployed

    return environ_of


@pytest.fixture
def bucket(environment):
    """Yield a bucket that sends no events, so that only the container under test can record its changes."""
    s3 = environment.client("s3")
    name = f"unheard-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    for key in environment.listing(name):
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


def test_size_tracking_records_what_it_sees(docker, environment, environ_of, bucket):
    environment.client("s3").put_object(Bucket=bucket, Key="a/Ünïcode +%20", Body=b"x" * 1234)
    event = {
        "detail-type": "Object Created",
        "source": "aws.s3",
        "detail": {"bucket": {"name": bucket}, "object": {"key": "a/Ünïcode +%20"}},
    }
    record = {"messageId": "1", "body": json.dumps(event), "eventSource": "aws:sqs", "attributes": {}}

    environ = environ_of(environment.size_tracking_function) | {"TRACKED_BUCKETS": bucket}
    with ContainerFunction(SIZE_TRACKING, environ) as function:
        answer = function.invoke({"Records": [record]})

    assert answer.payload == {"batchItemFailures": []}
    row = environment.client("dynamodb").get_item(
        TableName=environment.ledger_table,
        Key=items.object_key(bucket, "a/Ünïcode +%20"),
        ConsistentRead=True,
    )["Item"]
    assert items.int_of(row, "size") == 1234


def test_the_driver_plays_its_scenario_and_gets_its_plot(docker, environment, environ_of):
    with ContainerFunction(DRIVER, environ_of(environment.driver_function)) as function:
        answer = function.invoke({}, seconds=120)

    assert not answer.is_error, answer.payload
    sizes = [sample["total_size"] for sample in answer.payload["history"]]
    assert [size - sizes[0] for size in sizes] == [0, 18, 27, 0, 2]
    assert answer.payload["plot"]["status"] == 200


def test_plotting_answers_as_the_deployed_function_does(docker, environment, environ_of):
    functions = environment.client("lambda")
    request = {"httpMethod": "GET", "path": "/health", "resource": "/health", "queryStringParameters": None}

    deployed = functions.invoke(FunctionName=environment.plotting_function, Payload=json.dumps(request))
    with ContainerFunction(PLOTTING, environ_of(environment.plotting_function)) as function:
        answer = function.invoke(request)

    assert answer.payload["statusCode"] == 200
    assert versions(answer.payload) == versions(json.load(deployed["Payload"]))


def test_plotting_draws_and_writes_nothing_outside_tmp(docker, environment, environ_of):
    environ = environ_of(environment.plotting_function)
    stored = {"httpMethod": "POST", "path": "/plot", "resource": "/plot", "body": json.dumps({"window": 60})}
    shown = {**stored, "httpMethod": "GET", "body": None, "queryStringParameters": {"window": "60"}}

    with (
        ContainerFunction(PLOTTING, environ) as locked,
        ContainerFunction(PLOTTING, environ, WRITABLE_ROOT) as free,
    ):
        post = locked.invoke(stored).payload
        svg = locked.invoke({**shown, "queryStringParameters": {"format": "svg"}}).payload
        get = free.invoke(shown).payload
        differences = docker.output("diff", free.name).splitlines()

    assert post["statusCode"] == 200, post
    assert svg["statusCode"] == 200, svg
    plot = json.loads(post["body"])["plot"]
    object_ = environment.client("s3").get_object(Bucket=plot["bucket"], Key=plot["key"])
    for picture in (object_["Body"].read(), base64.b64decode(get["body"])):
        assert Image.open(io.BytesIO(picture)).size == (1200, 675)
    assert {line.split()[1].split("/")[1] for line in differences} == {"tmp"}


def versions(answer):
    told = json.loads(answer["body"])["versions"]
    return {name: version for name, version in told.items() if name != "python"}
