"""An image has a new tag exactly if something is new in it."""

import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tidemark.images.inputs import LEFT_OUT
from tidemark.images.recipes import FUNCTIONS, LOCAL, Build, name_of_base

ROOT = Path(__file__).parents[4]
ALL = {"size-tracking", "plotting", "driver"}
COPIED = ("services", "images", "pyproject.toml", "uv.lock", "README.md", ".dockerignore")


@pytest.fixture
def root(tmp_path):
    """Return a copy of what the images are made from."""
    ignored = shutil.ignore_patterns("node_modules", ".venv", "__pycache__")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def tags(root, architecture="x86_64", base="python@sha256:1", recipes=FUNCTIONS):
    build = Build(root, architecture, base)
    return {recipe.target: build.tag(recipe) for recipe in recipes}


def changed(before, after):
    return {target for target, tag in before.items() if after[target] != tag}


@pytest.mark.parametrize(
    ("file", "targets"),
    [
        ("README.md", set()),
        (
            "services/plotting/page/src/main.js",
            set(),
        ),  # what the page is packed from; the packed page is in src
        ("services/size_tracking/tests/test_new.py", set()),
        ("images/localstack/src/image_lambda_runtime/life.py", set()),
        ("services/plotting/src/plotting/chart.py", {"plotting"}),
        ("services/plotting/src/plotting/page/index.html", {"plotting"}),
        ("services/plotting/src/plotting/new.py", {"plotting"}),
        ("services/driver/src/driver/plot.py", {"driver"}),
        ("services/driver/pyproject.toml", {"driver"}),
        ("services/size_tracking/src/size_tracking/handler.py", {"size-tracking"}),
        ("services/size_history/src/size_history/items.py", ALL),
        ("services/size_history/pyproject.toml", ALL),
        ("images/lambda/Dockerfile", ALL),
        ("images/lambda/pruning.py", ALL),
    ],
)
def test_a_file_changes_the_images_that_it_is_in(root, file, targets):
    before = tags(root)

    (root / file).parent.mkdir(exist_ok=True)
    with (root / file).open("a") as text:
        text.write("\n# another line\n")

    assert changed(before, tags(root)) == targets


def test_a_renamed_file_and_one_that_becomes_executable_are_changes(root):
    before = tags(root)
    file = root / "services" / "driver" / "src" / "driver" / "plot.py"

    file.chmod(0o755)
    executable = tags(root)
    file.rename(file.with_name("picture.py"))

    assert changed(before, executable) == changed(executable, tags(root)) == {"driver"}


@pytest.mark.parametrize("name", ["src/plotting/__pycache__/chart.pyc", "src/plotting.egg-info/PKG-INFO"])
def test_what_no_build_gets_is_no_input(root, name):
    before = tags(root)

    path = root / "services" / "plotting" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")

    assert changed(before, tags(root)) == set()


def test_what_is_left_out_is_what_dockerignore_leaves_out():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert {f"**/{pattern}" for pattern in LEFT_OUT} == {line for line in ignored if line.startswith("**/")}


@pytest.mark.parametrize(
    ("package", "targets"),
    [("ruff", set()), ("matplotlib", {"plotting"}), ("certifi", {"driver"}), ("botocore", ALL)],
)
def test_a_new_version_in_the_lock_changes_the_images_that_have_the_package(root, package, targets):
    before = tags(root)
    lock = root / "uv.lock"
    text, count = re.subn(rf'(name = "{package}"\nversion = ")[^"]+', r"\g<1>9.9.9", lock.read_text())
    assert count == 1

    lock.write_text(text)

    assert changed(before, tags(root)) == targets


def test_pyproject_counts_only_where_it_tells_uv_something(root):
    before = tags(root)
    project = root / "pyproject.toml"

    project.write_text(project.read_text() + "\n[tool.other]\nx = 1\n[tool.uv.pip]\nno-build = true\n")
    with_setting = tags(root)
    project.write_text(project.read_text().replace("\n[tool.uv.pip]\nno-build = true\n", ""))

    assert changed(before, with_setting) == ALL
    assert changed(before, tags(root)) == set()


def test_another_architecture_and_a_base_that_moved_are_other_images(root):
    before = tags(root)

    assert changed(before, tags(root, architecture="arm64")) == ALL
    assert changed(before, tags(root, base="python@sha256:2")) == ALL


@pytest.mark.parametrize(
    ("file", "targets"),
    [
        ("images/localstack/src/image_lambda_runtime/life.py", {"localstack"}),
        ("images/localstack/uv.lock", {"localstack"}),
        ("images/localstack/README.md", {"localstack"}),
        ("images/dynamodb/uv.lock", {"dynamodb"}),
        ("images/localstack/install.sh", {"localstack", "dynamodb"}),
        ("images/localstack/Dockerfile", {"localstack", "dynamodb"}),
        ("images/localstack/tests/conftest.py", set()),
    ],
)
def test_the_images_of_the_local_environment_have_their_own_inputs(root, file, targets):
    before = tags(root, recipes=LOCAL)

    with (root / file).open("a") as text:
        text.write("\n")

    assert changed(before, tags(root, recipes=LOCAL)) == targets


@pytest.mark.parametrize("dockerfile", sorted({recipe.dockerfile for recipe in (*FUNCTIONS, *LOCAL)}))
def test_every_path_that_a_dockerfile_copies_is_an_input(dockerfile):
    """The workspace's files count by what they say of the packages, and each service's own by its parts."""
    by_content = {"pyproject.toml", "uv.lock", "services"}
    text = (ROOT / dockerfile).read_text()
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    copied = {path for line in lines for path in line.split()} - by_content
    sources = {
        source
        for recipe in (*FUNCTIONS, *LOCAL)
        if recipe.dockerfile == dockerfile
        for source in recipe.sources
    }

    assert copied
    for path in copied:
        assert any(path == source or fnmatch(path, f"{source}/*") for source in sources), path


def test_the_base_is_the_callers_or_that_of_the_dockerfile():
    assert name_of_base(ROOT, {}) == "python:3.13-slim"
    assert name_of_base(ROOT, {"PYTHON_IMAGE": "mine:1"}) == "mine:1"
