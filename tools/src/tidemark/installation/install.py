"""Installs everything the repository needs; run as a file by whatever python3 is at hand, so it checks that first.

Until the check has passed, only syntax and modules of any Python 3 are used here, and nothing of the package is
imported.
"""

import importlib.util
import os
import shutil
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)
NEEDED_MODULES = ("venv", "ensurepip")


def problem() -> "str | None":
    """Say in one line why this interpreter or this machine will not do, and the fix; None if both will do."""
    name = "{} is Python {}".format(sys.executable, ".".join(str(part) for part in sys.version_info[:3]))
    choose = "choose another one: make PYTHON=/path/to/python3.13 ..."
    if not OLDEST <= tuple(sys.version_info[:2]) <= NEWEST:
        return name + "; Tidemark needs 3.11, 3.12 or 3.13: " + choose
    missing = [module for module in NEEDED_MODULES if not importlib.util.find_spec(module)]
    if missing:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        return (
            name + " without its module " + missing[0] + ": install it (Debian, Ubuntu: apt install "
            "" + package + "), or " + choose
        )
    if not shutil.which("git"):
        return "git is not on PATH: install it (Debian, Ubuntu: apt install git)"
    return None


def main() -> int:
    """Check the interpreter, then install; return the exit code."""
    unfit = problem()
    if unfit:
        sys.stderr.write("install: " + unfit + "\n")
        return 1
    sources = os.path.abspath(__file__)  # noqa: PTH100 - nothing beyond what the check needs
    for _ in ("install.py", "installation", "tidemark"):
        sources = os.path.dirname(sources)  # noqa: PTH120
    sys.path[0] = sources  # not this directory: its modules must not stand in front of the standard library's
    from tidemark.installation import installing  # noqa: PLC0415 - not before the check

    return installing.main()


if __name__ == "__main__":
    sys.exit(main())
