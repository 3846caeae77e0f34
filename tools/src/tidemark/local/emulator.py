"""How to reach the LocalStack on this machine: whether it answers, and clients that can reach nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tidemark.errors import CommandError, flat

REGION = "us-east-1"
KEY_ID = "test"
"""A dummy key; LocalStack derives the account 000000000000 from it."""
SECRET = "test"  # noqa: S105 - a dummy: LocalStack checks no signature

_HEALTH_SECONDS = 5


def require(endpoint_url: str) -> None:
    """Raise CommandError, saying where and what to do, unless a LocalStack answers at the endpoint."""
    connection = _connection(endpoint_url)
    try:
        connection.request("GET", "/_localstack/health")
        answer = connection.getresponse().read()
    except (OSError, HTTPException) as error:
        raise CommandError(f"no LocalStack answers at {endpoint_url} ({error}): run make local-up") from error
    finally:
        connection.close()
    if not _is_health(answer):
        raise CommandError(f"what answers at {endpoint_url} is not LocalStack: choose another PORT=")


def answers(endpoint_url: str) -> bool:
    """Return whether a LocalStack answers at the endpoint."""
    try:
        require(endpoint_url)
    except CommandError:
        return False
    return True


@contextmanager
def explained(before: str = "", *, fix: str = "") -> Iterator[None]:
    """Turn what botocore raises within the block into a CommandError: `before`, the error on one line, and the fix."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"{before}{flat(error)}{': ' if fix else ''}{fix}") from error


def client(service: str, endpoint_url: str, *, read_seconds: int = 60, attempts: int = 2) -> Any:
    """Return a client of LocalStack that ignores profiles, credentials and proxies of the shell.

    It waits up to `read_seconds` for an answer, and makes up to `attempts` attempts, the first one included.
    """
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, "/dev/null", None),
            "credentials_file": (None, None, "/dev/null", None),
        }
    )
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(
            connect_timeout=5,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            proxies={},
            s3={"addressing_style": "path"},
        ),
    )


def _connection(endpoint_url: str) -> HTTPConnection:
    try:
        parts = urlsplit(endpoint_url)
        kinds: dict[str, type[HTTPConnection]] = {"http": HTTPConnection, "https": HTTPSConnection}
        return kinds[parts.scheme](parts.hostname or "", parts.port, timeout=_HEALTH_SECONDS)
    except (KeyError, ValueError, HTTPException) as error:
        raise CommandError(f"'{endpoint_url}' is no endpoint: it looks like http://127.0.0.1:4566") from error


def _is_health(answer: bytes) -> bool:
    try:
        health = json.loads(answer)
    except ValueError:
        return False
    return isinstance(health, dict) and "services" in health
