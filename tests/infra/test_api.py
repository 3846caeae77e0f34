"""The API: every route signed, a browser's preflight answered, and one URL for it all."""

import pytest

from tests.infra.templates import text

METHOD = "AWS::ApiGateway::Method"


def test_every_route_asks_for_a_signature_except_the_preflight(application):
    authorization = {method["HttpMethod"]: set() for method in application.all(METHOD)}
    for method in application.all(METHOD):
        authorization[method["HttpMethod"]].add(method["AuthorizationType"])

    assert authorization == {"GET": {"AWS_IAM"}, "POST": {"AWS_IAM"}, "OPTIONS": {"NONE"}}


def test_the_routes_are_plot_and_health(application):
    assert _routes(application) == {
        ("GET", "plot"),
        ("POST", "plot"),
        ("GET", "health"),
        ("OPTIONS", "plot"),
        ("OPTIONS", "health"),
    }


def test_every_route_calls_plotting_and_may(application):
    name, _ = application.function("plotting")
    permissions = application.all("AWS::Lambda::Permission")

    for method in application.all(METHOD):
        if method["HttpMethod"] != "OPTIONS":
            assert f"${{{name}.Arn}}" in text(method["Integration"]["Uri"])
    assert len(permissions) == 3
    assert {permission["Principal"] for permission in permissions} == {"apigateway.amazonaws.com"}
    assert all(permission["FunctionName"] == {"Fn::GetAtt": [name, "Arn"]} for permission in permissions)
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


def _routes(application) -> set[tuple[str, str]]:
    return {
        (method["HttpMethod"], application.resources[method["ResourceId"]["Ref"]]["Properties"]["PathPart"])
        for method in application.all(METHOD)
    }
