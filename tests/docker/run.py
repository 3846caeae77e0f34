"""`make test-docker`: everything that needs a Docker engine, from none to all torn down, with a summary.

An engine that answers is used; on Debian, as root, one is installed and started otherwise. Without either it says how
to get one, and fails: what was not tested has not passed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from tests.docker import stages
from tests.docker.engine import engine, stop_on_signals
from tests.docker.errors import SetupError
from tests.docker.stages import Result, Stage
from tidemark.images.docker import DockerError
from tidemark.local.ports import free_port

PYTHON = sys.executable


def plan(state: str) -> tuple[Stage, ...]:
    """Return the stages in their order; the composed environment keeps its state in this directory."""
    up = _tidemark("local-up", "--state", state, "--port", str(free_port()), "--mode", "docker")
    return (
        Stage("the images are built", commands=[(PYTHON, "-m", "tidemark.cli", "build-images")]),
        Stage(
            "end to end in containers",
            commands=[up],
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
        # Of the suite that both executors run; `make test` runs it with processes.
        Stage("the container executor", pytest=("images/localstack/tests/integration", "-k", "container")),
    )


def _tidemark(command: str, *arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "tidemark.cli", command, *arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stages and return the exit code: 0 if every one passed."""
    parser = argparse.ArgumentParser(prog="test-docker", description="Test what needs a Docker engine.")
    parser.add_argument(
        "--only", metavar="WORDS", help="the stages whose titles have these words, and the images"
    )
    options = parser.parse_args(arguments)
    stop_on_signals()
    code = 1
    try:
        with tempfile.TemporaryDirectory(prefix="tidemark-") as state:
            chosen = [
                stage
                for number, stage in enumerate(plan(str(Path(state) / "local")))
                if number == 0 or not options.only or options.only in stage.title
            ]
            results = list(_run(chosen))
        _summarise(results, chosen)
        code = int(any(result.fault for result in results))
    except (SetupError, DockerError) as error:
        print(f"test-docker: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("test-docker: interrupted; what was started is stopped", file=sys.stderr)
        code = 130
    return code


def _run(chosen: Sequence[Stage]) -> Iterator[Result]:
    """Yield how each stage went, until the images cannot be built."""
    began = time.monotonic()
    with engine(lambda line: print(f"engine: {line}", file=sys.stderr, flush=True)) as found:
        title = "an engine of our own, and a base" if found.ours else "the engine that answers, and a base"
        yield Result(title, time.monotonic() - began)
        for number, stage in enumerate(chosen):
            result = stages.run(stage, found.variables)
            yield result
            if number == 0 and result.fault:
                return


def _summarise(results: Sequence[Result], chosen: Sequence[Stage]) -> None:
    print("\n=== summary (how long each took, and when it had ended)")
    for result, ended in zip(results, accumulate(result.seconds for result in results), strict=True):
        print(result.line(ended))
    for stage in chosen[len(results) - 1 :]:
        print(f"not run                  {stage.title}")
    seconds, ran = sum(result.seconds for result in results), sum(result.ran for result in results)
    print(f"{seconds:14.0f} s          {ran} tests in all", flush=True)


if __name__ == "__main__":
    sys.exit(main())
