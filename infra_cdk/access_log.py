"""The API's access log: one line for each request, with nothing in it that would be worth stealing."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

# No header, query or body: a signature and a session's token travel in the first two.
_FIELDS = {
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


class AccessLog(Construct):
    """A log group and the format of its lines. API Gateway writes it by the account's role: see the registry stack."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self.destination = apigateway.LogGroupLogDestination(group)
        self.format = apigateway.AccessLogFormat.custom(json.dumps(_FIELDS))
