"""The local target's templates: from the CDK app, or from the last synth of the same sources.

A synth takes seconds, most of them to start Python and Node, so its result is kept.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
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
_STACK = "aws:cloudformation:stack"
_ASSEMBLY = "cdk:cloud-assembly"


@dataclass(frozen=True, slots=True)
class StackTemplate:
    """One stack to deploy: its name and its template as minified JSON."""

    name: str
    body: str

    @property
    def short_name(self) -> str:
        """The stack's name without the target's."""
        return self.name.rpartition("-")[2]

    def parameters(self) -> frozenset[str]:
        """Return the names of the parameters that the template takes."""
        return frozenset(json.loads(self.body).get("Parameters", {}))


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
    _remember(remembered, json.dumps([asdict(stack) for stack in stacks]))
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
    artifacts: dict[str, Any] = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))[
        "artifacts"
    ]
    order = TopologicalSorter({name: _dependencies(artifact) for name, artifact in artifacts.items()})
    found: list[StackTemplate] = []
    for name in order.static_order():
        artifact = artifacts.get(name, {})
        if artifact.get("type") == _STACK:
            found.append(_stack(assembly, name, artifact["properties"]))
        elif artifact.get("type") == _ASSEMBLY:
            found.extend(stacks_of(assembly / artifact["properties"]["directoryName"]))
    return tuple(found)


def _dependencies(artifact: dict[str, Any]) -> Iterable[str]:
    return sorted(artifact.get("dependencies", []))


def _stack(assembly: Path, name: str, properties: dict[str, Any]) -> StackTemplate:
    template = json.loads((assembly / properties["templateFile"]).read_text(encoding="utf-8"))
    # CloudFormation takes 51,200 bytes of template in a request, and half of a pretty one is blanks.
    return StackTemplate(properties.get("stackName", name), json.dumps(template, separators=(",", ":")))


def _synthesize(directory: str) -> None:
    command = [sys.executable, *_SYNTH, "-o", directory]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=SYNTH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"synth took more than {SYNTH_SECONDS} s; {_see_it()}") from error
    if done.returncode:
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise CommandError(f"synth failed: {last}; {_see_it()}")


def _see_it() -> str:
    return f"see all it says with: python {' '.join(_SYNTH)}"


def _remember(remembered: Path, text: str) -> None:
    remembered.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=remembered.parent, prefix=".", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(remembered)  # another command may read or write it now
