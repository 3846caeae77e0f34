"""`make local-up`: starts the environment, finishes or repairs a half-started one, and leaves a running one alone."""

import os
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from tidemark.aws import emulator
from tidemark.checkout import DEFAULT_PORT
from tidemark.checks import Check
from tidemark.errors import CommandError, Stopped, unstoppable
from tidemark.local import health, permissions, processes
from tidemark.local.backend import LOCALSTACK, Backend, log_shown
from tidemark.local.condition import Kind, inspect
from tidemark.local.deployment.deploy import deploy
from tidemark.local.deployment.templates import SYNTH_SECONDS, StackTemplate, templates_in_background
from tidemark.local.health import Clients
from tidemark.local.mode import Choice, backend_of, choose
from tidemark.local.ports import LOOPBACK, require_free
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.variables import variables_of
from tidemark.options import EnforceIam, Iam, LocalPort, Mode, RunMode, State
from tidemark.progress import Progress

READY_SECONDS = 60.0


def command(
    *, state: State = DEFAULT, port: LocalPort = None, mode: RunMode = None, iam: EnforceIam = None
) -> int:
    """Start LocalStack, deploy to it and wait until all is ready; a running environment stays as it is."""
    directory = StateDirectory.at(state)
    with directory.alone():
        if environment := _running(directory):
            _require_usable(directory, environment, port, mode)
            _require_enforced(environment, iam)
            first = "is up already, nothing was changed"
        else:
            environment, first = _start(directory, port, mode, iam), "ready"
    print(f"local-up: {first}\n{_summary(directory, environment)}")
    return 0


def ensure(
    state: StateDirectory, port: int | None = None, mode: Mode | None = None, iam: Iam | None = None
) -> Environment:
    """Return the environment that is up, or start one. Prints to stderr only. Raises CommandError."""
    if environment := _running(state):
        return environment
    with state.alone():
        return _running(state) or _start(state, port, mode, iam)


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


def _running(state: StateDirectory) -> Environment | None:
    return state.environment() if inspect(state).kind is Kind.UP else None


def _start(state: StateDirectory, port: int | None, mode: Mode | None, iam: Iam | None) -> Environment:
    progress = Progress()
    condition = inspect(state)
    if condition.kind is Kind.HALF:
        progress.say(f"found a half-started environment: {'; '.join(condition.faults)}; clearing it away")
        with unstoppable():
            backend_of(state).stop(progress.say)
            state.remove()
    choice = _prepared(state, mode, iam or Iam.ROLES, progress)
    progress.say(f"{choice.backend.place}: {choice.why}")
    return start(state, choice.backend, port or DEFAULT_PORT, progress)


def _prepared(state: StateDirectory, mode: Mode | None, iam: Iam, progress: Progress) -> Choice:
    choice = choose(state, mode, iam=iam)
    try:
        choice.backend.prepare(progress)
    except CommandError as error:
        if mode is not None or choice.backend.mode is Mode.EMBEDDED:
            raise
        choice = Choice(choose(state, Mode.EMBEDDED, iam=iam).backend, str(error))
        choice.backend.prepare(progress)
    return choice


def _require_usable(
    state: StateDirectory, environment: Environment, port: int | None, mode: Mode | None
) -> None:
    backend = backend_of(state)
    if mode not in {None, backend.mode}:
        raise CommandError(f"MODE={mode.value}: it is up {backend.place} already: run make local-down first")
    if port is not None and port != urlsplit(environment.endpoint).port:
        raise CommandError(
            f"it is up at {environment.endpoint} already: run make local-down first, or keep two apart with STATE="
        )
    ill = [
        f"{check.about}: {check.text}"
        for check in health.look(environment.endpoint, environment.variables)
        if not check.well
    ]
    if ill:
        raise CommandError(f"it is up, but {'; '.join(ill)}; for a new one: {health.START_ANEW}")


def _require_enforced(environment: Environment, iam: Iam | None) -> None:
    """Raise CommandError if other permissions are checked than those that are wanted."""
    if iam is not None and permissions.enforced(environment.endpoint) is not iam:
        raise CommandError(f"IAM={iam.value}: it is up with another value already: run make local-down first")


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
        ("logs", backend_of(state).logs),
        ("next", 'make e2e, make dev, make status, eval "$(make -s env)", and to stop it: make local-down'),
    ]
    return "\n".join(f"  {name:<12}{value}" for name, value in lines)


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
