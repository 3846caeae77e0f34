import pytest

from tidemark.installation.install import unsuitable

ALL = {"modules": ["venv", "ensurepip"], "programs": ["git"]}


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_a_supported_python_will_do(version):
    assert unsuitable("/usr/bin/python3", version, **ALL) is None


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13), (3, 14, 0), (4, 0, 0)])
def test_another_python_is_named_with_its_version_and_the_way_out(version):
    problem = unsuitable("/usr/bin/python3", version, **ALL)

    assert problem is not None
    assert "/usr/bin/python3 is Python " + ".".join(map(str, version)) in problem
    assert "make PYTHON=" in problem
    assert "\n" not in problem


@pytest.mark.parametrize(("found", "named"), [([], "venv"), (["venv"], "ensurepip")])
def test_a_missing_module_is_named_with_the_package_that_holds_it(found, named):
    problem = unsuitable("/usr/bin/python3", (3, 12, 3), found, ["git"])

    assert problem is not None
    assert f"without its module {named}" in problem
    assert "apt install python3.12-venv" in problem


def test_missing_git_is_named():
    problem = unsuitable("/usr/bin/python3", (3, 12, 3), ["venv", "ensurepip"], [])

    assert problem is not None
    assert problem.startswith("git is not on PATH")
