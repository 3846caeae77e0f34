"""Checks the calls of REST APIs: a method with the authorization type AWS_IAM needs `execute-api:Invoke`."""

from localstack.http import Response
from localstack.services.apigateway.next_gen.execute_api import handlers
from localstack.services.apigateway.next_gen.execute_api.api import RestApiGatewayHandlerChain
from localstack.services.apigateway.next_gen.execute_api.context import RestApiInvocationContext
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    InvalidSignatureError,
    MissingAuthTokenError,
)
from localstack.utils.aws.arns import get_partition

from localstack_image_lambda.iam.authorizer import Authorizer, RefusedError
from localstack_image_lambda.iam.mode import Mode
from localstack_image_lambda.iam.policies import Permission
from localstack_image_lambda.iam.principals import access_key_of, is_temporary


def apply(authorizer: Authorizer) -> None:
    """Let API Gateway check each request before it runs the method's integration."""

    def check(
        _chain: RestApiGatewayHandlerChain, context: RestApiInvocationContext, _response: Response
    ) -> None:
        if context.resource_method.get("authorizationType") != "AWS_IAM":
            return
        partition = get_partition(context.region)
        key = access_key_of(context.request)
        session = authorizer.sessions.find(key, partition) if key else None
        if session is not None:
            facts = {
                "aws:requestedregion": context.region,
                "aws:securetransport": "true" if context.request.scheme == "https" else "false",
            }
            try:
                authorizer.require(session, [_invocation(context, partition)], facts)
            except RefusedError as refusal:
                raise AccessDeniedError(str(refusal)) from refusal
        elif authorizer.mode is Mode.STRICT:
            if key is None:
                raise MissingAuthTokenError("Missing Authentication Token")
            if is_temporary(key):
                raise InvalidSignatureError("The security token included in the request is invalid.")

    handlers.preprocess_request.append(check)


def _invocation(context: RestApiInvocationContext, partition: str) -> Permission:
    """Return the permission to call the method at the path of the request, on this stage."""
    request = context.invocation_request
    api = f"arn:{partition}:execute-api:{context.region}:{context.account_id}:{context.api_id}"
    return Permission(
        "execute-api:Invoke", f"{api}/{context.stage}/{request['http_method']}{request['path']}"
    )
