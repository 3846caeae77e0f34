"""`make test` runs everything once, in two parts."""

import subprocess
import sys

from tests.side_by_side import COMPUTING, ROOT, parts_of


def test_what_the_first_part_leaves_out_is_the_second_part():
    first, second = parts_of(["-q", "--coverage"])

    assert [argument.removeprefix("--ignore=") for argument in first] == second == [*COMPUTING, "-q"]
    assert all(list((ROOT / folder).glob("**/test_*.py")) for folder in COMPUTING)


def test_named_paths_are_all_that_is_run():
    named = ["-x", "tests/unit/tests/test_side_by_side.py::test_named_paths_are_all_that_is_run"]

    assert parts_of(named) == [named]


def ran(*arguments):
    command = [sys.executable, "-m", "tests.side_by_side", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_failure_in_a_part_becomes_the_exit_code_and_shows_in_the_sum(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_a(): assert 0\ndef test_b(): pass\n")

    done = ran(str(tmp_path))

    assert done.returncode == 1
    assert "test: 1 passed, 1 failed, 0 skipped in " in done.stdout


def test_the_sum_has_the_coverage_that_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("COVERAGE_FILE", str(tmp_path / "coverage"))
    (tmp_path / "test_a.py").write_text("from size_history import keys\ndef test_a(): keys.all_shards()\n")

    done = ran(str(tmp_path), "--coverage")

    assert "test: 1 passed, 0 failed, 0 skipped, coverage " in done.stdout


def test_the_exit_code_tells_that_nothing_was_collected(tmp_path):
    assert ran(str(tmp_path)).returncode == 5
