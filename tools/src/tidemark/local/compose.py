"""Which command Docker Compose is on this machine.

Used on a bare Python (standard library only), before anything is installed.
"""

import shutil
import subprocess
from collections.abc import Mapping

from tidemark.errors import CommandError

_ANSWER_SECONDS = 30


def command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return Compose's command: `docker compose` (2), or `docker-compose` (1.29). CommandError without either."""
    for words in (("docker", "compose"), ("docker-compose",)):
        program = shutil.which(words[0], path=environ.get("PATH"))
        if program and _runs((program, *words[1:], "version"), environ):
            return words
    raise CommandError("there is no docker compose: install docker-compose-plugin, or docker-compose 1.29")


def _runs(words: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    try:
        done = subprocess.run(
            words, env=dict(environ), capture_output=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
