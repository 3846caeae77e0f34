import signal
import uuid

import pytest

from tests.integration.executor.localstack import Functions, LocalStack, free_port

APP = """
    import json, os, sys, time, urllib.request
    print("init")

    def handler(event, context):
        if "exit" in event: os._exit(event["exit"])
        if "sys_exit" in event: sys.exit(event["sys_exit"])
        if "sleep" in event: time.sleep(event["sleep"])
        if "raise" in event: raise ValueError(event["raise"])
        if "say" in event: print(event["say"])
        if "repeat" in event: return "x" * event["repeat"]
        if "length" in event: return len(event["length"])
        custom = context.client_context and context.client_context.custom
        return {"pid": os.getpid(), "environment": dict(os.environ), "custom": custom, "event": event,
                "arn": context.invoked_function_arn}
"""


@pytest.fixture(scope="session", params=["process"])
def executor_kind(request):
    """The kinds of executor that must keep the same promises."""
    return request.param


@pytest.fixture(scope="session")
def image_map(tmp_path_factory):
    return tmp_path_factory.mktemp("images") / "functions.json"


@pytest.fixture(scope="session")
def localstack(executor_kind, image_map, aws_endpoint, tmp_path_factory):
    """One LocalStack for all tests that need no other."""
    running = LocalStack(
        tmp_path_factory.mktemp("localstack"),
        LAMBDA_RUNTIME_EXECUTOR=executor_kind,
        IMAGE_LAMBDA_MAP=str(image_map),
        DYNAMODB_ENGINE_URL=aws_endpoint,
    )
    yield running
    running.stop(
        signal.SIGKILL
    )  # test_processes.py tries the gentle way; with this many functions it takes a while


@pytest.fixture(scope="session")
def functions(localstack, image_map, tmp_path_factory):
    return Functions(localstack, tmp_path_factory.mktemp("functions"), image_map)


@pytest.fixture(scope="session")
def other_localstack(executor_kind, tmp_path_factory):
    """Another LocalStack beside it, whose DynamoDB engine is down and whose patience is short."""
    home = tmp_path_factory.mktemp("other")
    running = LocalStack(
        home,
        LAMBDA_RUNTIME_EXECUTOR=executor_kind,
        IMAGE_LAMBDA_MAP=str(home / "functions.json"),
        DYNAMODB_ENGINE_URL=f"http://127.0.0.1:{free_port()}",
        LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT="5",
    )
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def other_functions(other_localstack, tmp_path_factory):
    image_map = other_localstack.home / "functions.json"
    return Functions(other_localstack, tmp_path_factory.mktemp("other-functions"), image_map)


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
