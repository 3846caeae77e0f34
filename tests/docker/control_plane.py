"""Emulates ECR's own API, which knows logins and repositories. A registry of its own stores the images."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.docker.serving import serving
from tests.engine import ENGINE_PYTHON
from tidemark.local.ports import free_port

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextmanager
def control_plane(home: Path) -> Iterator[str]:
    """Run MiniStack's ECR until the block ends and yield its URL. Raises CommandError."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "SERVICES": "ecr",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
    }
    command = [str(ENGINE_PYTHON), "-m", "ministack"]
    with serving(command, home / "ecr.log", lambda: _answers(url), env=environ, cwd=home):
        yield url


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


def _answers(url: str) -> bool:
    try:
        client(url).describe_repositories()
    except (BotoCoreError, ClientError):
        return False
    return True
