"""Runs a function of the environment without Docker under debugpy, so that an editor's debugger can attach to it."""

import json
import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from infra_cdk.images import repository
from tidemark.aws import emulator
from tidemark.errors import CommandError, unstoppable
from tidemark.local.embedded import functions
from tidemark.local.mode import backend_of
from tidemark.local.state import Environment, StateDirectory
from tidemark.loop.reloading import recycle
from tidemark.loop.services import function_name

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

DEFAULT_PORT = 5678
MAX_SECONDS = 900
"""Lambda's maximum timeout: a function that waits at a breakpoint must not time out."""
_LAUNCHER = Path(__file__).with_name("under_debugger.py")


@contextmanager
def debugged(state: StateDirectory, environment: Environment, service: str, port: int) -> Iterator[None]:
    """Have a function listen for a debugger on a loopback port while the context lasts. CommandError."""
    backend_of(state).require_debugger()
    client: LambdaClient = emulator.client("lambda", environment.endpoint)
    name = function_name(service, environment.variables)
    with emulator.explained(f"DEBUG={service}: ", fix="make local-down local-up starts anew"):
        before = client.get_function_configuration(FunctionName=name)["Timeout"]
        _interpret(state, {service: port})
        _allow(client, name, MAX_SECONDS)
        recycle(environment, service)
        try:
            yield
        finally:
            with unstoppable():
                _interpret(state, {})
                _allow(client, name, before)
                recycle(environment, service)


def restore(state: StateDirectory) -> None:
    """Undo what a command that was killed has left: every function runs without a debugger again."""
    if state.functions_file.exists():  # not in Docker
        _interpret(state, {})


def _interpret(state: StateDirectory, ports: Mapping[str, int]) -> None:
    """Have the functions of these services listen for a debugger, and no other."""
    content = json.loads(state.functions_file.read_text(encoding="utf-8"))
    for name, image in functions(state)["images"].items():
        content["images"][name]["python"] = image["python"]
    for service, port in ports.items():
        image = content["images"][repository(service)]
        image["python"] = _stand_in(state, service, image["python"], port)
    state.write_functions(content)


def _stand_in(state: StateDirectory, service: str, python: str, port: int) -> str:
    """Write a stand-in for a function's interpreter that starts it under debugpy, and return its path."""
    spec = find_spec("debugpy")
    if spec is None or spec.origin is None:
        raise CommandError("debugpy is not installed: run make install")
    script = state.files_of("debugger") / service / "python"
    script.parent.mkdir(parents=True, exist_ok=True)
    start = (python, str(_LAUNCHER), str(Path(spec.origin).parent), str(port))
    script.write_text(f'#!/bin/sh\nexec {shlex.join(start)} "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def _allow(client: "LambdaClient", name: str, seconds: int) -> None:
    client.update_function_configuration(FunctionName=name, Timeout=seconds)
    client.get_waiter("function_updated_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
