"""What holds for every test."""

import signal
import threading


def pytest_configure():
    """Have SIGTERM end the tests as Ctrl-C does: their fixtures stop what they have started."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
