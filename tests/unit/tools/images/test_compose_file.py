"""docker-compose.yml builds the images that it starts, as `tidemark build-images` does, with Compose 2 and 1.29."""

import re
from pathlib import Path

import pytest
import yaml

from tidemark.images.recipes import LOCAL, NETWORK_VARIABLE

ROOT = Path(__file__).parents[4]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def test_every_service_has_an_image_of_ours():
    assert {service["image"] for service in SERVICES.values()} == {recipe.name for recipe in LOCAL}


@pytest.mark.parametrize("recipe", LOCAL, ids=lambda recipe: recipe.target)
def test_compose_builds_an_image_as_the_command_does(recipe):
    build = SERVICES[recipe.target]["build"]

    assert (ROOT / build["context"]).resolve() == ROOT
    assert (build["dockerfile"], build["target"]) == (recipe.dockerfile, recipe.target)
    assert re.search(rf"^FROM \S+ AS {recipe.target}$", (ROOT / recipe.dockerfile).read_text(), re.MULTILINE)
    assert build["args"] == {"PYTHON_IMAGE": "${PYTHON_IMAGE:-python:3.13-slim}"}
    assert build["network"] == f"${{{NETWORK_VARIABLE}:-default}}"


def test_the_default_base_is_the_dockerfiles():
    for recipe in LOCAL:
        default = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (ROOT / recipe.dockerfile).read_text(), re.MULTILINE)
        assert default[1] in SERVICES[recipe.target]["build"]["args"]["PYTHON_IMAGE"]


def test_compose_1_29_knows_everything_in_the_file():
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"services", "networks"}
    build_keys = {key for service in SERVICES.values() for key in service["build"]}
    assert build_keys <= {"context", "dockerfile", "target", "args", "network"}
