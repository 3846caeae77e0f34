"""`make test`: runs the tests in two parts at the same time, and gives one sum and one exit code.

The first part mostly waits for emulators, the second mostly computes; its output follows that of the first. With
`--coverage`, the second part measures which lines and branches it runs, as pyproject.toml says, and the sum has the figure.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tests.reports import counted

ROOT = Path(__file__).parents[1]
COMPUTING = (
    *(
        f"tests/{name}"
        for name in ("faults", "infra", "integration/size_tracking", "property", "stateful", "trace", "unit")
    ),
    "images/localstack/tests/unit",
)
"""The folders of the second part. All other tests belong to the first, so that both take about the same time."""
COVERAGE = "--coverage"
_GRACE_SECONDS = 60.0
_NOTHING_COLLECTED = 5


def parts_of(arguments: Sequence[str]) -> list[list[str]]:
    """Return pytest's arguments for each part. If the arguments name paths, there is one part."""
    common = [argument for argument in arguments if argument != COVERAGE]
    if any((ROOT / argument.partition("::")[0]).exists() for argument in common):
        return [common]
    return [[*(f"--ignore={folder}" for folder in COMPUTING), *common], [*COMPUTING, *common]]


def run(arguments: Sequence[str]) -> int:
    """Run the parts with these arguments and return the exit code, 0 if all passed."""
    began = time.monotonic()
    parts, coverage = parts_of(arguments), COVERAGE in arguments
    with tempfile.TemporaryDirectory(prefix="tidemark-tests-") as directory:
        reports = [Path(directory, f"{number}.xml") for number in range(len(parts))]
        with Path(directory, "output").open("w+b") as output:
            processes = []
            for part, report in zip(parts, reports, strict=True):
                last = part is parts[-1]
                tool = ("coverage", "run", "-m", "pytest") if last and coverage else ("pytest",)
                shown = output if last and len(parts) > 1 else None
                processes.append(_start([*tool, *part, f"--junitxml={report}"], shown))
            codes = _wait(processes)
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout.buffer)
            sys.stdout.flush()
        _print_sum(reports, time.monotonic() - began, coverage=coverage)
    bad = [code for code in codes if code not in {0, _NOTHING_COLLECTED}]
    return bad[0] if bad else min(codes)


def _start(command: Sequence[str], output: BinaryIO | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=output, stderr=output)


def _wait(processes: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    try:
        return [process.wait() for process in processes]
    except SystemExit:  # after SIGTERM; a terminal's Ctrl-C reaches the parts by itself
        for process in processes:
            process.terminate()
        raise
    finally:
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
            process.kill()


def _print_sum(reports: Sequence[Path], seconds: float, *, coverage: bool) -> None:
    total = counted(*reports)
    failed = total["failures"] + total["errors"]
    line = f"{total['tests'] - failed - total['skipped']} passed, {failed} failed, {total['skipped']} skipped"
    if coverage:
        command = [sys.executable, "-m", "coverage", "report", "--format=total"]
        percent = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        line += f", coverage {percent} %,"
    print(f"\ntest: {line} in {seconds:.2f}s", flush=True)


def main() -> int:
    """Run the tests with the command line's arguments and return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
