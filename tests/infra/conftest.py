import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra_cdk.app import build
from infra_cdk.images import SERVICES
from tests.infra.templates import Stack
from tidemark.local.deployment.templates import stacks_of

Context = tuple[tuple[str, str], ...]

REGISTRY = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"


class Synth:
    """Synthesizes each context once per session. A session's first synth takes seconds, the others do not."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._done: dict[tuple[Context, bool], dict[str, Stack]] = {}

    def __call__(self, *, images: bool = True, **context: str) -> dict[str, Stack]:
        """Return the stacks by their short names; without `images`, as on a clone where nothing was pushed."""
        key = (tuple(sorted(context.items())), images)
        if key not in self._done:
            self._done[key] = self._synthesize(context, images=images)
        return self._done[key]

    def _synthesize(self, context: Mapping[str, str], *, images: bool) -> dict[str, Stack]:
        directory = self._directory / str(len(self._done))
        images_file = self._directory / ("images.json" if images else "missing.json")
        build(context, outdir=str(directory), images_file=images_file).synth()
        return {template.short_name: Stack.of(template) for template in stacks_of(directory)}


@pytest.fixture(scope="session")
def synth(tmp_path_factory) -> Synth:
    directory = tmp_path_factory.mktemp("synth")
    document = {
        "git_sha": "0" * 40,
        "registry": REGISTRY,
        "images": {service: _digest(service) for service in SERVICES},
    }
    (directory / "images.json").write_text(json.dumps(document))
    return Synth(directory)


@pytest.fixture(params=["prod", "dev", "local"])
def target(request) -> str:
    return request.param


@pytest.fixture(params=["prod", "dev"])
def aws_target(request) -> str:
    return request.param


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param


@pytest.fixture
def storage(synth, target) -> Stack:
    return synth(target=target)["StorageStack"]


@pytest.fixture
def application(synth, target) -> Stack:
    return synth(target=target)["LambdaStack"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Synth is pure: a test that opens a connection fails."""

    def refuse(*arguments):
        raise AssertionError(f"a connection to {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def _digest(service: str) -> str:
    return "sha256:" + service.encode().hex().ljust(64, "0")
