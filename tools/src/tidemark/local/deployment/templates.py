"""The local target's templates: from the CDK app, or from the last synth of the same sources.

A synth takes seconds, most of them to start Python and Node, so its result is kept.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from tidemark.checkout import ROOT
from tidemark.errors import CommandError

CACHE = ROOT / ".local" / "templates"
SYNTH_SECONDS = 180
_SYNTH = ("-m", "infra_cdk.app", "-c", "target=local")
_SOURCES = (
    "infra_cdk/*.py",
    "infra_cdk/cdk.json",
    "services/plotting/src/plotting/openapi.yaml",
    "services/size_history/src/**/*.py",
    "uv.lock",
)


@dataclass(frozen=True, slots=True)
class StackTemplate:
    """One stack to deploy: its name and its template as minified JSON."""

    name: str
    body: str

    @property
    def short_name(self) -> str:
        """The stack's name without the target's."""
        return self.name.rpartition("-")[2]

    def taken(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Return those of the parameters that the template takes."""
        names = json.loads(self.body).get("Parameters", {})
        return {name: value for name, value in parameters.items() if name in names}


def local_templates(cache: Path = CACHE) -> tuple[StackTemplate, ...]:
    """Return the local target's stacks, each after those that it depends on.

    They come from `cache` (a directory) if none of the sources has changed. Raises CommandError.
    """
    if known := known_templates(cache):
        return known
    remembered = cache / f"{fingerprint(ROOT)}.json"
    with tempfile.TemporaryDirectory(prefix="tidemark-synth-") as directory:
        _synthesize(directory)
        stacks = stacks_of(Path(directory))
    cache.mkdir(parents=True, exist_ok=True)
    draft = cache / f".{os.getpid()}.json"
    draft.write_text(json.dumps([asdict(stack) for stack in stacks]), encoding="utf-8")
    draft.replace(remembered)  # another command may read or write it now
    return stacks


def templates_in_background() -> Future[tuple[StackTemplate, ...]]:
    """Start `local_templates` in a daemon thread, so that a command that fails need not wait for it."""
    future: Future[tuple[StackTemplate, ...]] = Future()

    def make() -> None:
        try:
            future.set_result(local_templates())
        except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
            future.set_exception(error)

    threading.Thread(target=make, daemon=True).start()
    return future


def known_templates(cache: Path = CACHE) -> tuple[StackTemplate, ...] | None:
    """Return the stacks of the last synth, or None if one of its sources has changed."""
    remembered = cache / f"{fingerprint(ROOT)}.json"
    if not remembered.exists():
        return None
    return tuple(StackTemplate(**stack) for stack in json.loads(remembered.read_text(encoding="utf-8")))


def fingerprint(root: Path) -> str:
    """Return a digest of all that decides what the templates are."""
    digest = hashlib.sha256(" ".join((*_SYNTH, sys.version)).encode())
    for path in sorted(path for pattern in _SOURCES for path in root.glob(pattern)):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def stacks_of(assembly: Path) -> tuple[StackTemplate, ...]:
    """Return the stacks of a synthesized app (the directory of its `manifest.json`), dependencies first."""
    artifacts: dict[str, Any] = json.loads((assembly / "manifest.json").read_bytes())["artifacts"]
    order = {name: sorted(artifact.get("dependencies", [])) for name, artifact in artifacts.items()}
    found: list[StackTemplate] = []
    for name in TopologicalSorter(order).static_order():
        artifact = artifacts.get(name, {})
        properties = artifact.get("properties", {})
        if artifact.get("type") == "aws:cloudformation:stack":
            template = json.loads((assembly / properties["templateFile"]).read_bytes())
            # CloudFormation takes 51,200 bytes of template in a request, and half of a pretty one is blanks.
            body = json.dumps(template, separators=(",", ":"))
            found.append(StackTemplate(properties.get("stackName", name), body))
        elif artifact.get("type") == "cdk:cloud-assembly":
            found.extend(stacks_of(assembly / properties["directoryName"]))
    return tuple(found)


def _synthesize(directory: str) -> None:
    see_it = f"see all it says with: python {' '.join(_SYNTH)}"
    try:
        done = subprocess.run(
            [sys.executable, *_SYNTH, "-o", directory],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SYNTH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"synth took more than {SYNTH_SECONDS} s; {see_it}") from error
    if done.returncode:
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise CommandError(f"synth failed: {last}; {see_it}")
