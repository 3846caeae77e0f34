"""The API: its routes are the contract's, every route is signed, a browser's preflight is answered, one URL."""

import json
import re
from importlib import resources

import pytest
import yaml
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from infra_cdk import api
from infra_cdk.app import build
from plotting.routes import ROUTES
from tests.infra import templates
from tests.infra.templates import text
from tidemark.local.deployment.templates import stacks_of

METHOD = "AWS::ApiGateway::Method"


def test_every_route_asks_for_a_signature_except_the_preflight(application):
    authorization = {
        (method["HttpMethod"] == "OPTIONS", method["AuthorizationType"]) for method in application.all(METHOD)
    }

    assert authorization == {(False, "AWS_IAM"), (True, "NONE")}


def test_the_routes_are_those_of_the_service(application):
    served = {(method, path) for path, methods in ROUTES.items() for method in methods}

    assert {route for route in _routes(application) if route[0] != "OPTIONS"} == served


def test_the_contract_is_the_one_that_plotting_serves():
    assert api.CONTRACT.read_text() == (resources.files("plotting") / "openapi.yaml").read_text()


def test_a_path_added_to_the_contract_becomes_a_signed_route_of_the_deployed_api(tmp_path, monkeypatch):
    contract = yaml.safe_load(api.CONTRACT.read_text())
    contract["paths"]["/growth/{prefix}"] = {"summary": "Growth", "parameters": [], "get": {}, "delete": {}}
    monkeypatch.setattr(api, "CONTRACT", tmp_path / "openapi.yaml")
    api.CONTRACT.write_text(yaml.safe_dump(contract))

    build({"target": "local"}, outdir=str(tmp_path)).synth()

    application = templates.Stack.of(stacks_of(tmp_path)[1])
    added = [route for route in _routes(application) if route[1] == "/growth/{prefix}"]
    served = {(method, path) for path, methods in ROUTES.items() for method in methods}
    assert sorted(added) == [(method, "/growth/{prefix}") for method in ("DELETE", "GET", "OPTIONS")]
    assert served < _routes(application)
    test_every_route_asks_for_a_signature_except_the_preflight(application)
    test_every_route_calls_plotting_and_may(application)
    test_the_deployed_stage_holds_every_route_and_every_refusal(application)


def test_a_grant_names_a_route_of_the_contract_and_no_other():
    stack = Stack(App(), "Stack")
    function = lambda_.Function.from_function_name(stack, "Function", "plotting")
    made = api.Api(stack, "Api", function=function, cors_origin="*")

    assert made.route_arn("GET", "/size")
    for method, path in (("POST", "/size"), ("GET", "/sizes")):
        with pytest.raises(ValueError, match=f"openapi.yaml has no {method} {path}"):
            made.route_arn(method, path)


def test_what_a_page_of_another_origin_may_ask_for_has_a_preflight(application):
    preflights = {path for method, path in _routes(application) if method == "OPTIONS"}

    assert preflights == set(ROUTES) - {"/", "/openapi.yaml"}


def test_every_route_calls_plotting_and_may(application):
    name, _ = application.alias("plotting")

    for method in application.all(METHOD):
        if method["HttpMethod"] != "OPTIONS":
            assert f"${{{name}}}" in text(method["Integration"]["Uri"])
    (permission,) = application.all("AWS::Lambda::Permission")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["FunctionName"] == {"Ref": name}
    assert text(permission["SourceArn"]).endswith("/*/*/*")


def origin(target) -> str:
    """Return whose pages may read the answers, if no setting says it."""
    return "${Endpoint}" if target == "local" else "*"


def test_the_preflight_is_answered_without_a_function(application, target):
    for method in _preflights(application):
        integration = method["Integration"]
        (answer,) = integration["IntegrationResponses"]
        headers = answer["ResponseParameters"]
        assert integration["Type"] == "MOCK"
        assert integration["ContentHandling"] == "CONVERT_TO_TEXT"
        assert text(headers["method.response.header.Access-Control-Allow-Origin"]) == f"'{origin(target)}'"
        assert set(headers) == set(method["MethodResponses"][0]["ResponseParameters"])


