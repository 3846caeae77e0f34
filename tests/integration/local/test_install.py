"""`make install` where it cannot work: on a copy of what it needs, without anything installed."""

import os
import re
import shutil
import stat
import sys
import zipfile

import pytest

from tests.integration.local.conftest import NEEDED, ROOT, copy_to, run, take_for_filled
from tidemark.installation.venvs import VENVS

TOOLS = ("sh", "make", "git", "test", "awk", "env")
NO_NETWORK = dict.fromkeys(
    ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"
)


@pytest.fixture
def repository(tmp_path):
    """Return a copy of the repository, as far as installing needs it, in a path with a space."""
    copy = tmp_path / "a fresh clone"
    copy_to(copy, *NEEDED)
    return copy


@pytest.fixture
def path(tmp_path):
    """Return a directory for PATH with the few tools that are promised to be enough, and no python3."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for tool in TOOLS:
        (directory / tool).symlink_to(shutil.which(tool))
    return directory


def add_python(path, preparation):
    """Put a python3 on the path that first does what `preparation` says, then what it is called for."""
    run = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    script = path / "python3"
    script.write_text(f'#!{shutil.which("sh")}\nexec \'{sys.executable}\' -c "{preparation}; {run}" "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def install(repository, path, **changes):
    return run(["make", "-C", repository, "install"], PATH=str(path), **changes)


def complaint(done):
    """Return the one line that is ours of what a failed make printed."""
    (line,) = [
        line for line in done.stderr.splitlines() if not re.match(r"make.*: (\*\*\*|Entering|Leaving) ", line)
    ]
    return line


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 14, 1)])
def test_an_unsuitable_python3_is_named_with_its_version(repository, path, version):
    add_python(path, f"import sys; sys.version_info = (*{version}, 'final', 0)")

    done = install(repository, path)

    assert done.returncode != 0
    assert f"is Python {'.'.join(map(str, version))}; Tidemark needs 3.11, 3.12 or 3.13" in complaint(done)
    assert "make PYTHON=" in complaint(done)


def test_a_python3_without_venv_is_named_with_the_missing_package(repository, path):
    add_python(path, "import sys; sys.modules['ensurepip'] = None")

    done = install(repository, path)

    assert done.returncode != 0
    assert "without its module ensurepip: install it" in complaint(done)


def test_no_python3_at_all_is_said_in_one_line(repository, path):
    done = install(repository, path)

    assert done.returncode != 0
    assert "there is no python3 on PATH" in complaint(done)


def test_missing_git_is_said_in_one_line(repository, path):
    add_python(path, "pass")
    (path / "git").unlink()

    done = install(repository, path)

    assert done.returncode != 0
    assert "git is not on PATH" in complaint(done)


def test_without_network_what_could_not_be_downloaded_is_named(repository, path, tmp_path):
    add_python(path, "pass")
    empty = str(tmp_path / "empty")

    done = install(
        repository,
        path,
        **NO_NETWORK,
        PIP_CACHE_DIR=empty,
        UV_CACHE_DIR=empty,
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
        PIP_INDEX_URL="https://example.invalid/simple",
    )

    last = done.stderr.splitlines()[-2]
    assert done.returncode != 0
    assert last.startswith(
        "install: could not download uv 0.13.8: check the network and run the same command again"
    )


def test_without_network_uv_names_the_package(repository, path, tmp_path):
    add_python(path, "pass")
    # The pinned uv is there already, as after an install that was cut off.
    shutil.copytree(ROOT / ".venvs" / "uv", repository / ".venvs" / "uv", symlinks=True)

    done = install(repository, path, **NO_NETWORK, UV_CACHE_DIR=str(tmp_path / "empty"), UV_HTTP_RETRIES="0")

    (line,) = [line for line in done.stderr.splitlines() if "could not" in line]
    assert done.returncode != 0
    assert line.startswith("install: could not download ")
    assert "check the network" in line
    assert not (repository / ".venv" / "tidemark.stamp").exists()


def packages_of(venv):
    return {found.name for found in venv.glob("lib/python3*/site-packages/*.dist-info")}


@pytest.mark.long
def test_the_committed_locks_are_installed_whatever_the_users_uv_settings_say(repository, path, tmp_path):
    add_python(path, "pass")
    uv = ROOT / ".venvs" / "uv"
    shutil.copytree(uv, repository / ".venvs" / "uv", symlinks=True)
    cache = run([uv / "bin" / "uv", "cache", "dir"]).stdout
    settings = tmp_path / "home" / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('exclude-newer = "7 days"\nresolution = "lowest"\nno-binary = true\n')
    home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "home" / ".config")}

    done = install(
        repository, path, **home, UV_CACHE_DIR=cache.strip(), UV_EXCLUDE_NEWER="2020-01-01", UV_NO_DEV="1"
    )

    assert done.returncode == 0, done.stderr
    for name in (".venv", ".venvs/dynamodb", ".venvs/driver"):
        assert packages_of(repository / name) == packages_of(ROOT / name)
    assert (repository / "uv.lock").read_bytes() == (ROOT / "uv.lock").read_bytes()


def test_a_lock_that_does_not_fit_is_refused_whatever_the_users_uv_settings_say(repository, path, tmp_path):
    add_python(path, "pass")
    shutil.copytree(ROOT / ".venvs" / "uv", repository / ".venvs" / "uv", symlinks=True)
    take_for_filled(repository, *(venv for venv in VENVS if venv.directory != ".venvs/dynamodb"))
    declaration = repository / "images" / "dynamodb" / "pyproject.toml"
    declaration.write_text(declaration.read_text().replace('"ministack==', '"six", "ministack=='))

    done = install(repository, path, UV_FROZEN="1", **dict.fromkeys(NO_NETWORK, ""))

    assert done.returncode != 0
    assert (
        "the DynamoDB engine: the lock does not fit its pyproject.toml: run .venvs/uv/bin/uv lock"
        in done.stderr
    )


@pytest.mark.long
def test_a_pip_conf_that_installs_elsewhere_does_not_move_uv_and_its_index_is_used(
    repository, path, tmp_path
):
    """Only what the file names has this uv, which is good for nothing but to tell its version."""
    add_python(path, "pass")
    wheel = tmp_path / "index" / "uv-0.13.8-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as content:
        script = zipfile.ZipInfo("uv-0.13.8.data/scripts/uv")
        script.external_attr = (stat.S_IFREG | 0o755) << 16
        content.writestr(script, "#!/bin/sh\necho 'uv 0.13.8'; exit 3\n")
        content.writestr("uv-0.13.8.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 0.13.8\n")
        content.writestr(
            "uv-0.13.8.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        content.writestr("uv-0.13.8.dist-info/RECORD", "")
    conf = tmp_path / "pip.conf"
    elsewhere = f"user = true\ntarget = {tmp_path / 'elsewhere'}\nrequire-virtualenv = true\n"
    conf.write_text(f"[global]\nno-index = true\nfind-links = {wheel.parent}\n[install]\n{elsewhere}")

    done = install(repository, path, PIP_CONFIG_FILE=str(conf), PIP_FIND_LINKS=str(wheel.parent))

    assert "uv 0.13.8: " in done.stderr
    assert "could not install" in done.stderr
    assert not (tmp_path / "elsewhere").exists()
    assert run([repository / ".venvs/uv/bin/uv"]).stdout == "uv 0.13.8\n"
