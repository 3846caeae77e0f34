import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, TAGS, blocks_of, pages, prose_of, runnable, script_of
from tidemark.cli import COMMANDS

SHELLS = {"sh", "bash", "shell", "zsh"}
PAGES = pages()
HISTORICAL = {"docs/transcript.md", "CHANGELOG.md"}
"""Generated from an older commit, or about older versions: they may name what is gone."""


def name_of(page):
    return str(page.relative_to(ROOT))


def current_pages():
    return [page for page in PAGES if name_of(page) not in HISTORICAL]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is_and_commands_say_whether_they_can_be_run(page):
    for block in blocks_of(page):
        assert block.info, f"{block}: a block names its language (text, if it has none)"
        if block.info[0] in SHELLS:
            assert block.info[0] == "sh", f"{block}: commands are tagged sh"
            assert len(block.info) == 2, f"{block}: one tag of {', '.join(TAGS)}"
            assert block.info[1] in TAGS, f"{block}: {block.info[1]} is not one of {', '.join(TAGS)}"


@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=name_of)
def test_a_page_can_be_run_from_start_to_stop(page):
    commands = [line for block in runnable(page) for line in block.body.splitlines()]

    assert commands[0].startswith("make local-up")
    assert commands[-1].startswith("make local-down")


def test_the_readme_runs_the_main_job():
    commands = [line for block in runnable(ROOT / "README.md") for line in block.body.splitlines()]

    assert commands[1].startswith("make e2e")


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_readme_has_the_times_of_the_transcript():
    transcript = (ROOT / "docs" / "transcript.md").read_text(encoding="utf-8")
    cold, warm = re.search(r"\*\*(\d+ s)\*\* cold, (\d+ s) warm", transcript).groups()

    times = next(line for line in prose_of(ROOT / "README.md").splitlines() if line.startswith("| time |"))

    assert f" {cold} from clone" in times
    assert f" {warm} the next time" in times


def test_blocks_are_found_with_their_line_and_their_words():
    text = "# Title\n\n```sh run\nmake help\n```\n\n  ```text\n  out\n  ```\n"

    first, second = blocks_of(ROOT / "page.md", text)

    assert (str(first), first.info, first.body) == ("page.md:3", ("sh", "run"), "make help\n")
    assert (second.line, second.info) == (7, ("text",))


def test_a_script_names_the_block_that_it_stopped_in():
    blocks = blocks_of(Path(ROOT / "page.md"), "```sh run\ntrue\n```\n```sh run\nfalse\n```\n")

    assert script_of(blocks).splitlines()[:2] == ["set -eu", "echo 'at page.md:1' >&2"]
    assert "echo 'at page.md:4' >&2" in script_of(blocks)


def commands_in(page):
    """Yield the commands of a page, one list of words each: lines of sh blocks, and code in its prose."""
    for block in blocks_of(page):
        if block.info[:1] == ("sh",):
            yield from (line.partition("#")[0].split() for line in block.body.splitlines())
    yield from (code.split() for code in re.findall(r"`([^`\n]+)`", prose_of(page)))


def targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {line.partition(":")[0] for line in makefile.splitlines() if line[:1].isalpha() and ":" in line}


@pytest.mark.parametrize("page", current_pages(), ids=name_of)
def test_every_make_target_that_a_page_names_exists(page):
    for words in commands_in(page):
        if "make" in words[:2]:
            after = words[words.index("make") + 1 :]
            named = {word for word in after if re.fullmatch(r"[a-z][a-z0-9-]*", word)}
            assert named <= targets(), " ".join(words)


def test_every_make_target_that_a_source_names_exists():
    found = subprocess.run(
        ["git", "grep", "-hoE", "`make [a-z][a-z0-9-]*", "--", *(f":!{name}" for name in HISTORICAL)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert {line.split()[1] for line in found.splitlines()} <= targets()


@pytest.mark.parametrize("page", current_pages(), ids=name_of)
def test_every_command_that_a_page_names_exists(page):
    known = {name for commands in COMMANDS.values() for name in commands}

    for words in commands_in(page):
        if words and words[0] in {"tidemark", ".venv/bin/tidemark"}:
            named = [word for word in words[1:2] if re.fullmatch(r"[a-z][a-z0-9-]*", word)]
            assert set(named) <= known, " ".join(words)
