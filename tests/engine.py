"""A real DynamoDB engine for tests and benchmarks: MiniStack, the engine of the local environment, as its own process.

It also answers for S3 and SQS, so a whole handler can run against one endpoint.
"""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

from size_history import items
from size_history import tables as tables_schema
from tests.waiting import until_it_answers
from tidemark.local.ports import LOOPBACK, free_port

ENGINE_PYTHON = Path(__file__).parents[1] / ".venvs" / "dynamodb" / "bin" / "python"


class EngineError(Exception):
    """The engine is not installed or did not start; the message says what to do."""


@dataclass(frozen=True)
class Engine:
    """A running engine: its URL and its process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time used by the engine so far."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Tables:
    """The names of the two tables of a test."""

    history: str = "history"
    ledger: str = "ledger"
    size_index: str = items.SIZE_INDEX


@contextmanager
def running_engine(services: str = "dynamodb,s3,sqs,sts,events") -> Iterator[Engine]:
    """Run an engine on a free port of the loopback interface. Raises EngineError."""
    if not ENGINE_PYTHON.exists():
        raise EngineError(f"{ENGINE_PYTHON} is missing: run `make install`")
    with tempfile.TemporaryDirectory(prefix="tidemark-engine-", ignore_cleanup_errors=True) as directory:
        home, port = Path(directory), free_port()
        with (home / "engine.log").open("wb") as log:
            process = subprocess.Popen(
                [ENGINE_PYTHON, "-m", "ministack"],
                env=_environment(home, port, services),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        engine = Engine(f"http://{LOOPBACK}:{port}", process.pid)
        try:
            if why := until_it_answers(
                process, lambda: _answers(port), what=f"the engine at {engine.url}", log=home / "engine.log"
            ):
                raise EngineError(why)
            yield engine
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def client_of(endpoint: str, service: str = "dynamodb") -> Any:
    """Return a client of an engine. It does not read this machine's credentials and settings."""
    session = boto3.session.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]


def session_of(url: str) -> boto3.Session:
    """Return a session whose clients call an engine, whatever this machine is configured for."""
    os.environ.update(AWS_ENDPOINT_URL=url, AWS_EC2_METADATA_DISABLED="true")
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


def create_tables(client: Any, names: Tables | None = None) -> Tables:
    """Create History, its index and Ledger with exactly the product's keys. Return their names."""
    names = names or Tables()
    for name, schema in ((names.history, tables_schema.HISTORY), (names.ledger, tables_schema.LEDGER)):
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **schema.definition())
    return names


def _environment(home: Path, port: int, services: str) -> Mapping[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "SERVICES": services,
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
