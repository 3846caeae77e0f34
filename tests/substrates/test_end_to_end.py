"""Tidemark runs on MiniStack too, where its roles may do only what its templates say, and every call is signed."""

import subprocess
import sys

ON_MINISTACK = [sys.executable, "-m", "tests.substrates.ministack"]


def test_the_end_to_end_tests_that_are_not_long_pass_on_ministack():
    """`make test-ministack` runs the long ones too."""
    tests = [sys.executable, "-m", "pytest", "tests/e2e", "-q", "-m", "not long and not storm"]

    done = subprocess.run([*ON_MINISTACK, *tests], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 passed" in done.stdout
