import json
import os
import signal
import uuid

import pytest

from harness import ContainerFunctions, Functions, LocalStack, free_port, until
from tests.docker.engine import READY
from tidemark.images.docker import Docker

APP = """
    import json, os, socket, sys, time, uuid
    print("init")
    LIFE = uuid.uuid4().hex

    def handler(event, context):
        if "exit" in event: os._exit(event["exit"])
        if "sys_exit" in event: sys.exit(event["sys_exit"])
        if "sleep" in event: time.sleep(event["sleep"])
        if "raise" in event: raise ValueError(event["raise"])
        if "say" in event: print(event["say"])
        if "repeat" in event: return "x" * event["repeat"]
        if "length" in event: return len(event["length"])
        custom = context.client_context and context.client_context.custom
        return {"pid": os.getpid(), "host": socket.gethostname(), "life": LIFE, "environment": dict(os.environ),
                "custom": custom, "event": event, "arn": context.invoked_function_arn}
"""


# Containers need an engine and the images: `make test-docker` has both, and says so by this variable.
KINDS = ["process", "container"] if os.environ.get(READY) else ["process"]


@pytest.fixture(scope="session", params=KINDS)
def executor_kind(request):
    """The kinds of executor that must keep the same promises."""
    return request.param


@pytest.fixture(scope="session")
def placement(executor_kind):
    """Yield what puts a LocalStack where its functions reach it: for containers, on a network of their own."""
    if executor_kind == "process":
        yield {"LAMBDA_RUNTIME_EXECUTOR": "process"}
        return
    docker, network = Docker(), f"tidemark-test-{uuid.uuid4().hex[:8]}"
    docker.output("network", "create", network)
    (found,) = json.loads(docker.output("network", "inspect", network))
    yield {
        "LAMBDA_RUNTIME_EXECUTOR": "container",
        "LAMBDA_DOCKER_NETWORK": network,
        "DOCKER_HOST": docker.endpoint(),
        "host": found["IPAM"]["Config"][0]["Gateway"],
    }
    # What LocalStack has left, its reaper removes.
    until(lambda: not docker.output("ps", "--all", "--quiet", "--filter", f"network={network}"))
    docker.output("network", "rm", network)


@pytest.fixture(scope="session")
def image_map(tmp_path_factory):
    return tmp_path_factory.mktemp("images") / "functions.json"


@pytest.fixture(scope="session")
def localstack(placement, image_map, aws_endpoint, tmp_path_factory):
    """One LocalStack for all tests that need no other."""
    running = LocalStack(
        tmp_path_factory.mktemp("localstack"),
        **placement,
        IMAGE_LAMBDA_MAP=str(image_map),
        DYNAMODB_ENGINE_URL=aws_endpoint,
    )
    yield running
    running.stop(
        signal.SIGKILL
    )  # test_processes.py tries the gentle way; with this many functions it takes a while


@pytest.fixture(scope="session")
def functions(localstack, executor_kind, image_map, tmp_path_factory):
    root = tmp_path_factory.mktemp("functions")
    yield from functions_of(executor_kind, localstack, root, image_map)


def functions_of(kind, localstack, root, image_map):
    """Yield what deploys functions in the way that the kind of executor needs."""
    if kind == "process":
        yield Functions(localstack, root, image_map)
        return
    functions = ContainerFunctions(localstack, root, image_map)
    yield functions
    functions.remove()


@pytest.fixture(scope="session")
def other_localstack(placement, tmp_path_factory):
    """Another LocalStack beside it, whose DynamoDB engine is down and whose patience is short."""
    home = tmp_path_factory.mktemp("other")
    running = LocalStack(
        home,
        **placement,
        IMAGE_LAMBDA_MAP=str(home / "functions.json"),
        DYNAMODB_ENGINE_URL=f"http://127.0.0.1:{free_port()}",
        LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT="5",
    )
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def other_functions(other_localstack, executor_kind, tmp_path_factory):
    image_map = other_localstack.home / "functions.json"
    root = tmp_path_factory.mktemp("other-functions")
    yield from functions_of(executor_kind, other_localstack, root, image_map)


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
