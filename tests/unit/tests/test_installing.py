"""`make test-docker` and `make test-browser` install nothing unless INSTALL=1 tells them to."""

import os
import subprocess
import sys

import pytest

from tests.browser.chromium import PACKAGES as BROWSER
from tests.docker.debian import PACKAGES


@pytest.mark.parametrize("options", [[], ["--install", "0"], ["--install", "/usr/bin/install"]])
@pytest.mark.parametrize(
    ("module", "packages"), [("tests.docker.run", PACKAGES.values()), ("tests.browser.chromium", BROWSER)]
)
def test_without_being_told_one_line_says_what_is_missing_and_what_would_be_installed(
    tmp_path, module, packages, options
):
    installer = tmp_path / "apt-get"
    installer.write_text(f"#!/bin/sh\n: > {tmp_path}/called\n")
    installer.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if name not in {"CHROMIUM", "DOCKER_HOST"}}

    done = subprocess.run(
        [sys.executable, "-m", module, *options],
        env={**environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "INSTALL=1" in line
    assert all(package in line for package in packages)
    assert not (tmp_path / "called").exists()
