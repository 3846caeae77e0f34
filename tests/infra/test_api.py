"""The API: every route signed, a browser's preflight answered, and one URL for it all."""

import json
import re
from importlib import resources

import pytest
import yaml

from plotting.routes import ROUTES
from tests.infra.templates import text

CONTRACT = yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text())
METHOD = "AWS::ApiGateway::Method"


def test_every_route_asks_for_a_signature_except_the_preflight(application):
    authorization = {method["HttpMethod"]: set() for method in application.all(METHOD)}
    for method in application.all(METHOD):
        authorization[method["HttpMethod"]].add(method["AuthorizationType"])

    assert authorization == {"GET": {"AWS_IAM"}, "POST": {"AWS_IAM"}, "OPTIONS": {"NONE"}}


def test_the_routes_are_those_of_the_service_and_of_its_contract(application):
    described = {(method.upper(), path) for path, methods in CONTRACT["paths"].items() for method in methods}
    served = {(method, path) for path, methods in ROUTES.items() for method in methods}

    assert {route for route in _routes(application) if route[0] != "OPTIONS"} == served == described


def test_what_a_page_of_another_origin_may_ask_for_has_a_preflight(application):
    preflights = {path for method, path in _routes(application) if method == "OPTIONS"}

    assert preflights == set(ROUTES) - {"/", "/openapi.yaml"}


def test_every_route_calls_plotting_and_may(application):
    name, _ = application.alias("plotting")
    permissions = application.all("AWS::Lambda::Permission")

    for method in application.all(METHOD):
        if method["HttpMethod"] != "OPTIONS":
            assert f"${{{name}}}" in text(method["Integration"]["Uri"])
    assert len(permissions) == 1
    assert {permission["Principal"] for permission in permissions} == {"apigateway.amazonaws.com"}
    assert all(permission["FunctionName"] == {"Ref": name} for permission in permissions)
    assert all("SourceArn" in permission for permission in permissions)


def test_the_preflight_is_answered_without_a_function(application):
    preflights = [method for method in application.all(METHOD) if method["HttpMethod"] == "OPTIONS"]

    for method in preflights:
        integration = method["Integration"]
        (answer,) = integration["IntegrationResponses"]
        headers = answer["ResponseParameters"]
        assert integration["Type"] == "MOCK"
        assert integration["ContentHandling"] == "CONVERT_TO_TEXT"
        assert headers["method.response.header.Access-Control-Allow-Origin"] == "'*'"
        assert set(headers) == set(method["MethodResponses"][0]["ResponseParameters"])


@pytest.mark.parametrize("header", ["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "Content-Type"])
def test_the_preflight_allows_the_headers_of_a_signature(application, header):
    (allowed,) = {
        method["Integration"]["IntegrationResponses"][0]["ResponseParameters"][
            "method.response.header.Access-Control-Allow-Headers"
        ]
        for method in application.all(METHOD)
        if method["HttpMethod"] == "OPTIONS"
    }

    assert header in allowed.strip("'").split(",")


def test_a_browser_may_read_why_it_was_refused(application):
    answers = {
        answer["ResponseType"]: answer for answer in application.all("AWS::ApiGateway::GatewayResponse")
    }

    assert set(answers) == {"DEFAULT_4XX", "DEFAULT_5XX"}
    for answer in answers.values():
        assert answer["ResponseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"


def test_a_picture_arrives_as_a_picture_whatever_the_client_accepts(application):
    assert "*/*" in application.one("AWS::ApiGateway::RestApi")["BinaryMediaTypes"]


def test_the_api_is_throttled_and_logs_no_bodies(application):
    (setting,) = application.one("AWS::ApiGateway::Stage")["MethodSettings"]

    assert (setting["HttpMethod"], setting["ResourcePath"]) == ("*", "/*")
    assert setting["ThrottlingRateLimit"] > 0
    assert setting["ThrottlingBurstLimit"] > 0
    assert setting["DataTraceEnabled"] is False


def test_every_request_is_logged_without_what_it_was_signed_with_asked_for_or_answered(application):
    log = application.one("AWS::ApiGateway::Stage")["AccessLogSetting"]
    logged = set(json.loads(log["Format"]).values())

    assert {"$context.status", "$context.identity.userArn", "$context.resourcePath"} <= logged
    assert not [
        field for field in logged if re.search(r"(?i)path$(?<!resourcePath)|header|query|body|key", field)
    ]
    (group,) = [name for name in application.ids("AWS::Logs::LogGroup") if name in str(log["DestinationArn"])]
    assert application.resources[group]["Properties"] == {"RetentionInDays": 30}


def test_api_gateway_may_write_logs_before_any_api_is_made(synth):
    registry = synth(target="prod")["RegistryStack"]
    (role,) = registry.ids("AWS::IAM::Role")
    (account,) = registry.ids("AWS::ApiGateway::Account")

    assert registry.resources[account]["Properties"]["CloudWatchRoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    assert {registry.resources[kept]["DeletionPolicy"] for kept in (role, account)} == {"Retain"}


def test_the_deployed_stage_holds_every_route_and_every_refusal(application):
    """A deployment is a copy: what is made after it is not served."""
    (deployment,) = application.ids("AWS::ApiGateway::Deployment")
    copied = set(application.resources[deployment]["DependsOn"])

    assert set(application.ids(METHOD)) <= copied
    assert set(application.ids("AWS::ApiGateway::GatewayResponse")) <= copied


@pytest.mark.parametrize("target", ["prod", "dev"])
def test_on_aws_the_url_is_the_stages(synth, target):
    application = synth(target=target)["LambdaStack"]

    api, stage = application.by_output("ApiId"), application.by_output("ApiStageName")
    url = text(application.body["Outputs"]["ApiUrl"]["Value"])
    assert url == (f"https://${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{stage}}}/")


def test_locally_the_url_is_localstacks_at_the_given_endpoint(synth):
    application = synth(target="local", endpoint="http://127.0.0.1:4999")["LambdaStack"]

    api, stage = application.by_output("ApiId"), application.by_output("ApiStageName")
    url = text(application.body["Outputs"]["ApiUrl"]["Value"])
    assert url == f"${{Endpoint}}/_aws/execute-api/${{{api}}}/${{{stage}}}/"
    assert application.body["Parameters"]["Endpoint"]["Default"] == "http://127.0.0.1:4999"


def test_the_driver_calls_the_url_that_a_person_is_told(application):
    variables = application.function("driver")[1]["Environment"]["Variables"]

    assert variables["API_URL"] == application.body["Outputs"]["ApiUrl"]["Value"]


def test_the_origin_that_may_read_the_answers_is_a_setting(synth):
    origin = "https://example.org"
    application = synth(target="prod", corsOrigin=origin)["LambdaStack"]
    text_of_template = json.dumps(application.body)

    assert application.function("plotting")[1]["Environment"]["Variables"]["CORS_ORIGIN"] == origin
    assert "'*'" not in text_of_template
    assert text_of_template.count(f"'{origin}'") == 2 + len(
        [method for method, _ in _routes(application) if method == "OPTIONS"]
    )


def _routes(application) -> set[tuple[str, str]]:
    return {
        (method["HttpMethod"], _path(application, method["ResourceId"])) for method in application.all(METHOD)
    }


def _path(application, resource_id) -> str:
    if "Ref" not in resource_id:
        return "/"
    resource = application.resources[resource_id["Ref"]]["Properties"]
    return f"{_path(application, resource['ParentId'])}/{resource['PathPart']}".replace("//", "/")
