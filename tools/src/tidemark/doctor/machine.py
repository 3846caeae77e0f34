"""What `make doctor` asks of the machine itself: interpreter, Node, environments, disk and Docker.

Used on a bare Python (standard library only), before anything is installed.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra_cdk.node import VARIABLE as JSII_NODE
from infra_cdk.node import packaged_node
from infra_cdk.settings import SettingsError, context_of, settings_from
from tidemark.checkout import DEFAULT_PORT
from tidemark.checks import Check, failure, ok, warning
from tidemark.errors import CommandError
from tidemark.installation import venvs
from tidemark.installation.venvs import VENVS
from tidemark.local import compose
from tidemark.local import engine as engines
from tidemark.local.engine import Engine, NoEngineError

MEGABYTE = 1024 * 1024
INSTALLED_MB = 1700
"""What .venv and .venvs take (measured: 1.6 GB)."""
WORKING_MB = 512
"""What an environment that is up may write: objects, logs, what CDK synthesizes."""
COMFORTABLE_MB = 2048
_NODE_SECONDS = 10
_ENGINE_SECONDS = 2.0
_START_ONE = "start one (Debian, Ubuntu: apt install docker.io), or set DOCKER_HOST"
_NAMES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
"""What engines call an architecture, and what Lambda does."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where to look: the repository, the state directory, and the arguments of `make local-up`."""

    root: Path
    state: Path
    port: int = DEFAULT_PORT
    mode: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def python() -> Check:
    """Tell which interpreter is used. It was found to be suitable before."""
    return ok("python", f"{sys.executable} is Python {platform.python_version()}")


def environments(root: Path) -> Check:
    """Check whether every virtual environment was made from the locks as they are now."""
    stale = [venv for venv in VENVS if not venvs.is_current(root, venv)]
    if not stale:
        return ok("environments", f"all {len(VENVS)} are in step with their locks")
    missing = [venv for venv in stale if not (root / venv.directory / "bin" / "python").exists()]
    if len(missing) == len(VENVS):
        return warning("environments", "nothing is installed yet", "make install (make local-up does it too)")
    of = ", ".join(venv.directory for venv in stale)
    return failure("environments", f"not in step with the locks: {of}", "make install")


def node(environ: Mapping[str, str]) -> Check:
    """Check whether the Node that the CDK starts runs: JSII_NODE's, or the one that is installed from PyPI."""
    packaged, chosen = packaged_node(), environ.get(JSII_NODE)
    own = chosen not in {None, "", str(packaged)}
    program = chosen or packaged
    fix = f"unset {JSII_NODE}, or point it at a node"
    if not own:
        fix = "make install; if that changes nothing: rm -rf .venv"
    if program is None:
        return failure("node", "the packaged Node is not there, so the CDK cannot run", fix)
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_NODE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return failure("node", f"{program} does not run: {getattr(error, 'strerror', None) or error}", fix)
    if done.returncode:
        return failure("node", f"{program} does not run: exit code {done.returncode}", fix)
    return ok("node", f"{done.stdout.strip()}{f' ({JSII_NODE})' if own else ', from PyPI'}")


def disks(root: Path, state: Path, temporary: Path, *, installed: bool) -> Iterator[Check]:
    """Check each file system that is written to for room."""
    for name, directory in _file_systems({"the repository": root, "STATE": state, "TMPDIR": temporary}):
        needed = WORKING_MB if installed or name != "the repository" else WORKING_MB + INSTALLED_MB
        free = shutil.disk_usage(directory).free // MEGABYTE
        text = f"{free:,} MB free for {name} ({directory})"
        fix = f"make room there{'' if name == 'the repository' else ', or choose another directory with it'}"
        if free < needed:
            yield failure("disk", f"{text}, {needed:,} MB are needed", fix)
        elif free < max(needed, COMFORTABLE_MB):
            yield warning("disk", f"{text}, which is little", fix)
        else:
            yield ok("disk", text)


def docker(root: Path, mode: str, environ: Mapping[str, str]) -> Iterator[Check]:
    """Check for an engine, its architecture, and Compose. Only with MODE=docker is their absence a failure."""
    if mode == "embedded":
        yield ok("docker", "not needed: MODE=embedded")
        return
    needed = mode == "docker"
    ill = failure if needed else warning
    try:
        engine = engines.find(environ, seconds=_ENGINE_SECONDS)
        about = engines.ask(engine, "/version", seconds=_ENGINE_SECONDS)
    except NoEngineError as error:
        without = "" if needed else "; local-up works without: MODE=embedded"
        yield ill("docker", str(error), f"{_fix(error)}{without}")
        return
    yield ok("docker", f"engine {about.get('Version', 'of no version')} answers at {engine.socket}")
    yield _architecture(root, about)
    yield _compose(environ, engine, needed=needed)


def _architecture(root: Path, about: Mapping[str, Any]) -> Check:
    """Check whether the engine's machine is of the architecture that the images are built for."""
    has = str(about.get("Arch", "unknown"))
    try:
        wanted = settings_from({**context_of(root / "infra_cdk"), "target": "local"}).architecture
    except (OSError, ValueError, KeyError, SettingsError) as error:
        return failure(
            "architecture", f"infra_cdk/cdk.json: {error}", "mend it, or git checkout infra_cdk/cdk.json"
        )
    if _NAMES.get(has) == wanted:
        return ok("architecture", f"the engine's is {has}, as the functions' images are")
    fix = "MODE=embedded, or an engine of that architecture (DOCKER_HOST)"
    if has in _NAMES:
        fix = f'"architecture": "{_NAMES[has]}" in the context of infra_cdk/cdk.json, or MODE=embedded'
    return failure("architecture", f"the engine's is {has}, the functions' images are for {wanted}", fix)


def _compose(environ: Mapping[str, str], engine: Engine, *, needed: bool) -> Check:
    try:
        command = compose.command({**environ, "DOCKER_HOST": engine.host})
    except CommandError as error:
        text, _, fix = str(error).partition(": ")
        if needed:
            return failure("compose", text, fix)
        return warning("compose", f"{text}, so local-up runs without Docker", fix)
    return ok("compose", " ".join(command))


def _fix(error: NoEngineError) -> str:
    if isinstance(error.__cause__, PermissionError):
        return "let your user use it (usermod -aG docker, then log in again)"
    return _START_ONE


def _file_systems(directories: Mapping[str, Path]) -> Iterable[tuple[str, Path]]:
    seen = set()
    for name, directory in directories.items():
        existing = next(path for path in (directory, *directory.parents) if _is_seen(path))
        device = existing.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield name, existing


def _is_seen(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # below a directory that we may not enter, or with a name that cannot be
        return False
