"""Fixtures and settings for every test."""

import signal
import threading

import pytest


def pytest_configure():
    """Let SIGTERM end the tests as Ctrl-C does, so that fixtures stop what they have started."""
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
