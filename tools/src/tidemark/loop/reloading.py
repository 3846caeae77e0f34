"""How changed code gets into the running functions: as a new process, or as a new image and a new container."""

import json
from urllib.parse import quote

from tidemark.aws import emulator
from tidemark.errors import CommandError
from tidemark.local.mode import backend_of
from tidemark.local.state import Environment, StateDirectory
from tidemark.loop.services import function_name

_SECONDS = 10


def reload(state: StateDirectory, environment: Environment, service: str) -> str:
    """Have a service's next invocation run its code as it is now; return a line for the user. CommandError."""
    backend = backend_of(state)
    rebuilt = backend.rebuild(service)
    warm = recycle(environment, service)
    return (
        f"{rebuilt}{f'its {backend.sandbox} is replaced' if warm else 'it starts'} with the next invocation"
    )


def recycle(environment: Environment, service: str) -> int:
    """Have a function start cold at its next invocation; return how many processes of it were warm. CommandError."""
    name = function_name(service, environment.variables)
    url = f"{environment.endpoint}/_localstack/image-lambda/recycle?function={quote(name)}"
    try:
        status, answer = emulator.call("POST", url, seconds=_SECONDS)
        if status != 200:
            raise CommandError(
                f"LocalStack did not recycle {name}: status {status}: make local-down local-up"
            )
        return int(json.loads(answer)["recycled"])
    except (ConnectionError, ValueError, KeyError) as error:
        raise CommandError(
            f"LocalStack does not answer at {environment.endpoint} ({error}): make local-up"
        ) from error
