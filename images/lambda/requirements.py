"""Subtracts one list of requirements from another: `requirements.py plotting.txt without base.txt`.

Packages of the base image are not installed a second time. The lists come from `uv export`: each requirement is followed
by indented lines with its hashes. The script runs in the image's builder, with only the standard library.
"""

import sys
from pathlib import Path


def blocks(text: str) -> list[str]:
    """Return the requirements of a list without comments, each with the lines of its hashes."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            found[-1] += line
        else:
            found.append(line)
    return found


def without(wanted: str, present: str) -> str:
    """Return the requirements of the first list that the second one lacks."""
    known = set(blocks(present))
    return "".join(block for block in blocks(wanted) if block not in known)


if __name__ == "__main__":
    wanted, _, present = sys.argv[1:]
    sys.stdout.write(without(Path(wanted).read_text("utf-8"), Path(present).read_text("utf-8")))
