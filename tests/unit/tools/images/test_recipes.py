"""The docker command of each image, and what the Dockerfiles agree on with the rest of the repository."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from infra_cdk.images import SERVICES
from tidemark.images import build
from tidemark.images.recipes import FUNCTIONS, LOCAL, Build
from tidemark.installation.venvs import UV_VERSION

ROOT = Path(__file__).parents[4]
DOCKERFILES = sorted({recipe.dockerfile for recipe in (*FUNCTIONS, *LOCAL)})
PLAN = Build(ROOT, "arm64", "base@sha256:1")


def text_of(dockerfile):
    return (ROOT / dockerfile).read_text()


def test_an_image_is_built_for_one_architecture_from_its_target_and_named_after_its_repository():
    command = PLAN.command(FUNCTIONS[1], {})

    dockerfile = str(ROOT / "images/lambda/Dockerfile")
    assert command[:3] == ["build", "--file", dockerfile]
    assert command[3:7] == ["--target", "plotting", "--tag", "tidemark/plotting"]
    assert command[command.index("--platform") + 1] == "linux/arm64"
    assert command[-1] == str(ROOT)


@pytest.mark.parametrize("recipe", [*FUNCTIONS, *LOCAL], ids=lambda recipe: recipe.target)
def test_an_image_is_labelled_with_its_version_and_the_hash_of_what_it_is_made_from(recipe):
    command = PLAN.command(recipe, {})

    assert "VERSION=0.1.0" in command
    assert f"REVISION={PLAN.tag(recipe)}" in command
    text = text_of(recipe.dockerfile)
    stage = text[text.index(f" AS {recipe.target}\n") :].partition("\nFROM ")[0]
    for label, argument in (("version", "VERSION"), ("revision", "REVISION")):
        assert f"ARG {argument}=unknown\n" in stage
        assert f'org.opencontainers.image.{label}="${{{argument}}}"' in stage


@pytest.mark.parametrize("known", [set(), {"--provenance", "--sbom", "--load"}])
def test_a_builder_that_knows_attestations_is_told_to_make_none(known):
    plan = replace(PLAN, options="".join(f"      {option} string\n" for option in sorted(known)))

    told = {"--provenance=false", "--sbom=false", "--load"} & set(plan.command(FUNCTIONS[0], {}))

    assert {word.partition("=")[0] for word in told} == known
    assert ("--build-arg=SOURCE_DATE_EPOCH=315532800" in plan.command(FUNCTIONS[0], {})) is bool(known)


@pytest.mark.parametrize(
    ("proxies", "is_passed_on"), [({}, False), ({"http_proxy": "http://proxy:3128"}, True)]
)
def test_no_proxy_is_passed_on_only_with_a_proxy_or_the_cache_of_the_build_would_miss(proxies, is_passed_on):
    command = PLAN.command(FUNCTIONS[0], {"NO_PROXY": "127.0.0.1", **proxies})

    assert ("NO_PROXY=127.0.0.1" in command) is is_passed_on


def test_the_base_image_the_proxy_and_the_network_come_from_the_caller():
    passed_on = {"PYTHON_IMAGE": "base:1", "HTTPS_PROXY": "http://proxy:3128"}

    command = PLAN.command(FUNCTIONS[0], {**passed_on, "BUILD_NETWORK": "host", "HOME": "/h"})

    assert {f"{name}={value}" for name, value in passed_on.items()} <= set(command)
    assert command[command.index("--network") + 1] == "host"
    assert not any("HOME" in word for word in command)


def test_every_service_has_an_image():
    assert tuple(recipe.target for recipe in FUNCTIONS) == SERVICES


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_every_image_has_its_target(dockerfile):
    targets = re.findall(r"^FROM \S+ AS (\S+)$", text_of(dockerfile), re.MULTILINE)

    wanted = {recipe.target for recipe in (*FUNCTIONS, *LOCAL) if recipe.dockerfile == dockerfile}
    assert wanted <= set(targets)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_base_image_is_the_callers_choice_and_named_once(dockerfile):
    text = text_of(dockerfile)
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))

    assert bases - stages == {"${PYTHON_IMAGE}"}
    assert re.findall(r"^ARG PYTHON_IMAGE=(.*)$", text, re.MULTILINE) == ["python:3.13-slim"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_uv_is_the_one_of_the_installation(dockerfile):
    assert set(re.findall(r"^ARG UV_VERSION=(.*)$", text_of(dockerfile), re.MULTILINE)) == {UV_VERSION}


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_legacy_builder_can_read_it(dockerfile):
    text = text_of(dockerfile)

    assert not re.search(r"^(RUN|COPY|ADD)\b.*(--mount|--chmod|--link|--network|<<)", text, re.MULTILINE)


def test_both_dockerfiles_compile_the_standard_library_alike_so_that_the_layer_is_shared():
    step = re.compile(r"^RUN python -m compileall.*?\"\n", re.MULTILINE | re.DOTALL)
    first, second = (step.search(text_of(file))[0] for file in DOCKERFILES)

    assert first == second


@pytest.mark.parametrize(
    ("override", "target", "architecture"),
    [
        (None, None, "x86_64"),
        (None, "dev", "arm64"),
        (None, "local", "x86_64"),
        ("x86_64", "dev", "x86_64"),
        ("arm64", None, "arm64"),
    ],
)
def test_a_target_has_its_own_architecture_and_an_override_comes_first(
    tmp_path, monkeypatch, override, target, architecture
):
    (tmp_path / "infra_cdk").mkdir()
    context = {"target": "prod", "dev": {"architecture": "arm64"}}
    (tmp_path / "infra_cdk" / "cdk.json").write_text(json.dumps({"context": context}))
    monkeypatch.setattr(build, "ROOT", tmp_path)

    assert build.architecture_of(override, target) == architecture
