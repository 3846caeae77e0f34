"""Runs a Docker engine for the tests. It has a directory and a bridge of its own and leaves the firewall alone.

Without firewall rules, containers reach one another and this machine but nothing beyond. A build that fetches packages
uses the host's network instead.
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
from pathlib import Path

from tests.docker.serving import serving
from tidemark.errors import CommandError

_SUBNETS = ipaddress.ip_network("172.30.0.0/15").subnets(new_prefix=24)
_PR_SET_PDEATHSIG = 1


@contextmanager
def private_daemon(parent: Path = Path("/var/tmp")) -> Iterator[str]:  # noqa: S108 - a private one below it
    """Run dockerd until the block ends and yield its DOCKER_HOST. Nothing of it stays. Raises CommandError."""
    home = Path(tempfile.mkdtemp(prefix="tidemark-docker-", dir=parent))
    bridge = f"tidemark{os.getpid() % 10_000_000}"
    docker = ["docker", "--host", f"unix://{home}/docker.sock"]
    try:
        _ip("link", "add", "name", bridge, "type", "bridge")
        _ip("address", "add", _free_address(), "dev", bridge)
        _ip("link", "set", bridge, "up")
        with serving(
            ["dockerd", "--config-file", _configuration(home, bridge)],
            home / "dockerd.log",
            lambda: _try([*docker, "version"]).returncode == 0,
            preexec_fn=_end_with_parent,
        ):
            try:
                yield docker[-1]
            finally:
                _clear(docker)
    finally:
        _try(["ip", "link", "delete", bridge])
        _remove(home)


def _configuration(home: Path, bridge: str) -> str:
    """Write dockerd's settings, which replace the machine's own, and return their file."""
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
    (home / "daemon.json").write_text(json.dumps(settings), encoding="utf-8")
    return str(home / "daemon.json")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _clear(docker: list[str]) -> None:
    """Remove containers, then networks. When an engine ends, it leaves the bridges of its networks on this machine."""
    if containers := _try([*docker, "ps", "--all", "--quiet"]).stdout.split():
        _try([*docker, "rm", "--force", *containers])
    _try([*docker, "network", "prune", "--force"])


def _remove(home: Path) -> None:
    """Remove the engine's files. What is still mounted is unmounted first, to keep the files behind the mount."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((path for path in mounts if path.startswith(f"{home}/")), reverse=True):
        _try(["umount", mount])
    _try(["rm", "-rf", "--one-file-system", str(home)])  # several times faster than rmtree


def _free_address() -> str:
    """Return an address, with the size of its network, that no interface of this machine uses."""
    taken = [
        ipaddress.ip_interface(f"{address['local']}/{address['prefixlen']}").network
        for link in json.loads(_ip("-json", "-4", "address", "show"))
        for address in link.get("addr_info", [])
    ]
    for subnet in _SUBNETS:
        if not any(subnet.overlaps(network) for network in taken):
            return f"{subnet.network_address + 1}/{subnet.prefixlen}"
    raise CommandError("no network of 172.30.0.0/15 is free for a bridge")


def _ip(*arguments: str) -> str:
    done = _try(["ip", *arguments])
    if done.returncode:
        raise CommandError(f"ip {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def _try(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
