"""The REST API in front of plotting. It reads its routes from plotting's contract, so a new route needs no change here."""

import json
from pathlib import Path

import yaml
from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.nag_suppressions import suppress
from size_history.budgets import GATEWAY_SECONDS

CONTRACT = Path(__file__).resolve().parents[1] / "services/plotting/src/plotting/openapi.yaml"
STAGE = "v1"
SAME_ORIGIN = ("/", "/openapi.yaml")
"""Paths without a preflight: only pages of the API's own origin read them."""

_METHODS = ("get", "head", "post", "put", "patch", "delete")
_ORIGIN = "Access-Control-Allow-Origin"
# API Gateway takes a text in quotes as a constant. Browsers need no list of methods for GET, HEAD and POST.
_PREFLIGHT = {
    "method.response.header.Access-Control-Allow-Headers": (
        "'Authorization,Content-Type,If-None-Match,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token'"
    ),
    "method.response.header.Access-Control-Max-Age": "'3600'",
}
# No header, query or body: signatures and session tokens travel in headers and queries.
_ACCESS_LOG_FIELDS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "caller": "$context.identity.userArn",
    "sourceIp": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "functionError": "$context.integration.error",
    "refusal": "$context.error.responseType",
}
_NAG_SUPPRESSIONS = {
    "COG4": "every route but the preflight asks for an AWS signature: callers are roles, not users of a pool",
    "APIG2": "plotting checks every request and says what is wrong with it, as problem+json",
    "APIG3": "only signed requests get through, and they are throttled; a firewall costs more than all else",
    "APIG6": "the access log and the function's tell all; the execution log would hold queries and headers",
}


def routes_of(contract: Path) -> dict[str, list[str]]:
    """Return the methods of each path in an OpenAPI document. The document's order does not matter."""
    paths = yaml.safe_load(contract.read_text(encoding="utf-8"))["paths"]
    return {
        path: sorted(method.upper() for method in operations if method in _METHODS)
        for path, operations in sorted(paths.items())
    }


class Api(Construct):
    """A REST API (v1). Every route needs an AWS signature, except a browser's preflight.

    Pages of `cors_origin` may read the answers: `https://example.org`, or `*` for any origin.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, cors_origin: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._routes = routes_of(CONTRACT)
        self.api = self._rest_api()
        integration = apigateway.LambdaIntegration(
            function,
            timeout=Duration.seconds(GATEWAY_SECONDS),
            scope_permission_to_method=False,  # one permission for the whole API
        )
        for path, methods in self._routes.items():
            resource = self.api.root.resource_for_path(path)
            for method in methods:
                resource.add_method(method, integration)
            if path not in SAME_ORIGIN:
                _answer_preflight(resource, cors_origin)
        self._open_refusals_to_browsers(cors_origin)
        for rule, reason in _NAG_SUPPRESSIONS.items():
            suppress(self.api, rule, reason=reason)

    @property
    def stage(self) -> str:
        """The name of the deployed stage."""
        return self.api.deployment_stage.stage_name

    def url(self, endpoint: str | None) -> str:
        """Return the stage's URL, ending in `/`: on AWS, or on the LocalStack at the endpoint."""
        if endpoint is None:
            return self.api.url
        return f"{endpoint}/_aws/execute-api/{self.api.rest_api_id}/{self.stage}/"

    def route_arn(self, method: str, path: str) -> str:
        """Return the ARN that a policy needs to allow calling one route. Raises ValueError for an unknown route."""
        if method not in self._routes.get(path, []):
            raise ValueError(f"{CONTRACT.name} has no {method} {path}")
        return self.api.arn_for_execute_api(method, path, self.stage)

    def _rest_api(self) -> apigateway.RestApi:
        # API Gateway writes this log with the account's role, which is in the registry stack.
        access_log = logs.LogGroup(
            Construct(self, "AccessLog"),
            "Log",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=Stack.of(self).stack_name,  # AWS requires this label and generates none
            description="Tidemark: the size history of S3 buckets",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],  # with image/* alone, a plain curl gets a picture as base64 text
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=20,
                throttling_burst_limit=40,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG_FIELDS)),
            ),
            default_method_options=apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.IAM
            ),
        )
        api.node.try_remove_child("Endpoint")  # the CDK's output with a generated name: ApiUrl replaces it
        return api

    def _open_refusals_to_browsers(self, origin: str) -> None:
        # Without this header, a browser hides from the page why its request was refused.
        for name, kind in (
            ("ClientErrors", apigateway.ResponseType.DEFAULT_4_XX),
            ("ServerErrors", apigateway.ResponseType.DEFAULT_5_XX),
        ):
            self.api.add_gateway_response(name, type=kind, response_headers={_ORIGIN: f"'{origin}'"})


def _answer_preflight(resource: apigateway.IResource, origin: str) -> None:
    headers = {f"method.response.header.{_ORIGIN}": f"'{origin}'", **_PREFLIGHT}
    # Every media type is binary here, so the mapping template needs the body as text. The CDK's own preflight lacks that.
    resource.add_method(
        "OPTIONS",
        apigateway.MockIntegration(
            content_handling=apigateway.ContentHandling.CONVERT_TO_TEXT,
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates={"application/json": '{"statusCode": 204}'},
            integration_responses=[
                apigateway.IntegrationResponse(status_code="204", response_parameters=headers)
            ],
        ),
        authorization_type=apigateway.AuthorizationType.NONE,
        method_responses=[
            apigateway.MethodResponse(status_code="204", response_parameters=dict.fromkeys(headers, True))
        ],
    )
