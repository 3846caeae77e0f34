import signal
import threading


def pytest_configure():
    """Let SIGTERM end the tests as Ctrl-C does, so that fixtures stop what they have started."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
