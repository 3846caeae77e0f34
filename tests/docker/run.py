"""`make test-docker` runs everything that needs a Docker engine and prints a summary.

With `-- COMMAND` it runs that command with the engine instead. If there is no engine, it fails: tests that did not run
have not passed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from tests.docker import stages
from tests.docker.engine import engine
from tests.docker.stages import Result, Stage
from tidemark.errors import CommandError, Stopped, raise_on_signals
from tidemark.local.ports import free_port

PYTHON = sys.executable


def plan(state: str) -> tuple[Stage, ...]:
    """Return the stages in their order. The environment in Docker has this state directory."""
    return (
        Stage("the images are built", commands=[_tidemark("build-images")]),
        Stage(
            "end to end in containers",
            commands=[
                _tidemark("local-up", "--state", state, "--port", str(free_port()), "--mode", "docker")
            ],
            through=_tidemark("env", "--state", state, "--"),
            pytest=("tests/e2e", "-m", "not storm and not long"),
            afterwards=_tidemark("local-down", "--state", state),
        ),
        Stage("the images are pushed", pytest=("tests/docker/test_push.py",)),
        Stage(
            "the images are what they should be",
            through=_tidemark("within", "--"),
            pytest=("tests/docker", "--ignore=tests/docker/test_push.py"),
        ),
        # `make test` runs the same tests with processes.
        Stage("the container executor", pytest=("images/localstack/tests/integration", "-k", "container")),
    )


def _tidemark(command: str, *arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "tidemark.cli", command, *arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stages, or a command, and return the exit code."""
    parser = argparse.ArgumentParser(prog="test-docker", description="Test what needs a Docker engine.")
    parser.add_argument("--install", metavar="1", help="1: install and start an engine if none answers")
    parser.add_argument(
        "--only", metavar="WORDS", help="run the first stage and those whose title has these words"
    )
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="run this instead of the tests")
    options = parser.parse_args(arguments)
    may_install = options.install == "1"
    raise_on_signals()
    try:
        if options.command:
            with engine(_say, may_install=may_install) as found:
                environ = {**os.environ, **found.variables}
                return subprocess.run(options.command, env=environ, check=False).returncode
        return _test(options.only, may_install=may_install)
    except CommandError as error:
        print(f"test-docker: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print(f"test-docker: stopped by {stopped}; everything that was started is stopped", file=sys.stderr)
        return stopped.exit_code


def _test(only: str | None, *, may_install: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="tidemark-") as state:
        chosen = [
            stage
            for number, stage in enumerate(plan(str(Path(state) / "local")))
            if number == 0 or not only or only in stage.title
        ]
        results = list(_run(chosen, may_install=may_install))
    _summarise(results, chosen)
    return int(any(result.fault for result in results))


def _run(chosen: Sequence[Stage], *, may_install: bool) -> Iterator[Result]:
    """Yield the result of each stage. If the images cannot be built, the other stages do not run."""
    began = time.monotonic()
    with engine(_say, may_install=may_install) as found:
        title = "an engine of our own, and a base" if found.ours else "the engine that answers, and a base"
        yield Result(title, time.monotonic() - began)
        for number, stage in enumerate(chosen):
            result = stages.run(stage, found.variables)
            yield result
            if number == 0 and result.fault:
                return


def _say(line: str) -> None:
    print(f"engine: {line}", file=sys.stderr, flush=True)


def _summarise(results: Sequence[Result], chosen: Sequence[Stage]) -> None:
    print("\n=== summary (duration of each, and when it ended)")
    for result, ended in zip(results, accumulate(result.seconds for result in results), strict=True):
        print(result.line(ended))
    for stage in chosen[len(results) - 1 :]:
        print(f"not run                  {stage.title}")
    seconds, ran = sum(result.seconds for result in results), sum(result.ran for result in results)
    print(f"{seconds:14.0f} s          {ran} tests in all", flush=True)


if __name__ == "__main__":
    sys.exit(main())
