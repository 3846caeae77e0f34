"""The examination that `make doctor` prints: the machine, then Docker, then the environment.

Used on a bare Python (standard library only), before anything is installed. Modules that need more are imported later.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from tidemark.checkout import DEFAULT_PORT
from tidemark.checks import Check, as_json, as_text, exit_code, warning
from tidemark.doctor import machine
from tidemark.doctor.machine import Situation
from tidemark.local.state import DEFAULT

NEEDED_MODULES = ("psutil", "botocore")


def examine(situation: Situation) -> Iterator[Check]:
    """Look at everything, in the order in which it is needed."""
    installed = all(find_spec(name) for name in NEEDED_MODULES)
    yield machine.python()
    yield machine.environments(situation.root)
    if installed:
        yield machine.node(situation.environ)
    temporary = Path(tempfile.gettempdir())
    yield from machine.disks(situation.root, situation.state, temporary, installed=installed)
    yield from machine.docker(situation.root, situation.mode, situation.environ)
    if not installed:
        yield warning(
            "local-up", "port, state and endpoint are not examined", "make install, then make doctor"
        )
        return
    from tidemark.doctor import environment  # noqa: PLC0415 - needs what is installed

    yield from environment.examine(situation)


def main(root: str, arguments: Sequence[str] | None = None) -> int:
    """Print all checks and return 1 if anything fails, else 0."""
    parser = argparse.ArgumentParser(prog="doctor", description="Say what would stop Tidemark, and the fix.")
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument("--port", default=DEFAULT_PORT, type=_port, help="of local-up (default: %(default)s)")
    parser.add_argument(
        "--mode", default="", choices=("docker", "embedded"), help="default: as local-up chooses"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    state = Path(options.state).absolute()
    checks = list(examine(Situation(Path(root), state, options.port, options.mode)))
    print(as_json(checks) if options.json else as_text("doctor", checks))
    return exit_code(checks)


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"'{text}' is no port: a number from 1 to 65535")
    return int(text)
