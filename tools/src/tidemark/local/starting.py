"""Starts a whole environment, or leaves nothing of it: LocalStack, deployment, and the wait until it answers."""

import os

from tidemark.checks import Check
from tidemark.errors import CommandError, Stopped, unstoppable
from tidemark.local import emulator, health, processes
from tidemark.local.backend import LOCALSTACK, Backend
from tidemark.local.deployment.deploy import deploy
from tidemark.local.deployment.templates import StackTemplate, templates_in_background
from tidemark.local.health import Clients
from tidemark.local.ports import LOOPBACK, require_free
from tidemark.local.progress import Progress
from tidemark.local.state import Environment, StateDirectory
from tidemark.local.variables import variables_of

SYNTH_SECONDS = 180.0
FUNCTION_SECONDS = 60.0
BASELINE_SECONDS = 60.0


def start(state: StateDirectory, backend: Backend, port: int, progress: Progress) -> Environment:
    """Start an environment with its endpoint at `port` and return it once it is complete.

    Raises CommandError, with the end of the log that matters. Then, and when a signal stops it, nothing stays:
    no process, no port, and no file but the logs of what failed.
    """
    require_free(port)
    endpoint = f"http://{LOOPBACK}:{port}"
    try:
        state.create()
        os.environ[processes.MARK] = str(
            state.root
        )  # so that `backend.stop` finds a synth that is interrupted
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
    try:
        outputs = deploy(endpoint, templates, progress)
        environment = Environment(endpoint, variables_of(endpoint, outputs))
        clients = Clients.of(endpoint)
        with emulator.explained(f"LocalStack at {endpoint}: "):
            progress.wait(
                "the functions",
                lambda: _fault(health.functions(clients.functions, environment.variables)),
                seconds=FUNCTION_SECONDS,
            )
            progress.wait(
                "the data bucket's baseline",
                lambda: _fault(health.history(clients.tables, environment.variables)),
                seconds=BASELINE_SECONDS,
            )
    except CommandError as error:
        raise CommandError(str(error), details=backend.end_of_log(LOCALSTACK)) from error
    progress.say("functions active, the data bucket's history has its baseline")
    return environment


def _fault(check: Check) -> str | None:
    return None if check.well else check.text
