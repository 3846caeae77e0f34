"""`make push-images`: puts the functions' images into ECR, tagged with the hash of what they are made from.

Tags never move: if the registry has an image's tag, that image is used, and nothing is built or pushed. A commit that
changes nothing in an image therefore leaves its digest as it is, and its function is not rolled out again.
`images.json` records what the CDK app deploys (see `infra_cdk.images`).
"""

import base64
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.images.base import newest_base
from tidemark.images.build import architecture_of, build
from tidemark.images.commit import head
from tidemark.images.docker import Docker, DockerError
from tidemark.images.recipes import FUNCTIONS, Build, Recipe, name_of_base
from tidemark.images.registry import Ecr, Registry, RegistryError, StoredImage
from tidemark.options import Architecture
from tidemark.progress import Progress

IMAGES = ROOT / "images.json"


@dataclass(frozen=True, slots=True)
class Push:
    """One run: the registry, and how the images are built and tagged."""

    registry: Registry
    plan: Build
    progress: Progress

    def find(self, recipe: Recipe) -> StoredImage | None:
        """Return what the registry has under the tag. Raises RegistryError if it is of another architecture."""
        tag = self.plan.tag(recipe)
        stored = self.registry.find(recipe.name, tag)
        wanted = self.plan.platform.partition("/")[2]
        if stored and stored.architecture != wanted:
            raise RegistryError(
                f"{recipe.name}:{tag} in {self.registry.host} is for {stored.architecture}, not for {wanted}, so "
                "make push-images did not push it: delete it there and try again"
            )
        return stored

    def put(self, recipe: Recipe, docker: Docker) -> StoredImage:
        """Push a built image and return what the registry made of it. Raises DockerError or RegistryError."""
        remote = f"{self.registry.host}/{recipe.name}:{self.plan.tag(recipe)}"
        docker.output("tag", recipe.name, remote)
        self.progress.say(f"pushing {remote}")
        try:
            docker.follow(["push", remote], lambda _: None)
        except DockerError as error:
            # Somebody else may have pushed the same image meanwhile.
            if not (stored := self.find(recipe)):
                raise DockerError(f"{remote} was not pushed: {error}", details=error.details) from error
            return stored
        stored = self.find(recipe)
        if stored is None:
            raise RegistryError(f"{remote} was pushed, but the registry does not have it: try again")
        return stored


def push_all(push: Push, docker: Docker) -> dict[str, str]:
    """Have every function's image in the registry and return the digests by service. Raises CommandError."""
    stored = {recipe: found for recipe in FUNCTIONS if (found := push.find(recipe))}
    missing = [recipe for recipe in FUNCTIONS if recipe not in stored]
    if missing:
        docker.require_engine()
        build(missing, push.plan, docker, push.progress)
        with _logged_in(docker, push.registry) as ours:
            stored |= {recipe: push.put(recipe, ours) for recipe in missing}
    for recipe in FUNCTIONS:
        word = "pushed" if recipe in missing else "there already"
        push.progress.say(f"{recipe.name}@{stored[recipe].digest} {word}")
    return {recipe.target: stored[recipe].digest for recipe in FUNCTIONS}


def record(file: Path, sha: str, push: Push, digests: Mapping[str, str]) -> None:
    """Write what the CDK app deploys. A reader sees the old file or the new one, never a part."""
    content = {
        "git_sha": sha,
        "registry": push.registry.host,
        "inputs": {recipe.target: push.plan.inputs(recipe) for recipe in FUNCTIONS},
        "images": dict(digests),
    }
    text = json.dumps(content, indent=2) + "\n"
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


@contextmanager
def _logged_in(docker: Docker, registry: Registry) -> Iterator[Docker]:
    """Yield a docker that knows the login from a temporary directory; nothing stays in the user's."""
    pair = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
    with tempfile.TemporaryDirectory(prefix="tidemark-login-") as directory:
        config = Path(directory) / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"auths": {registry.host: {"auth": pair}}}), encoding="utf-8")
        # The user's choice of an engine may be in the directory that we hide.
        yield Docker({**docker.environ, "DOCKER_HOST": docker.endpoint(), "DOCKER_CONFIG": directory})


def push_images(architecture: str = "", registry: str = "", output: Path = IMAGES) -> None:
    """Push what the registry lacks of the commit that is checked out, and record it. Raises CommandError."""
    commit = head(ROOT)
    commit.require_clean()
    plan = Build(ROOT, architecture_of(architecture))
    ecr = Ecr()
    target = ecr.log_in()
    if registry:
        target = replace(target, host=_host(registry))
    progress = Progress()
    progress.say(f"commit {commit.sha[:12]} for {target.host}")
    ecr.require(recipe.name for recipe in FUNCTIONS)
    docker = Docker()
    base = newest_base(docker, name_of_base(ROOT, docker.environ), plan.platform, progress)
    push = Push(target, replace(plan, base=base), progress)
    record(output, commit.sha, push, push_all(push, docker))
    progress.say(f"recorded in {os.path.relpath(output)}")


def _host(text: str) -> str:
    if "/" in text:
        raise CommandError(
            f"REGISTRY is a host, with its port if it needs one (127.0.0.1:5000), not '{text}'"
        )
    return text


def command(
    registry: Annotated[
        str, typer.Option(metavar="HOST", help="Push there instead of to the account's ECR.")
    ] = "",
    architecture: Architecture = "",
    output: Annotated[Path, typer.Option(hidden=True)] = IMAGES,
) -> None:
    """Build the functions' images, push them to ECR, and record their digests in images.json."""
    push_images(architecture, registry, output)
