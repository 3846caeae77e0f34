"""Removes the functions' containers when LocalStack is gone, even if it was killed.

LocalStack holds the far end of the reaper's standard input and never writes to it. When LocalStack ends in any way, the
kernel closes the input. If LocalStack runs in a container, nothing in that container outlives it, so the reaper runs in
a container beside it.
"""

import logging
import subprocess
import sys
import time

from docker.errors import DockerException

from image_lambda_runtime.container_sandbox import reason
from localstack_image_lambda.container_engine import Location, engine, remove_all

LOG = logging.getLogger(__name__)

SOCKET = "/var/run/docker.sock"
LABEL = "image-lambda.reaper"

_MODULE = "localstack_image_lambda.container_reaper"
_SETTLE_SECONDS = 1.0
_held: list[object] = []
"""The far end of the reaper's input, kept open as long as this process lives."""


def start(location: Location) -> None:
    """Start the reaper for this LocalStack. A failure is logged: a killed LocalStack then leaves containers behind."""
    if _held:
        return
    try:
        _held.append(_as_container(location) if location.container else _as_process(location))
    except (DockerException, OSError, StopIteration) as error:
        LOG.warning(
            "Function containers may outlive a killed LocalStack, because the reaper did not start: %s",
            reason(error),
        )


def main() -> None:
    """Wait for the end of the input, then remove all containers, also those that were just being created."""
    (name,) = sys.argv[1:]
    sys.stdin.buffer.read()
    remove_all(engine(), name)
    time.sleep(_SETTLE_SECONDS)
    remove_all(engine(), name)


def _as_process(location: Location) -> object:
    return subprocess.Popen(
        [sys.executable, "-m", _MODULE, location.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # signals to LocalStack's session must not reach it
    )


def _as_container(location: Location) -> object:
    """Start a container of LocalStack's own image that reaches the same engine with the same rights."""
    api = engine().api
    own = api.inspect_container(location.container)
    mount = next(mount for mount in own["Mounts"] if mount["Destination"] == SOCKET)
    host = api.create_host_config(
        binds=[f"{mount['Source']}:{SOCKET}"],
        group_add=own["HostConfig"]["GroupAdd"] or [],
        network_mode=location.network,
        auto_remove=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit="128m",
        pids_limit=32,
    )
    container = api.create_container(
        own["Image"],
        entrypoint=["python", "-m", _MODULE],
        command=[location.name],
        user=own["Config"]["User"],
        stdin_open=True,
        labels={LABEL: location.name},
        host_config=host,
    )
    far_end = api.attach_socket(container["Id"], params={"stdin": 1, "stream": 1})
    api.start(container["Id"])
    return far_end


if __name__ == "__main__":
    main()
