"""What AWS's and boto3's refusals mean to the person who ran a command: one line, with what to do."""

from botocore import exceptions

SIGN_IN = "sign in (aws sso login, aws configure) or set AWS_PROFILE"

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_KEYS = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
    | {"SignatureDoesNotMatch", "InvalidSignatureException"}
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

_MEANINGS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (exceptions.NoCredentialsError, exceptions.PartialCredentialsError),
        f"there are no AWS credentials ({{said}}): {SIGN_IN}",
    ),
    (
        (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.CredentialRetrievalError),
        f"the AWS credentials cannot be had ({{said}}): {SIGN_IN}",
    ),
    ((exceptions.ProfileNotFound,), "{said}: correct AWS_PROFILE, or aws configure"),
    ((exceptions.NoRegionError,), "no AWS region is set: AWS_REGION=eu-central-1 make ..."),
    ((exceptions.InvalidRegionError,), "'{region}' is no region of AWS: correct AWS_REGION"),
    (
        (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError),
        "AWS does not answer in region {region} ({said}): check AWS_REGION and the network",
    ),
)
_UNKNOWN = f"AWS cannot be asked ({{said}}): check AWS_REGION, the network, or {SIGN_IN}"


def explained(error: exceptions.BotoCoreError | exceptions.ClientError, region: str | None) -> str:
    """Return one line about an error that boto3 raised; `region` is where the call went, None if nowhere yet."""
    if isinstance(error, exceptions.ClientError):
        return _refusal(error, region)
    meaning = next((text for kinds, text in _MEANINGS if isinstance(error, kinds)), _UNKNOWN)
    return meaning.format(said=flat(error), region=region)


def _refusal(error: exceptions.ClientError, region: str | None) -> str:
    code = error.response["Error"]["Code"]
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {SIGN_IN}"
    if code in _UNKNOWN_KEYS:
        return (
            f"AWS does not know the credentials in region {region} ({code}): {SIGN_IN}, or correct AWS_REGION"
        )
    if code in _DENIED:
        return f"the credentials may not do that in region {region} ({flat(error)}): use a role that may"
    return flat(error)


def flat(error: Exception) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split()).rstrip(".")
