"""The stages of `make test-docker`: a failure is told, a skipped test is one, and what was started is stopped."""

import os
import signal
import sys
import textwrap
import threading

import pytest

from tests.docker import stages
from tests.docker.stages import Stage
from tests.waiting import until

PYTHON = sys.executable
FAILS = (PYTHON, "-c", "raise SystemExit(3)")


def suite(directory, text):
    file = directory / "test_it.py"
    file.write_text(text)
    return (str(file), "-q", "-p", "no:cacheprovider", "--rootdir", str(directory), "-c", "/dev/null")


def test_a_stage_tells_how_many_tests_passed(tmp_path):
    result = stages.run(Stage("x", pytest=suite(tmp_path, "def test_a(): pass\ndef test_b(): pass\n")), {})

    assert not result.fault
    assert result.line(0).endswith("2 tests")
    assert result.line(0).startswith("passed ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def test_a(): assert 0\ndef test_b(): pass\n", "1 of 2 tests failed"),
        ("import pytest\ndef test_a(): pytest.skip('x')\ndef test_b(): pass\n", "1 of 2 tests were skipped"),
        ("x = 1\n", "0 of 0 tests failed (exit code 5"),
        ("import nothing_like_this\n", "1 of 1 tests failed"),
    ],
    ids=["failing", "skipped", "empty", "broken"],
)
def test_what_was_not_tested_has_not_passed(tmp_path, text, said):
    result = stages.run(Stage("x", pytest=suite(tmp_path, text)), {})

    assert result.fault.startswith(said)
    assert result.line(0).startswith("FAILED ")


def test_after_a_failed_command_nothing_else_runs_but_what_ends_the_stage(tmp_path):
    stage = Stage(
        "x",
        commands=[FAILS, (PYTHON, "-c", f"open(r'{tmp_path}/second', 'w')")],
        pytest=suite(tmp_path, f"open(r'{tmp_path}/third', 'w')\n"),
        afterwards=(PYTHON, "-c", f"open(r'{tmp_path}/last', 'w')"),
    )

    result = stages.run(stage, {})

    assert result.fault.startswith("exit code 3: ")
    assert {path.name for path in tmp_path.iterdir()} == {"test_it.py", "last"}


def test_a_stage_that_cannot_end_well_failed():
    assert stages.run(Stage("x", afterwards=FAILS), {}).fault.startswith("exit code 3: ")


def test_a_stage_sees_the_engines_variables():
    command = (PYTHON, "-c", "import os; raise SystemExit(os.environ['PYTHON_IMAGE'] != 'base:1')")

    assert not stages.run(Stage("x", commands=[command]), {"PYTHON_IMAGE": "base:1"}).fault


def test_a_stage_that_is_stopped_lets_its_tests_clean_up(tmp_path):
    """SIGTERM alone would end pytest before its fixtures, and what they had started would stay."""
    text = f"""
        import pathlib, pytest, time

        @pytest.fixture
        def started():
            pathlib.Path(r'{tmp_path}/started').touch()
            yield
            pathlib.Path(r'{tmp_path}/stopped').touch()

        def test_it(started):
            time.sleep(60)
    """
    tests = suite(tmp_path, textwrap.dedent(text))
    watch = threading.Thread(target=interrupt_when_there, args=(tmp_path / "started",))
    watch.start()

    with pytest.raises(KeyboardInterrupt):
        stages.run(Stage("x", pytest=("-p", "tests.conftest", *tests)), {})

    watch.join()
    assert (tmp_path / "stopped").exists()


def interrupt_when_there(path):
    until(path.exists, f"{path} exists")
    os.kill(os.getpid(), signal.SIGINT)
