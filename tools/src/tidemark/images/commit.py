"""The commit that images are made from, and whether the files are those of the commit."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tidemark.errors import CommandError


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's full hash, and the paths in the working tree that differ from it (untracked ones included)."""

    sha: str
    changed: tuple[str, ...] = ()

    def require_clean(self) -> None:
        """Raise CommandError, naming some paths, unless the files are exactly those of the commit."""
        if self.changed:
            shown = ", ".join(self.changed[:3]) + (", …" if len(self.changed) > 3 else "")
            raise CommandError(
                f"{len(self.changed)} paths differ from commit {self.sha[:12]} ({shown}): commit or remove them; "
                "a pushed image is made from a commit"
            )


def head(root: Path) -> Commit:
    """Return the commit that is checked out at `root`. Raises CommandError if there is none."""
    status = _git(root, "status", "--porcelain", "--untracked-files=all")
    return Commit(_git(root, "rev-parse", "HEAD").strip(), tuple(line[3:] for line in status.splitlines()))


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise CommandError(
            f"git cannot be run ({error.strerror}): install it (Debian, Ubuntu: apt install git)"
        ) from error
    if done.returncode:
        raise CommandError(f"git {arguments[0]} failed in {root}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout
