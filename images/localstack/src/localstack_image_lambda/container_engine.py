"""The Docker engine that function containers run on, and how they and LocalStack find each other."""

import functools
import socket
from dataclasses import dataclass

import docker
from docker import DockerClient
from docker.errors import DockerException, ImageNotFound, NotFound

from localstack_image_lambda.container_sandbox import LABEL, reason
from localstack_image_lambda.sandbox import SandboxError

NETWORK_VARIABLE = "LAMBDA_DOCKER_NETWORK"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 inside LocalStack's own container, whose network says who may reach it


@dataclass(frozen=True, slots=True)
class Place:
    """Where LocalStack is on the functions' network: the address it listens on, and the one they reach it by.

    `name` is what its containers are labelled with; `container` is the id of its own container, if it is in one.
    """

    name: str
    network: str
    bind_host: str
    address: str
    container: str = ""


@functools.cache
def engine() -> DockerClient:
    """Return a client of the engine that DOCKER_HOST or the socket leads to; SandboxError."""
    try:
        client = docker.from_env(version="auto")
    except (DockerException, OSError) as error:
        raise SandboxError(
            f"no Docker engine answers ({reason(error)}): give LocalStack the engine's socket, and its process the "
            "group that owns it (DOCKER_GID in docker-compose.yml)"
        ) from error
    return client


@functools.cache
def place(network: str, gateway_host: str, gateway_port: int) -> Place:
    """Return where LocalStack is on a network, from within its container or on the engine's machine; SandboxError."""
    if not network:
        raise SandboxError(
            f"{NETWORK_VARIABLE} is not set: name the Docker network that functions are to join"
        )
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
        return Place(inside["Id"][:12], network, ALL_ADDRESSES, mine["IPAddress"], inside["Id"])
    gateway = found.attrs["IPAM"]["Config"][0].get("Gateway", "")
    if gateway_host not in {ALL_ADDRESSES, gateway}:
        raise SandboxError(
            f"functions in {network} cannot reach LocalStack at {gateway_host}: set GATEWAY_LISTEN={gateway}:{gateway_port}"
        )
    return Place(f"{socket.gethostname()}-{gateway_port}", network, gateway, gateway)


def require_image(name: str) -> None:
    """Raise SandboxError unless the engine has an image of this name: nothing is pulled."""
    try:
        engine().images.get(name)
    except ImageNotFound as error:
        raise SandboxError(
            f"the engine has no image {name!r} (nothing is pulled): build it, or tag it so"
        ) from error
    except (DockerException, OSError) as error:
        raise SandboxError(f"image {name!r}: {reason(error)}") from error


def remove_all(client: DockerClient, name: str) -> int:
    """Remove every container that the LocalStack of this name started; return how many there were."""
    found = client.api.containers(all=True, filters={"label": f"{LABEL}={name}"})
    for container in found:
        try:
            client.api.remove_container(container["Id"], force=True)
        except (DockerException, OSError):
            continue  # it is being removed already: it does that by itself at its end
    return len(found)


def _own_container(client: DockerClient) -> dict | None:
    """Return what the engine says of the container that we are in, or None on the bare machine."""
    try:
        found = client.api.inspect_container(socket.gethostname())
    except (DockerException, OSError):
        return None
    return found if found["Config"]["Hostname"] == socket.gethostname() else None
