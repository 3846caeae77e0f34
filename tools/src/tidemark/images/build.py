"""`tidemark build-images`: builds the container images; unchanged ones come from the engine's cache."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from infra_cdk.settings import SettingsError, context_of, settings_from
from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.images.base import known_base
from tidemark.images.docker import Docker, DockerError
from tidemark.images.recipes import FUNCTIONS, LOCAL, Build, Recipe, name_of_base
from tidemark.options import Architecture
from tidemark.progress import Progress

RECIPES = {recipe.target: recipe for recipe in (*FUNCTIONS, *LOCAL)}
_SHOWN_COLUMNS = 100


def build(recipes: Iterable[Recipe], plan: Build, docker: Docker, progress: Progress) -> None:
    """Build images, showing each step. Raises DockerError that names the image, with the end of the output."""
    plan = replace(plan, options=docker.output("build", "--help"))
    for recipe in recipes:
        try:
            docker.follow(plan.command(recipe, docker.environ), _Steps(progress).heard)
        except DockerError as error:
            raise DockerError(f"{recipe.name} was not built: {error}", details=error.details) from error
        size = int(docker.output("image", "inspect", "--format", "{{.Size}}", recipe.name))
        progress.say(f"{recipe.name} is built, {size / 1e6:.0f} MB")


def build_all(
    names: Sequence[str], docker: Docker, progress: Progress, *, architecture: str = "", target: str = ""
) -> None:
    """Build the images with these names (none: every image) for a target's architecture. Raises CommandError."""
    docker.require_engine()
    base = known_base(docker, name_of_base(ROOT, docker.environ))
    plan = Build(ROOT, architecture_of(architecture, target), base)
    build([RECIPES[name] for name in names or RECIPES], plan, docker, progress)


def architecture_of(override: str = "", target: str = "") -> str:
    """Return the architecture (Lambda's name) that a target's functions are deployed with, or the override.

    The default target is that of cdk.json. Raises CommandError for an unknown architecture or target.
    """
    given = {"target": target, "architecture": override}
    try:
        return settings_from(
            context_of(ROOT / "infra_cdk") | {key: value for key, value in given.items() if value}
        ).architecture
    except SettingsError as error:
        raise CommandError(str(error)) from error


class _Steps:
    """Shows the steps that take time, as they begin, but none that comes from the cache.

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


def command(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="[IMAGE]...", help="Which ones (default: all).")
    ] = None,
    architecture: Architecture = "",
    target: Annotated[str, typer.Option(help="local, dev or prod (default: that of cdk.json).")] = "",
) -> None:
    """Build the container images; unchanged ones come from the engine's cache."""
    if unknown := [name for name in images or () if name not in RECIPES]:
        raise typer.BadParameter(f"there is no image '{unknown[0]}': there are {', '.join(RECIPES)}")
    build_all(images or (), Docker(), Progress(), architecture=architecture, target=target)
