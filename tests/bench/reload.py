"""`make bench-reload`: the time from saving a change to an answer of the new code.

Meanwhile the running environment runs from a copy of the sources, which `tidemark dev` watches. A round saves the handler
of plotting with a new mark in it, and invokes the function until an answer carries the mark.
"""

import json
import shutil
import signal
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
from tests.bench.command import Dry, run
from tests.bench.report import circumstances, publish, table
from tests.waiting import until
from tidemark.aws import emulator
from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.local.condition import running
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.loop.reloading import recycle
from tidemark.loop.services import function_name
from tidemark.options import State

SERVICE = "plotting"
EVENT = json.dumps({"httpMethod": "GET", "path": "/health", "resource": "/health"}).encode()
MARKED = '\n\n_unmarked = handler\n\n\ndef handler(event, context):\n    return {{**_unmarked(event, context), "mark": {mark}}}\n'
WAIT_SECONDS = 120


@contextmanager
def copied_sources(state: StateDirectory) -> Iterator[Path]:
    """Let the functions run from a copy of `services`, and yield its path. Raises CommandError in Docker."""
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
    """`tidemark dev` on a copy of the sources, and what it has printed."""

    def __init__(self, state: StateDirectory, sources: Path, *arguments: str) -> None:
        command = [
            sys.executable,
            "-m",
            "tidemark.cli",
            "dev",
            "--state",
            str(state.root),
            "--sources",
            str(sources),
        ]
        self._process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self.lines.extend(self._process.stderr or ())

    def wait_for(self, text: str, seconds: float = WAIT_SECONDS) -> str:
        """Return the first line that contains a text. Raises AssertionError, with all lines, if none comes."""

        def found() -> str | None:
            ended = not self._reader.is_alive()
            line = next((line for line in list(self.lines) if text in line), None)
            assert line or not ended, f"dev ended: {''.join(self.lines)}"
            return line

        return until(found, lambda: f"dev prints '{text}': {''.join(self.lines)}", seconds=seconds) or ""

    def end(self) -> int:
        """Interrupt it as Ctrl-C does, and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(WAIT_SECONDS)
        finally:
            self._process.kill()


def save(path: Path, text: str) -> None:
    """Replace a file, as editors do."""
    draft = path.with_name(path.name + "~")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def bench(state: StateDirectory, rounds: int) -> list[float]:
    """Return the seconds of each round."""
    environment = running(state)
    client = emulator.client("lambda", environment.endpoint)
    name = function_name(SERVICE, environment.variables)

    def mark() -> int | None:
        answer = json.loads(client.invoke(FunctionName=name, Payload=EVENT)["Payload"].read())
        found: int | None = answer.get("mark")
        return found

    with copied_sources(state) as sources:
        handler = sources / SERVICE / "src" / SERVICE / "handler.py"
        original = handler.read_text(encoding="utf-8")
        dev = Dev(state, sources)
        try:
            dev.wait_for("watching")
            taken = []
            for number in range(rounds):
                mark()  # warm, as it is while somebody works
                began = time.monotonic()
                save(handler, original + MARKED.format(mark=number))
                until(
                    lambda number=number: mark() == number,
                    lambda: f"the saved code runs: {''.join(dev.lines)}",
                    seconds=WAIT_SECONDS,
                    pause=0,
                )
                taken.append(time.monotonic() - began)
            return taken
        finally:
            dev.end()


def section(taken: Sequence[float], measured: str) -> str:
    """Return the section of docs/benchmarks.md, from the seconds of each round."""
    ordered = sorted(taken)
    p90 = ordered[int(0.9 * (len(ordered) - 1))]
    figures = (f"{seconds:.2f} s" for seconds in (median(ordered), p90, ordered[0], ordered[-1]))
    return f"""## From a saved source to an answer of the new code

`make bench-reload`. {measured}

{table(("rounds:", "p50:", "p90:", "fastest:", "slowest:"), [(len(ordered), *figures)])}

Without Docker and with `make dev` watching: from the moment before the handler of {SERVICE} is saved to the first answer of the saved
code. This includes noticing the change, ending the old process, starting the new one, and the call."""


def main(state: State = DEFAULT, rounds: int = 15, *, dry: Dry = False) -> None:
    """Measure and write docs/benchmarks.md."""
    publish("reload", section(bench(StateDirectory.at(state), rounds), circumstances()), dry=dry)


if __name__ == "__main__":
    run(main)
