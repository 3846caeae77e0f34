"""Makes a clean repository from the files of this one, because only a commit can be pushed."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_AUTHOR = ("-c", "user.name=Tests", "-c", "user.email=tests@example.invalid", "-c", "commit.gpgsign=false")


def make(directory: Path) -> Path:
    """Copy all files that git does not ignore into a new repository with one commit, and return its root."""
    listed = _git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    _git(directory, "init", "--quiet")
    commit(directory, "Everything")
    return directory


def commit(root: Path, message: str) -> str:
    """Commit everything and return the commit's hash."""
    _git(root, "add", "--all")
    _git(root, *_AUTHOR, "commit", "--quiet", "--allow-empty", "--message", message)
    return head(root)


def head(root: Path) -> str:
    """Return the hash of the current commit."""
    return _git(root, "rev-parse", "HEAD").strip()


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout
