"""`make test`: the tests that need an environment, and beside them those that need none; one exit code.

The first wait for emulators most of the time, the second for the processor. What the second print is shown at the end.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tests.reports import counted

ROOT = Path(__file__).parents[1]
TESTS = ("tests", "images/localstack/tests")
ALONE = (
    *(f"tests/{name}" for name in ("infra", "property", "stateful", "unit")),
    *(f"tests/integration/{name}" for name in ("laptop", "plotting", "size_tracking")),
    "images/localstack/tests/unit",
)
"""The folders whose tests need no environment, at most an engine of their own; those of all others may."""
_GRACE_SECONDS = 60.0
_NOTHING_COLLECTED = 5


def parts_of(arguments: Sequence[str]) -> list[list[str]]:
    """Return the folders of each part, those that need an environment first; one part if the arguments name paths."""
    if any((ROOT / argument.partition("::")[0]).exists() for argument in arguments):
        return [[]]
    alone = list(ALONE)
    found = {path.parent.relative_to(ROOT) for tests in TESTS for path in (ROOT / tests).glob("**/test_*.py")}
    others = (path for path in found if not any(path.is_relative_to(folder) for folder in alone))
    return [sorted(str(path) for path in others), alone]


def run(arguments: Sequence[str]) -> int:
    """Run both parts with these arguments for pytest and return the exit code: 0 if both passed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tidemark-tests-") as directory:
        home = Path(directory)
        with (home / "output").open("w+b") as output:
            parts = [
                _start(paths, [*arguments, f"--junitxml={home / str(number)}"], where)
                for number, (paths, where) in enumerate(
                    zip(parts_of(arguments), (None, output), strict=False)
                )
            ]
            codes = _wait(parts)
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout.buffer)
            sys.stdout.flush()
        _sum(home, len(parts), time.monotonic() - began)
    bad = [code for code in codes if code not in {0, _NOTHING_COLLECTED}]
    return bad[0] if bad else min(codes)


def _start(
    paths: Sequence[str], arguments: Sequence[str], output: BinaryIO | None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", *paths, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)


def _wait(parts: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    try:
        return [part.wait() for part in parts]
    except BaseException as reason:
        for part in parts:
            if not isinstance(reason, KeyboardInterrupt):  # a terminal's Ctrl-C reaches them by itself
                part.terminate()
        for part in parts:
            try:
                part.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                part.kill()
        raise


def _sum(home: Path, parts: int, seconds: float) -> None:
    all_of = [counted(home / str(number)) for number in range(parts)]
    total = {name: sum(one[name] for one in all_of) for name in all_of[0]}
    failed = total["failures"] + total["errors"]
    passed = total["tests"] - failed - total["skipped"]
    print(
        f"\ntest: {passed} passed, {failed} failed, {total['skipped']} skipped in {seconds:.2f}s, both parts",
        flush=True,
    )


def main() -> int:
    """Run the tests with the command line's arguments and return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
