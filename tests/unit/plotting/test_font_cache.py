"""Matplotlib gets a writable directory with the image's list of fonts in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plotting.picture_routes import prepare_font_cache

LIST = "fontlist-v1.json"


@pytest.fixture
def read_only(monkeypatch):
    """Make directories named `baked` read-only, for root too, who may write anywhere."""
    really = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "baked" not in str(path) and really(path, mode))


def test_a_writable_directory_is_left_alone_and_without_the_variable_matplotlib_chooses(tmp_path):
    for environ in ({"MPLCONFIGDIR": str(tmp_path)}, {}):
        before = dict(environ)

        prepare_font_cache(environ)

        assert environ == before


@pytest.mark.parametrize("lists", [[LIST], []], ids=["with a list", "missing"])
def test_a_read_only_directory_is_replaced_by_a_writable_one_with_the_same_lists(tmp_path, read_only, lists):
    baked = tmp_path / "baked"
    for name in lists:
        baked.mkdir()
        (baked / name).write_text("{}")
    environ = {"MPLCONFIGDIR": str(baked)}

    prepare_font_cache(environ)

    own = environ["MPLCONFIGDIR"]
    assert own != str(baked)
    assert os.access(own, os.W_OK)
    assert [path.name for path in Path(own).iterdir()] == lists


def test_a_copied_list_goes_with_the_process_and_is_the_one_matplotlib_reads(tmp_path):
    """In a process of its own, because matplotlib asks for its directory once."""
    baked = tmp_path / "baked"
    script = (
        "import os; really = os.access;"
        "os.access = lambda path, mode: 'baked' not in str(path) and really(path, mode);"
        "from plotting.picture_routes import prepare_font_cache; prepare_font_cache(os.environ);"
        "before = {e.name: e.stat().st_mtime_ns for e in os.scandir(os.environ['MPLCONFIGDIR'])};"
        "import matplotlib.font_manager;"
        "after = {e.name: e.stat().st_mtime_ns for e in os.scandir(os.environ['MPLCONFIGDIR'])};"
        "assert before and after == before, (before, after);"
        "print(os.environ['MPLCONFIGDIR'])"
    )
    environ = {**os.environ, "MPLCONFIGDIR": str(baked)}
    subprocess.run(
        [sys.executable, "-c", "import matplotlib.font_manager"], env=environ, check=True, timeout=120
    )

    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()
