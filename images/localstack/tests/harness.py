"""LocalStack as its users start it, and the functions that tests deploy to it."""

import base64
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.config import Config

from image_lambda_runtime.image_map import repository_of

PROJECT = Path(__file__).parents[1]
REGION = "eu-west-1"
REGISTRY = f"000000000000.dkr.ecr.{REGION}.amazonaws.com"
SECONDS = 60
BASE_IMAGE = os.environ.get("IMAGE_LAMBDA_TEST_IMAGE")
"""A local image that runs `app.handler` from /var/task. If it is set, the tests run functions in containers too."""


def python_with(module, venv):
    """Return a Python that has a module: this one, or that of a venv in .venvs/ here or in the repository around it."""
    if importlib.util.find_spec(module):
        return sys.executable
    for root in (PROJECT, PROJECT.parents[1]):
        python = root / ".venvs" / venv / "bin" / "python"
        if python.exists():
            return str(python)
    return pytest.fail(f"no Python with {module}: see README.md, Development", pytrace=False)


def until(condition, *, seconds=SECONDS):
    """Return what the condition returns once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not happen within {seconds} s")


def free_port(host="127.0.0.1"):
    with socket.create_server((host, 0)) as server:
        return server.getsockname()[1]


def listens(host, port):
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def docker(*arguments):
    """Run the docker command and return what it prints."""
    done = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def containers_in(network):
    """Return the ids of all containers in a network."""
    return docker("ps", "--all", "--quiet", "--filter", f"network={network}").split()


@contextmanager
def docker_network():
    """Yield the settings of a LocalStack whose function containers join a network of their own."""
    network = f"image-lambda-test-{uuid.uuid4().hex[:8]}"
    docker("network", "create", network)
    (found,) = json.loads(docker("network", "inspect", network))
    host = os.environ.get("DOCKER_HOST") or docker(
        "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"
    )
    yield {
        "LAMBDA_RUNTIME_EXECUTOR": "container",
        "LAMBDA_DOCKER_NETWORK": network,
        "DOCKER_HOST": host,
        "host": found["IPAM"]["Config"][0]["Gateway"],
    }
    until(lambda: not containers_in(network))  # the reaper removes what LocalStack has left
    docker("network", "rm", network)


@contextmanager
def dynamodb_engine(home):
    """Run MiniStack's DynamoDB on a free port of the loopback interface and yield its URL."""
    port = free_port()
    environment = {
        "SERVICES": "dynamodb",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
    }
    with (home / "engine.log").open("wb") as log:
        process = subprocess.Popen(
            [python_with("ministack", "dynamodb"), "-m", "ministack"],
            env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), **environment},
            cwd=home,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: listens("127.0.0.1", port) or process.poll() is not None)
        assert process.poll() is None, (home / "engine.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


class LocalStack:
    """One running LocalStack: its process, its files below one directory, clients for it."""

    def __init__(self, home, *, wait=True, host="127.0.0.1", **environment):
        self.home = home
        self.host = host
        self.port = free_port(host)
        self.url = f"http://{host}:{self.port}"
        self.log = home / "localstack.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python_with("localstack", "localstack"), "-m", "localstack_image_lambda"],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(home / "home"),
                    "GATEWAY_LISTEN": f"{host}:{self.port}",
                    "LOCALSTACK_STATE_DIR": str(home / "state"),
                    **environment,
                },
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.root = psutil.Process(self.process.pid)
        if wait:
            until(self._answers)

    def client(self, service, **options):
        # A late answer is the test's business. The client does not repeat the request.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=SECONDS, max_pool_connections=32)
        options = {"region_name": REGION, "config": config, **options}
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.session.Session().client(service, endpoint_url=self.url, **{**credentials, **options})

    def log_lines(self, group):
        """Return the lines in a log group. A group that does not exist yet has none."""
        logs = self.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].rstrip("\n") for event in events]

    def processes(self):
        """Return LocalStack's process and everything below it."""
        return [self.root, *self.root.children(recursive=True)]

    def stop(self, number):
        """Send the signal and return the exit code. A LocalStack that ignores it is killed, and the test fails."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{signal.Signals(number).name} did not end LocalStack") from None

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"LocalStack ended:\n{self.log.read_text()}")
        return listens(self.host, self.port)


@dataclass(frozen=True)
class Answer:
    """The result of an invocation."""

    payload: object
    error: str | None
    log: str
    request_id: str


class Functions:
    """Deploys functions whose source a test writes, for the process executor."""

    def __init__(self, localstack, root, image_map):
        self.localstack = localstack
        self.root = root
        self.client = localstack.client("lambda")
        self._image_map = image_map

    def image(self, source, **entry):
        """Make an image of a module `app`; return its URI."""
        repository = f"test/{uuid.uuid4().hex[:8]}"
        image = f"{REGISTRY}/{repository}@sha256:{'0' * 64}"
        self.directory(image).mkdir(parents=True)
        self.write(image, "app.py", source)
        self._enter(repository, entry)
        return image

    def write(self, image, name, source):
        """Add or replace a file of an image."""
        (self.directory(image) / name).write_text(textwrap.dedent(source))

    def lives(self, payload):
        """Say whether the process that returned this (`pid`, `host`) still runs."""
        return psutil.pid_exists(payload["pid"])

    def _enter(self, repository, entry):
        images = json.loads(self._image_map.read_text())["images"] if self._image_map.exists() else {}
        images[repository] = {
            "python": sys.executable,
            "directory": str(self.root / repository),
            "handler": "app.handler",
            **entry,
        }
        self._image_map.write_text(json.dumps({"images": images}))

    def directory(self, image):
        """Return the directory of an image's source."""
        return self.root / image.removeprefix(f"{REGISTRY}/").partition("@")[0]

    def create(self, image, **settings):
        """Create a function and wait until it may be invoked; return its name."""
        name = self.create_unready(image, **settings)
        self.ready(name)
        return name

    def create_unready(self, image, **settings):
        name = f"function-{uuid.uuid4().hex[:8]}"
        role = "arn:aws:iam::000000000000:role/test"  # it does not exist, so the function may do everything
        settings = {"Role": role, **settings}
        self.client.create_function(
            FunctionName=name, PackageType="Image", Code={"ImageUri": image}, **settings
        )
        return name

    def ready(self, name, **qualifier):
        until(lambda: self.configuration(name, **qualifier)["State"] == "Active")
        until(lambda: self.configuration(name, **qualifier)["LastUpdateStatus"] == "Successful")

    def refused(self, image):
        """Create a function that cannot run; return its name and the reason of its state Failed."""
        name = self.create_unready(image)
        return name, self.failure(name)

    def failure(self, name):
        return until(lambda: (found := self.configuration(name))["State"] == "Failed" and found)[
            "StateReason"
        ]

    def configuration(self, name, **qualifier):
        return self.client.get_function_configuration(FunctionName=name, **qualifier)

    def invoke(self, name, event=None, **options):
        answer = self.client.invoke(
            FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail", **options
        )
        payload = answer["Payload"].read()
        return Answer(
            json.loads(payload) if payload else None,
            answer.get("FunctionError"),
            base64.b64decode(answer.get("LogResult", "")).decode(),
            answer["ResponseMetadata"]["RequestId"],
        )


class ContainerFunctions(Functions):
    """The same for the container executor: it builds a real image for each."""

    def write(self, image, name, source):
        super().write(image, name, source)
        directory = self.directory(image)
        (directory / "Dockerfile").write_text(
            f'FROM {BASE_IMAGE}\nCOPY *.py /var/task/\nCMD ["app.handler"]\n'
        )
        docker("build", "--quiet", "--tag", repository_of(image), str(directory))

    def lives(self, payload):
        return payload["host"] in docker("ps", "--all", "--quiet")

    def remove(self):
        """Remove every image that it built."""
        for file in self.root.rglob("Dockerfile"):
            docker("rmi", "--force", str(file.parent.relative_to(self.root)))

    def _enter(self, _repository, entry):
        assert not entry
