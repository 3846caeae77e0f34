"""The templates of version 0.1, recorded from its last commit: `python -m tests.updates.version_0_1` records them again."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.updates import synthesis
from tests.updates.templates import Templates, read

COMMIT = "2965e6c784c97786df0d2e99750876f07ebdef0b"
RECORD = Path(__file__).with_name("version_0_1.json")
ROOT = Path(__file__).parents[2]


def recorded(variant: str) -> Templates:
    """Return a variant's templates, by the stacks' short names."""
    known = record()
    templates: Templates = known.pop("base")
    for stack, resources in known.get(variant, {}).items():
        merged = templates[stack]["Resources"] | resources
        templates[stack]["Resources"] = {name: it for name, it in merged.items() if it is not None}
    return templates


def record() -> dict[str, Any]:
    """Return the record: the base's templates, and of the other variants the resources that differ."""
    found: dict[str, Any] = json.loads(RECORD.read_text("utf-8"))
    return found


def is_known() -> bool:
    """Return whether this clone has the commit."""
    return not subprocess.run(
        ["git", "-C", ROOT, "cat-file", "-e", COMMIT], capture_output=True, check=False
    ).returncode


def synthesized(directory: Path) -> dict[str, Templates]:
    """Synthesize every variant by the app of version 0.1, which is taken from the history of this clone."""
    tree, assemblies = directory / "tree", directory / "assemblies"
    tree.mkdir()
    archive = subprocess.run(["git", "-C", ROOT, "archive", COMMIT], capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", tree], input=archive, check=True)
    path = os.pathsep.join(map(str, (tree, tree / "services/size_history/src")))
    script = [sys.executable, "-P", synthesis.__file__, assemblies]
    subprocess.run(script, env={**os.environ, "PYTHONPATH": path}, cwd=tree, check=True)
    return {variant: read(assemblies / variant) for variant in synthesis.VARIANTS}


def record_of(variants: dict[str, Templates]) -> dict[str, Any]:
    """Return the record of these templates. A resource that a variant lacks is None there."""
    base = variants["base"]
    return {"base": base} | {
        variant: {
            stack: difference
            for stack, template in templates.items()
            if (difference := _difference(base[stack]["Resources"], template["Resources"]))
        }
        for variant, templates in variants.items()
        if variant != "base"
    }


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    names = sorted(before.keys() | after.keys())
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def main() -> int:
    """Write the record."""
    with tempfile.TemporaryDirectory(prefix="tidemark-synth-") as directory:
        found = record_of(synthesized(Path(directory)))
    RECORD.write_text(json.dumps(found, separators=(",", ":")) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
