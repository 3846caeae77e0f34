"""`make dev`: watches the services' sources, reloads functions when one is saved, and shows what they log."""

import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from watchfiles import PythonFilter, watch

from infra_cdk.images import SERVICES
from tidemark.aws import emulator
from tidemark.checkout import ROOT
from tidemark.errors import CommandError, Stopped
from tidemark.local.ports import require_free
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.up import ensure
from tidemark.loop import debugging, logs
from tidemark.loop.changes import changes_of, forget_bytecode, syntax_error
from tidemark.loop.debugging import debugged
from tidemark.loop.logs import Colours
from tidemark.loop.reloading import reload
from tidemark.loop.services import service_of
from tidemark.options import LocalPort, RunMode, State, port_option

_DEBOUNCE_MS = 100
"""Changes within this time count as one: an editor saves several files at once, or one through a temporary file."""
_STEP_MS = 20
_LOOK_MS = 400
_NEEDED_EXTENSIONS = (".html", ".css", ".js", ".json", ".toml", ".yaml", ".svg", ".ts")


@dataclass(frozen=True, slots=True)
class Loop:
    """What the loop works on: the environment, the sources that it watches, and whether it reloads."""

    state: StateDirectory
    environment: Environment
    sources: Path
    reloads: bool

    def take(self, paths: Sequence[Path]) -> None:
        """Bring changed files into effect, or say why not."""
        changes = changes_of(paths, self.sources)
        for path, command in changes.needs:
            _say(f"{path.relative_to(self.sources.parent)} changed: {command} brings it into effect")
        if not changes.services:
            return
        what = f"{', '.join(sorted({path.name for path in paths}))}: "
        if fault := syntax_error(paths):
            _say(f"{fault}; not reloaded, the code before it runs on")
            return
        if not self.reloads:
            _say(f"{what}{', '.join(changes.services)} not reloaded (RELOAD=0)")
            return
        forget_bytecode(paths)
        for service in changes.services:
            began = time.monotonic()
            try:
                done = reload(self.state, self.environment, service)
            except CommandError as error:  # the next save may mend it
                _say(f"{error.details}\n{what}{error}".lstrip())
                continue
            _say(f"{what}{service} reloaded in {(time.monotonic() - began) * 1000:.0f} ms, {done}")

    @emulator.explained(fix="make local-down local-up starts anew")
    def run(self) -> None:
        """Go on until an interrupt. CommandError if the environment does not answer, or holds no functions."""
        reader = logs.tail(self.environment, SERVICES, since=round(time.time() * 1000))
        colours = Colours.of_stream(sys.stdout)
        found = _changed(self.sources)
        first = next(found, [])  # changes before this one may go unnoticed
        end = "" if self.reloads else ", and reloading nothing (RELOAD=0)"
        _say(f"watching {os.path.relpath(self.sources)}{end}; Ctrl-C ends this, the environment stays up")
        for paths in chain([first], found):
            if paths:
                self.take(paths)
            for record in reader.read():
                print(logs.line(record, colours), flush=True)


def _changed(sources: Path) -> Iterator[list[Path]]:
    """Yield the files that changed, and nothing every now and then."""
    found = watch(
        sources,
        watch_filter=PythonFilter(extra_extensions=_NEEDED_EXTENSIONS),
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for changes in found:
        yield sorted({Path(path) for _, path in changes})


def _say(line: str) -> None:
    print(f"dev: {line}", file=sys.stderr, flush=True)


def command(
    *,
    state: State = DEFAULT,
    sources: Annotated[str, typer.Option(metavar="DIRECTORY", hidden=True)] = str(ROOT / "services"),
    port: LocalPort = None,
    mode: RunMode = None,
    reload: Annotated[str, typer.Option(metavar="0|1", help="0: only say what changed.")] = "1",
    debug: Annotated[str, typer.Option(metavar="SERVICE", help="Let a debugger attach to this one.")] = "",
    debug_port: Annotated[
        int | None, port_option(f"Where it attaches (default: {debugging.DEFAULT_PORT}).", "--debug-port")
    ] = None,
) -> int:
    """Reload functions as their sources are saved, and show what they log; starts an environment if none is up."""
    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it would warn of the interrupt that ends this
    service = service_of(debug, "DEBUG") if debug else None
    directory = StateDirectory.at(state)
    environment = ensure(directory, port, mode)
    attach_port = debug_port or debugging.DEFAULT_PORT
    if service:
        try:
            require_free(attach_port)
        except CommandError as error:
            raise CommandError(f"DEBUG_PORT: {str(error).partition(':')[0]}: choose another one") from None
    debugging.restore(directory)
    with debugged(directory, environment, service, attach_port) if service else nullcontext():
        if service:
            _say(
                f"{service} listens for a debugger at 127.0.0.1:{attach_port} once it is invoked; it never times out now"
            )
        with suppress(Stopped):  # the way to end it is an interrupt
            Loop(directory, environment, Path(sources).resolve(), reload != "0").run()
    _say("ended; the environment is still up")
    return 0
