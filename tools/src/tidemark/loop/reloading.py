"""How changed code gets into the running functions: as a new process, or as a new image and a new container."""

import json
import subprocess
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urlsplit

from tidemark.errors import CommandError
from tidemark.local import containers
from tidemark.local.state import Environment, StateDirectory
from tidemark.loop.services import function_name

_PATH = "/_localstack/image-lambda/recycle?function="
_SECONDS = 10


def reload(root: Path, state: StateDirectory, environment: Environment, service: str) -> str:
    """Have a service's next invocation run its code as it is now; return a line for the user. CommandError."""
    in_docker = containers.of(state)
    if in_docker:
        _build(root, in_docker, service)
    warm = recycle(environment, service)
    place, sandbox = ("the image is built again, ", "container") if in_docker else ("", "process")
    return f"{place}{f'its {sandbox} is replaced' if warm else 'it starts'} with the next invocation"


def recycle(environment: Environment, service: str) -> int:
    """Have a function start cold at its next invocation; return how many were warm. CommandError."""
    name = function_name(service, environment.variables)
    connection = HTTPConnection(urlsplit(environment.endpoint).netloc, timeout=_SECONDS)
    try:
        connection.request("POST", _PATH + quote(name))
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise CommandError(
                f"LocalStack did not recycle {name}: status {response.status}: make local-down local-up"
            )
        return int(json.loads(answer)["recycled"])
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise CommandError(
            f"LocalStack does not answer at {environment.endpoint} ({error}): make local-up"
        ) from error
    finally:
        connection.close()


def _build(root: Path, in_docker: containers.Containers, service: str) -> None:
    environ = {**in_docker.environ, "DOCKER_HOST": in_docker.record.docker_host}
    command = [sys.executable, "-m", "tidemark.images.build", "--target", "local", service]
    if subprocess.run(command, cwd=root, env=environ, check=False).returncode:
        raise CommandError(f"the image of {service} was not built, so the one before it runs on")
