"""The Docker engine that runs function containers, and the addresses by which they and LocalStack reach each other."""

import functools
import socket
from dataclasses import dataclass
from typing import Any

import docker
from docker import DockerClient
from docker.errors import DockerException, ImageNotFound, NotFound

from image_lambda_runtime.container_sandbox import LABEL, reason
from image_lambda_runtime.sandbox import SandboxError

NETWORK_VARIABLE = "LAMBDA_DOCKER_NETWORK"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 LocalStack's own container needs this; its network limits who can reach it


@dataclass(frozen=True, slots=True)
class Location:
    """LocalStack on the functions' network: the address it listens on, and the one by which functions reach it.

    Its function containers carry `name` as a label. `container` is the id of its own container, or empty if it runs
    on the engine's machine.
    """

    name: str
    network: str
    bind_host: str
    address: str
    container: str = ""


@functools.cache
def engine() -> DockerClient:
    """Return a client of the engine at DOCKER_HOST or the default socket. Raises SandboxError."""
    try:
        client = docker.from_env(version="auto")
    except (DockerException, OSError) as error:
        raise SandboxError(
            f"no Docker engine answers ({reason(error)}): mount the engine's socket into LocalStack's container "
            "and add the group that owns it (DOCKER_GID in docker-compose.yml)"
        ) from error
    return client


@functools.cache
def locate(network: str, gateway_host: str, gateway_port: int) -> Location:
    """Return where LocalStack is on a network, in its own container or on the engine's machine. Raises SandboxError."""
    if not network:
        raise SandboxError(f"{NETWORK_VARIABLE} is not set: set it to the Docker network that functions join")
    client = engine()
    try:
        found = client.networks.get(network)
    except NotFound as error:
        raise SandboxError(
            f"{NETWORK_VARIABLE}={network}: the engine has no such network: docker network create {network}"
        ) from error
    except (DockerException, OSError) as error:
        raise SandboxError(f"{NETWORK_VARIABLE}={network}: {reason(error)}") from error
    if inside := _own_container(client):
        networks = inside["NetworkSettings"]["Networks"]
        mine = next(
            (n for name, n in networks.items() if n["NetworkID"] == found.id or name == network), None
        )
        if mine is None or not mine["IPAddress"]:
            raise SandboxError(f"{NETWORK_VARIABLE}={network}: LocalStack's own container is not in it")
        return Location(inside["Id"][:12], network, ALL_ADDRESSES, mine["IPAddress"], inside["Id"])
    gateway = found.attrs["IPAM"]["Config"][0].get("Gateway", "")
    if gateway_host not in {ALL_ADDRESSES, gateway}:
        raise SandboxError(
            f"functions in {network} cannot reach LocalStack at {gateway_host}: set GATEWAY_LISTEN={gateway}:{gateway_port}"
        )
    return Location(f"{socket.gethostname()}-{gateway_port}", network, gateway, gateway)


def require_image(name: str) -> None:
    """Raise SandboxError if the engine lacks an image of this name. Nothing is pulled."""
    try:
        engine().images.get(name)
    except ImageNotFound as error:
        raise SandboxError(
            f"the engine has no image {name!r} (nothing is pulled): build it or tag it"
        ) from error
    except (DockerException, OSError) as error:
        raise SandboxError(f"image {name!r}: {reason(error)}") from error


def remove_all(client: DockerClient, name: str) -> int:
    """Remove every container that the LocalStack of this name started and return their number."""
    found = client.api.containers(all=True, filters={"label": f"{LABEL}={name}"})
    for container in found:
        try:
            client.api.remove_container(container["Id"], force=True)
        except (DockerException, OSError):
            continue  # it has ended, and the engine is already removing it
    return len(found)


def _own_container(client: DockerClient) -> dict[str, Any] | None:
    """Return the engine's description of our own container, or None if we run outside of one."""
    try:
        found: dict[str, Any] = client.api.inspect_container(socket.gethostname())
    except (DockerException, OSError):
        return None
    return found if found["Config"]["Hostname"] == socket.gethostname() else None
