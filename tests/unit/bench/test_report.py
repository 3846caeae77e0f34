"""A benchmark rewrites its own section of a page and nothing else."""

import pytest

from tests.bench.report import MarkerError, replaced, section_of, table, write_section

PAGE = "# Figures\n\nby hand\n\n<!-- a: begin -->\nold\n<!-- a: end -->\n\nmore by hand\n"


def test_a_section_is_replaced_and_the_rest_stays():
    page = replaced(PAGE, "a", "new\n")

    assert page == PAGE.replace("old", "new")


def test_a_new_section_goes_to_the_end():
    page = replaced(PAGE, "b", "first")

    assert page == PAGE + "\n<!-- b: begin -->\nfirst\n<!-- b: end -->\n"
    assert (section_of(page, "a"), section_of(page, "b"), section_of(page, "c")) == ("old", "first", None)


@pytest.mark.parametrize(
    "page", [PAGE.replace("<!-- a: end -->", ""), PAGE + PAGE], ids=["unclosed", "twice"]
)
def test_a_page_with_broken_markers_is_not_touched(tmp_path, page):
    file = tmp_path / "page.md"
    file.write_text(page)

    with pytest.raises(MarkerError, match="'a'"):
        write_section("a", "new", file)

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page.md", page)]


def test_a_page_begins_with_what_it_is(tmp_path):
    file = tmp_path / "docs" / "page.md"

    write_section("a", "text", file)
    write_section("a", "other", file)

    assert file.read_text().startswith("# Benchmarks\n")
    assert section_of(file.read_text(), "a") == "other"


def test_a_table_aligns_the_columns_that_are_marked():
    text = table(("name", "bytes:"), [("a", 1), ("b", "2.0")])

    assert text == "| name | bytes |\n|---|---:|\n| a | 1 |\n| b | 2.0 |"
