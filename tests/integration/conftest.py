"""A real DynamoDB engine for tests: MiniStack as its own process, the engine of the local environment.

It answers for S3 and SQS too, so that a whole handler runs against one endpoint.
"""

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from size_history import items
from size_history import tables as tables_schema

ENGINE_PYTHON = Path(__file__).parents[2] / ".venvs" / "dynamodb" / "bin" / "python"
START_SECONDS = 60


@dataclass(frozen=True)
class Tables:
    """The names of the two tables that a test works on."""

    history: str = "history"
    ledger: str = "ledger"
    size_index: str = items.SIZE_INDEX


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory):
    """Yield the URL of an engine that runs as long as the session, on a free port of the loopback interface."""
    with running_engine(tmp_path_factory.mktemp("dynamodb")) as url:
        yield url


@contextmanager
def running_engine(home):
    """Run an engine that keeps its files in a directory, and yield its URL."""
    if not ENGINE_PYTHON.exists():
        pytest.fail(f"{ENGINE_PYTHON} is missing: run `make install`", pytrace=False)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with (home / "engine.log").open("wb") as log:
        engine = subprocess.Popen(
            [ENGINE_PYTHON, "-m", "ministack"],
            env=_environment(home, port),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_it_answers(engine, url, home / "engine.log")
            yield url
        finally:
            engine.terminate()
            try:
                engine.wait(timeout=10)
            except subprocess.TimeoutExpired:
                engine.kill()
                engine.wait()


@pytest.fixture
def dynamodb(aws_endpoint):
    """Yield a client of an engine without tables; the tables that a test makes go with it."""
    client = client_of(aws_endpoint)
    yield client
    for table in client.list_tables()["TableNames"]:
        client.delete_table(TableName=table)


@pytest.fixture
def tables(dynamodb):
    """Return the names of both tables, created empty."""
    return create_tables(dynamodb)


@pytest.fixture
def s3(aws_endpoint):
    """Return an S3 client of the engine; its buckets stay, so a test names its own."""
    return client_of(aws_endpoint, "s3")


@pytest.fixture
def sqs(aws_endpoint):
    """Return an SQS client of the engine; its queues stay, so a test names its own."""
    return client_of(aws_endpoint, "sqs")


def client_of(endpoint, service="dynamodb"):
    """Return a client of an engine; it needs no credentials and no settings of the machine."""
    session = boto3.session.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=endpoint, config=config)


def create_tables(client, names=None):
    """Create History with its index and Ledger, with exactly the product's keys; return their names."""
    names = names or Tables()
    for name, schema in ((names.history, tables_schema.HISTORY), (names.ledger, tables_schema.LEDGER)):
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **schema.definition())
    return names


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(home, port):
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "SERVICES": "dynamodb,s3,sqs,sts",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }


def _wait_until_it_answers(engine, url, log):
    client = client_of(url)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if engine.poll() is not None:
            break
        try:
            client.list_tables()
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    pytest.fail(f"the DynamoDB engine at {url} did not answer; its log ends:\n{tail}", pytrace=False)
