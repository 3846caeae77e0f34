"""The local engine for a benchmark: DynamoDB, S3 and SQS in one process of its own, and a session whose clients use it."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import psutil
from botocore.exceptions import BotoCoreError, ClientError

from tests.integration.conftest import ENGINE_PYTHON, START_SECONDS, _environment, _free_port, client_of


class EngineError(Exception):
    """The engine is not installed or did not start; its text says what to do."""


@dataclass(frozen=True)
class Engine:
    """A running engine: its URL and its process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time that the engine has used so far."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Run an engine on a free port of the loopback interface. Raises EngineError."""
    if not ENGINE_PYTHON.exists():
        raise EngineError(f"{ENGINE_PYTHON} is missing: run `make install`")
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-", ignore_cleanup_errors=True) as directory:
        home, port = Path(directory), _free_port()
        with (home / "engine.log").open("wb") as log:
            process = subprocess.Popen(
                [ENGINE_PYTHON, "-m", "ministack"],
                env=_environment(home, port),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            engine = Engine(f"http://127.0.0.1:{port}", process.pid)
            _wait(process, engine, home / "engine.log")
            yield engine
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def session_of(url: str) -> boto3.Session:
    """Return a session whose clients go to an engine, whatever the machine is set up for."""
    os.environ.update(AWS_ENDPOINT_URL=url, AWS_EC2_METADATA_DISABLED="true")
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


def _wait(process: subprocess.Popen[bytes], engine: Engine, log: Path) -> None:
    client = client_of(engine.url)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.list_tables()
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    tail = log.read_text(errors="replace").splitlines()[-5:]
    raise EngineError(f"the engine at {engine.url} did not answer; its log ends: {' | '.join(tail)}")
