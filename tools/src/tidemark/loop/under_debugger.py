"""Starts a function under debugpy: `python under_debugger.py <debugpy's directory> <port> <arguments of python>`.

Runs in the function's own venv, which has no debugpy: standard library only. Only one process of a function gets the
port; others at the same time run without a debugger.
"""

import os
import socket
import sys


def main() -> None:
    """Become the function's process, with debugpy in it if its port is free."""
    debugpy, port, *arguments = sys.argv[1:]
    if _is_free(int(port)):
        # Frozen modules have no lines to stop at.
        arguments = ["-Xfrozen_modules=off", debugpy, "--listen", f"127.0.0.1:{port}", *arguments]
    else:
        print(f"debugger: port {port} is taken, this process runs without", flush=True)
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - no shell


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
