import signal
import uuid

import pytest
from callers import Caller

from harness import (
    BASE_IMAGE,
    REGION,
    ContainerFunctions,
    Functions,
    LocalStack,
    docker_network,
    dynamodb_engine,
    free_port,
)

APP = """
    import json, os, socket, sys, time, uuid
    print("init")
    LIFE = uuid.uuid4().hex

    def handler(event, context):
        if "exit" in event: os._exit(event["exit"])
        if "sys_exit" in event: sys.exit(event["sys_exit"])
        if "sleep" in event: time.sleep(event["sleep"])
        if "say" in event: print(event["say"])
        if "repeat" in event: return "x" * event["repeat"]
        if "length" in event: return len(event["length"])
        custom = context.client_context and context.client_context.custom
        return {"pid": os.getpid(), "host": socket.gethostname(), "life": LIFE, "environment": dict(os.environ),
                "custom": custom, "event": event, "arn": context.invoked_function_arn}
"""


@pytest.fixture(scope="session", params=["process", "container"] if BASE_IMAGE else ["process"])
def executor_kind(request):
    """The kinds of executor that must keep the same promises."""
    return request.param


@pytest.fixture(scope="session")
def placement(executor_kind):
    """Yield the settings by which LocalStack's functions reach it."""
    if executor_kind == "process":
        yield {"LAMBDA_RUNTIME_EXECUTOR": "process"}
        return
    with docker_network() as settings:
        yield settings


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """Yield the URL of a DynamoDB engine."""
    with dynamodb_engine(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture(scope="session")
def image_map(tmp_path_factory):
    return tmp_path_factory.mktemp("images") / "functions.json"


@pytest.fixture(scope="session")
def localstack(placement, image_map, engine, tmp_path_factory):
    """The LocalStack of all tests that need no other."""
    home = tmp_path_factory.mktemp("localstack")
    running = LocalStack(home, **placement, IMAGE_LAMBDA_MAP=str(image_map), DYNAMODB_ENGINE_URL=engine)
    yield running
    running.stop(signal.SIGKILL)  # SIGTERM takes a while with this many functions; test_processes.py tries it


@pytest.fixture(scope="session")
def functions(localstack, executor_kind, image_map, tmp_path_factory):
    yield from functions_of(executor_kind, localstack, tmp_path_factory.mktemp("functions"), image_map)


def functions_of(kind, localstack, root, image_map):
    """Yield an object that deploys functions for the kind of executor."""
    if kind == "process":
        yield Functions(localstack, root, image_map)
        return
    functions = ContainerFunctions(localstack, root, image_map)
    yield functions
    functions.remove()


@pytest.fixture(scope="session")
def other_localstack(placement, tmp_path_factory):
    """A second LocalStack at the same time: DynamoDB engine down, short init timeout, no permissions checked."""
    home = tmp_path_factory.mktemp("other")
    running = LocalStack(
        home,
        **placement,
        IMAGE_LAMBDA_MAP=str(home / "functions.json"),
        DYNAMODB_ENGINE_URL=f"http://127.0.0.1:{free_port()}",
        LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT="5",
        IAM_ENFORCEMENT="off",
    )
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def other_functions(other_localstack, executor_kind, tmp_path_factory):
    image_map = other_localstack.home / "functions.json"
    yield from functions_of(
        executor_kind, other_localstack, tmp_path_factory.mktemp("other-functions"), image_map
    )


@pytest.fixture(scope="session")
def app(functions):
    """The image of a function that does what its event says."""
    return functions.image(APP)


@pytest.fixture(scope="session")
def function(functions, app):
    """A function of that image, for tests that need nothing special of it."""
    return functions.create(app, Timeout=30)


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"name-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def caller(localstack, name):
    """A role that may do nothing, in a session."""
    return Caller(localstack, name)


@pytest.fixture
def bucket(localstack, name):
    """A bucket with an object `there`."""
    s3 = localstack.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="there", Body=b"1")
    return name


@pytest.fixture
def queue(localstack, name):
    """The URL of a queue."""
    return localstack.client("sqs").create_queue(QueueName=name)["QueueUrl"]
