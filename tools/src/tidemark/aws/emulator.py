"""How to reach the LocalStack on this machine: whether it answers, and clients that can reach nothing else."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from tidemark.errors import CommandError, flat

REGION = "us-east-1"
KEY_ID = "test"
"""A dummy key; LocalStack derives the account 000000000000 from it."""
SECRET = "test"  # noqa: S105 - a dummy: LocalStack checks no signature

_HEALTH_SECONDS = 5


def call(method: str, url: str, *, seconds: float) -> tuple[int, bytes]:
    """Make an HTTP request past any proxy; return the status and the body of the answer.

    Raises ConnectionError if none comes, and CommandError if the URL is none.
    """
    try:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    except (ValueError, HTTPException):
        parts, connection = urlsplit(""), HTTPConnection("")
    if parts.scheme != "http":
        raise CommandError(f"'{url}' is no endpoint: it looks like http://127.0.0.1:4566")
    with closing(connection):
        try:
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request(method, target)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            raise ConnectionError(error) from error


def require(endpoint_url: str) -> None:
    """Raise CommandError, saying where and what to do, unless a LocalStack answers at the endpoint."""
    try:
        _, answer = call("GET", f"{endpoint_url}/_localstack/health", seconds=_HEALTH_SECONDS)
    except ConnectionError as error:
        raise CommandError(f"no LocalStack answers at {endpoint_url} ({error}): run make local-up") from error
    try:
        is_localstack = "services" in dict(json.loads(answer))
    except (ValueError, TypeError):
        is_localstack = False
    if not is_localstack:
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


def credentials() -> Credentials:
    """Return LocalStack's credentials, which are those of its owner."""
    return Credentials(KEY_ID, SECRET)


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
