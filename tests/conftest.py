"""Fixtures and settings for every test."""

import os
import signal
import threading

import pytest

from tests.isolation import isolated


def pytest_configure():
    """Keep the tests away from AWS. Let SIGTERM end them as Ctrl-C does, so that fixtures stop what they have started."""
    variables = isolated(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def environment():
    """Return the running environment that the variables describe."""
    from tests.e2e.environment import Environment, NoEnvironmentError  # noqa: PLC0415 - few tests need boto3

    try:
        return Environment.from_env()
    except NoEnvironmentError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def show(capsys):
    """Return a function that prints for a person, although pytest captures the rest."""

    def print_it(text: str) -> None:
        with capsys.disabled():
            print(text)

    return print_it
