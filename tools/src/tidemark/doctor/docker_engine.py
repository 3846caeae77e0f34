"""What `make doctor` asks about Docker: an engine, its architecture, and Compose.

Used on a bare Python (standard library only), before anything is installed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra_cdk.settings import SettingsError, context_of, settings_from
from tidemark.checks import Check, failure, ok, warning
from tidemark.errors import CommandError
from tidemark.local import compose
from tidemark.local import engine as engines
from tidemark.local.engine import Engine, NoEngineError

ENGINE_SECONDS = 2.0
_START_ONE = "start one (Debian, Ubuntu: apt install docker.io), or set DOCKER_HOST"
_NAMES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
"""What engines call an architecture, and what Lambda does."""


def examine(root: Path, mode: str, environ: Mapping[str, str]) -> Iterator[Check]:
    """Check what MODE=docker needs; in another mode its absence is no failure."""
    if mode == "embedded":
        yield ok("docker", "not needed: MODE=embedded")
        return
    needed = mode == "docker"
    ill = failure if needed else warning
    try:
        engine = engines.find(environ, seconds=ENGINE_SECONDS)
        about = engines.ask(engine, "/version", seconds=ENGINE_SECONDS)
    except NoEngineError as error:
        without = "" if needed else "; local-up works without: MODE=embedded"
        yield ill("docker", str(error), f"{_fix(error)}{without}")
        return
    yield ok("docker", f"engine {about.get('Version', 'of no version')} answers at {engine.socket}")
    yield architecture(root, about)
    yield _compose(environ, engine, needed=needed)


def architecture(root: Path, about: Mapping[str, Any]) -> Check:
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
