"""The page that is served is made from its sources and the npm lock, and its sources pass their linter and tests."""

import shutil

import pytest

from tidemark.errors import CommandError
from tidemark.page import pack


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Copy the page's sources, and let the command pack and check the copy."""
    copy = tmp_path / "page"
    shutil.copytree(pack.SOURCES, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(pack.install())
    monkeypatch.setattr(pack, "SOURCES", copy)
    return copy


def test_the_committed_page_is_packed_from_its_sources_which_pass_their_linter_and_tests():
    assert pack.command(check=True) == 0


def test_a_change_of_the_sources_is_a_change_of_the_page(sources):
    markup = sources / "src" / "page.html"
    markup.write_text(markup.read_text().replace("Latest changes", "Older changes"))

    with pytest.raises(CommandError, match=r"index\.html is not what its sources give"):
        pack.command(check=True)


def test_a_finding_of_the_linter_fails_the_check(sources):
    (sources / "src" / "finding.js").write_text("var unused = 1;\n")

    with pytest.raises(CommandError, match="eslint has findings") as raised:
        pack.command(check=True)

    assert "no-unused-vars" in raised.value.details
