import contextlib

import pytest

from tidemark.errors import CommandError
from tidemark.installation import venvs
from tidemark.installation.jobs import UntouchedError
from tidemark.installation.venvs import Venv

VENV = Venv(
    "a venv", ".venvs/a", ("a/pyproject.toml", "a/uv.lock", "a/services/*/pyproject.toml"), project="a"
)


@pytest.fixture
def root(tmp_path):
    for name in ("a/pyproject.toml", "a/uv.lock", "a/services/one/pyproject.toml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("first")
    (tmp_path / ".venvs").mkdir()
    return tmp_path


def fill(root):
    """Do what uv does, as far as it matters here."""
    (root / ".venvs" / "a" / "bin").mkdir(parents=True, exist_ok=True)
    (root / ".venvs" / "a" / "bin" / "python").touch()


def complete(root):
    with venvs.filling(root, VENV):
        fill(root)


def fail(root, error):
    with contextlib.suppress(error), venvs.filling(root, VENV):
        fill(root)
        raise error("it broke")


def test_only_a_completed_venv_is_current(root):
    before = venvs.is_current(root, VENV)
    complete(root)

    assert not before
    assert venvs.is_current(root, VENV)


@pytest.mark.parametrize(
    "changed", ["pyproject.toml", "uv.lock", "services/one/pyproject.toml", "services/two/pyproject.toml"]
)
def test_a_changed_or_new_input_makes_it_stale(root, changed):
    complete(root)

    (root / "a" / changed).parent.mkdir(exist_ok=True)
    (root / "a" / changed).write_text("second")

    assert not venvs.is_current(root, VENV)


def test_another_interpreter_or_none_makes_it_stale(root, monkeypatch):
    complete(root)

    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/usr/bin/another-python3")
        assert not venvs.is_current(root, VENV)
    assert venvs.is_current(root, VENV)
    (root / ".venvs/a/bin/python").unlink()
    (root / ".venvs/a/bin/python").symlink_to(root / "uninstalled")
    assert not venvs.is_current(root, VENV)


def test_one_that_is_being_filled_is_not_current(root):
    complete(root)

    with venvs.filling(root, VENV):
        assert not venvs.is_current(root, VENV)


def test_an_input_that_changes_meanwhile_leaves_it_stale(root):
    with venvs.filling(root, VENV):
        fill(root)
        (root / "a/uv.lock").write_text("second")

    assert not venvs.is_current(root, VENV)


@pytest.mark.parametrize("error", [KeyboardInterrupt, CommandError])
def test_what_was_left_half_done_is_removed_by_the_next_run(root, error):
    fail(root, error)

    with venvs.filling(root, VENV):
        assert not (root / ".venvs/a/bin").exists()
        fill(root)


def test_one_that_could_not_be_touched_is_kept(root):
    complete(root)
    fail(root, UntouchedError)

    assert venvs.is_current(root, VENV)


def test_a_complete_one_is_kept_and_brought_up_to_date(root):
    complete(root)
    (root / "a/uv.lock").write_text("second")

    with venvs.filling(root, VENV):
        assert (root / ".venvs/a/bin/python").exists()

    assert venvs.is_current(root, VENV)


def test_one_that_came_from_another_directory_is_removed(root, tmp_path_factory):
    complete(root)
    moved = tmp_path_factory.mktemp("elsewhere") / "moved"
    root.rename(moved)

    assert not venvs.is_current(moved, VENV)
    with venvs.filling(moved, VENV):
        assert not (moved / ".venvs/a/bin").exists()
        fill(moved)
