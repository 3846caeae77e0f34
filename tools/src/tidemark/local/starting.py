"""Starts a whole environment, or leaves nothing of it: processes, deployment, and the wait until it answers."""

import os
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

from botocore.exceptions import BotoCoreError, ClientError

from tidemark.checkout import ROOT
from tidemark.errors import CommandError, Stopped, unstoppable
from tidemark.local import containers, embedded, emulator, health, processes
from tidemark.local.deployment.deploy import DeployError, deploy
from tidemark.local.deployment.templates import SynthError, local_templates
from tidemark.local.embedded import Addresses
from tidemark.local.emulator import EmulatorError
from tidemark.local.engine import Engine
from tidemark.local.health import Clients
from tidemark.local.ports import LOOPBACK, free_port, require_free
from tidemark.local.processes import Program
from tidemark.local.progress import Progress
from tidemark.local.state import Environment, ProcessRecord, StateDirectory
from tidemark.local.variables import FUNCTIONS, variables_of

PROCESS_SECONDS = 90.0
SYNTH_SECONDS = 180.0
FUNCTION_SECONDS = 60.0
BASELINE_SECONDS = 60.0


def start(
    state: StateDirectory, port: int, progress: Progress, *, engine: Engine | None = None
) -> Environment:
    """Start an environment with its endpoint at `port` and return it once it is complete.

    It runs in containers of an engine, or without one as processes of this machine.

    Raises CommandError, with the end of the log that matters. Then, and when a signal stops it, nothing stays:
    no process, no port, and no file but the logs of what failed.
    """
    if engine is None:
        embedded.require_installed(ROOT)
    require_free(port)
    try:
        state.create()
        if engine is None:
            return _start(state, Addresses(port, free_port()), progress)
        return _start_in_docker(state, engine, Addresses(port), progress)
    except BaseException as error:
        with unstoppable():
            stop(state)
            state.remove(keep_logs=not isinstance(error, Stopped))
        raise


def stop(state: StateDirectory, say: Callable[[str], None] = lambda _: None) -> tuple[int, int]:
    """Stop whatever runs of an environment; return how many processes and containers that was. CommandError."""
    return processes.stop_all(state, say), containers.stop(state)


def _start(state: StateDirectory, addresses: Addresses, progress: Progress) -> Environment:
    state.write_functions(embedded.functions(ROOT, state))
    engine, localstack = embedded.programs(ROOT, state, addresses, os.environ)
    records = [processes.start(program, state) for program in (engine, localstack)]
    progress.say("starting " + ", ".join(f"{record.name} (pid {record.pid})" for record in records))
    synth = _Synth(state)
    _await(engine, records[0], lambda: _engine_answers(addresses), state, progress)
    _await(localstack, records[1], lambda: _localstack_answers(addresses), state, progress)
    progress.say(f"LocalStack answers at {addresses.endpoint}")
    progress.wait("the templates", synth.missing, seconds=SYNTH_SECONDS)
    return _complete(state, addresses, progress, lambda: _end_of_log(state, localstack))


def _start_in_docker(
    state: StateDirectory, engine: Engine, addresses: Addresses, progress: Progress
) -> Environment:
    running = containers.start(ROOT, state, engine, addresses.port, os.environ)
    progress.say(f"starting {', '.join(embedded.NAMES)} in containers ({running.record.project})")
    synth = _Synth(state)
    _await_container(running, embedded.ENGINE, lambda states: states[embedded.ENGINE], progress)
    _await_container(
        running,
        embedded.LOCALSTACK,
        lambda states: "healthy" if _localstack_answers(addresses) else states[embedded.LOCALSTACK],
        progress,
    )
    progress.say(f"LocalStack answers at {addresses.endpoint}")
    progress.wait("the templates", synth.missing, seconds=SYNTH_SECONDS)
    return _complete(state, addresses, progress, lambda: running.log(embedded.LOCALSTACK))


def _await_container(
    running: containers.Containers,
    service: str,
    condition: Callable[[dict[str, str]], str],
    progress: Progress,
) -> None:
    title = embedded.TITLES[service]

    def missing() -> str | None:
        states = running.states()
        if states.get(service) in {None, "exited", "dead"}:
            raise CommandError(f"{title} ended while it was starting", details=running.log(service))
        return None if condition(states) == "healthy" else "it does not answer yet"

    try:
        progress.wait(title, missing, seconds=PROCESS_SECONDS)
    except CommandError as error:
        raise CommandError(str(error), details=error.details or running.log(service)) from error


def _complete(
    state: StateDirectory, addresses: Addresses, progress: Progress, end_of_log: Callable[[], str]
) -> Environment:
    try:
        environment = _deploy(addresses, progress)
    except CommandError as error:
        raise CommandError(str(error), details=end_of_log()) from error
    state.complete(environment)
    return environment


def _await(
    program: Program,
    record: ProcessRecord,
    answers: Callable[[], bool],
    state: StateDirectory,
    progress: Progress,
) -> None:
    def missing() -> str | None:
        if not processes.is_alive(record):
            raise CommandError(
                f"{program.title} ended while it was starting", details=_end_of_log(state, program)
            )
        return None if answers() else "it does not answer yet"

    try:
        progress.wait(program.title, missing, seconds=PROCESS_SECONDS)
    except CommandError as error:
        raise CommandError(str(error), details=error.details or _end_of_log(state, program)) from error


def _deploy(addresses: Addresses, progress: Progress) -> Environment:
    try:
        outputs = deploy(addresses.endpoint, progress=progress.say)
        environment = Environment(addresses.endpoint, variables_of(addresses.endpoint, outputs))
        clients = Clients.of(addresses.endpoint)
        names = [environment.variables[name] for name in FUNCTIONS]
        progress.wait(
            "the functions",
            lambda: _fault(health.functions(clients.functions, names)),
            seconds=FUNCTION_SECONDS,
        )
        progress.wait(
            "the data bucket's baseline",
            lambda: _fault(health.history(clients.tables, environment.variables)),
            seconds=BASELINE_SECONDS,
        )
    except (DeployError, BotoCoreError, ClientError) as error:
        raise CommandError(" ".join(str(error).split())) from error
    except KeyError as error:
        raise CommandError(
            f"the stacks have no output {error}: infra_cdk does not fit infra_cdk/local"
        ) from error
    progress.say("functions active, the data bucket's history has its baseline")
    return environment


def _fault(answer: tuple[str, bool]) -> str | None:
    text, well = answer
    return None if well else text


def _end_of_log(state: StateDirectory, program: Program) -> str:
    log = state.log(program.name)
    return f"The end of {os.path.relpath(log)}:\n{processes.tail(log)}"


def _engine_answers(addresses: Addresses) -> bool:
    connection = HTTPConnection(LOOPBACK, addresses.engine_port, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _localstack_answers(addresses: Addresses) -> bool:
    try:
        emulator.require(addresses.endpoint)
    except EmulatorError:
        return False
    return True


class _Synth:
    """Makes the templates while LocalStack boots; deploying then finds them ready."""

    def __init__(self, state: StateDirectory) -> None:
        os.environ[processes.MARK] = str(state.root)  # what synth starts ends with the rest if we are stopped
        self._fault: str | None = None
        # A daemon: whoever stops us need not wait for it.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def missing(self) -> str | None:
        """Say that the templates are not there yet, or None if they are; CommandError if synth failed."""
        if self._thread.is_alive():
            return "synth has not ended"
        if self._fault:
            raise CommandError(self._fault)
        return None

    def _run(self) -> None:
        try:
            local_templates()
        except SynthError as error:
            self._fault = str(error)
