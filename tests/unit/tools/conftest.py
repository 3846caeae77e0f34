"""What several of these tests stage."""

import os
import signal

import pytest


@pytest.fixture(autouse=True)
def signals():
    """Take back the signal handlers that a command installs which a test runs in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def forbidden(tmp_path):
    """Return a directory that we may not enter, which for root takes to be somebody else."""
    directory = tmp_path / "forbidden"
    (directory / "state").mkdir(parents=True)
    directory.chmod(0)
    us = os.geteuid()
    if us == 0:
        os.seteuid(65534)
    yield directory
    os.seteuid(us)
    directory.chmod(0o700)
