"""Runs the tests in a new process that imports a mutant: `python -m tests.mutation.anew MODULE SOURCE TEST...`.

Most mutants of constants die in a fork (run.py). But a test may have taken a constant's value when it was collected, and another
constant may have been computed from it. So those that survive there are tried once more, here.
"""

import importlib.machinery
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any

import pytest
from hypothesis import settings

from tests.mutation.mutants import Mutant
from tests.mutation.run import OPTIONS, own_first

MAX_SECONDS = 600


def survives_anew(mutant: Mutant, tests: Sequence[Path]) -> bool:
    """Return whether the tests pass on a mutant that is there from the beginning."""
    with TemporaryDirectory() as place:
        source = Path(place) / "mutant.py"
        source.write_text(mutant.source)
        command = [sys.executable, "-m", "tests.mutation.anew", mutant.module, str(source)]
        command += map(str, own_first(mutant, tests))
        try:
            return not subprocess.run(
                command, capture_output=True, timeout=MAX_SECONDS, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            return False


def main(module: str, source: Path, tests: Sequence[str]) -> int:
    """Run the tests on a mutant; return 0 if they pass."""
    right = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: Any, fullname: str) -> CodeType | None:
        if fullname == module:
            return compile(source.read_text(), loader.get_filename(fullname), "exec")
        return right(loader, fullname)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    settings.load_profile("mutation")
    return int(pytest.main([*OPTIONS, *tests]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
