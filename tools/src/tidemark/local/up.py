"""`make local-up`: starts the environment, finishes or repairs a half-started one, and leaves a running one alone."""

from urllib.parse import urlsplit

from tidemark.errors import CommandError, unstoppable
from tidemark.local import health
from tidemark.local.backend import Mode
from tidemark.local.condition import Kind, inspect
from tidemark.local.mode import Choice, backend_of, choose
from tidemark.local.progress import Progress
from tidemark.local.starting import start
from tidemark.local.state import DEFAULT, DEFAULT_PORT, Environment, StateDirectory
from tidemark.options import LocalPort, RunMode, State


def up(state: StateDirectory, port: int | None, mode: Mode | None = None) -> int:
    """Bring the environment up and tell the user where everything is; return the exit code. Raises CommandError.

    `port` and `mode` are None if the user named none.
    """
    with state.alone():
        if environment := _running(state):
            _require_usable(state, environment, port, mode)
            first = "is up already, nothing was changed"
        else:
            environment, first = _start(state, port, mode), "ready"
    print(f"local-up: {first}\n{_summary(state, environment)}")
    return 0


def ensure(state: StateDirectory, port: int | None = None, mode: Mode | None = None) -> Environment:
    """Return the environment that is up, or start one. Prints to stderr only. Raises CommandError."""
    if environment := _running(state):
        return environment
    with state.alone():
        return _running(state) or _start(state, port, mode)


def _running(state: StateDirectory) -> Environment | None:
    return state.environment() if inspect(state).kind is Kind.UP else None


def _start(state: StateDirectory, port: int | None, mode: Mode | None) -> Environment:
    progress = Progress()
    condition = inspect(state)
    if condition.kind is Kind.HALF:
        progress.say(f"found a half-started environment: {'; '.join(condition.faults)}; clearing it away")
        with unstoppable():
            backend_of(state).stop(progress.say)
            state.remove()
    choice = _prepared(state, mode, progress)
    progress.say(f"{choice.backend.place}: {choice.why}")
    return start(state, choice.backend, port or DEFAULT_PORT, progress)


def _prepared(state: StateDirectory, mode: Mode | None, progress: Progress) -> Choice:
    choice = choose(state, mode)
    try:
        choice.backend.prepare(progress)
    except CommandError as error:
        if mode is not None or choice.backend.mode is Mode.EMBEDDED:
            raise
        choice = Choice(choose(state, Mode.EMBEDDED).backend, str(error))
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


def command(*, state: State = DEFAULT, port: LocalPort = None, mode: RunMode = None) -> int:
    """Start LocalStack, deploy to it and wait until all is ready; a running environment stays as it is."""
    return up(StateDirectory.at(state), port, mode)
