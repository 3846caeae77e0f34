"""The package `image_lambda_runtime` serves any emulator: it needs neither LocalStack nor what LocalStack brings along."""

import subprocess
import sys

import pytest

from harness import PROJECT, python_with

SOURCES = PROJECT / "src"
MODULES = sorted(path.stem for path in (SOURCES / "image_lambda_runtime").glob("*.py"))
WITH_DOCKER = "container_sandbox"


def load(module, python, *options):
    """Import a module in an interpreter that has no LocalStack, and return what it complains about."""
    code = (
        f"import sys; sys.path.insert(0, {str(SOURCES)!r}); sys.modules['localstack'] = None; "
        f"import image_lambda_runtime.{module}"
    )
    loaded = subprocess.run([python, *options, "-c", code], stderr=subprocess.PIPE, text=True, check=False)
    return loaded.stderr


@pytest.mark.parametrize("module", [module for module in MODULES if module != WITH_DOCKER])
def test_a_module_needs_the_standard_library_only(module):
    assert load(module, sys.executable, "-I", "-S") == ""


def test_the_container_sandbox_needs_docker_but_not_localstack():
    assert load(WITH_DOCKER, python_with("docker", "localstack"), "-I") == ""
