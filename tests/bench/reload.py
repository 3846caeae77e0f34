"""How long a saved change takes to run: `make bench-reload`.

`make dev` watches a copy of the sources, which the running environment runs from meanwhile. A round saves the handler of
plotting, with another mark in it, and invokes the function without pause until an answer carries the mark: the time is
that from before the save to after that answer, the new process's start included.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from infra_cdk.images import SERVICES, repository
from tests.bench.report import circumstances, write_section
from tidemark.checkout import ROOT
from tidemark.errors import CommandError, run
from tidemark.local import emulator
from tidemark.local.condition import running
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.loop.reloading import recycle
from tidemark.loop.services import function_name

SERVICE = "plotting"
EVENT = json.dumps({"httpMethod": "GET", "path": "/health", "resource": "/health"}).encode()
MARKED = '\n\n_unmarked = handler\n\n\ndef handler(event, context):\n    return {{**_unmarked(event, context), "mark": {mark}}}\n'
WAIT_SECONDS = 120


@contextmanager
def copied_sources(state: StateDirectory) -> Iterator[Path]:
    """Have an environment's functions run from a copy of `services`, and yield its path. CommandError in Docker."""
    if state.compose():
        raise CommandError("a copy of the sources can only run without Docker: MODE=embedded make local-up")
    environment = running(state)
    before = state.functions_file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="tidemark-sources-") as directory:
        copy = Path(directory) / "services"
        shutil.copytree(ROOT / "services", copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = ":".join(str(source) for source in sorted(copy.glob("*/src")))
        content = json.loads(before)
        for service in SERVICES:
            content["images"][repository(service)]["environment"]["PYTHONPATH"] = path
        state.write_functions(content)
        try:
            for service in SERVICES:
                recycle(environment, service)
            yield copy
        finally:
            state.functions_file.write_text(before, encoding="utf-8")
            for service in SERVICES:
                recycle(environment, service)


class Dev:
    """`make dev` on a copy of the sources, and what it has said."""

    def __init__(self, state: StateDirectory, sources: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "tidemark.cli", "dev", "--state", str(state.root)]
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [*command, "--sources", str(sources), *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self.said.extend(iter(self._process.stderr.readline, "")) if self._process.stderr else None

    def wait_for(self, text: str, seconds: float = WAIT_SECONDS) -> str:
        """Return the first line that holds a text; CommandError with all that was said if none comes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in list(self.said):
                if text in line:
                    return line
            if self._process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.02)
        raise CommandError(f"make dev did not say '{text}'", details="".join(self.said))

    def end(self) -> int:
        """Interrupt it as Ctrl-C does and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(2)
        try:
            return self._process.wait(WAIT_SECONDS)
        finally:
            self._process.kill()


def save(path: Path, text: str) -> None:
    """Replace a file as editors do."""
    draft = path.with_name(path.name + "~")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def bench(state: StateDirectory, rounds: int) -> list[float]:
    """Return the seconds of each round."""
    environment = running(state)
    client = emulator.client("lambda", environment.endpoint)
    name = function_name(SERVICE, environment.variables)
    with copied_sources(state) as sources:
        handler = sources / SERVICE / "src" / SERVICE / "handler.py"
        original = handler.read_text(encoding="utf-8")
        dev = Dev(state, sources)
        try:
            dev.wait_for("watching")
            taken = []
            for mark in range(rounds):
                client.invoke(FunctionName=name, Payload=EVENT)  # warm, as it is while somebody works
                began = time.monotonic()
                save(handler, original + MARKED.format(mark=mark))
                while (
                    json.loads(client.invoke(FunctionName=name, Payload=EVENT)["Payload"].read()).get("mark")
                    != mark
                ):
                    if time.monotonic() - began > WAIT_SECONDS:
                        raise CommandError(
                            f"round {mark}: the old code still runs", details="".join(dev.said)
                        )
                taken.append(time.monotonic() - began)
            return taken
        finally:
            dev.end()


def section(taken: Sequence[float], measured: str) -> str:
    """Return the section of docs/benchmarks.md about what each round took (seconds)."""
    ordered = sorted(taken)
    p90 = ordered[int(0.9 * (len(ordered) - 1))]
    figures = (median(ordered), p90, ordered[0], ordered[-1])
    return "\n".join(
        [
            "## From a saved source to an answer of the new code",
            "",
            f"`make bench-reload`. {measured}",
            "",
            "| rounds | p50 | p90 | least | most |",
            "|---:|---:|---:|---:|---:|",
            f"| {len(ordered)} | {' | '.join(f'{seconds:.2f} s' for seconds in figures)} |",
            "",
            f"Without Docker. From before the handler of {SERVICE} is saved, with `make dev` watching, to after the first answer that the",
            "saved code gives: noticing, ending the old process, starting the new one, and the call.",
        ]
    )


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="bench-reload", description="Measure save to new code.")
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()

    def command() -> int:
        text = section(bench(StateDirectory.at(options.state), options.rounds), circumstances())
        print(text)
        write_section("reload", text)
        return 0

    return run("bench-reload", command)


if __name__ == "__main__":
    sys.exit(main())
