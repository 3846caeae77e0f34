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

PYTHON = Path(__file__).parents[3] / ".venvs" / "localstack" / "bin" / "python"
REGION = "eu-west-1"
REGISTRY = f"000000000000.dkr.ecr.{REGION}.amazonaws.com"
SECONDS = 60


def until(condition, *, seconds=SECONDS):
    """Return what the condition returns once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come about within {seconds} s")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class LocalStack:
    """One running LocalStack: its process, its files below one directory, clients for it."""

    def __init__(self, home, *, wait=True, **environment):
        if not PYTHON.exists():
            pytest.fail(f"{PYTHON} is missing: run `make install`", pytrace=False)
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / "localstack.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PYTHON, "-m", "localstack_image_lambda"],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(home / "home"),
                    "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
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
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


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
        directory = self.root / repository
        directory.mkdir(parents=True)
        (directory / "app.py").write_text(textwrap.dedent(source))
        images = json.loads(self._image_map.read_text())["images"] if self._image_map.exists() else {}
        images[repository] = {
            "python": sys.executable,
            "directory": str(directory),
            "handler": "app.handler",
            **entry,
        }
        self._image_map.write_text(json.dumps({"images": images}))
        return f"{REGISTRY}/{repository}@sha256:{'0' * 64}"

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
