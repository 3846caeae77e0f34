from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, TAGS, blocks_of, pages, runnable, script_of

SHELLS = {"sh", "bash", "shell", "zsh"}
PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_says_what_it_is_and_commands_say_whether_they_can_be_run(page):
    for block in blocks_of(page):
        assert block.info, f"{block}: a block names its language (text, if it is none)"
        if block.info[0] in SHELLS:
            assert block.info[0] == "sh", f"{block}: commands are tagged sh"
            assert len(block.info) == 2, f"{block}: one tag of {', '.join(TAGS)}"
            assert block.info[1] in TAGS, f"{block}: {block.info[1]} is none of {', '.join(TAGS)}"


def test_the_readme_can_be_run_from_start_to_stop():
    commands = [line for block in runnable(ROOT / "README.md") for line in block.body.splitlines()]

    assert commands[0].startswith("make local-up")
    assert commands[1].startswith("make e2e")
    assert commands[-1] == "make local-down"


def test_blocks_are_found_with_their_line_and_their_words():
    text = "# Title\n\n```sh run\nmake help\n```\n\n  ```text\n  out\n  ```\n"

    first, second = blocks_of(ROOT / "page.md", text)

    assert (str(first), first.info, first.body) == ("page.md:3", ("sh", "run"), "make help\n")
    assert (second.line, second.info) == (7, ("text",))


def test_a_script_names_the_block_that_it_stopped_in():
    blocks = blocks_of(Path(ROOT / "page.md"), "```sh run\ntrue\n```\n```sh run\nfalse\n```\n")

    assert script_of(blocks).splitlines()[:2] == ["set -eu", "echo 'at page.md:1' >&2"]
    assert "echo 'at page.md:4' >&2" in script_of(blocks)


def test_every_make_target_that_a_page_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.partition(":")[0] for line in makefile.splitlines() if line[:1].isalpha() and ":" in line}

    for page in PAGES:
        for block in blocks_of(page):
            for line in block.body.splitlines() if block.info[:1] == ("sh",) else ():
                words = line.partition("#")[0].split()
                for at, word in enumerate(words[:-1]):
                    if word == "make" and at == 0:
                        target = next(
                            word for word in words[1:] if not word.startswith("-") and "=" not in word
                        )
                        assert target in targets, f"{block}: make {target}"
