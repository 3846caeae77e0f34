"""The code blocks of the documentation: where each is, its language, and how its commands are tagged.

Commands (`sh`) carry one of four tags: `run` (a test runs it unchanged, in the order of its page), `blocking` (it runs until
it is interrupted, or for many minutes), `aws` (it needs an account), `example` (it has a placeholder for the reader to fill in).
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TAGS = ("run", "blocking", "aws", "example")
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, its first line, the words after its fence, and its text."""

    page: Path
    line: int
    info: tuple[str, ...]
    body: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every Markdown page that git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.splitlines()]


def prose_of(page: Path) -> str:
    """Return a page without its code blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks_of(page: Path, text: str | None = None) -> list[Block]:
    """Return the blocks of a page, in order."""
    text = page.read_text(encoding="utf-8") if text is None else text
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, tuple(found["info"].split()), found["body"])
        for found in _FENCE.finditer(text)
    ]


def runnable(page: Path) -> list[Block]:
    """Return the blocks of a page that are tagged `run`."""
    return [block for block in blocks_of(page) if block.info == ("sh", "run")]


def script_of(blocks: list[Block]) -> str:
    """Return one shell script of all blocks. On stderr, the last line that begins with `at ` names the block that ran last."""
    lines = ["set -eu"]
    for block in blocks:
        lines += [f"echo 'at {block}' >&2", block.body]
    return "\n".join(lines)
