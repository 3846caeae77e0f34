"""The contract is a valid OpenAPI 3.1 document, and says what the code does."""

import re
from importlib import resources

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from plotting import problems
from plotting.parsing import _BUCKET, LONGEST_WINDOW_SECONDS, SHORTEST_WINDOW_SECONDS
from plotting.thinning import MOST_SAMPLES

CONTRACT = yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text())
SCHEMAS = CONTRACT["components"]["schemas"]
KINDS = [kind for kind in vars(problems).values() if isinstance(kind, problems.Kind)]


def test_the_contract_is_valid_openapi():
    OpenAPIV31SpecValidator(CONTRACT).validate()


def test_every_problem_of_the_code_is_in_the_contract():
    assert {kind.uri for kind in KINDS} <= set(SCHEMAS["Problem"]["properties"]["type"]["enum"])


def test_the_bounds_of_a_window_are_those_of_the_code():
    window = CONTRACT["components"]["parameters"]["window"]["schema"]
    in_body = SCHEMAS["PlotRequest"]["properties"]["window"]

    assert (window["minimum"], window["maximum"]) == (SHORTEST_WINDOW_SECONDS, LONGEST_WINDOW_SECONDS)
    assert window == in_body


def test_the_most_points_are_those_of_the_code():
    (_, data) = SCHEMAS["PlotData"]["allOf"]

    assert data["properties"]["points"]["maxItems"] == MOST_SAMPLES


@pytest.mark.parametrize(
    "name",
    ["abc", "a-b", "a.b", "a" * 63, "1.2.3", "ab", "a" * 64, "a..b", ".ab", "ab.", "-ab", "a-.b", "Abc"],
)
def test_a_buckets_name_is_the_same_to_the_contract_and_to_the_code(name):
    schema = SCHEMAS["BucketName"]
    fits = schema["minLength"] <= len(name) <= schema["maxLength"] and re.search(schema["pattern"], name)

    assert bool(fits) == bool(_BUCKET.fullmatch(name))
