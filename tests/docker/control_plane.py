"""Emulates ECR's own API, which knows logins and repositories. A registry of its own stores the images."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config

from tests.engine import running_engine

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextmanager
def control_plane() -> Iterator[str]:
    """Run MiniStack's ECR until the block ends and yield its URL. Raises EngineError."""
    with running_engine("ecr") as engine:
        yield engine.url


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
