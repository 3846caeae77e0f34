"""The REST API in front of plotting: every route signed, every answer readable by a browser."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra_cdk.access_log import AccessLog
from infra_cdk.nag_findings import keep

STAGE = "v1"
LONGEST_SECONDS = 29
"""How long API Gateway waits for an integration; AWS's limit for a regional API."""

ROUTES = {
    "/plot": ("GET", "POST"),
    "/history": ("GET",),
    "/size": ("GET",),
    "/count": ("GET",),
    "/buckets": ("GET",),
    "/prefixes": ("GET",),
    "/health": ("GET",),
    "/openapi.yaml": ("GET",),
    "/": ("GET",),
}
"""The methods of each path; services/plotting/src/plotting/openapi.yaml says what they answer."""
SAME_ORIGIN = ("/", "/openapi.yaml")
"""What no page of another origin asks for with a signature, so that no preflight comes before it."""

_ORIGIN = "Access-Control-Allow-Origin"
# In quotes: to API Gateway, a constant.
_PREFLIGHT = {
    "method.response.header.Access-Control-Allow-Methods": "'GET,POST,OPTIONS'",
    "method.response.header.Access-Control-Allow-Headers": (
        "'Authorization,Content-Type,If-None-Match,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token'"
    ),
    "method.response.header.Access-Control-Max-Age": "'3600'",
}


class PlotApi(Construct):
    """A REST API (v1) whose routes all ask for an AWS signature, except a browser's preflight.

    Pages of `cors_origin` may read its answers: `https://example.org`, or `*` for any.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, cors_origin: str
    ) -> None:
        super().__init__(scope, construct_id)
        log = AccessLog(self, "AccessLog")
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=Stack.of(self).stack_name,  # a label: AWS asks for one and generates none
            description="Tidemark: the size history of S3 buckets",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],  # with image/* alone, a plain curl gets a picture as base64 text
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=20,
                throttling_burst_limit=40,
                access_log_destination=log.destination,
                access_log_format=log.format,
            ),
            default_method_options=apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.IAM
            ),
        )
        self.api.node.try_remove_child("Endpoint")  # an output with a generated name; ours says the same
        integration = apigateway.LambdaIntegration(
            function,
            timeout=Duration.seconds(LONGEST_SECONDS),
            scope_permission_to_method=False,  # one permission for the API, not one for each route
        )
        for path, methods in ROUTES.items():
            resource = self.api.root.resource_for_path(path)
            for method in methods:
                resource.add_method(method, integration)
            if path not in SAME_ORIGIN:
                _answer_preflight(resource, cors_origin)
        self._open_refusals_to_browsers(cors_origin)
        self._keep_findings()

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
        """Return the ARN by which calling one route is allowed."""
        return self.api.arn_for_execute_api(method, path, self.stage)

    def _keep_findings(self) -> None:
        for rule, because in {
            "COG4": "every route but the preflight asks for an AWS signature: callers are roles, not users of a pool",
            "APIG2": "plotting checks every request and says what is wrong with it, as problem+json",
            "APIG3": "only signed requests get through, and they are throttled; a firewall costs more than all else",
            "APIG6": "the access log and the function's tell all; the execution log would hold queries and headers",
        }.items():
            keep(self.api, rule, because=because)

    def _open_refusals_to_browsers(self, origin: str) -> None:
        # Without the header, a browser hides why it was refused from the page that asked.
        for name, kind in (
            ("ClientErrors", apigateway.ResponseType.DEFAULT_4_XX),
            ("ServerErrors", apigateway.ResponseType.DEFAULT_5_XX),
        ):
            self.api.add_gateway_response(name, type=kind, response_headers={_ORIGIN: f"'{origin}'"})


def _answer_preflight(resource: apigateway.IResource, origin: str) -> None:
    headers = {f"method.response.header.{_ORIGIN}": f"'{origin}'", **_PREFLIGHT}
    # Not the CDK's own preflight: with every media type binary, its mapping template needs the body as text.
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
