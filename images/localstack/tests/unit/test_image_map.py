import json
import sys

import pytest

from image_lambda_runtime.image_map import ImageMapError, find_image, repository_of


@pytest.fixture
def entry(tmp_path):
    return {"python": sys.executable, "directory": str(tmp_path), "handler": "app.handler"}


@pytest.fixture
def mapped(tmp_path):
    """Write a map and return what find_image needs to read it."""

    def write(document):
        path = tmp_path / "functions.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return {"IMAGE_LAMBDA_MAP": str(path)}

    return write


@pytest.mark.parametrize(
    ("uri", "repository"),
    [
        ("team/app", "team/app"),
        ("app:v1", "app"),
        ("localhost/app", "app"),
        ("localhost:5000/team/app:v1", "team/app"),
        ("000000000000.dkr.ecr.eu-west-1.amazonaws.com/team/app@sha256:" + "0" * 64, "team/app"),
        ("registry.example:5000/team/group/app:v1@sha256:" + "0" * 64, "team/group/app"),
    ],
)
def test_an_image_is_known_by_its_repository_alone(uri, repository):
    assert repository_of(uri) == repository


def test_an_entry_says_where_and_how_a_function_runs(mapped, entry, tmp_path):
    environ = mapped({"images": {"team/app": {**entry, "environment": {"A": "1"}}}})

    image = find_image("registry.example/team/app:v1", environ)

    assert (image.python, image.directory, image.handler) == (sys.executable, str(tmp_path), "app.handler")
    assert image.environment == {"A": "1"}


def test_relative_paths_start_at_the_map(mapped, entry, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "python").symlink_to(sys.executable)

    image = find_image("app", mapped({"images": {"app": {**entry, "python": "python", "directory": "code"}}}))

    assert (image.python, image.directory) == (str(tmp_path / "python"), str(tmp_path / "code"))


def test_a_missing_variable_is_named():
    with pytest.raises(ImageMapError, match="IMAGE_LAMBDA_MAP is not set"):
        find_image("app", {})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImageMapError, match=r"gone\.json: cannot be read: No such file"):
        find_image("app", {"IMAGE_LAMBDA_MAP": str(tmp_path / "gone.json")})


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", 'an object "images"'),
        ({"images": []}, 'an object "images"'),
        ({"images": {"other": {}}}, r"no entry for 'app' \(it has: other\)"),
        ({"images": {}}, r"no entry for 'app' \(it has: none\)"),
        ({"images": {"app": []}}, "must be an object"),
        ({"images": {"app": {"python": "x"}}}, "lacks the text directory, handler"),
    ],
)
def test_a_bad_map_is_refused_naming_the_file(mapped, document, complaint):
    with pytest.raises(ImageMapError, match=rf"functions\.json.*{complaint}"):
        find_image("app", mapped(document))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"python": "/nowhere/python"}, "python is not an executable file: /nowhere/python"),
        ({"directory": "/nowhere"}, "directory does not exist: /nowhere"),
        ({"environment": {"A": 1}}, "environment must map names to texts"),
    ],
)
def test_an_entry_that_cannot_run_is_refused(mapped, entry, change, complaint):
    with pytest.raises(ImageMapError, match=complaint):
        find_image("app", mapped({"images": {"app": {**entry, **change}}}))
