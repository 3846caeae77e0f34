"""`make dev`: watches the services' sources, has the functions run what is saved, and shows what they log."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from watchfiles import PythonFilter, watch

from infra_cdk.images import SERVICES
from tidemark.checkout import ROOT
from tidemark.errors import CommandError, Stopped, run
from tidemark.local.env import running
from tidemark.local.ports import port_from, require_free
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.loop import debugging, logs
from tidemark.loop.changes import changes_of, forget_bytecode, syntax_error
from tidemark.loop.colours import Colours
from tidemark.loop.debugging import debugged
from tidemark.loop.logs import Tail
from tidemark.loop.reloading import reload
from tidemark.loop.services import service_of

_DEBOUNCE_MS = 100
"""An editor saves several files at once, or one by way of another: what comes within this time is one change."""
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
        if error := syntax_error(paths):
            _say(f"{error}; not reloaded, the code before it runs on")
            return
        if not self.reloads:
            _say(f"{what}{', '.join(changes.services)} not reloaded (RELOAD=0)")
            return
        forget_bytecode(paths)
        for service in changes.services:
            began = time.monotonic()
            try:
                done = reload(ROOT, self.state, self.environment, service)
            except CommandError as error:  # the next save may mend it
                _say(f"{what}{error}")
                continue
            _say(f"{what}{service} reloaded in {(time.monotonic() - began) * 1000:.0f} ms, {done}")

    def run(self) -> None:
        """Go on until an interrupt. CommandError where the environment does not answer, or holds no functions."""
        try:
            self._follow()
        except (BotoCoreError, ClientError) as error:
            raise CommandError(
                f"{' '.join(str(error).split())}: make local-down local-up starts anew"
            ) from error

    def _follow(self) -> None:
        reader = logs.tail(self.environment, SERVICES, since=round(time.time() * 1000))
        colours = Colours.of_stream(sys.stdout)
        found = _changed(self.sources)
        first = next(found, [])  # only from then on no change goes unnoticed
        end = "" if self.reloads else ", and reloading nothing (RELOAD=0)"
        _say(f"watching {os.path.relpath(self.sources)}{end}; Ctrl-C ends this, the environment stays up")
        for paths in chain([first], found):
            if paths:
                self.take(paths)
            _show(reader, colours)


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


def _show(reader: Tail, colours: Colours) -> None:
    for record in reader.read():
        print(logs.line(record, colours), flush=True)


def _say(line: str) -> None:
    print(f"dev: {line}", file=sys.stderr, flush=True)


def _command(options: argparse.Namespace) -> int:
    state = StateDirectory.at(options.state)
    environment = running(state)
    sources = Path(options.sources).resolve()
    service = service_of(options.debug, "DEBUG") if options.debug else None
    port = _debug_port(options.debug_port) if service else 0
    if not state.compose():
        debugging.restore(state)
    with debugged(state, environment, service, port) if service else nullcontext():
        if service:
            _say(
                f"{service} listens for a debugger at 127.0.0.1:{port} once it is invoked; it never times out now"
            )
        with suppress(Stopped):  # the way to end it is an interrupt
            Loop(state, environment, sources, options.reload).run()
    _say("ended; the environment is still up")
    return 0


def _debug_port(text: str) -> int:
    try:
        port = port_from(text)
    except ValueError as error:
        raise CommandError(f"DEBUG_PORT: {error}") from None
    try:
        require_free(port)
    except CommandError as error:
        raise CommandError(f"DEBUG_PORT: {str(error).partition(':')[0]}: choose another one") from None
    return port


def _quiet() -> None:
    """Have the watcher not warn of the interrupt, which is how a user ends this."""
    logging.getLogger("watchfiles").setLevel(logging.ERROR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    _quiet()
    parser = argparse.ArgumentParser(prog="dev", description="Reload functions when their sources change.")
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument("--sources", default=str(ROOT / "services"), help="what to watch (default: services)")
    parser.add_argument("--no-reload", dest="reload", action="store_false", help="only say what changed")
    parser.add_argument("--debug", default="", metavar="SERVICE", help="let a debugger attach to this one")
    parser.add_argument("--debug-port", default=str(debugging.DEFAULT_PORT), help="default: %(default)s")
    return run("dev", lambda: _command(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
