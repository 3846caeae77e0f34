"""The REST API in front of plotting: every route signed, every answer readable by a browser."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

STAGE = "v1"
LONGEST_SECONDS = 29
"""How long API Gateway waits for an integration; AWS's limit for a regional API."""

ROUTES = {"plot": ("GET", "POST"), "health": ("GET",)}
"""The methods of each path."""

_ORIGIN = "Access-Control-Allow-Origin"
_ANY_ORIGIN = "'*'"  # in quotes: to API Gateway, a constant
_PREFLIGHT = {
    f"method.response.header.{_ORIGIN}": _ANY_ORIGIN,
    "method.response.header.Access-Control-Allow-Methods": "'GET,POST,OPTIONS'",
    "method.response.header.Access-Control-Allow-Headers": (
        "'Authorization,Content-Type,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token'"
    ),
    "method.response.header.Access-Control-Max-Age": "'3600'",
}


class PlotApi(Construct):
    """A REST API (v1) whose routes all ask for an AWS signature, except a browser's preflight."""

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.IFunction) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=Stack.of(self).stack_name,  # a label: AWS asks for one and generates none
            description="Tidemark: the size history of S3 buckets",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],  # with image/* alone, a plain curl gets a picture as base64 text
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE, throttling_rate_limit=20, throttling_burst_limit=40
            ),
            default_method_options=apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.IAM
            ),
        )
        self.api.node.try_remove_child("Endpoint")  # an output with a generated name; ours says the same
        integration = apigateway.LambdaIntegration(
            function, timeout=Duration.seconds(LONGEST_SECONDS), allow_test_invoke=False
        )
        for path, methods in ROUTES.items():
            resource = self.api.root.add_resource(path)
            for method in methods:
                resource.add_method(method, integration)
            _answer_preflight(resource)
        self._open_refusals_to_browsers()

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

    def _open_refusals_to_browsers(self) -> None:
        # Without the header, a browser hides why it was refused from the page that asked.
        for name, kind in (
            ("ClientErrors", apigateway.ResponseType.DEFAULT_4_XX),
            ("ServerErrors", apigateway.ResponseType.DEFAULT_5_XX),
        ):
            self.api.add_gateway_response(name, type=kind, response_headers={_ORIGIN: _ANY_ORIGIN})


def _answer_preflight(resource: apigateway.Resource) -> None:
    # Not the CDK's own preflight: with every media type binary, its mapping template needs the body as text.
    resource.add_method(
        "OPTIONS",
        apigateway.MockIntegration(
            content_handling=apigateway.ContentHandling.CONVERT_TO_TEXT,
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates={"application/json": '{"statusCode": 204}'},
            integration_responses=[
                apigateway.IntegrationResponse(status_code="204", response_parameters=_PREFLIGHT)
            ],
        ),
        authorization_type=apigateway.AuthorizationType.NONE,
        method_responses=[
            apigateway.MethodResponse(status_code="204", response_parameters=dict.fromkeys(_PREFLIGHT, True))
        ],
    )