@pytest.mark.parametrize("header", ["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "Content-Type"])
def test_the_preflight_allows_the_headers_of_a_signature(application, header):
    for method in _preflights(application):
        headers = method["Integration"]["IntegrationResponses"][0]["ResponseParameters"]
        allowed = headers["method.response.header.Access-Control-Allow-Headers"]
        assert header in allowed.strip("'").split(",")


def test_a_browser_may_read_why_it_was_refused(application, target):
    answers = {
        answer["ResponseType"]: answer["ResponseParameters"]
        for answer in application.all("AWS::ApiGateway::GatewayResponse")
    }

    assert set(answers) == {"DEFAULT_4XX", "DEFAULT_5XX"}
    for headers in answers.values():
        assert {name: text(value) for name, value in headers.items()} == {
            "gatewayresponse.header.Access-Control-Allow-Origin": f"'{origin(target)}'"
        }


def test_the_local_api_which_asks_for_no_signature_is_read_by_its_own_pages_only(synth):
    """Any page that a developer has open could otherwise read the names of the local bucket's keys."""
    application = synth(target="local", endpoint="http://127.0.0.1:4999")["LambdaStack"]

    variables = application.function("plotting")[1]["Environment"]["Variables"]

    assert variables["CORS_ORIGIN"] == {"Ref": "Endpoint"}
    assert _addresses(application)[0].startswith("${Endpoint}/")
    assert "'*'" not in json.dumps(application.body)


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
    """A deployment is a copy of the API, so a route that is made after it is not served."""
    (deployment,) = application.ids("AWS::ApiGateway::Deployment")
    copied = set(application.resources[deployment]["DependsOn"])

    assert set(application.ids(METHOD)) <= copied
    assert set(application.ids("AWS::ApiGateway::GatewayResponse")) <= copied


def test_on_aws_the_url_is_the_stages(synth, aws_target):
    url, api_id, stage = _addresses(synth(target=aws_target)["LambdaStack"])

    assert url == f"https://${{{api_id}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{stage}}}/"


def test_locally_the_url_is_localstacks_at_the_given_endpoint(synth):
    application = synth(target="local", endpoint="http://127.0.0.1:4999")["LambdaStack"]
    url, api_id, stage = _addresses(application)

    assert url == f"${{Endpoint}}/_aws/execute-api/${{{api_id}}}/${{{stage}}}/"
    assert application.body["Parameters"]["Endpoint"]["Default"] == "http://127.0.0.1:4999"


def test_the_driver_calls_the_url_that_a_person_is_told(application):
    variables = application.function("driver")[1]["Environment"]["Variables"]

    assert variables["API_URL"] == application.body["Outputs"]["ApiUrl"]["Value"]


def test_the_origin_that_may_read_the_answers_is_a_setting(synth, target):
    origin = "https://example.org"
    application = synth(target=target, corsOrigin=origin)["LambdaStack"]
    text_of_template = json.dumps(application.body)

    assert application.function("plotting")[1]["Environment"]["Variables"]["CORS_ORIGIN"] == origin
    assert "'*'" not in text_of_template
    assert text_of_template.count(f"'{origin}'") == 2 + len(_preflights(application))


def _preflights(application) -> list[dict]:
    return [method for method in application.all(METHOD) if method["HttpMethod"] == "OPTIONS"]


def _addresses(application) -> tuple[str, str, str]:
    """Return the API's URL, its id and its stage."""
    url = text(application.body["Outputs"]["ApiUrl"]["Value"])
    return url, application.by_output("ApiId"), application.by_output("ApiStageName")


def _routes(application) -> set[tuple[str, str]]:
    return {
        (method["HttpMethod"], _path(application, method["ResourceId"])) for method in application.all(METHOD)
    }


def _path(application, resource_id) -> str:
    if "Ref" not in resource_id:
        return "/"
    resource = application.resources[resource_id["Ref"]]["Properties"]
    return f"{_path(application, resource['ParentId'])}/{resource['PathPart']}".replace("//", "/")
