"""A Docker engine of our own: its files in one directory, its own bridge, and the machine's firewall left alone.

Without its firewall rules containers reach one another and this machine, but nothing beyond: a build that fetches
packages uses the host's network.
"""

import ctypes
import ipaddress
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker.errors import SetupError
from tests.waiting import until_it_answers

_STOP_SECONDS = 40.0
_SUBNETS = ipaddress.ip_network("172.30.0.0/15").subnets(new_prefix=24)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Bridge:
    """A network interface that containers are attached to, and its address with the size of its network."""

    name: str
    address: ipaddress.IPv4Interface


@contextmanager
def private_daemon(parent: Path = Path("/var/tmp")) -> Iterator[str]:  # noqa: S108 - a private one below it
    """Run dockerd as long as the block lasts and yield its DOCKER_HOST; nothing of it stays. SetupError."""
    home = Path(tempfile.mkdtemp(prefix="tidemark-docker-", dir=parent))
    bridge = _free_bridge()
    try:
        _ip("link", "add", "name", bridge.name, "type", "bridge")
        _ip("address", "add", str(bridge.address), "dev", bridge.name)
        _ip("link", "set", bridge.name, "up")
        with (home / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(
                _command(home, bridge.name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop it when the containers are gone
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, before any thread of ours
            )
        try:
            if why := until_it_answers(
                process, lambda: _answers(home), what="dockerd", log=home / "dockerd.log"
            ):
                raise SetupError(why)
            yield f"unix://{home}/docker.sock"
        finally:
            if process.poll() is None:
                _clear(home)
            _stop(process)
    finally:
        subprocess.run(["ip", "link", "delete", bridge.name], capture_output=True, check=False)
        _remove(home)


def _command(home: Path, bridge: str) -> list[str]:
    settings = {
        "data-root": str(home / "data"),
        "exec-root": str(home / "exec"),
        "pidfile": str(home / "docker.pid"),
        "hosts": [f"unix://{home}/docker.sock"],
        "bridge": bridge,
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
        "ip-masq": False,
    }
    file = home / "daemon.json"  # instead of the machine's own
    file.write_text(json.dumps(settings), encoding="utf-8")
    return ["dockerd", "--config-file", str(file)]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(home: Path) -> bool:
    command = ["docker", "--host", f"unix://{home}/docker.sock", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _clear(home: Path) -> None:
    """Remove containers, then networks: an engine that ends leaves the networks' bridges on this machine."""
    docker = ["docker", "--host", f"unix://{home}/docker.sock"]
    listed = subprocess.run([*docker, "ps", "--all", "--quiet"], capture_output=True, text=True, check=False)
    if containers := listed.stdout.split():
        subprocess.run([*docker, "rm", "--force", *containers], capture_output=True, check=False)
    subprocess.run([*docker, "network", "prune", "--force"], capture_output=True, check=False)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End dockerd, which ends its containers and its containerd."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _remove(home: Path) -> None:
    """Remove the engine's files; what it leaves mounted is unmounted first, or the files behind it would go."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((path for path in mounts if path.startswith(f"{home}/")), reverse=True):
        subprocess.run(["umount", mount], capture_output=True, check=False)
    subprocess.run(
        ["rm", "-rf", "--one-file-system", str(home)], check=False
    )  # several times faster than rmtree


def _free_bridge() -> Bridge:
    answer = json.loads(_ip("-json", "-4", "address", "show"))
    taken = [
        ipaddress.ip_interface(f"{address['local']}/{address['prefixlen']}").network
        for link in answer
        for address in link.get("addr_info", [])
    ]
    for subnet in _SUBNETS:
        if not any(subnet.overlaps(network) for network in taken):
            host = ipaddress.IPv4Interface(f"{subnet.network_address + 1}/{subnet.prefixlen}")
            return Bridge(f"tidemark{os.getpid() % 10_000_000}", host)
    raise SetupError("no network of 172.30.0.0/15 is free for a bridge")


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"ip {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout
