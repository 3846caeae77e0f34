"""What the container executor promises beyond what both kinds do: limits, and no orphans."""

import contextlib
import json
import signal
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from harness import (
    BASE_IMAGE,
    REGISTRY,
    ContainerFunctions,
    LocalStack,
    containers_in,
    docker,
    docker_network,
    until,
)

pytestmark = pytest.mark.skipif(not BASE_IMAGE, reason="needs a Docker engine and IMAGE_LAMBDA_TEST_IMAGE")

APP = """
    import os, pathlib, socket, time

    def tried(path):
        try:
            pathlib.Path(path).write_text("x")
        except OSError as error:
            return error.strerror
        return "written"

    def handler(event, context):
        if "sleep" in event: time.sleep(event["sleep"])
        if "eat" in event: return len(bytearray(event["eat"]))
        status = pathlib.Path("/proc/self/status").read_text()
        return {
            "host": socket.gethostname(), "ids": [os.getuid(), os.getgid()],
            "status": dict(line.split(":\\t", 1) for line in status.splitlines() if ":\\t" in line),
            "writes": {path: tried(path) for path in ("/x", "/var/task/x", "/opt/x", "/dev/shm/x", "/tmp/x")},
        }
"""


@pytest.fixture
def functions(tmp_path):
    """Yield functions of a LocalStack on this machine whose containers join a network of their own."""
    with docker_network() as settings:
        localstack = LocalStack(tmp_path, **settings)
        functions = ContainerFunctions(localstack, tmp_path / "functions", tmp_path / "functions.json")
        functions.network = settings["LAMBDA_DOCKER_NETWORK"]
        yield functions
        localstack.stop(signal.SIGKILL)
        functions.remove()


def test_a_function_may_do_no_more_than_on_lambda(functions):
    name = functions.create(functions.image(APP), MemorySize=192, Timeout=30)

    seen = functions.invoke(name).payload

    assert seen["ids"] == [65534, 65534]
    assert seen["status"]["CapEff"].strip("0\n\t ") == ""
    assert seen["status"]["NoNewPrivs"] == "1"
    assert {path for path, end in seen["writes"].items() if end == "written"} == {"/tmp/x"}  # noqa: S108 in the container
    (container,) = json.loads(docker("inspect", seen["host"]))
    limits = container["HostConfig"]
    assert limits["Memory"] == limits["MemorySwap"] == 192 * 1024 * 1024
    assert limits["PidsLimit"] == 1024
    assert limits["Init"]
    assert limits["AutoRemove"]
    assert not limits["Binds"]
    assert list(container["NetworkSettings"]["Networks"]) == [functions.network]
    assert {"image-lambda", "image-lambda.function"} <= set(container["Config"]["Labels"])


def test_a_function_out_of_memory_is_told_so_and_the_next_call_starts_cold(functions):
    name = functions.create(functions.image(APP), MemorySize=128, Timeout=30)
    before = functions.invoke(name).payload["host"]

    answer = functions.invoke(name, {"eat": 400_000_000})

    assert (answer.error, answer.payload["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert "Max Memory Used: 128 MB" in answer.log
    assert functions.invoke(name).payload["host"] != before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_container_survives_localstack_idle_or_in_a_call(functions, number):
    image = functions.image(APP)
    idle, busy = functions.create(image, Timeout=30), functions.create(image, Timeout=600)
    functions.invoke(idle)
    caller = threading.Thread(target=outlive, args=(functions, busy), daemon=True)
    caller.start()
    until(lambda: len(containers_in(functions.network)) == 2)

    functions.localstack.stop(number)

    until(lambda: not containers_in(functions.network))
    caller.join(60)


def outlive(functions, name):
    with contextlib.suppress(BotoCoreError, ClientError):  # the connection breaks when LocalStack ends
        functions.invoke(name, {"sleep": 500})


def test_an_unknown_image_fails_at_creation_naming_function_and_image(functions):
    image = f"{REGISTRY}/nobody/knows:v1"

    name, reason = functions.refused(image)

    assert name in reason
    assert image in reason
    assert "the engine has no image 'nobody/knows'" in reason
