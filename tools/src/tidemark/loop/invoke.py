"""`make invoke FN=`: invokes a function in the local environment and shows its result, duration and log."""

import base64
import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tidemark.aws import emulator
from tidemark.errors import CommandError
from tidemark.local.condition import running
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.loop.services import function_name, service_of
from tidemark.options import Function, State

MAX_SECONDS = 15 * 60
"""Lambda's own limit of an invocation."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")
SAMPLES = Path(__file__).with_name("samples")


def event_from(source: str, service: str, variables: Mapping[str, str]) -> bytes:
    """Return the event to send: from a file, from standard input (`-`), or the service's sample (empty source).

    `${NAME}` in it becomes the environment's variable of that name. CommandError if it cannot be read or is no JSON.
    """
    path = Path(source) if source else SAMPLES / f"{service}.json"
    try:
        text = sys.stdin.read() if source == "-" else path.read_text(encoding="utf-8")
        event = _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), text)
        json.loads(event)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CommandError(f"EVENT={source}: cannot read it: {reason}") from error
    except ValueError as error:
        raise CommandError(f"EVENT={source or path.name} is no JSON: {error}") from error
    return event.encode()


def invoke(environment: Environment, service: str, event: bytes) -> int:
    """Invoke, print the result to stdout and the rest to stderr; return 1 if the function failed. CommandError."""
    client = emulator.client("lambda", environment.endpoint, read_seconds=MAX_SECONDS, attempts=1)
    name = function_name(service, environment.variables)
    began = time.monotonic()
    with emulator.explained(fix="see make status"):
        answer = client.invoke(FunctionName=name, Payload=event, LogType="Tail")
        payload = answer["Payload"].read().decode(errors="replace")
    seconds = time.monotonic() - began
    print(base64.b64decode(answer.get("LogResult", "")).decode(errors="replace").rstrip(), file=sys.stderr)
    print(_readable(payload), flush=True)
    failed = answer.get("FunctionError")
    print(f"invoke: {service} {'failed' if failed else 'answered'} after {seconds:.2f} s", file=sys.stderr)
    return 1 if failed else 0


def _readable(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload


def command(
    *,
    state: State = DEFAULT,
    function: Function = "",
    event: Annotated[
        str, typer.Option(metavar="FILE", help="A file, or - for stdin (default: the function's sample).")
    ] = "",
) -> int:
    """Invoke a function in the local environment; show its result, log and duration."""
    service = service_of(function)
    environment = running(StateDirectory.at(state))
    return invoke(environment, service, event_from(event, service, environment.variables))
