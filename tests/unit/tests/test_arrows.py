"""Which package may import which, and that no modules import each other in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = {
    "size_history": "services/size_history/src",
    "size_tracking": "services/size_tracking/src",
    "plotting": "services/plotting/src",
    "driver": "services/driver/src",
    "infra_cdk": ".",
    "tidemark": "tools/src",
    "localstack_image_lambda": "images/localstack/src",
    "image_lambda_runtime": "images/localstack/src",
}
ALLOWED = {
    "size_history": set(),
    "size_tracking": {"size_history"},
    "plotting": {"size_history"},
    "driver": {"size_history"},
    "infra_cdk": {"size_history"},
    "tidemark": {"size_history", "infra_cdk"},
    "localstack_image_lambda": {"image_lambda_runtime"},
    "image_lambda_runtime": set(),
}
OURS = {*SOURCES, "tests", "harness"}
GENERATED = {"cdk.out", "node_modules"}


def module_name(path, source):
    return ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")


def files_of(package):
    """Return the modules of a package: file by name."""
    source = ROOT / SOURCES[package]
    files = [path for path in (source / package).rglob("*.py") if not GENERATED & {*path.parts}]
    return {module_name(path, source): path for path in files}


def imports(text, modules=()):
    """Return every name that a module imports, wherever it does; `from a import b` is a.b if that is a module, else a."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            full = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in full.values()}
    return found


@pytest.mark.parametrize("package", SOURCES)
def test_a_package_imports_only_what_lies_below_it(package):
    files = files_of(package)

    wrong = {
        (module, name)
        for module, path in files.items()
        for name in imports(path.read_text())
        if name.partition(".")[0] in OURS - ALLOWED[package] - {package}
    }
    assert files
    assert wrong == set()


def test_the_scripts_of_the_images_import_nothing_of_ours():
    scripts = list((ROOT / "images").glob("*/*.py"))

    assert scripts
    assert {
        name.partition(".")[0] for script in scripts for name in imports(script.read_text())
    } & OURS == set()


@pytest.mark.parametrize("package", SOURCES)
def test_no_modules_of_a_package_import_each_other_in_a_circle(package):
    files = files_of(package)
    graph = {module: imports(path.read_text(), files) & set(files) for module, path in files.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])), pytrace=False)


def test_these_tests_see_an_arrow_however_it_is_written():
    text = "def f():\n    from tests.engine import x\nimport plotting.api as a, json\nfrom infra_cdk import names, other\n"

    assert imports(text, {"infra_cdk.names"}) == {
        "tests.engine", "plotting.api", "json", "infra_cdk.names", "infra_cdk",
    }  # fmt: skip
