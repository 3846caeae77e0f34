"""What several of these tests stage."""

import os

import pytest


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
