"""The contract is a valid OpenAPI 3.1 document, and says what the code does."""

import re
from importlib import metadata, resources

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from plotting import problems
from plotting.cursor import LONGEST
from plotting.parameters import _BUCKET, LONGEST_WINDOW_SECONDS, SHORTEST_WINDOW_SECONDS
from plotting.parsing import (
    HISTORY_FORMATS,
    MOST_ENTRIES_OF_A_PAGE,
    MOST_SAMPLES_OF_A_PAGE,
    ORDERS,
    PLOT_FORMATS,
)
from plotting.routes import ROUTES
from plotting.thinning import MOST_SAMPLES

CONTRACT = yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text())
SCHEMAS = CONTRACT["components"]["schemas"]
KINDS = [kind for kind in vars(problems).values() if isinstance(kind, problems.Kind)]


def test_the_contract_is_valid_openapi():
    OpenAPIV31SpecValidator(CONTRACT).validate()


def test_the_contract_has_the_version_of_the_service():
    assert CONTRACT["info"]["version"] == metadata.version("plotting")


def test_every_problem_of_the_code_is_in_the_contract():
    assert {kind.uri for kind in KINDS} == set(SCHEMAS["Problem"]["properties"]["type"]["enum"])


def test_every_route_of_the_code_is_in_the_contract():
    described = {path: {method.upper() for method in methods} for path, methods in CONTRACT["paths"].items()}

    assert described == {path: set(methods) for path, methods in ROUTES.items()}


def test_the_values_that_a_parameter_takes_are_those_of_the_code():
    assert _enum("/plot", "format") == PLOT_FORMATS
    assert _enum("/history", "format") == HISTORY_FORMATS
    assert _enum("/history", "order") == ORDERS


def test_the_bounds_of_a_page_are_those_of_the_code():
    parameters = CONTRACT["components"]["parameters"]

    assert _parameter("/history", "limit")["schema"]["maximum"] == MOST_SAMPLES_OF_A_PAGE
    assert parameters["limit"]["schema"]["maximum"] == MOST_ENTRIES_OF_A_PAGE
    assert parameters["cursor"]["schema"]["maxLength"] == LONGEST


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


def _parameter(path, name):
    (parameter,) = [
        parameter
        for parameter in CONTRACT["paths"][path]["get"]["parameters"]
        if parameter.get("name") == name
    ]
    return parameter


def _enum(path, name):
    return tuple(_parameter(path, name)["schema"]["enum"])
