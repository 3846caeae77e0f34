"""LocalStack as its users start it, and the functions that tests deploy to it."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.config import Config

from localstack_image_lambda.image_map import repository_of
from tidemark.images.docker import Docker

PYTHON = Path(__file__).parents[3] / ".venvs" / "localstack" / "bin" / "python"
REGION = "eu-west-1"
REGISTRY = f"000000000000.dkr.ecr.{REGION}.amazonaws.com"
SECONDS = 60
BASE = "tidemark/size-tracking"
"""The image whose runtime client the functions of container tests have."""


def until(condition, *, seconds=SECONDS):
    """Return what the condition returns once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come about within {seconds} s")


def free_port(host="127.0.0.1"):
    with socket.create_server((host, 0)) as server:
        return server.getsockname()[1]


class LocalStack:
    """One running LocalStack: its process, its files below one directory, clients for it."""

    def __init__(self, home, *, wait=True, host="127.0.0.1", **environment):
        if not PYTHON.exists():
            pytest.fail(f"{PYTHON} is missing: run `make install`", pytrace=False)
        self.home = home
        self.host = host
        self.port = free_port(host)
        self.url = f"http://{host}:{self.port}"
        self.log = home / "localstack.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PYTHON, "-m", "localstack_image_lambda"],
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
        # An answer that comes late is the test's business, not a reason to ask again.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=SECONDS, max_pool_connections=32)
        options = {"region_name": REGION, "config": config, **options}
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.session.Session().client(service, endpoint_url=self.url, **credentials, **options)

    def processes(self):
        """Return LocalStack's process and everything below it."""
        return [self.root, *self.root.children(recursive=True)]

    def stop(self, number):
        """Send the signal; return how the process ended, which a signal that is ignored is not to hold up."""
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
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0


@dataclass(frozen=True)
class Answer:
    """What an invocation came to."""

    payload: object
    error: str | None
    log: str
    request_id: str


class Functions:
    """Deploys functions whose source a test writes, in the way that the kind of executor needs."""

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
        """Write a file of an image, beside or instead of what it has."""
        (self.directory(image) / name).write_text(textwrap.dedent(source))

    def lives(self, payload):
        """Whether the process that returned this (`pid`, `host`) still runs."""
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
        """Return where an image's source lies."""
        return self.root / image.removeprefix(f"{REGISTRY}/").partition("@")[0]

    def create(self, image, **settings):
        """Create a function and wait until it may be invoked; return its name."""
        name = self.create_unready(image, **settings)
        self.ready(name)
        return name

    def create_unready(self, image, **settings):
        name = f"function-{uuid.uuid4().hex[:8]}"
        role = "arn:aws:iam::000000000000:role/test"
        self.client.create_function(
            FunctionName=name, PackageType="Image", Code={"ImageUri": image}, Role=role, **settings
        )
        return name

    def ready(self, name):
        until(lambda: self.configuration(name)["State"] == "Active")
        until(lambda: self.configuration(name)["LastUpdateStatus"] == "Successful")

    def configuration(self, name):
        return self.client.get_function_configuration(FunctionName=name)

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
    """The same, each image a real one with our runtime."""

    def write(self, image, name, source):
        super().write(image, name, source)
        directory = self.directory(image)
        (directory / "Dockerfile").write_text(f'FROM {BASE}\nCOPY *.py /var/task/\nCMD ["app.handler"]\n')
        Docker().output("build", "--quiet", "--tag", repository_of(image), str(directory))

    def lives(self, payload):
        return payload["host"] in Docker().output("ps", "--all", "--quiet")

    def remove(self):
        """Remove every image that was made."""
        for file in self.root.rglob("Dockerfile"):
            Docker().output("rmi", "--force", str(file.parent.relative_to(self.root)))

    def _enter(self, _repository, entry):
        assert not entry
