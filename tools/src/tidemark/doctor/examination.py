"""The examination that `make doctor` prints: the machine, then Docker, then the environment.

Used on a bare Python (standard library only), before anything is installed. Modules that need more are imported later.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from tidemark.checkout import DEFAULT_PORT
from tidemark.checks import Check, as_json, as_text, exit_code, failure, warning
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
    parser.add_argument("--port", default=str(DEFAULT_PORT), help="of local-up (default: %(default)s)")
    parser.add_argument("--mode", default="", help="docker or embedded (default: as local-up chooses)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    checks = list(_checks(root, options))
    print(as_json(checks) if options.json else as_text("doctor", checks))
    return exit_code(checks)


def _checks(root: str, options: argparse.Namespace) -> Iterator[Check]:
    if not (options.port.isdecimal() and 1 <= int(options.port) <= 65535):
        yield failure("port", f"PORT={options.port} is no port", "a number from 1 to 65535")
    elif options.mode not in {"", "docker", "embedded"}:
        yield failure("mode", f"MODE={options.mode} is no mode", "MODE=docker or MODE=embedded, or none")
    else:
        state = Path(options.state).absolute()
        yield from examine(Situation(Path(root), state, int(options.port), options.mode))
