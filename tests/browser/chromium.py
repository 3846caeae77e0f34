"""The Chromium that the tests drive: CHROMIUM=, or one on PATH, or Debian's own, installed as root and said so."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")


class NoChromiumError(Exception):
    """There is no browser to test with; the text says how to get one."""


def find(environ: Mapping[str, str] = os.environ) -> str:
    """Return the path of a Chromium. Raises NoChromiumError."""
    named = environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise NoChromiumError(f"CHROMIUM={named}: there is no such program")
        return found
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoChromiumError(
        "no browser test has run: there is no Chromium. On Debian: apt-get install chromium; "
        "elsewhere: make test-browser CHROMIUM=/path/to/it"
    )


def find_or_install() -> str:
    """Return the path of a Chromium, on Debian as root after installing it. Raises NoChromiumError."""
    try:
        return find()
    except NoChromiumError:
        if os.environ.get("CHROMIUM") or os.geteuid() != 0 or not shutil.which("apt-get"):
            raise
    print(
        f"test-browser: INSTALLING {', '.join(PACKAGES)} with apt-get, as root", file=sys.stderr, flush=True
    )
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *PACKAGES]):
        command = ["apt-get", *arguments]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoChromiumError(
                f"no browser test has run: {' '.join(command)} failed: {done.stderr.strip()}"
            )
    return find()


def main() -> int:
    """Say which Chromium there is, installing one where that may be done; return 1 where there is none."""
    try:
        path = find_or_install()
    except NoChromiumError as error:
        print(f"test-browser: {error}", file=sys.stderr)
        return 1
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    print(f"test-browser: {version or path}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
