"""Checks every call that reaches LocalStack's services, between the parsing of its parameters and its execution.

LocalStack's own calls for a function or a rule are signed by a session of the role that the user chose for this, so
they are checked too. Its other internal calls are free.
"""

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response

from localstack_image_lambda.iam import refusals
from localstack_image_lambda.iam.actions import PREFIXES, needed
from localstack_image_lambda.iam.authorizer import Authorizer, RefusedError
from localstack_image_lambda.iam.call import Call
from localstack_image_lambda.iam.conditions import Facts
from localstack_image_lambda.iam.mode import Mode
from localstack_image_lambda.iam.policies import Permission, admits
from localstack_image_lambda.iam.principals import Session, access_key_of, is_temporary, role_of
from localstack_image_lambda.iam.s3_actions import listing_of

_UNSIGNED = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
"""STS's operations that carry another proof than a signature."""
_ABSENT = frozenset({"NoSuchKey"})
_ATTRIBUTE = "iam_session"
"""Where a request's context keeps the session that `check` has found, for `hide_absence`."""


class Enforcement:
    """LocalStack's handlers of requests and answers."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def check(self, _chain: HandlerChain, context: RequestContext, _response: Response) -> None:
        """Raise the service's error if the caller may not do this."""
        if context.operation is None or context.service_request is None:
            return
        key = access_key_of(context.request)
        session = self._authorizer.sessions.find(key, context.partition) if key else None
        if session is None:
            self._check_others(context, key)
            return
        if _is_needless(context):
            return
        setattr(context, _ATTRIBUTE, session)
        self._require(context, session, needed(_call(context)))

    def hide_absence(self, _chain: HandlerChain, context: RequestContext, response: Response) -> None:
        """Answer 403 instead of 404 if the caller may not list the bucket, as S3 does."""
        session = context.get(_ATTRIBUTE)
        if session is None or getattr(context.service_exception, "code", None) not in _ABSENT:
            return
        listing = listing_of(_call(context))
        if listing is None:
            return
        try:
            self._require(context, session, [listing])
        except CommonServiceException as error:
            context.service_exception = error
            serializer = create_serializer(context.service, context.protocol)
            response.update_from(
                serializer.serialize_error_to_response(
                    error, context.operation, context.request.headers, context.request_id
                )
            )

    def _require(self, context: RequestContext, session: Session, permissions: list[Permission]) -> None:
        try:
            self._authorizer.require(session, permissions, _facts(context))
        except RefusedError as refusal:
            raise refusals.access_denied(
                context, refusal.caller, refusal.permission, refusal.decision
            ) from refusal

    def _check_others(self, context: RequestContext, key: str | None) -> None:
        """Check a call that no session makes: by LocalStack itself, with the user's own credentials, or unsigned."""
        if context.is_internal_call:
            self._check_trust(context)
        elif self._authorizer.mode is Mode.STRICT and context.operation.name not in _UNSIGNED:
            if key is None:
                raise refusals.unsigned(context)
            if is_temporary(key):
                raise refusals.unknown_key(context)

    def _check_trust(self, context: RequestContext) -> None:
        """Raise an error if Lambda may not assume the role. LocalStack asks when a function is made or started."""
        if context.operation.name != "AssumeRole":
            return
        if context.internal_request_params.get("service_principal") != "lambda":
            return
        arn = context.service_request["RoleArn"]
        role = role_of(arn, context.partition)
        trusted = admits(role.trust, "lambda.amazonaws.com") if role else self._authorizer.mode is Mode.ROLES
        if not trusted:
            raise CommonServiceException("AccessDenied", f"Lambda may not assume {arn}", 403)


def _call(context: RequestContext) -> Call:
    service = context.service
    prefix = PREFIXES.get(service.signing_name, service.signing_name)
    operation = context.operation
    # API Gateway's actions are the methods of HTTP.
    name = operation.http["method"] if service.service_name == "apigateway" else operation.name
    return Call(
        service=service.service_name,
        prefix=prefix,
        operation=name,
        parameters=context.service_request,
        partition=context.partition,
        region=context.region,
        account=context.account_id,
    )


def _facts(context: RequestContext) -> Facts:
    secure = context.is_internal_call or context.request.scheme == "https"
    facts = {
        "aws:requestedregion": context.region,
        "aws:securetransport": "true" if secure else "false",
    }
    if context.service.service_name == "s3" and context.operation.name.startswith("List"):
        for name in ("Prefix", "Delimiter"):
            facts[f"s3:{name.lower()}"] = context.service_request.get(name)
    return facts


def _is_needless(context: RequestContext) -> bool:
    """Return whether LocalStack wants to make a log group that exists, which AWS would not try."""
    if not context.is_internal_call or context.operation.name != "CreateLogGroup":
        return False
    from moto.logs.models import logs_backends  # noqa: PLC0415 loaded with the service of logs

    groups = logs_backends[context.account_id][context.region].groups
    return context.service_request["logGroupName"] in groups
