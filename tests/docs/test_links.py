"""Links and file names in the documentation lead somewhere."""

import re
from urllib.parse import unquote

import pytest

from tests.docs.blocks import ROOT, pages, prose_of
from tests.docs.test_blocks import current_pages, name_of

PAGES = pages()
LINK = re.compile(r"\[(?:[^\]]|\n)*?\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (?P<text>.*)$", re.MULTILINE)
FILE = re.compile(r"`(?P<path>(?:docs|images|infra_cdk|services|tests|tools|\.ci|\.github)/[\w./-]+)`")


def targets_of(page):
    """Return what a page links to in this repository: paths as written and anchors."""
    found = [match["target"] for match in LINK.finditer(prose_of(page))]
    return [target for target in found if "://" not in target]


def anchors_of(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    anchors = set()
    for match in HEADING.finditer(prose_of(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match["text"]).lower()
        anchors.add(re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-"))
    return anchors


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(page):
    for target in targets_of(page):
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target}: no such file"
        if anchor and file.suffix == ".md":
            assert anchor in anchors_of(file), f"{target}: no such heading"


@pytest.mark.parametrize("page", current_pages(), ids=name_of)
def test_every_file_that_a_page_names_exists(page):
    for match in FILE.finditer(prose_of(page)):
        assert (ROOT / match["path"]).exists(), match["path"]


def test_links_are_found_also_when_their_text_is_on_two_lines(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`: c?\n\nsee [the\ndecisions](decisions/) and ![x](y.svg), [web](https://example.org)\n"
    )

    assert targets_of(page) == ["decisions/", "y.svg"]
    assert anchors_of(page) == {"a-b-c"}


def test_every_decision_is_in_the_list_of_decisions():
    directory = ROOT / "docs" / "decisions"

    listed = targets_of(directory / "README.md")

    assert listed == sorted(page.name for page in directory.glob("0*.md"))
