"""AWS's answers to calls that are refused, in the form that each service gives them."""

from localstack.aws.api import CommonServiceException, RequestContext

from localstack_image_lambda.iam.policies import Decision, Permission

_REST_JSON = "rest-json"


class AccessDeniedException(CommonServiceException):
    """The error of services that speak JSON. LocalStack makes the error's code of the class's name."""


class MissingAuthenticationTokenException(CommonServiceException):
    """The same for requests without a signature."""


class UnrecognizedClientException(CommonServiceException):
    """The same for keys that STS never gave out."""


def sentence(caller: str, permission: Permission, decision: Decision, *, quoted: bool = False) -> str:
    """Return AWS's sentence about a permission that the caller (an ARN) does not have."""
    action = permission.action
    if action.startswith("sqs:"):
        action = action.lower()  # SQS writes it so
    resource = f'"{permission.resource}"' if quoted else permission.resource
    on = f" on resource: {resource}" if permission.resource else ""
    reason = decision.value.format(action=action)
    return f"User: {caller} is not authorized to perform: {action}{on} {reason}"


def access_denied(
    context: RequestContext, caller: str, permission: Permission, decision: Decision
) -> CommonServiceException:
    """Return the error of the service that was called."""
    service = context.service.service_name
    message = sentence(caller, permission, decision, quoted=service == "s3")
    if _is_json(context):
        status = 403 if context.protocol == _REST_JSON else 400
        return AccessDeniedException("AccessDeniedException", message, status, sender_fault=True)
    codes = {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}
    return CommonServiceException(codes.get(service, "AccessDenied"), message, 403, sender_fault=True)


def unsigned(context: RequestContext) -> CommonServiceException:
    """Return the error for a request without a signature."""
    if context.service.service_name == "s3":
        return CommonServiceException("AccessDenied", "Access Denied", 403)
    message = "Missing Authentication Token"
    if _is_json(context):
        code = "MissingAuthenticationTokenException"
        return MissingAuthenticationTokenException(code, message, 400, sender_fault=True)
    return CommonServiceException("MissingAuthenticationToken", message, 403, sender_fault=True)


def unknown_key(context: RequestContext) -> CommonServiceException:
    """Return the error for a key that looks like a session's and belongs to none."""
    if context.service.service_name == "s3":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return CommonServiceException("InvalidAccessKeyId", message, 403)
    message = "The security token included in the request is invalid."
    if _is_json(context):
        code = "UnrecognizedClientException"
        return UnrecognizedClientException(code, message, 400, sender_fault=True)
    return CommonServiceException("InvalidClientTokenId", message, 403, sender_fault=True)


def _is_json(context: RequestContext) -> bool:
    return context.protocol in {"json", _REST_JSON, "smithy-rpc-v2-cbor"}
