"""`make images`: builds the container images, those that nothing changed in from the engine's cache."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

from infra_cdk.settings import SettingsError, context_of, settings_from
from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.images.commit import head
from tidemark.images.docker import Docker, DockerError
from tidemark.images.errors import run
from tidemark.images.recipes import FUNCTIONS, LOCAL, Build, Recipe
from tidemark.local.progress import Progress

_SHOWN_COLUMNS = 100


def build(recipes: Iterable[Recipe], plan: Build, docker: Docker, progress: Progress) -> None:
    """Build images, a line per step. Raises DockerError that names the image, with the end of the output."""
    plan = replace(plan, options=docker.output("build", "--help"))
    for recipe in recipes:
        try:
            docker.follow(plan.command(recipe, docker.environ), _Steps(progress).heard)
        except DockerError as error:
            raise DockerError(f"{recipe.name} was not built: {error}", details=error.details) from error
        size = int(docker.output("image", "inspect", "--format", "{{.Size}}", recipe.name))
        progress.say(f"{recipe.name} is built, {size / 1e6:.0f} MB")


def architecture_of(override: str | None, target: str | None = None) -> str:
    """Return the architecture (Lambda's name) that a target's functions are deployed with, or what overrides it.

    Without a target it is that of cdk.json. Raises CommandError for one that there is not.
    """
    given = {"target": target, "architecture": override}
    try:
        return settings_from(
            context_of(ROOT / "infra_cdk") | {key: value for key, value in given.items() if value}
        ).architecture
    except SettingsError as error:
        raise CommandError(str(error)) from error


class _Steps:
    """Shows the steps that take time, as they begin; what comes from the cache is no news.

    The legacy builder says "Step 3/40 : RUN …", then " ---> Using cache" or what it does; BuildKit "#7 [builder 2/5]
    RUN …", then "#7 CACHED" or what it does.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._next = ""

    def heard(self, line: str) -> None:
        if self._next and "Using cache" not in line and not line.endswith("CACHED"):
            self._progress.say(f"  {self._next[:_SHOWN_COLUMNS]}")
        self._next = " ".join(line.split()) if " : RUN " in line or "] RUN " in line else ""


def _revision() -> str:
    try:
        return head(ROOT).revision
    except CommandError:  # a source archive: an image for this machine needs no commit
        return "unknown"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the images that are named, or all; return the exit code."""
    names = {recipe.target: recipe for recipe in (*FUNCTIONS, *LOCAL)}
    parser = argparse.ArgumentParser(prog="images", description="Build the container images.")
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=f"one of {', '.join(names)}; default: all")
    parser.add_argument("--architecture", help="x86_64 or arm64; default: as the CDK app deploys the target")
    parser.add_argument("--target", help="local, dev or prod; default: that of cdk.json")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.images if name not in names]:
        parser.error(f"there is no image '{unknown[0]}': there are {', '.join(names)}")

    def command() -> None:
        docker = Docker()
        docker.require_engine()
        plan = Build(ROOT, _revision(), architecture_of(options.architecture, options.target))
        build([names[name] for name in options.images or names], plan, docker, Progress())

    return run("images", command)


if __name__ == "__main__":
    sys.exit(main())
