"""Removes the functions' containers when LocalStack is gone, however it went: it outlives a LocalStack that is killed.

LocalStack holds the far end of its standard input and never writes to it. When LocalStack ends, so does the input: the
kernel sees to that. In LocalStack's container nothing outlives it, so there it is a container beside it.
"""

import logging
import subprocess
import sys
import time

from docker.errors import DockerException

from localstack_image_lambda.container_engine import Place, engine, remove_all
from localstack_image_lambda.container_sandbox import reason

LOG = logging.getLogger(__name__)

SOCKET = "/var/run/docker.sock"
LABEL = "image-lambda.reaper"

_MODULE = "localstack_image_lambda.container_reaper"
_SETTLE_SECONDS = 1.0
_held: list[object] = []
"""The far ends, held as long as this process lives."""


def start(place: Place) -> None:
    """Start it for the LocalStack of this place; without one, containers in a call outlive a kill, which is logged."""
    if _held:
        return
    try:
        _held.append(_beside(place) if place.container else _on_this_machine(place))
    except (DockerException, OSError, StopIteration) as error:
        LOG.warning(
            "Function containers may outlive a LocalStack that is killed: no reaper: %s", reason(error)
        )


def main() -> None:
    """Wait for the end of the input, then remove what LocalStack has left and what was just being created."""
    (name,) = sys.argv[1:]
    sys.stdin.buffer.read()
    remove_all(engine(), name)
    time.sleep(_SETTLE_SECONDS)
    remove_all(engine(), name)


def _on_this_machine(place: Place) -> object:
    return subprocess.Popen(
        [sys.executable, "-m", _MODULE, place.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what ends LocalStack's session is not for it
    )


def _beside(place: Place) -> object:
    """Start a container of LocalStack's own image, with the same engine and the same rights."""
    api = engine().api
    own = api.inspect_container(place.container)
    mount = next(mount for mount in own["Mounts"] if mount["Destination"] == SOCKET)
    host = api.create_host_config(
        binds=[f"{mount['Source']}:{SOCKET}"],
        group_add=own["HostConfig"]["GroupAdd"] or [],
        network_mode=place.network,
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
        command=[place.name],
        user=own["Config"]["User"],
        stdin_open=True,
        labels={LABEL: place.name},
        host_config=host,
    )
    far_end = api.attach_socket(container["Id"], params={"stdin": 1, "stream": 1})
    api.start(container["Id"])
    return far_end


if __name__ == "__main__":
    main()
