"""Takes from one list of requirements what another one has: `requirements.py plotting.txt without base.txt`.

What the base image holds is not installed a second time above it. Runs in the image's builder, on the standard
library alone; the lists are those of `uv export`, one requirement with its hashes in indented lines below it.
"""

import sys
from pathlib import Path


def blocks(text: str) -> list[str]:
    """Return the requirements of a list, each with the lines of its hashes; comments are left out."""
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
    """Return the requirements of the first list that the second one has not."""
    there = set(blocks(present))
    return "".join(block for block in blocks(wanted) if block not in there)


if __name__ == "__main__":
    wanted, _, present = sys.argv[1:]
    sys.stdout.write(without(Path(wanted).read_text("utf-8"), Path(present).read_text("utf-8")))
