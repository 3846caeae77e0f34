"""`make local-up`: starts the environment, finishes or repairs a half-started one, and leaves a running one alone."""

import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tidemark.checkout import ROOT
from tidemark.errors import CommandError, unstoppable
from tidemark.local import health
from tidemark.local.condition import Kind, inspect
from tidemark.local.mode import Mode, choose
from tidemark.local.progress import Progress
from tidemark.local.starting import start, stop
from tidemark.local.state import DEFAULT, DEFAULT_PORT, Environment, StateDirectory
from tidemark.options import State, port_option


def up(state: StateDirectory, port: int | None, asked: Mode | None = None) -> int:
    """Bring the environment up and tell the user where everything is; return the exit code.

    `port` and `asked` are None where the user named none. Raises CommandError.
    """
    with state.alone():
        condition = inspect(state)
        if condition.kind is Kind.UP and (running := state.environment()):
            return _already_up(state, running, port, asked)
        progress = Progress()
        if condition.kind is Kind.HALF:
            progress.say(f"found a half-started environment: {'; '.join(condition.faults)}; clearing it away")
            with unstoppable():
                stop(state)
                state.remove()
        choice = choose(asked, ROOT, progress.say)
        progress.say(f"{_place(in_docker=choice.engine is not None)}: {choice.why}")
        environment = start(state, port or DEFAULT_PORT, progress, engine=choice.engine)
    print(f"local-up: ready\n{_summary(state, environment)}")
    return 0


def _already_up(state: StateDirectory, environment: Environment, port: int | None, asked: Mode | None) -> int:
    in_docker = state.compose() is not None
    if asked is not None and (asked is Mode.DOCKER) != in_docker:
        raise CommandError(
            f"MODE={asked.value}: it is up {_place(in_docker=in_docker)} already: run make local-down first"
        )
    running_port = urlsplit(environment.endpoint).port
    if port is not None and port != running_port:
        raise CommandError(
            f"it is up at {environment.endpoint} already: run make local-down first, or keep two apart with STATE="
        )
    ill = [
        f"{fact.about}: {fact.text}"
        for fact in health.look(environment.endpoint, environment.variables)
        if not fact.healthy
    ]
    if ill:
        raise CommandError(f"it is up, but {'; '.join(ill)}; for a new one: make local-down local-up")
    print(f"local-up: is up already, nothing was changed\n{_summary(state, environment)}")
    return 0


def _place(*, in_docker: bool) -> str:
    return "in Docker" if in_docker else "without Docker"


def _summary(state: StateDirectory, environment: Environment) -> str:
    names = environment.variables
    lines = [
        ("dashboard", names["TIDEMARK_API_URL"]),
        ("endpoint", environment.endpoint),
        ("API", names["TIDEMARK_API_URL"]),
        ("data bucket", names["TIDEMARK_DATA_BUCKET"]),
        ("plot bucket", names["TIDEMARK_PLOT_BUCKET"]),
        ("tables", f"{names['TIDEMARK_HISTORY_TABLE']}, {names['TIDEMARK_LEDGER_TABLE']}"),
        ("queue", names["TIDEMARK_QUEUE_URL"]),
        ("logs", _logs(state)),
        ("next", 'make e2e, make dev, make status, eval "$(make -s env)", and to stop it: make local-down'),
    ]
    return "\n".join(f"  {name:<12}{value}" for name, value in lines)


def _logs(state: StateDirectory) -> str:
    if compose := state.compose():
        return f"docker --host {compose.docker_host} logs {compose.project}..., docker ps shows the names"
    return os.path.relpath(state.log("localstack").parent)


def command(
    *,
    state: State = DEFAULT,
    port: Annotated[int | None, port_option(f"Port on 127.0.0.1 (default: {DEFAULT_PORT}).")] = None,
    mode: Annotated[
        Mode | None, typer.Option(help="Where it runs (default: docker if an engine answers).")
    ] = None,
) -> int:
    """Start LocalStack, deploy to it and wait until all is ready; a running environment stays as it is."""
    return up(StateDirectory.at(state), port, mode)
