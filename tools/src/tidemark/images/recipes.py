"""Which images there are, and the docker command that builds each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra_cdk.images import SERVICES, repository

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_NO_PROXIES = ("NO_PROXY", "no_proxy")

NETWORK_VARIABLE = "BUILD_NETWORK"
"""The variable for the network of a build, if the engine's default one has no way out (`host`)."""

_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}

_IF_SUPPORTED = (
    ("--provenance", "--provenance=false"),  # a statement about the build makes an index of the image,
    ("--sbom", "--sbom=false"),  # and Lambda takes no index
    ("--load", "--load"),  # some builders keep what they build to themselves
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: its name, the Dockerfile it is made from, and the target in it."""

    name: str
    dockerfile: str
    target: str


FUNCTIONS = tuple(Recipe(repository(service), "images/lambda/Dockerfile", service) for service in SERVICES)
"""The images that Lambda runs, in the order of the services."""

LOCAL = tuple(
    Recipe(f"tidemark/{target}", "images/localstack/Dockerfile", target)
    for target in ("dynamodb", "localstack")
)
"""The images of the local environment, which are never pushed."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all images of one run have in common.

    `root` is the repository's, `revision` the git commit (for the label), `architecture` Lambda's name of it, and
    `options` the help of the builder, which lists what it supports.
    """

    root: Path
    revision: str
    architecture: str
    options: str = ""

    @property
    def platform(self) -> str:
        """Docker's name of the architecture."""
        return _PLATFORMS[self.architecture]

    def command(self, recipe: Recipe, environ: Mapping[str, str]) -> list[str]:
        """Return docker's arguments that build an image and tag it with its name."""
        words = ["build", "--file", str(self.root / recipe.dockerfile), "--target", recipe.target]
        words += ["--tag", recipe.name]
        words += ["--platform", self.platform, "--build-arg", f"REVISION={self.revision}"]
        words += [word for option, word in _IF_SUPPORTED if option in self.options]
        if network := environ.get(NETWORK_VARIABLE):
            words += ["--network", network]
        for name in _passed_on(environ):
            words += ["--build-arg", f"{name}={environ[name]}"]
        return [*words, str(self.root)]


def _passed_on(environ: Mapping[str, str]) -> list[str]:
    """Return the caller's variables that a build gets: the base image, and how to reach the network.

    Without a proxy, NO_PROXY says nothing, but the legacy builder would not find in its cache what was built without it.
    """
    has_proxy = any(environ.get(name) for name in _PROXIES)
    names = ("PYTHON_IMAGE", *_PROXIES, *(_NO_PROXIES if has_proxy else ()))
    return [name for name in names if environ.get(name)]
