"""Finds the Chromium for the browser tests: CHROMIUM=, or one on PATH, or Debian's own, which INSTALL=1 installs."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")


class NoChromiumError(Exception):
    """There is no browser to test with. The message says how to get one."""


def find(environ: Mapping[str, str] = os.environ) -> str:
    """Return the path of a Chromium. Raises NoChromiumError."""
    if named := environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        raise NoChromiumError(f"CHROMIUM={named}: there is no such program")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoChromiumError(
        "no browser test has run: there is no Chromium: make test-browser CHROMIUM=/path/to/it; or, on Debian as root, "
        f"add INSTALL=1, which installs {', '.join(PACKAGES)} with apt-get install"
    )


def find_or_install() -> str:
    """Return the path of a Chromium. If there is none, install Debian's. Raises NoChromiumError."""
    try:
        return find()
    except NoChromiumError:
        if os.environ.get("CHROMIUM") or os.geteuid() != 0 or not shutil.which("apt-get"):
            raise
    print(f"test-browser: installing {', '.join(PACKAGES)} with apt-get", file=sys.stderr, flush=True)
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *PACKAGES]):
        command = ["apt-get", *arguments]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoChromiumError(
                f"no browser test has run: {' '.join(command)} failed: {done.stderr.strip()}"
            )
    return find()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print which Chromium there is and return 0, or 1 if there is none."""
    parser = argparse.ArgumentParser(
        prog="test-browser", description="Find a Chromium for the browser tests."
    )
    parser.add_argument("--install", metavar="1", help="1: install Debian's if there is none")
    options = parser.parse_args(arguments)
    try:
        path = find_or_install() if options.install == "1" else find()
    except NoChromiumError as error:
        print(f"test-browser: {error}", file=sys.stderr)
        return 1
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    print(f"test-browser: {version or path}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
