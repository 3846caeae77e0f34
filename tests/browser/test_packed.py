"""The page that is served is the one that its sources and the npm lock give."""

from tidemark.page import pack


def test_the_committed_page_is_what_its_sources_give():
    assert pack.is_packed(), "run make page"


def test_a_change_of_the_sources_is_a_change_of_the_page(tmp_path, monkeypatch):
    other = tmp_path / "index.html"
    other.write_bytes(pack.PACKED.read_bytes().replace(b"Latest changes", b"Older changes", 1))
    monkeypatch.setattr(pack, "PACKED", other)

    assert not pack.is_packed()


def test_the_tests_of_its_parts_pass():
    assert pack.node_tests() == 0
