"""ECR's own API, emulated: who may log in, and which repositories there are. The images are elsewhere."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.docker.errors import SetupError
from tidemark.local.ports import free_port

PYTHON = Path(__file__).parents[2] / ".venvs" / "dynamodb" / "bin" / "python"
REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_START_SECONDS = 60.0


@contextmanager
def control_plane(home: Path) -> Iterator[str]:
    """Run MiniStack's ECR as long as the block lasts and yield its URL; SetupError."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "SERVICES": "ecr",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
    }
    with (home / "ecr.log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-m", "ministack"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(process, url)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def client(url: str):
    """Return an ECR client of the control plane."""
    return boto3.client(
        "ecr",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1}),
    )


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str) -> None:
    ecr = client(url)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ecr.describe_repositories()
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    raise SetupError("the emulated ECR did not start")
