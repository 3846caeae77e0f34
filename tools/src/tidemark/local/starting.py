"""Starts a whole environment, or leaves nothing of it: LocalStack, deployment, and the wait until it answers."""

import os
from collections.abc import Callable
from functools import partial

from tidemark.checks import Check
from tidemark.errors import Stopped, unstoppable
from tidemark.local import emulator, health, processes
from tidemark.local.backend import LOCALSTACK, Backend, log_shown
from tidemark.local.deployment.deploy import deploy
from tidemark.local.deployment.templates import SYNTH_SECONDS, StackTemplate, templates_in_background
from tidemark.local.health import Clients
from tidemark.local.ports import LOOPBACK, require_free
from tidemark.local.progress import Progress
from tidemark.local.state import Environment, StateDirectory
from tidemark.local.variables import variables_of

READY_SECONDS = 60.0


def start(state: StateDirectory, backend: Backend, port: int, progress: Progress) -> Environment:
    """Start an environment with its endpoint at `port` and return it once it is complete.

    Raises CommandError, with the end of the log that matters. Then, and when a signal stops it, nothing stays:
    no process, no port, and no file but the logs of what failed.
    """
    require_free(port)
    endpoint = f"http://{LOOPBACK}:{port}"
    try:
        state.create()
        # So that `backend.stop` finds a synth that is interrupted.
        os.environ[processes.MARK] = str(state.root)
        templates = templates_in_background()
        backend.start(port, progress)
        progress.say(f"LocalStack answers at {endpoint}")
        progress.wait(
            "the templates",
            lambda: None if templates.done() else "synth has not ended",
            seconds=SYNTH_SECONDS,
        )
        environment = _deploy(endpoint, templates.result(), backend, progress)
        state.complete(environment)
    except BaseException as error:
        with unstoppable():
            backend.stop(progress.say)
            state.remove(keep_logs=not isinstance(error, Stopped))
        raise
    return environment


def _deploy(
    endpoint: str, templates: tuple[StackTemplate, ...], backend: Backend, progress: Progress
) -> Environment:
    with log_shown(backend, LOCALSTACK), emulator.explained(f"LocalStack at {endpoint}: "):
        environment = Environment(endpoint, variables_of(endpoint, deploy(endpoint, templates, progress)))
        clients, names = Clients.of(endpoint), environment.variables
        for what, question in (
            ("the functions", lambda: health.functions(clients.functions, names)),
            ("the data bucket's baseline", lambda: health.history(clients.tables, names)),
        ):
            progress.wait(what, partial(_fault, question), seconds=READY_SECONDS)
    progress.say("functions active, the data bucket's history has its baseline")
    return environment


def _fault(question: Callable[[], Check]) -> str | None:
    check = question()
    return None if check.well else check.text
