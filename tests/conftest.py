"""What holds for every test."""

import signal
import threading

import pytest


def pytest_configure():
    """Have SIGTERM end the tests as Ctrl-C does: their fixtures stop what they have started."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture
def show(capsys):
    """Print what a person wants to see, although pytest captures the rest."""

    def print_it(text: str) -> None:
        with capsys.disabled():
            print(text)

    return print_it
