"""The contract is a valid OpenAPI 3.1 document and agrees with the code."""

from importlib import metadata, resources

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from plotting import problems, ranges
from plotting.freshness import Freshness
from plotting.hierarchy import MAX_POINTS
from plotting.parameters import MAX_CURSOR_LENGTH, MAX_WINDOW_SECONDS, MIN_WINDOW_SECONDS
from plotting.parsing import HISTORY_FORMATS, MAX_BUCKETS, MAX_PREFIXES, MAX_SAMPLES, ORDERS, PLOT_FORMATS
from plotting.queues import Backlog, Depth
from plotting.routes import ROUTES
from size_history.keys import VALID_BUCKET_NAME
from size_history.rollups import Unit
from size_history.sources import BucketStatus, Status

CONTRACT = yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text())
SCHEMAS = CONTRACT["components"]["schemas"]
OPERATIONS = [operation for methods in CONTRACT["paths"].values() for operation in methods.values()]
KINDS = [kind for kind in vars(problems).values() if isinstance(kind, problems.Kind)]


def test_the_contract_is_valid_openapi():
    OpenAPIV31SpecValidator(CONTRACT).validate()


def test_the_contract_has_the_version_of_the_service():
    assert CONTRACT["info"]["version"] == metadata.version("plotting")


def test_every_problem_of_the_code_is_in_the_contract():
    assert {kind.uri for kind in KINDS} == set(SCHEMAS["Problem"]["properties"]["type"]["enum"])


def test_the_routes_of_the_contract_and_of_the_table_are_the_same():
    described = {path: {method.upper() for method in methods} for path, methods in CONTRACT["paths"].items()}

    assert described == {path: set(methods) for path, methods in ROUTES.items()}


def test_every_operation_lists_the_refusals_of_api_gateway_and_the_failure_of_the_service():
    for operation in OPERATIONS:
        assert {"403", "429", "500"} <= set(operation["responses"])


def test_every_answer_about_a_bucket_lists_every_header_of_its_freshness():
    unknown = Depth(None, "no answer")
    deaf = BucketStatus(Status.DEAF, 0, "switched off")
    sent = set(Freshness(0, Backlog(None, None, "no answer"), unknown, unknown, deaf).headers())
    listed = [set(operation["responses"]["200"].get("headers", ())) for operation in OPERATIONS]

    about_a_bucket = [headers for headers in listed if "Tidemark-State" in headers]
    assert len(about_a_bucket) == 7
    assert all(sent <= headers for headers in about_a_bucket)
    of_all = set(CONTRACT["paths"]["/buckets"]["get"]["responses"]["200"]["headers"])
    assert {header for header in sent if "State" not in header} <= of_all


def test_the_states_of_the_contract_are_those_of_the_code():
    in_header = CONTRACT["components"]["headers"]["State"]["schema"]["enum"]

    assert set(in_header) == set(SCHEMAS["State"]["enum"]) == set(Status)


def test_the_values_that_a_parameter_takes_are_those_of_the_code():
    assert _enum("/plot", "format") == PLOT_FORMATS
    assert _enum("/history", "format") == HISTORY_FORMATS
    assert _enum("/history", "order") == ORDERS


def test_the_bounds_of_a_page_are_those_of_the_code():
    parameters = CONTRACT["components"]["parameters"]

    assert _parameter("/history", "limit")["schema"]["maximum"] == MAX_SAMPLES
    assert _parameter("/prefixes", "limit")["schema"]["maximum"] == MAX_PREFIXES
    assert _parameter("/buckets", "limit")["schema"]["maximum"] == MAX_BUCKETS
    assert SCHEMAS["Prefixes"]["properties"]["prefixes"]["maxItems"] == MAX_PREFIXES
    assert SCHEMAS["Buckets"]["properties"]["buckets"]["maxItems"] == MAX_BUCKETS
    assert parameters["cursor"]["schema"]["maxLength"] == MAX_CURSOR_LENGTH


def test_the_bounds_of_a_window_are_those_of_the_code():
    window = CONTRACT["components"]["parameters"]["window"]["schema"]
    in_body = SCHEMAS["PlotRequest"]["properties"]["window"]

    assert (window["minimum"], window["maximum"]) == (MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS)
    assert window == in_body


def test_the_limits_of_points_are_those_of_the_code():
    (_, data) = SCHEMAS["PlotData"]["allOf"]
    said = data["properties"]["unit"]

    assert f"at most {ranges.MAX_SAMPLES:,} samples" in said["description"]
    assert f"most {MAX_POINTS:,} in" in said["description"]
    assert said["enum"] == ["sample", *Unit]


@pytest.mark.parametrize(
    "name",
    [
        "abc",
        "a-b",
        "1.2.3",
        "My_Bucket",
        "a..b",
        "-ab.",
        "a" * 255,
        "ab",
        "a" * 256,
        "a/b",
        "a#b",
        "a b",
        "füb",
    ],
)
def test_a_buckets_name_is_the_same_to_the_contract_and_to_the_code(name):
    schema = SCHEMAS["BucketName"]
    fits = Draft202012Validator(schema).is_valid(name)

    assert fits == bool(VALID_BUCKET_NAME.fullmatch(name))


def _parameter(path, name):
    (parameter,) = [
        parameter
        for parameter in CONTRACT["paths"][path]["get"]["parameters"]
        if parameter.get("name") == name
    ]
    return parameter


def _enum(path, name):
    return tuple(_parameter(path, name)["schema"]["enum"])
