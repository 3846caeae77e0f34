"""Makes a base image from Debian's packages, for machines that reach no registry.

Like python:3.13-slim it has Python below /usr/local (a venv) and no bytecode. It trusts the same authorities as this
machine.
"""

import os
import subprocess
from pathlib import Path

from tests.docker.debian import codename
from tidemark.errors import CommandError

_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_LEFT_OUT = ("doc", "info", "locale", "man")


def build(docker_host: str) -> str:
    """Make the image in an engine and return its name. Raises CommandError."""
    release = codename()
    name = f"tidemark/stand-in-base:{release}"
    environ = {**os.environ, "DOCKER_HOST": docker_host}
    with subprocess.Popen(
        _debootstrap(release), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ
    ) as tree:
        imported = subprocess.run(
            ["docker", "import", *_changes(), "-", name],
            stdin=tree.stdout,
            capture_output=True,
            text=True,
            check=False,
            env=environ,
        )
        assert tree.stderr is not None
        complaint = tree.stderr.read().decode(errors="replace").strip()
    if tree.returncode:
        raise CommandError(f"mmdebstrap failed: {complaint.splitlines()[-1]}")
    if imported.returncode:
        raise CommandError(f"docker import failed: {imported.stderr.strip()}")
    return name


def _debootstrap(release: str) -> list[str]:
    command = ["mmdebstrap", "--quiet", "--variant=minbase"]
    command += ["--include=python3,python3-venv,ca-certificates,tzdata"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{directory}/*" for directory in _LEFT_OUT]
    command += ['--customize-hook=chroot "$1" python3 -m venv /usr/local']
    command += ['--customize-hook=find "$1/usr" -name __pycache__ -prune -exec rm -r {} +']
    if Path(_AUTHORITIES).exists():
        command += [f"--customize-hook=upload {_AUTHORITIES} {_AUTHORITIES}"]
    return [*command, release, "-"]


def _changes() -> list[str]:
    path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    changes = [f"ENV {path}", "ENV LANG=C.UTF-8", f"ENV PIP_CERT={_AUTHORITIES}", 'CMD ["python3"]']
    return [word for change in changes for word in ("--change", change)]
