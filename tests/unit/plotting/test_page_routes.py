"""The packed files: what is served, as what, and that nothing else can be had."""

import pytest
import yaml

from plotting import page_routes
from plotting.gateway import Request
from plotting.page_routes import get_asset, get_contract
from plotting.problems import ProblemError


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """Put a page of our own where the package's files are looked for."""
    assets = tmp_path / "page" / "assets"
    assets.mkdir(parents=True)
    (assets / "app.js").write_text("let ü;")
    (assets / "dot.png").write_bytes(b"\x89PNG")
    (assets / "notes.txt").write_text("not for the page")
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(page_routes.resources, "files", lambda _: tmp_path)
    page_routes._packed.cache_clear()
    yield
    page_routes._packed.cache_clear()


def asset(name, headers=None):
    return get_asset(None, Request("GET", f"/assets/{name}", headers=headers or {}), 0)


def test_a_file_is_served_as_what_it_is(packed):
    script, picture = asset("app.js"), asset("dot.png")

    assert (script.media_type, script.body) == ("text/javascript; charset=utf-8", "let ü;")
    assert (picture.media_type, picture.body) == ("image/png", b"\x89PNG")
    assert script.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_the_browser_has_is_not_sent_again(packed):
    first = asset("app.js")

    again = asset("app.js", {"if-none-match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, "")


@pytest.mark.parametrize(
    "name",
    ["none.js", "..", ".", "", "../../secret.js", "..%2f..%2fsecret.js", "notes.txt", "app", "app.js/"],
)
def test_nothing_else_is_served(packed, name):
    with pytest.raises(ProblemError, match="no-such-file"):
        asset(name)


def test_the_contract_is_served_as_yaml():
    page_routes._packed.cache_clear()

    answer = get_contract(None, Request("GET", "/openapi.yaml"), 0)

    assert answer.media_type == "application/yaml"
    assert yaml.safe_load(answer.body)["openapi"] == "3.1.0"
