"""What a refusal of AWS, or of LocalStack in its place, means to the person who ran a command."""

from urllib.parse import urlsplit

from botocore import exceptions

from tidemark.errors import flat

_SIGN_IN = "sign in (aws sso login, aws configure) or set AWS_PROFILE"
_EXPIRED = f"the AWS credentials have expired: {_SIGN_IN}"
_UNKNOWN = (
    f"AWS does not know the credentials in region {{region}} ({{code}}): {_SIGN_IN}, or correct AWS_REGION"
)
_BAD_SIGNATURE = f"{_UNKNOWN}; or this machine's clock is wrong"
_DENIED = "the credentials may not do that in region {region} ({said}): use a role that may"
_LIMIT = "a limit of the account is reached ({said}): delete what is not needed, or ask AWS for more"

_CODES = {
    ("ExpiredToken", "ExpiredTokenException", "RequestExpired"): _EXPIRED,
    ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"): _UNKNOWN,
    ("SignatureDoesNotMatch", "InvalidSignatureException"): _BAD_SIGNATURE,
    ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"): _DENIED,
    ("403",): _DENIED,  # an answer to HEAD has no body, so its status stands for the code
    ("TooManyBuckets", "LimitExceededException"): _LIMIT,
}
"""What AWS answers, by its error codes."""

_ERRORS: dict[str, type[Exception] | tuple[type[Exception], ...]] = {
    f"there are no AWS credentials ({{said}}): {_SIGN_IN}": (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.NoAuthTokenError,
    ),
    f"the AWS credentials cannot be had ({{said}}): {_SIGN_IN}": (
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
        exceptions.CredentialRetrievalError,
    ),
    "{said}: correct AWS_PROFILE, or aws configure": exceptions.ProfileNotFound,
    "no AWS region is set: AWS_REGION=eu-central-1 make ...": exceptions.NoRegionError,
    "'{region}' is no region of AWS, such as eu-central-1: correct AWS_REGION": exceptions.InvalidRegionError,
    "AWS does not answer in region {region} ({said}): check AWS_REGION and the network": (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
    ),
    "{said}: repeat the command, what is there stays": exceptions.WaiterError,
}
"""What boto3 raises by itself. The first line that fits counts."""
_OTHER = f"AWS cannot be asked ({{said}}): check AWS_REGION, the network, or {_SIGN_IN}"
_NO_ENDPOINT = "nothing answers at {endpoint}: run make local-up, or unset AWS_ENDPOINT_URL for AWS"


def explained(error: exceptions.BotoCoreError | exceptions.ClientError, region: str | None = None) -> str:
    """Return one line about an error of boto3's; `region` is that of the call (default: the shell's)."""
    said = flat(error)
    region = region or _region_of_shell()
    if isinstance(error, exceptions.ClientError):
        code = code_of(error)
        meaning = next((text for codes, text in _CODES.items() if code in codes), "{said}")
        return meaning.format(said=said, region=region, code=code)
    meaning = next((text for text, kinds in _ERRORS.items() if isinstance(error, kinds)), _OTHER)
    endpoint = urlsplit(str(error.kwargs.get("endpoint_url", "")))
    if isinstance(error, exceptions.ConnectionError) and endpoint.hostname in {"127.0.0.1", "localhost"}:
        meaning = _NO_ENDPOINT
    return meaning.format(said=said, region=region, endpoint=f"{endpoint.scheme}://{endpoint.netloc}")


def code_of(error: exceptions.ClientError) -> str:
    """Return an answer's error code: a name, or the HTTP status of an answer without a body."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _region_of_shell() -> str | None:
    from tidemark.aws.session import session_of_caller  # noqa: PLC0415 - boto3, which local commands do without

    try:
        return session_of_caller().region_name
    except exceptions.BotoCoreError:
        return None
