"""The contract as it is served; the page has tests of its own."""

import yaml

from plotting.gateway import Request
from plotting.page_routes import get_contract


def test_the_contract_is_served_as_yaml():
    answer = get_contract(None, Request("GET", "/openapi.yaml"), 0)

    assert answer.media_type == "application/yaml"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert yaml.safe_load(answer.body)["openapi"] == "3.1.0"


def test_whoever_has_the_contract_is_told_so():
    tag = get_contract(None, Request("GET", "/openapi.yaml"), 0).headers["ETag"]

    again = get_contract(None, Request("GET", "/openapi.yaml", headers={"if-none-match": tag}), 0)

    assert (again.status, again.body) == (304, "")
