"""`make test` runs everything once, in two parts."""

import subprocess
import sys

from tests.side_by_side import ROOT, TESTS, parts_of


def test_every_file_with_tests_is_in_one_part():
    placed = [ROOT / folder for part in parts_of(["-q", "-m", "not long"]) for folder in part]

    files = [path for tests in TESTS for path in (ROOT / tests).glob("**/test_*.py")]
    assert {file: sum(file.is_relative_to(folder) for folder in placed) for file in files} == dict.fromkeys(
        files, 1
    )
    assert all(any(file.is_relative_to(folder) for file in files) for folder in placed)


def test_named_paths_are_all_that_is_run():
    assert parts_of(
        ["-x", "tests/unit/tests/test_side_by_side.py::test_named_paths_are_all_that_is_run"]
    ) == [[]]


def ran(*arguments):
    command = [sys.executable, "-m", "tests.side_by_side", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_failure_of_a_part_is_the_exit_code_and_the_sum_says_so(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_a(): assert 0\ndef test_b(): pass\n")

    done = ran(str(tmp_path))

    assert done.returncode == 1
    assert "test: 1 passed, 1 failed, 0 skipped in " in done.stdout


def test_where_nothing_is_collected_that_is_said_by_the_exit_code(tmp_path):
    assert ran(str(tmp_path)).returncode == 5
