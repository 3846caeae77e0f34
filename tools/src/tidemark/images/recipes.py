"""Which images there are, what each is made from, and the docker command that builds it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra_cdk.images import SERVICES, repository
from tidemark.images.inputs import files_of, hash_of, locked, version_of

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_NO_PROXIES = ("NO_PROXY", "no_proxy")

NETWORK_VARIABLE = "BUILD_NETWORK"
"""The variable for the network of a build, if the engine's default one has no way out (`host`)."""
BASE_VARIABLE = "PYTHON_IMAGE"
"""The variable for the base image, if it is not that of the Dockerfiles."""

_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}

_IF_SUPPORTED = (
    ("--provenance", "--provenance=false"),  # a statement about the build makes an index of the image,
    ("--sbom", "--sbom=false"),  # and Lambda takes no index
    ("--load", "--load"),  # some builders keep what they build to themselves
    # BuildKit then says that the image and its steps are of 1980, always; the legacy builder would warn of it.
    ("--provenance", "--build-arg=SOURCE_DATE_EPOCH=315532800"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: its name, its Dockerfile, the target in it, and what gets in.

    `project` is the directory with the version. `sources` are the files and directories that the build reads, and
    `packages` those that it installs from the workspace's lock.
    """

    name: str
    dockerfile: str
    target: str
    project: str
    sources: tuple[str, ...]
    packages: tuple[str, ...] = ()


def _of_function(service: str) -> Recipe:
    projects = ("services/size_history", f"services/{service.replace('-', '_')}")
    return Recipe(
        repository(service),
        "images/lambda/Dockerfile",
        service,
        projects[1],
        (
            "images/lambda",
            *(f"{project}/{part}" for project in projects for part in ("pyproject.toml", "src")),
        ),
        ("size-tracking", service),  # the packages of size-tracking are the base of all
    )


def _of_local(target: str, *sources: str) -> Recipe:
    dockerfile, project = "images/localstack/Dockerfile", f"images/{target}"
    project_files = (f"{project}/pyproject.toml", f"{project}/uv.lock", *sources)
    shared = (dockerfile, "images/localstack/install.sh")
    return Recipe(f"tidemark/{target}", dockerfile, target, project, (*shared, *project_files))


FUNCTIONS = tuple(map(_of_function, SERVICES))
"""The images that Lambda runs, in the order of the services."""

LOCAL = (
    _of_local("dynamodb"),
    _of_local("localstack", *(f"images/localstack/{part}" for part in ("README.md", "LICENSE", "src"))),
)
"""The images of the local environment, which are never pushed."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all images of one run have in common.

    `root` is the repository's, `architecture` Lambda's name of it, `base` the identity of the base image that the engine
    has (see `tidemark.images.base`), and `options` the help of the builder, which lists what it supports.
    """

    root: Path
    architecture: str
    base: str = ""
    options: str = ""

    @property
    def platform(self) -> str:
        """Docker's name of the architecture."""
        return _PLATFORMS[self.architecture]

    def inputs(self, recipe: Recipe) -> str:
        """Return the hash of everything in the repository that gets into an image, and of its platform."""
        files = (fact for file in files_of(self.root, recipe.sources) for fact in file)
        lock = locked(self.root, recipe.packages) if recipe.packages else ""
        return hash_of(recipe.target, self.platform, lock, *files)

    def tag(self, recipe: Recipe) -> str:
        """Return the hash of an image's inputs and of its base: its tag in a registry, and its revision."""
        return hash_of(self.inputs(recipe), self.base)

    def command(self, recipe: Recipe, environ: Mapping[str, str]) -> list[str]:
        """Return docker's arguments that build an image and tag it with its name."""
        words = ["build", "--file", str(self.root / recipe.dockerfile), "--target", recipe.target]
        words += ["--tag", recipe.name]
        words += ["--platform", self.platform, "--build-arg", f"REVISION={self.tag(recipe)}"]
        words += ["--build-arg", f"VERSION={version_of(self.root / recipe.project)}"]
        words += [word for option, word in _IF_SUPPORTED if option in self.options]
        if network := environ.get(NETWORK_VARIABLE):
            words += ["--network", network]
        for name in _passed_on(environ):
            words += ["--build-arg", f"{name}={environ[name]}"]
        return [*words, str(self.root)]


def name_of_base(root: Path, environ: Mapping[str, str]) -> str:
    """Return the base image's name: the caller's, or that of the functions' Dockerfile."""
    text = (root / FUNCTIONS[0].dockerfile).read_text(encoding="utf-8")
    defaults = re.findall(rf"^ARG {BASE_VARIABLE}=(\S+)$", text, re.MULTILINE)
    return environ.get(BASE_VARIABLE) or str(defaults[0])


def _passed_on(environ: Mapping[str, str]) -> list[str]:
    """Return the caller's variables that a build gets: the base image, and how to reach the network.

    Without a proxy, NO_PROXY says nothing, but the legacy builder would not find in its cache what was built without it.
    """
    has_proxy = any(environ.get(name) for name in _PROXIES)
    names = (BASE_VARIABLE, *_PROXIES, *(_NO_PROXIES if has_proxy else ()))
    return [name for name in names if environ.get(name)]
